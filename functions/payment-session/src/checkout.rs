//! Checkout sessions. Carts and the orders that they become are in Postgres, each cart under its
//! caller; a reader may get a cached copy of a cart.

use commerce::caller::{Caller, SCOPE_PRICE};
use commerce::checkout;
use commerce::error::Error;
use commerce::order::NewOrder;
use commerce::outcome::{CheckoutOutcome, CheckoutPutOutcome, Outcome};
use commerce::pseudonym::Purpose;
use commerce::views;
use edge::changed::ChangedDocument;
use edge::settings::Rules;
use edge::{App, Call, Json, Param, Reply, Row, params};
use payments::Payments;
use uuid::Uuid;

/// `PUT /checkout/sessions/:id`: puts the cart. 201 if there was none, else 200.
///
/// # Errors
/// As `POST /orders`; [`Error::Conflict`] if the session has become an order.
pub async fn put(call: Call<'_>) -> Result<Reply, Error> {
    let checkout = Checkout::of(&call)?;
    let cart = checkout::decode(&call.json().await?, call.caller)?;
    let (status, document) = checkout.put(&cart, None).await?;
    Ok(Reply::fresh(status, document))
}

/// `GET /checkout/sessions/:id`: the cart.
///
/// # Errors
/// [`Error::NotFound`] if there is none, or its time is over. [`Error::Misconfigured`] without
/// `hmac_key`.
pub async fn get(call: Call<'_>) -> Result<Reply, Error> {
    let payments = Payments::ready().await?;
    let checkout = Checkout::of(&call)?;
    let (organization, owner) = (call.caller.organization, call.caller.principal());
    let pseudonym = payments.config.hmac_keys()?.short_pseudonym(Purpose::CheckoutOwner, owner.as_bytes());
    let entry = views::CHECKOUT.entry_of_own(organization, checkout.id, &pseudonym);
    let params = params![organization, owner, checkout.id];
    let answer = edge::read_while(call, entry, payments.config.checkout_ttl, params).await?;
    // The entry is its owner's own, so nobody else comes to it.
    call.give(answer, views::CHECKOUT.noun)
}

/// `DELETE /checkout/sessions/:id`: drops the cart. It also succeeds if there is none, so a
/// repetition is harmless. The order that the cart may have become stays.
///
/// # Errors
/// The error that Postgres gave.
pub async fn delete(call: Call<'_>) -> Result<Reply, Error> {
    let Checkout { app, caller, id } = Checkout::of(&call)?;
    edge::write(app, "checkout_delete", params![caller.organization, caller.principal(), id]).await?;
    Ok(Reply::no_content())
}

/// `POST /checkout/sessions/:id/order`: makes the order, once, however often it is called. Later
/// calls need no cart.
///
/// # Errors
/// As `POST /orders`; [`Error::NotFound`] if there is neither a cart nor an order.
pub async fn order(call: Call<'_>) -> Result<Reply, Error> {
    let checkout = Checkout::of(&call)?;
    checkout.hold_pieces().await?;
    let Checkout { app, caller, id } = checkout;
    let params = params![
        caller.organization,
        caller.principal(),
        id,
        caller.restriction()?,
        None::<Json>,
        Uuid::now_v7(),
        Rules::ready().await?.inventory.as_str(),
        caller.has_scope(SCOPE_PRICE),
    ];
    let (changed, order) = place(app, "checkout_order", params).await?;
    Ok(changed.into_reply(201).with("location", format!("/api/v1/orders/{order}")))
}

/// Makes the order by a function in Postgres. Gives what the function answers, and the order's id.
///
/// # Errors
/// As [`order`].
pub async fn place(
    app: &'static App,
    function: &'static str,
    params: Vec<Param>,
) -> Result<(ChangedDocument, String), Error> {
    let row = edge::write_one(app, function, params).await?;
    match CheckoutOutcome::read(row.text("outcome")?)? {
        CheckoutOutcome::Order(outcome) => {
            outcome.check(row.text("currency")?.unwrap_or_default())?;
            let changed = ChangedDocument::from_row(row)?;
            let order = changed.id()?;
            Ok((changed, order))
        }
        CheckoutOutcome::Gone => Err(Error::not_found("order")),
        CheckoutOutcome::NoCart => Err(Error::not_found(views::CHECKOUT.noun)),
        CheckoutOutcome::Priced => {
            Err(Error::forbidden(format!("the cart has prices of its own; ordering it needs the scope {SCOPE_PRICE}")))
        }
    }
}

/// A user of a user-service whose cart is put.
#[derive(Clone, Copy)]
pub struct CartOwner {
    /// The user.
    pub user: Uuid,
    /// For how many seconds the cart is kept as the user's last good one.
    pub keep_seconds: i64,
}

/// A caller's checkout session.
#[derive(Clone, Copy)]
pub struct Checkout<'a> {
    app: &'static App,
    caller: &'a Caller,
    id: Uuid,
}

impl<'a> Checkout<'a> {
    /// The session that a request names. Another caller's same id is another session.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the id is none, or there is a query.
    pub fn of(call: &Call<'a>) -> Result<Self, Error> {
        let id = call.id()?;
        call.no_query()?;
        Ok(Self { app: call.app, caller: call.caller, id })
    }

    /// Holds the pieces of the cart, which is about to become an order, if a product-service keeps
    /// stock.
    ///
    /// # Errors
    /// As [`edge::holds::hold_pieces`].
    pub async fn hold_pieces(&self) -> Result<(), Error> {
        edge::holds::hold_pieces(self.app, "stock_hold_begin_cart", || {
            Ok(params![self.caller.organization, self.caller.principal(), self.id])
        })
        .await
    }

    /// Puts a cart; `owner` is the user whose last good one it is. Gives the status, 201 if there
    /// was none, else 200, and the document that shows it.
    ///
    /// # Errors
    /// [`Error::Conflict`] if the session has become an order.
    pub async fn put(&self, cart: &NewOrder, owner: Option<CartOwner>) -> Result<(u16, String), Error> {
        let params = params![
            self.caller.organization,
            self.caller.principal(),
            self.id,
            edge::json(cart)?,
            valid_seconds().await?,
            owner.map(|owner| owner.user),
            owner.map(|owner| owner.keep_seconds),
        ];
        let row = edge::write_one(self.app, "checkout_put", params).await?;
        let (status, mut row) = placed(row)?.ok_or_else(|| Error::internal("checkout_put put no cart"))?;
        Ok((status, row.take_text("body")?))
    }

    /// Puts the last good cart of a user, which the document shows. Gives status and document as
    /// [`Checkout::put`]; `None` if none of the user's is kept.
    ///
    /// # Errors
    /// As [`Checkout::put`].
    pub async fn put_kept(&self, user: Uuid) -> Result<Option<(u16, String)>, Error> {
        let params = params![self.caller.organization, self.caller.principal(), self.id, user, valid_seconds().await?];
        let row = edge::write_one(self.app, "checkout_put_kept", params).await?;
        let Some((status, mut row)) = placed(row)? else { return Ok(None) };
        Ok(Some((status, row.take_text("body")?)))
    }
}

async fn valid_seconds() -> Result<i64, Error> {
    Ok(Payments::ready().await?.config.checkout_ttl.as_secs() as i64)
}

/// The status that tells of a cart that was put, and its row. `None`: there was nothing to put.
fn placed(row: Row) -> Result<Option<(u16, Row)>, Error> {
    match CheckoutPutOutcome::read(row.text("outcome")?)? {
        CheckoutPutOutcome::Created => Ok(Some((201, row))),
        CheckoutPutOutcome::Replaced => Ok(Some((200, row))),
        CheckoutPutOutcome::None => Ok(None),
        CheckoutPutOutcome::Ordered => {
            let detail = "the checkout session has become an order; another cart needs another id";
            Err(Error::conflict(detail, row.text("became")?))
        }
    }
}

//! Checkout sessions. Carts are in the Redis of state, each under its caller's own key. The order
//! that a cart becomes is in Postgres.

use commerce::caller::Caller;
use commerce::checkout::{Cart, CartDamage};
use commerce::error::Error;
use commerce::outcome::{CheckoutOutcome, Outcome};
use commerce::pseudonym::Purpose;
use commerce::time::Moment;
use edge::changed::ChangedDocument;
use edge::clock::now_millis;
use edge::settings::Rules;
use edge::state::{Argument, KeyBuilder, Redis, Value, millis, text};
use edge::{App, Call, Json, Param, Reply, params};
use payments::Payments;
use uuid::Uuid;

/// `PUT /checkout/sessions/:id`: puts the cart. 201 if there was none, else 200.
///
/// # Errors
/// As `POST /orders`; [`Error::Conflict`] if the session has become an order.
pub async fn put(call: Call<'_>) -> Result<Reply, Error> {
    Checkout::of(call).await?.put(&call.json().await?).await
}

/// `GET /checkout/sessions/:id`: the cart.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Conflict`] if it is damaged.
pub async fn get(call: Call<'_>) -> Result<Reply, Error> {
    Checkout::of(call).await?.get().await
}

/// `DELETE /checkout/sessions/:id`: drops the cart, damaged ones too. It also succeeds if there is
/// none, so a repetition is harmless. The order that the cart may have become stays.
///
/// # Errors
/// [`Error::Unavailable`] if Redis is away.
pub async fn delete(call: Call<'_>) -> Result<Reply, Error> {
    Checkout::of(call).await?.delete().await
}

/// `POST /checkout/sessions/:id/order`: makes the order, once, however often it is called. Later
/// calls need no cart.
///
/// # Errors
/// As `POST /orders`; [`Error::NotFound`] if there is neither a cart nor an order;
/// [`Error::Unavailable`] if Redis is away and no order was made before.
pub async fn order(call: Call<'_>) -> Result<Reply, Error> {
    Checkout::of(call).await?.order().await
}

/// A caller's checkout session: its place in Redis, and its owner.
pub struct Checkout<'a> {
    app: &'static App,
    payments: &'static Payments,
    caller: &'a Caller,
    id: Uuid,
    /// Its place, and its places under owner's keys that are being replaced.
    keys: Vec<String>,
}

impl<'a> Checkout<'a> {
    /// The session that a request names. The caller is part of its key: another caller's same id is
    /// another session.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] without `hmac_key`.
    pub async fn of(call: Call<'a>) -> Result<Self, Error> {
        let payments = Payments::ready().await?;
        let Call { app, caller, .. } = call;
        let id = call.id()?;
        call.no_query()?;
        let owner = caller.principal();
        let place = |owner| {
            let place = KeyBuilder::new("checkout:session").pair(caller.organization.to_string(), id.to_string());
            app.state.prefixed(&place.part(owner).build())
        };
        let owners = payments.config.hmac_keys()?.short_pseudonyms(Purpose::CheckoutOwner, owner.as_bytes());
        Ok(Self { app, payments, caller, id, keys: owners.map(place).collect() })
    }

    async fn put(&self, body: &[u8]) -> Result<Reply, Error> {
        let cart = Cart::decode(body, self.caller, Moment::of_millis(now_millis()))?;
        let status = self.keep(&cart).await?;
        self.show(status, &cart)
    }

    /// Keeps a cart. Gives 201 if there was none, else 200.
    ///
    /// # Errors
    /// [`Error::Conflict`] if the session has become an order.
    pub async fn keep(&self, cart: &Cart) -> Result<u16, Error> {
        let status = match self.load().await? {
            Some(Ok(Cart { order: Some(order), .. })) => {
                let detail = "the checkout session has become an order; another cart needs another id";
                return Err(Error::conflict(detail, Some(&order.to_string())));
            }
            Some(_) => 200,
            None => 201,
        };
        self.store(cart).await?;
        Ok(status)
    }

    async fn get(&self) -> Result<Reply, Error> {
        let cart = self.load().await?.ok_or_else(not_found)?.map_err(damaged)?;
        self.show(200, &cart)
    }

    async fn delete(&self) -> Result<Reply, Error> {
        self.forget(&self.keys).await.map(|()| Reply::no_content())
    }

    async fn order(&self) -> Result<Reply, Error> {
        let (changed, order) = self
            .place("checkout_order", |cart, id, inventory| {
                Ok(params![
                    self.caller.organization,
                    self.caller.principal(),
                    self.id,
                    self.caller.restriction()?,
                    cart,
                    id,
                    inventory,
                ])
            })
            .await?;
        Ok(changed.into_reply(201).with("location", format!("/api/v1/orders/{order}")))
    }

    /// Makes the order by a function in Postgres. `params` are its parameters, given the cart, the
    /// order's id, and where stock is kept. Gives what the function answers, and the order's id.
    ///
    /// # Errors
    /// As [`order`].
    pub async fn place(
        &self,
        function: &'static str,
        params: impl FnOnce(Option<Json>, Uuid, &'static str) -> Result<Vec<Param>, Error>,
    ) -> Result<(ChangedDocument, String), Error> {
        // Postgres may know the order without the cart. So a fault of the cart counts only if
        // Postgres doesn't.
        let stored = self.load().await;
        let cart = match &stored {
            Ok(Some(Ok(cart))) => Some(cart),
            _ => None,
        };
        let request = cart.map(Cart::request).transpose()?;
        if let Some(request) = &request {
            request.permit(self.caller)?;
        }
        let inventory = Rules::ready().await?.inventory.as_str();
        let params = params(cart.map(|cart| Json(cart.request.clone())), Uuid::now_v7(), inventory)?;
        let row = edge::write_one(self.app, function, params).await?;
        match CheckoutOutcome::read(row.text("outcome")?)? {
            CheckoutOutcome::Order(outcome) => {
                outcome.check(request.as_ref().map_or("", |request| request.currency.as_str()))?;
                let changed = ChangedDocument::from_row(row)?;
                let order = changed.id()?;
                self.remember(cart, &order).await;
                Ok((changed, order))
            }
            CheckoutOutcome::Gone => Err(Error::not_found("order")),
            CheckoutOutcome::NoCart => Err(match stored {
                Err(fault) => fault,
                Ok(Some(Err(damage))) => damaged(damage),
                Ok(_) => not_found(),
            }),
        }
    }

    /// Replaces the cart by one that names its order, so that readers of the session see it.
    /// Nothing depends on it, because Postgres knows the order.
    async fn remember(&self, cart: Option<&Cart>, order: &str) {
        if let (Some(cart), Ok(order)) = (cart, Uuid::try_parse(order)) {
            let _ = self.store(&Cart { order: Some(order), ..cart.clone() }).await;
        }
    }

    async fn load(&self) -> Result<Option<Result<Cart, CartDamage>>, Error> {
        for key in &self.keys {
            match self.command("GET", vec![text(key)]).await?.as_slice() {
                [Value::Nil] | [] => {}
                [Value::Binary(bytes)] => return Ok(Some(Cart::from_bytes(bytes))),
                _ => return Ok(Some(Err(CartDamage))),
            }
        }
        Ok(None)
    }

    async fn store(&self, cart: &Cart) -> Result<(), Error> {
        let bytes = Argument::Binary(cart.to_bytes());
        let Some((newest, older)) = self.keys.split_first() else { return Ok(()) };
        let arguments = vec![text(newest), bytes, text("PX"), millis(self.payments.config.checkout_ttl)];
        self.command("SET", arguments).await?;
        if older.is_empty() { Ok(()) } else { self.forget(older).await }
    }

    async fn forget(&self, keys: &[String]) -> Result<(), Error> {
        self.command("DEL", keys.iter().map(|key| text(key)).collect()).await.map(drop)
    }

    async fn command(&self, name: &str, arguments: Vec<Argument>) -> Result<Vec<Value>, Error> {
        let call = async |redis: &Redis| redis.command(name, arguments.clone()).await;
        Ok(self.app.state.retry_until_back("checkout sessions can't be read", call).await?.0)
    }

    /// The document that shows a cart.
    ///
    /// # Errors
    /// As [`Cart::document`].
    pub fn document(&self, cart: &Cart) -> Result<String, Error> {
        cart.document(self.id, self.payments.config.checkout_ttl.as_secs())
    }

    fn show(&self, status: u16, cart: &Cart) -> Result<Reply, Error> {
        Ok(Reply::fresh(status, self.document(cart)?))
    }
}

fn not_found() -> Error {
    Error::not_found("checkout session")
}

fn damaged(_: CartDamage) -> Error {
    Error::conflict("the checkout session is damaged in Redis; put the cart again, or delete it", None)
}

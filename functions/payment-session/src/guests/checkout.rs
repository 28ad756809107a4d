//! A checkout without an account: one token is the way from cart to order, payment and back. Its
//! holder is a customer of its own, that exists from the order on.

use commerce::caller::Caller;
use commerce::client_address::ClientAddress;
use commerce::customer::NewGuest;
use commerce::error::Error;
use commerce::guest::GuestToken;
use commerce::outcome::{GuestCheckoutOutcome, Outcome};
use commerce::preconditions::require_json;
use commerce::query::parse_none;
use edge::call::whole_body;
use edge::clock::token;
use edge::route::Segments;
use edge::settings::Rules;
use edge::state::Window;
use edge::{Admitted, App, Call, Json, Open, Reply, params};
use payments::Payments;
use payments::address::client_address;
use payments::attempts::{self, HOUR, windows_of_address};
use payments::guests::{TokenHmacs, invalid};
use serde_json::json;
use uuid::Uuid;

use super::{private, with_token};
use crate::sessions;
use crate::sessions::begin::begin_below;
use crate::{checkout, limits};

/// Where a guest finds its payment sessions.
const SESSIONS: &str = "/api/v1/guest/payments/sessions";

/// `POST /guest/checkouts`: begins a checkout without an account. Only this answer shows the token.
///
/// # Errors
/// [`Error::Forbidden`] if the shop takes no orders without an account. [`Error::TooManyRequests`]
/// if too many were begun from this address. [`Error::Unprocessable`] for an unknown organisation.
/// [`Error::Unavailable`] if it can't be counted.
pub async fn begin(call: Open<'_>) -> Result<Reply, Error> {
    let request = call.request;
    parse_none(request.query.as_deref())?;
    let (app, payments) = (App::ready().await?, Payments::ready().await?);
    require_json(request.values("content-type"))?;
    let guest = NewGuest::decode(&whole_body(request).await?)?;
    admit(app, payments, client_address(app, &payments.config.trusted_proxies, request)).await?;
    let (token, customer) = (GuestToken::new(token()), Uuid::now_v7());
    let params = params![
        TokenHmacs::of(&payments.config, &token)?.newest,
        guest.organization,
        customer,
        edge::json(&guest.customer)?,
        payments.config.guest_token_ttl.as_secs() as i64,
    ];
    let row = edge::change_one(app, "guest_checkout_begin", params).await?;
    match GuestCheckoutOutcome::read(row.text("outcome")?)? {
        GuestCheckoutOutcome::Begun => {}
        GuestCheckoutOutcome::UnknownOrganization => {
            return Err(Error::unprocessable("organizationId", "there is no such organisation"));
        }
    }
    let body = json!({
        "customerId": customer,
        "token": token.expose(),
        "expiresAt": row.text("expires_at")?,
    });
    Ok(private(201, body.to_string()))
}

/// Counts a checkout from an address.
async fn admit(app: &App, payments: &Payments, address: ClientAddress) -> Result<(), Error> {
    let quota = payments.config.limits.guest_checkout_hour;
    if quota == 0 {
        return Err(Error::forbidden("this shop takes no orders without an account"));
    }
    // Known to be there, whether the address is known or not: a guest's token needs it.
    payments.config.hmac_keys()?;
    let ClientAddress::Known(address) = address else { return Ok(()) };
    let window = Window { name: "guest-checkout-hour", quota, length: HOUR };
    let windows = windows_of_address(&payments.config, "guest-checkout", address, window)?;
    let name = format!("{:032x}", token());
    let (decision, _) = limits::decide(app, &windows, &name, &[]).await?;
    attempts::admit(&decision, "too many checkouts from this address")
}

/// `PUT /guest/cart`: puts the cart, as `PUT /checkout/sessions/:id` takes it. Its customer is the
/// one that the checkout's beginning has named.
///
/// # Errors
/// [`Error::Unauthenticated`]; as [`checkout::put`].
pub async fn put_cart(call: Open<'_>) -> Result<Reply, Error> {
    let guest = Guest::of(call).await?;
    checkout::put(guest.call(call)).await
}

/// `GET /guest/cart`: the cart.
///
/// # Errors
/// [`Error::Unauthenticated`]; as [`checkout::get`].
pub async fn cart(call: Open<'_>) -> Result<Reply, Error> {
    let guest = Guest::of(call).await?;
    checkout::get(guest.call(call)).await
}

/// `DELETE /guest/cart`: drops the cart.
///
/// # Errors
/// [`Error::Unauthenticated`]; as [`checkout::delete`].
pub async fn drop_cart(call: Open<'_>) -> Result<Reply, Error> {
    let guest = Guest::of(call).await?;
    checkout::delete(guest.call(call)).await
}

/// `POST /guest/order`: makes the order, once, however often it is called. From then on the token
/// opens it. The answer is the order's public view and its id.
///
/// # Errors
/// [`Error::Unauthenticated`]; as [`checkout::order`].
pub async fn order(call: Open<'_>) -> Result<Reply, Error> {
    let guest = Guest::of(call).await?;
    let guest_call = guest.call(call);
    checkout::Checkout::of(&guest_call)?.hold_pieces().await?;
    let params = params![
        guest.hmacs.newest.clone(),
        guest.hmacs.older.clone(),
        guest_call.caller.principal(),
        None::<Json>,
        Uuid::now_v7(),
        Rules::ready().await?.inventory.as_str(),
    ];
    let (changed, _) = checkout::place(guest_call.app, "guest_checkout_order", params).await?;
    let body = String::from_utf8(changed.body).map_err(|error| Error::internal(error.to_string()))?;
    Ok(private(201, body).with("location", "/api/v1/guest/order"))
}

/// `POST /guest/payments/sessions`: begins a payment session for the guest's order.
///
/// # Errors
/// [`Error::Unauthenticated`]; as [`sessions::begin::begin`].
pub async fn pay(call: Open<'_>) -> Result<Reply, Error> {
    let guest = Guest::of(call).await?;
    begin_below(guest.call(call), SESSIONS).await
}

/// `GET /guest/payments/sessions/:id`: a payment session of the guest's.
///
/// # Errors
/// [`Error::Unauthenticated`]; as [`sessions::get`].
pub async fn payment(call: Open<'_>) -> Result<Reply, Error> {
    let guest = Guest::of(call).await?;
    sessions::get(Call::new(&guest.admitted, call.request, Segments { id: call.id, part: "" })).await
}

/// The holder of a token that began a checkout.
struct Guest {
    hmacs: TokenHmacs,
    admitted: Admitted,
    /// The one checkout session of this token.
    checkout: String,
}

impl Guest {
    async fn of(call: Open<'_>) -> Result<Self, Error> {
        with_token(call, async |app, hmacs| {
            let params = params![hmacs.newest.clone(), hmacs.older.clone()];
            let rows = edge::query(app, "guest_checkout_get", params).await?;
            let row = rows.into_iter().next().ok_or_else(invalid)?;
            let id = |column| {
                let id = row.text(column)?.and_then(|text| Uuid::try_parse(text).ok());
                id.ok_or_else(|| Error::internal(format!("{column} is not a UUID")))
            };
            let (organization, customer) = (id("organization")?, id("customer")?);
            let admitted = Admitted::without_token(app, Caller::guest(organization, customer));
            Ok(Self { hmacs, admitted, checkout: customer.to_string() })
        })
        .await
    }

    /// The request as one of the customer that the guest is.
    fn call<'a>(&'a self, call: Open<'a>) -> Call<'a> {
        Call::new(&self.admitted, call.request, Segments { id: &self.checkout, part: "" })
    }
}

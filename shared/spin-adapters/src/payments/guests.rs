//! Guest access: a token opens the public view of one order. Postgres has only its HMAC, and finds it by that: no comparison of tokens
//! takes place whose time could tell anything.

use commerce::caller::Caller;
use commerce::client_address::ClientAddress;
use commerce::error::Error;
use commerce::guest::GuestToken;
use commerce::pseudonym::{Purpose, pseudonym};
use serde_json::json;
use uuid::Uuid;

use super::Payments;
use super::guesses::Guesses;
use crate::backend::Backend;
use crate::clock::token;
use crate::http::Reply;
use crate::orders::change::{one, principal};
use crate::orders::uuid;
use crate::postgres::Param;

/// Gives an order a token, which is shown this once.
///
/// # Errors
/// [`Error::NotFound`] where the order isn't there or isn't the caller's.
pub async fn create(
    backend: &'static Backend,
    payments: &Payments,
    caller: &Caller,
    order: Uuid,
) -> Result<Reply, Error> {
    let guest = GuestToken::new(token());
    let params = vec![
        uuid(caller.organization),
        uuid(order),
        caller.restriction()?.map_or(Param::Null, uuid),
        Param::Text(hashed(payments, &guest)?),
        Param::BigInt(payments.config.guest_token_ttl.as_secs() as i64),
        Param::Text(principal(caller)),
    ];
    let row = one(backend.write(include_str!("../sql/guest_token_create.sql"), params).await?)?;
    if row.int("created")? != Some(1) {
        return Err(Error::not_found("order"));
    }
    let body = json!({ "orderId": order, "token": guest.expose(), "expiresAt": row.text("expires_at")? });
    Ok(private(Reply::json(201, body.to_string())))
}

/// Takes back all tokens of an order. Once is as good as twice.
///
/// # Errors
/// [`Error::NotFound`] where the order isn't there or isn't the caller's.
pub async fn revoke(backend: &'static Backend, caller: &Caller, order: Uuid) -> Result<Reply, Error> {
    let restriction = caller.restriction()?.map_or(Param::Null, uuid);
    let params = vec![uuid(caller.organization), uuid(order), restriction];
    let row = one(backend.write(include_str!("../sql/guest_tokens_revoke.sql"), params).await?)?;
    match row.int("found")? {
        Some(1) => Ok(Reply::no_content()),
        _ => Err(Error::not_found("order")),
    }
}

/// The public view of the order that a token opens. Always from Postgres: a token taken back opens nothing from then on. `guest`: the
/// token, or why there is none that could be looked for.
///
/// # Errors
/// [`Error::Unauthenticated`] where the token opens nothing, whatever the reason; [`Error::TooManyRequests`] where that was so too often.
pub async fn order(
    backend: &'static Backend,
    payments: &Payments,
    address: ClientAddress,
    guest: Result<GuestToken, Error>,
) -> Result<Reply, Error> {
    let guesses = Guesses::of(&payments.config, address)?;
    guesses.admitted(backend).await?;
    match opened(backend, payments, guest).await {
        Err(wrong @ Error::Unauthenticated { .. }) => {
            guesses.wrong(backend).await?;
            Err(wrong)
        }
        outcome => outcome,
    }
}

async fn opened(
    backend: &'static Backend,
    payments: &Payments,
    guest: Result<GuestToken, Error>,
) -> Result<Reply, Error> {
    let params = vec![Param::Text(hashed(payments, &guest?)?)];
    let rows = backend.ports.postgres.query(include_str!("../sql/guest_order.sql"), params).await?;
    let invalid = || Error::unauthenticated("the token is wrong, has expired or was taken back");
    let body = rows.into_iter().next().ok_or_else(invalid)?.take_text("body")?;
    Ok(private(Reply::json(200, body)))
}

fn hashed(payments: &Payments, guest: &GuestToken) -> Result<String, Error> {
    let key = payments.config.hmac_key()?.expose().as_bytes();
    Ok(pseudonym(key, Purpose::GuestToken, &guest.bytes()))
}

fn private(reply: Reply) -> Reply {
    reply.with("cache-control", "no-store").with("referrer-policy", "no-referrer")
}

//! Guest access: a token opens the public view of one order. Postgres has only its HMAC and finds
//! it by that. So no comparison of tokens takes place, whose time could give one away.

pub mod checkout;

use commerce::error::Error;
use commerce::guest::GuestToken;
use commerce::query::parse_none;
use edge::call::no_body;
use edge::clock::token;
use edge::{App, Call, Open, Reply, params};
use payments::Payments;
use payments::guests::{self, TokenHmacs, invalid};
use serde_json::json;

/// `POST /orders/:id/guest-token`: gives an order a token. Only this answer shows it.
///
/// # Errors
/// [`Error::NotFound`] if the order isn't there or isn't the caller's.
pub async fn create_token(call: Call<'_>) -> Result<Reply, Error> {
    let payments = Payments::ready().await?;
    let order = call.id()?;
    call.no_query()?;
    // A body would be ignored, and callers that ask for a shorter life would believe that they got
    // it.
    no_body(call.request, "nothing about a token can be asked for").await?;
    let guest = GuestToken::new(token());
    let params = params![
        call.caller.organization,
        order,
        call.caller.restriction()?,
        TokenHmacs::of(&payments.config, &guest)?.newest,
        payments.config.guest_token_ttl.as_secs() as i64,
        call.caller.principal(),
    ];
    let row = edge::change_one(call.app, "guest_token_create", params).await?;
    if row.int("created")? != Some(1) {
        return Err(Error::not_found("order"));
    }
    let body = json!({ "orderId": order, "token": guest.expose(), "expiresAt": row.text("expires_at")? });
    Ok(private(201, body.to_string()))
}

/// `DELETE /orders/:id/guest-token`: takes back all tokens of an order. A repetition is harmless.
///
/// # Errors
/// [`Error::NotFound`] if the order isn't there or isn't the caller's.
pub async fn revoke_token(call: Call<'_>) -> Result<Reply, Error> {
    let order = call.id()?;
    call.no_query()?;
    let params = params![call.caller.organization, order, call.caller.restriction()?, call.caller.principal()];
    let row = edge::change_one(call.app, "guest_token_revoke", params).await?;
    match row.int("found")? {
        Some(1) => Ok(Reply::no_content()),
        _ => Err(Error::not_found("order")),
    }
}

/// `GET /guest/order`: the public view of the order that a token opens. Always from Postgres, so a
/// token opens nothing from the moment when it is taken back.
///
/// # Errors
/// [`Error::Unauthenticated`] if the token opens nothing, for any reason.
/// [`Error::TooManyRequests`] if that happened too often.
pub async fn order(call: Open<'_>) -> Result<Reply, Error> {
    with_token(call, async |app, hmacs| {
        let rows = edge::query(app, "guest_order", params![hmacs.newest, hmacs.older]).await?;
        let body = rows.into_iter().next().ok_or_else(invalid)?.take_text("body")?;
        Ok(private(200, body))
    })
    .await
}

/// Does `work` for the holder of the token in a request's header.
async fn with_token<T>(
    call: Open<'_>,
    work: impl AsyncFnOnce(&'static App, TokenHmacs) -> Result<T, Error>,
) -> Result<T, Error> {
    // The token never stands in an address, because logs and histories would keep it.
    parse_none(call.request.query.as_deref())?;
    let (app, payments) = (App::ready().await?, Payments::ready().await?);
    let guest = GuestToken::from_authorization(call.request.values("authorization"));
    guests::with_token(app, &payments.config, call.request, guest, async |hmacs| work(app, hmacs).await).await
}

fn private(status: u16, body: String) -> Reply {
    Reply::fresh(status, body).with("referrer-policy", "no-referrer")
}

//! Guest access: a token opens the public view of one order. Postgres has only its HMAC and finds
//! it by that. So no comparison of tokens takes place, whose time could give one away.

pub mod checkout;

use commerce::error::Error;
use commerce::guest::GuestToken;
use commerce::pseudonym::Purpose;
use commerce::query::parse_none;
use edge::clock::token;
use edge::route::no_body;
use edge::{App, Call, Open, Reply, params};
use payments::Payments;
use payments::address::client_address;
use payments::guesses::Guesses;
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
        token_hmacs(payments, &guest)?.remove(0),
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

/// A guest token as Postgres knows it.
struct TokenHmacs {
    newest: String,
    /// Under keys that are being replaced.
    older: Vec<String>,
}

/// Does `work` for the holder of a token. Wrong tokens are counted by address, and an address with
/// too many is refused.
async fn with_token<T>(
    call: Open<'_>,
    work: impl AsyncFnOnce(&'static App, TokenHmacs) -> Result<T, Error>,
) -> Result<T, Error> {
    let request = call.request;
    // The token never stands in an address, because logs and histories would keep it.
    parse_none(request.query.as_deref())?;
    let (app, payments) = (App::ready().await?, Payments::ready().await?);
    let address = client_address(app, &payments.config.trusted_proxies, request);
    let guest = GuestToken::from_authorization(request.values("authorization"));
    let guesses = Guesses::of(&payments.config, address)?;
    guesses.admit(app).await?;
    let hmacs = match guest {
        Ok(guest) => token_hmacs(payments, &guest),
        Err(wrong) => Err(wrong),
    };
    let outcome = match hmacs {
        Ok(mut hmacs) => work(app, TokenHmacs { newest: hmacs.remove(0), older: hmacs }).await,
        Err(wrong) => Err(wrong),
    };
    match outcome {
        Err(wrong @ Error::Unauthenticated { .. }) => {
            guesses.wrong(app).await?;
            Err(wrong)
        }
        outcome => outcome,
    }
}

/// The refusal of a token that opens nothing, for any reason.
fn invalid() -> Error {
    Error::unauthenticated("the token is wrong, has expired or was taken back")
}

/// The token's HMAC under each key, the newest first: there is one at least.
fn token_hmacs(payments: &Payments, guest: &GuestToken) -> Result<Vec<String>, Error> {
    Ok(payments.config.hmac_keys()?.pseudonyms(Purpose::GuestToken, &guest.bytes()).collect())
}

fn private(status: u16, body: String) -> Reply {
    Reply::fresh(status, body).with("referrer-policy", "no-referrer")
}

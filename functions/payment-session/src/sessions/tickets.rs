//! Links that a browser can follow without a token. A ticket in the link opens one thing of one
//! session: its redirect, or its return page.

use commerce::error::Error;
use commerce::html;
use commerce::pseudonym::Purpose;
use commerce::session::{SessionStatus, parse_ticket};
use edge::{App, Open, Reply, params};
use payments::Payments;
use serde_json::json;
use uuid::Uuid;

use super::{move_to, moved};

/// The tickets of a session.
pub struct Tickets {
    /// Opens its redirect.
    pub redirect: String,
    /// Opens its return page.
    pub page: String,
}

impl Tickets {
    /// The tickets of this session.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] without `hmac_key`.
    pub fn of(payments: &Payments, session: Uuid) -> Result<Self, Error> {
        let keys = payments.config.hmac_keys()?;
        let of = |purpose| keys.short_pseudonym(purpose, session.as_bytes());
        Ok(Self { redirect: of(Purpose::RedirectTicket), page: of(Purpose::ReturnTicket) })
    }
}

/// `GET /payments/sessions/:id/redirect`: sends the shopper to the provider. A repetition is
/// harmless. The caller has a token, or the redirect link's ticket, which shows nothing else.
///
/// # Errors
/// [`Error::Conflict`] if the session is past that, or if its gateway has no page.
/// [`Error::Unauthenticated`] without token and ticket.
pub async fn redirect(call: Open<'_>) -> Result<Reply, Error> {
    let app = App::ready().await?;
    let ticket = parse_ticket(call.request.query.as_deref())?;
    let (mut row, shown) = match &ticket {
        Some(ticket) => {
            let id = verified(&call, Purpose::RedirectTicket, ticket).await?;
            let row = edge::write_one(app, "session_visit", params![id]).await?;
            (moved(row, SessionStatus::AwaitingCallback)?, false)
        }
        None => {
            let admitted = call.admit().await?;
            (move_to(call.call(&admitted), SessionStatus::AwaitingCallback, None).await?, true)
        }
    };
    let Some(url) = row.text("redirect_url")?.map(str::to_owned) else {
        return Err(Error::conflict("the session has no page to redirect to", row.text("status")?));
    };
    let reply = match shown {
        true => Reply::fresh(303, row.take_text("body")?),
        false => page(303, &html::link(&url, "Go on to pay")),
    };
    Ok(reply.with("location", url).with("referrer-policy", "no-referrer"))
}

/// `GET /payments/sessions/:id/return`: the state of a session for its shopper, as a page, or as
/// JSON for a caller that asks for it.
///
/// # Errors
/// [`Error::Unauthenticated`] without the return link's ticket.
pub async fn return_page(call: Open<'_>) -> Result<Reply, Error> {
    let app = App::ready().await?;
    let ticket = parse_ticket(call.request.query.as_deref())?
        .ok_or_else(|| Error::unauthenticated("the return link's ticket is needed"))?;
    let id = verified(&call, Purpose::ReturnTicket, &ticket).await?;
    let mut row = edge::found(edge::query(app, "session_return", params![id]).await?, "payment session")?;
    let (status, amount) = (row.take_text("status")?, row.take_text("amount")?);
    let (currency, return_url) = (row.take_text("currency")?, row.take_text("return_url")?);
    let accept = call.request.header("accept").unwrap_or_default().to_owned();
    if accept.contains("application/json") && !accept.contains("text/html") {
        let body =
            json!({ "id": id, "status": status, "amount": amount, "currency": currency, "returnUrl": return_url });
        return Ok(Reply::fresh(200, body.to_string()).with("vary", "Accept"));
    }
    let open = SessionStatus::parse(&status).is_some_and(SessionStatus::is_open);
    let told = match SessionStatus::parse(&status) {
        Some(SessionStatus::Completed) => "Your payment has been received.",
        Some(SessionStatus::Failed) => "Your payment was not completed.",
        _ => "Your payment is not confirmed yet. This page looks again by itself.",
    };
    let body = format!(
        "<h1>{told}</h1><p>{} {}</p><p>{}</p>",
        html::escaped(&amount),
        html::escaped(&currency),
        html::link(&return_url, "Back to the shop")
    );
    let reply = page(200, &body).with("vary", "Accept").with("referrer-policy", "no-referrer");
    Ok(if open { reply.with("refresh", "5") } else { reply })
}

/// The session that a ticket opens. A wrong ticket costs no query.
async fn verified(call: &Open<'_>, purpose: Purpose, ticket: &str) -> Result<Uuid, Error> {
    let payments = Payments::ready().await?;
    let id = call.id()?;
    let right = payments.config.hmac_keys()?.is_short_pseudonym(purpose, id.as_bytes(), ticket);
    right.then_some(id).ok_or_else(|| Error::unauthenticated("the ticket opens nothing here"))
}

/// A page that runs nothing, is framed nowhere and kept by nobody.
fn page(status: u16, body: &str) -> Reply {
    let document = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Payment</title><body>{body}</body></html>\n"
    );
    Reply::of_type(status, "text/html; charset=utf-8", document)
        .with("cache-control", "no-store")
        .with(
            "content-security-policy",
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        )
        .with("x-content-type-options", "nosniff")
        .with("x-frame-options", "DENY")
}

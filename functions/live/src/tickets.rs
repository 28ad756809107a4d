//! Tickets, for clients that can send no header.

use commerce::error::Error;
use commerce::live::Ticket;
use commerce::query::parse_none;
use commerce::time::Moment;
use edge::call::no_body;
use edge::settings::Rules;
use edge::{App, Open, Reply};
use serde_json::json;

use crate::secrets;
use crate::viewers::{Viewer, now};
use crate::watched;

/// `POST /orders/:id/live-ticket`: opens the live status of one order for some minutes, and never
/// for longer than the caller's own token.
///
/// # Errors
/// [`Error::NotFound`] if the order isn't there or isn't the caller's.
pub async fn issue(call: Open<'_>) -> Result<Reply, Error> {
    let (app, rules, config) = (App::ready().await?, Rules::ready().await?, secrets::config().await?);
    let keys = config.hmac_keys()?;
    let order = call.id()?;
    parse_none(call.request.query.as_deref())?;
    let viewer = Viewer::of(&call, order, None).await?;
    no_body(call.request, "nothing about a ticket can be asked for").await?;
    watched::read_for(app, &viewer, order).await?;
    let until = now().saturating_add(rules.live.ticket.as_secs() as i64);
    let ticket = Ticket { organization: viewer.organization, order, expires_at: until.min(viewer.expires_at()) };
    let text = ticket.seal(keys);
    let expires_at =
        Moment::of_millis(u64::try_from(ticket.expires_at.saturating_mul(1000)).unwrap_or_default()).to_rfc3339();
    let body = json!({
        "orderId": order,
        "ticket": text,
        "url": format!("/api/v1/orders/{order}/live?ticket={text}"),
        "expiresAt": expires_at,
    });
    Ok(Reply::fresh(201, body.to_string()).with("referrer-policy", "no-referrer"))
}

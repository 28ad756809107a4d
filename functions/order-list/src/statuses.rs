//! The statuses of many orders, set at once.

use commerce::error::Error;
use commerce::order::BulkWrite;
use commerce::outcome::{Outcome, SetStatusOutcome};
use commerce::status::OrderStatus;
use edge::{Call, Reply, Row, params};
use uuid::Uuid;

/// `PATCH /orders/statuses`: moves many orders to one status. Gives `{items}` in the order of the
/// ids, each with its outcome. To `cancelled`, it is the cancellation of many.
///
/// # Errors
/// [`Error::Forbidden`] for customers. The fault of one order never fails the others.
pub async fn set(call: Call<'_>) -> Result<Reply, Error> {
    call.no_query()?;
    let body = call.json().await?;
    let wanted = BulkWrite::decode(&body)?;
    call.caller.require_staff("changing many orders")?;
    let params = params![
        call.caller.organization,
        wanted.ids.iter().map(Uuid::to_string).collect::<Vec<_>>(),
        wanted.status.as_str(),
        wanted.status.sources().map(|status| status.as_str().to_owned()).collect::<Vec<_>>(),
        call.caller.principal(),
    ];
    let rows = edge::write(call.app, "order_set_statuses", params).await?;
    let items: Result<Vec<String>, Error> = rows.iter().map(|row| item(row, wanted.status)).collect();
    let body = format!("{{\"items\":[{}]}}", items?.join(","));
    Ok(Reply::json(200, body).with("cache-control", "private, no-cache"))
}

/// One order's outcome, the reason if it wasn't changed, and its state if there is one.
fn item(row: &Row, to: OrderStatus) -> Result<String, Error> {
    let outcome = SetStatusOutcome::read(row.text("outcome")?)?;
    let detail = match outcome {
        SetStatusOutcome::Updated | SetStatusOutcome::Unchanged => None,
        SetStatusOutcome::NotFound => Some("no such order".to_owned()),
        SetStatusOutcome::NotAllowed => Some(format!("it can't become {}", to.as_str())),
    };
    let detail = detail.map(|detail| format!(",\"detail\":\"{detail}\"")).unwrap_or_default();
    // The state begins with the id. Without a state only the id is written.
    let state = match row.text("body")?.and_then(|body| body.strip_prefix('{')) {
        Some(state) => state.to_owned(),
        None => format!("\"id\":\"{}\"}}", row.text("id")?.unwrap_or_default()),
    };
    Ok(format!("{{\"outcome\":\"{}\"{detail},{state}", outcome.as_str()))
}

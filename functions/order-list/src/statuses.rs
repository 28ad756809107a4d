//! The statuses of many orders: read, and set.

use commerce::error::Error;
use commerce::order::{BulkRead, BulkWrite};
use commerce::outcome::{Outcome, SetStatusOutcome};
use commerce::status::OrderStatus;
use commerce::views;
use edge::answer::common_status;
use edge::{Call, Reply, Row, params};
use uuid::Uuid;

/// `POST /orders/statuses`: `{items, missing}`, both in the order of the ids. An order that isn't
/// there or isn't the caller's is named as missing.
///
/// # Errors
/// The error that Postgres gave.
pub async fn read(call: Call<'_>) -> Result<Reply, Error> {
    call.no_query()?;
    let body = call.json().await?;
    let ids = BulkRead::decode(&body)?.ids;
    let organization = call.caller.organization;
    let entry = |id: &Uuid| (id.to_string(), views::ORDER_STATUS.entry_of(organization, *id));
    let params = move |missing: &[String]| params![organization, missing.to_vec()];
    let answers = edge::read_many(call.app, ids.iter().map(entry).collect(), params).await?;
    let cache_status = common_status(&answers);
    let mut items: Vec<Vec<u8>> = Vec::new();
    let mut missing: Vec<Vec<u8>> = Vec::new();
    for (id, answer) in ids.iter().zip(answers) {
        match answer.filter(|answer| call.caller.may_see(answer.owner.as_deref())) {
            Some(answer) => items.push(answer.body),
            None => missing.push(format!("\"{id}\"").into_bytes()),
        }
    }
    let body =
        [&b"{\"items\":["[..], &items.join(&b","[..]), b"],\"missing\":[", &missing.join(&b","[..]), b"]}"].concat();
    Ok(Reply::json(200, body)
        .with("cache-status", cache_status)
        .with("cache-control", "private, no-cache")
        .with("vary", "Authorization"))
}

/// `PATCH /orders/statuses`: moves many orders to one status. Gives `{items}` in the order of the
/// ids, each with its outcome.
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

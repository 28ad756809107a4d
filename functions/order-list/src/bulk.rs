//! One view of many orders: their statuses, their summaries, the places of their parcels.

use commerce::error::Error;
use commerce::order::BulkRead;
use commerce::views::View;
use edge::answer::common_status;
use edge::{Call, Reply, params};
use uuid::Uuid;

/// `POST /orders/statuses`, `/orders/summaries`, `/orders/tracking`: `{items, missing}`, both in
/// the order of the ids. An order that isn't there or isn't the caller's is named as missing.
///
/// # Errors
/// The error that Postgres gave.
pub async fn read(call: Call<'_>, view: &'static View) -> Result<Reply, Error> {
    call.no_query()?;
    let body = call.json().await?;
    let ids = BulkRead::decode(&body)?.ids;
    let organization = call.caller.organization;
    let entry = |id: &Uuid| (id.to_string(), view.entry_of(organization, *id));
    let params = move |missing: &[String]| params![organization, missing.to_vec()];
    let answers = edge::read_many(call, ids.iter().map(entry).collect(), params).await?;
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

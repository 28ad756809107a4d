//! One order, or a view of it.

use commerce::entries::Entry;
use commerce::error::Error;
use edge::{Call, Param, Reply};

/// `GET /orders/:id`.
pub async fn order(call: Call<'_>) -> Result<Reply, Error> {
    view(call, Entry::order, include_str!("../../../shared/edge/src/sql/order_get.sql"), "order").await
}

/// `GET /orders/:id/summary`.
pub async fn summary(call: Call<'_>) -> Result<Reply, Error> {
    view(call, Entry::summary, include_str!("../../../shared/edge/src/sql/order_summary.sql"), "order").await
}

/// `GET /orders/:id/payment-status`.
pub async fn payment_status(call: Call<'_>) -> Result<Reply, Error> {
    let statement = include_str!("../../../shared/edge/src/sql/order_payment_status.sql");
    view(call, Entry::payment_status, statement, "order").await
}

/// `GET /orders/:id/tracking`.
pub async fn tracking(call: Call<'_>) -> Result<Reply, Error> {
    view(call, Entry::tracking, include_str!("../../../shared/edge/src/sql/order_tracking.sql"), "order").await
}

/// `GET /orders/:id/invoice`.
pub async fn invoice(call: Call<'_>) -> Result<Reply, Error> {
    view(call, Entry::invoice, include_str!("../../../shared/edge/src/sql/order_invoice.sql"), "invoice").await
}

/// One view. The cache holds one copy for all callers, so whether the caller may see it is judged after.
async fn view(
    call: Call<'_>,
    entry: fn(uuid::Uuid, uuid::Uuid) -> Entry,
    statement: &'static str,
    noun: &'static str,
) -> Result<Reply, Error> {
    let id = call.id()?;
    call.no_query()?;
    let organization = call.caller.organization;
    let params = vec![Param::Id(organization), Param::Id(id)];
    let answer = edge::read(call.app, entry(organization, id), statement, params).await?;
    let answer = answer.filter(|answer| call.caller.may_see(answer.owner.as_deref()));
    Ok(answer.ok_or_else(|| Error::not_found(noun))?.into_reply(call.request))
}

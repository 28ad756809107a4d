//! One order, or a view of it.

use commerce::error::Error;
use commerce::views::{self, View};
use edge::{Call, Reply, params};

/// `GET /orders/:id`.
pub async fn order(call: Call<'_>) -> Result<Reply, Error> {
    read(call, views::ORDER).await
}

/// `GET /orders/:id/summary`.
pub async fn summary(call: Call<'_>) -> Result<Reply, Error> {
    read(call, views::ORDER_SUMMARY).await
}

/// `GET /orders/:id/payment-status`.
pub async fn payment_status(call: Call<'_>) -> Result<Reply, Error> {
    read(call, views::PAYMENT_STATUS).await
}

/// `GET /orders/:id/tracking`.
pub async fn tracking(call: Call<'_>) -> Result<Reply, Error> {
    read(call, views::ORDER_TRACKING).await
}

/// `GET /orders/:id/invoice`.
pub async fn invoice(call: Call<'_>) -> Result<Reply, Error> {
    read(call, views::INVOICE_DATA).await
}

/// One view. The cache holds one copy for all callers, so whether the caller may see it is judged after.
async fn read(call: Call<'_>, view: &'static View) -> Result<Reply, Error> {
    let id = call.id()?;
    call.no_query()?;
    let organization = call.caller.organization;
    let entry = view.entry_of_order(organization, id);
    let answer = edge::read(call.app, entry, params![organization, id]).await?;
    let answer = answer.filter(|answer| call.caller.may_see(answer.owner.as_deref()));
    Ok(answer.ok_or_else(|| Error::not_found(view.noun))?.into_reply(call.request))
}

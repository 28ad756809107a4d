//! Statistics of an organisation, or of all.

use commerce::error::Error;
use commerce::query::parse_stats;
use commerce::views;
use edge::{Call, Reply, params};

/// `GET /orders/stats`; see [`commerce::caller::Caller::stats_organization`].
///
/// # Errors
/// [`Error::Forbidden`] for customers, [`Error::NotFound`] for another organisation's.
pub async fn stats(call: Call<'_>) -> Result<Reply, Error> {
    let asked = parse_stats(call.query())?;
    let organization = call.caller.stats_organization(asked)?;
    let entry = views::ORDER_STATS.entry_of_counts(organization);
    let answer = edge::read(call, entry, params![organization]).await?;
    Ok(answer.ok_or_else(|| Error::internal("order_stats gave no row"))?.into_reply(call.request))
}

//! Statistics of an organisation, or of all.

use commerce::entries::Entry;
use commerce::error::Error;
use commerce::query::parse_stats;
use edge::{Call, Param, Reply};

/// `GET /orders/stats`; see [`commerce::caller::Caller::stats_organization`].
///
/// # Errors
/// [`Error::Forbidden`] for customers, [`Error::NotFound`] for another organisation's.
pub async fn stats(call: Call<'_>) -> Result<Reply, Error> {
    let asked = parse_stats(call.query())?;
    let organization = call.caller.stats_organization(asked)?;
    let params = vec![organization.map_or(Param::Null, Param::Id)];
    let statement = include_str!("../../../shared/edge/src/sql/orders_stats.sql");
    let answer = edge::read(call.app, Entry::stats(organization), statement, params).await?;
    Ok(answer.ok_or_else(|| Error::internal("order_stats gave no row"))?.into_reply(call.request))
}

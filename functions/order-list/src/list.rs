//! A page of an organisation's orders.

use commerce::entries::Entry;
use commerce::error::Error;
use commerce::query::ListQuery;
use edge::{Call, Param, Reply};

/// `GET /orders`; a customer's own only, whatever was asked.
///
/// # Errors
/// [`Error::NotFound`] if a customer asks for another's.
pub async fn list(call: Call<'_>) -> Result<Reply, Error> {
    let mut query = ListQuery::parse(call.query())?;
    query.restrict_to(call.caller.restriction()?)?;
    let text = |value: Option<&str>| value.map_or(Param::Null, |value| Param::Text(value.to_owned()));
    let organization = call.caller.organization;
    let params = vec![
        Param::Id(organization),
        query.customer.map_or(Param::Null, Param::Id),
        text(query.status.map(|status| status.as_str())),
        text(query.payment_status.map(|status| status.as_str())),
        text(query.currency.as_ref().map(|currency| currency.as_str())),
        text(query.created_from.map(|moment| moment.to_rfc3339()).as_deref()),
        text(query.created_to.map(|moment| moment.to_rfc3339()).as_deref()),
        text(query.search.as_deref()),
        text(Some(query.sort.as_str())),
        text(Some(query.direction.as_str())),
        Param::Int(query.page.limit()),
        Param::Int(query.page.offset()),
    ];
    let entry = Entry::list(organization, &query);
    let statement = include_str!("../../../shared/edge/src/sql/orders_list.sql");
    let answer = edge::read_packed(call.app, entry, statement, params).await?;
    Ok(answer.ok_or_else(|| Error::internal("order_list gave no row"))?.into_reply(call.request))
}

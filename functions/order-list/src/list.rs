//! A page of an organisation's orders.

use commerce::error::Error;
use commerce::query::ListQuery;
use commerce::views;
use edge::{Call, Reply, params};

/// `GET /orders`. A customer gets its own orders only.
///
/// # Errors
/// [`Error::NotFound`] if a customer asks for another's. [`Error::Invalid`] for a numbered page
/// that only a long way leads to.
pub async fn list(call: Call<'_>) -> Result<Reply, Error> {
    let mut query = ListQuery::parse(call.query())?;
    query.restrict_to(call.caller.restriction()?)?;
    let organization = call.caller.organization;
    let params = params![
        organization,
        query.customer,
        query.status.map(|status| status.as_str()),
        query.payment_status.map(|status| status.as_str()),
        query.currency.as_ref().map(|currency| currency.as_str()),
        query.created_from.map(|moment| moment.to_rfc3339()),
        query.created_to.map(|moment| moment.to_rfc3339()),
        query.search.as_deref(),
        query.sort.as_str(),
        query.direction.as_str(),
        query.page.limit(),
        query.page.offset(),
        query.cursor.as_deref(),
    ];
    let answer = edge::read(call, views::ORDERS_LIST.entry_of_list(organization, &query), params).await?;
    let detail = "begins too far behind: give the `next` of an earlier page as cursor";
    Ok(answer.ok_or_else(|| Error::invalid("page", detail))?.into_reply(call.request))
}

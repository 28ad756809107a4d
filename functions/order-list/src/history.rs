//! A page of a customer's orders, newest first.

use commerce::entries::Entry;
use commerce::error::Error;
use commerce::query::Page;
use edge::{Call, Param, Reply};

/// `GET /customers/:id/orders`.
///
/// # Errors
/// [`Error::NotFound`] if there is no such customer, or the caller is another one.
pub async fn history(call: Call<'_>) -> Result<Reply, Error> {
    let customer = call.id()?;
    let page = Page::parse(call.query())?;
    let foreign = call.caller.restriction()?.is_some_and(|own| own != customer);
    if foreign {
        return Err(Error::not_found("customer"));
    }
    let organization = call.caller.organization;
    let entry = Entry::history(organization, customer, page.number, page.size);
    let params =
        vec![Param::Id(organization), Param::Id(customer), Param::Int(page.limit()), Param::Int(page.offset())];
    let statement = include_str!("../../../shared/edge/src/sql/customer_orders.sql");
    let answer = edge::read_packed(call.app, entry, statement, params).await?;
    Ok(answer.ok_or_else(|| Error::not_found("customer"))?.into_reply(call.request))
}

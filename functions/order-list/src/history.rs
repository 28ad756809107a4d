//! A page of a customer's orders, newest first.

use commerce::error::Error;
use commerce::query::Page;
use commerce::views;
use edge::{Call, Reply, params};

/// `GET /customers/:id/orders`.
///
/// # Errors
/// [`Error::NotFound`] if there is no such customer, or the caller is another one.
pub async fn history(call: Call<'_>) -> Result<Reply, Error> {
    let customer = call.id()?;
    let page = Page::parse(call.query())?;
    let view = views::ORDER_HISTORY;
    let foreign = call.caller.restriction()?.is_some_and(|own| own != customer);
    if foreign {
        return Err(Error::not_found(view.noun));
    }
    let organization = call.caller.organization;
    let entry = view.entry_of_customer(organization, customer, page);
    let answer = edge::read(call, entry, params![organization, customer, page.limit(), page.offset()]).await?;
    call.give(answer, view.noun)
}

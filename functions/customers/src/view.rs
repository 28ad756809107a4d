//! One customer.

use commerce::error::Error;
use commerce::views;
use edge::{Call, Reply, params};

/// `GET /customers/:id`. A customer sees itself.
///
/// # Errors
/// [`Error::NotFound`] if it isn't there or isn't the caller.
pub async fn read(call: Call<'_>) -> Result<Reply, Error> {
    let id = call.id()?;
    call.no_query()?;
    let organization = call.caller.organization;
    let entry = views::CUSTOMER.entry_of(organization, id);
    let answer = edge::read(call, entry, params![organization, id]).await?;
    call.show(answer, views::CUSTOMER.noun)
}

//! One product or schema, or a view of it.

use commerce::error::Error;
use commerce::views::View;
use edge::{Call, Reply, params};

/// `GET /products/:id`, its views, and `GET /schemas/:id`. Every caller of the organisation sees
/// them.
///
/// # Errors
/// [`Error::NotFound`] if the organisation has no such thing.
pub async fn read(call: Call<'_>, view: &'static View) -> Result<Reply, Error> {
    let id = call.id()?;
    call.no_query()?;
    let organization = call.caller.organization;
    let answer = edge::read(call, view.entry_of(organization, id), params![organization, id]).await?;
    call.give(answer, view.noun)
}

//! One order, or a view of it.

use commerce::error::Error;
use commerce::views::View;
use edge::{Call, Reply, params};

/// `GET /orders/:id` and, below it, each of its views.
///
/// # Errors
/// [`Error::NotFound`] if it isn't there or isn't the caller's.
pub async fn read(call: Call<'_>, view: &'static View) -> Result<Reply, Error> {
    let id = call.id()?;
    call.no_query()?;
    let organization = call.caller.organization;
    let entry = view.entry_of(organization, id);
    let answer = edge::read(call, entry, params![organization, id]).await?;
    call.show(answer, view.noun)
}

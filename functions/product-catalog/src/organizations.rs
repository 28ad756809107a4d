//! What an organisation sells.

use commerce::catalogue::Stretch;
use commerce::error::Error;
use commerce::query::Place;
use commerce::views;
use edge::{Call, Reply, params};

/// `GET /organizations/:id/products`: the products that are sold, the newest first.
///
/// # Errors
/// [`Error::NotFound`] for another organisation than the caller's.
pub async fn products(call: Call<'_>) -> Result<Reply, Error> {
    let organization = call.id()?;
    let stretch = Stretch::parse(call.query())?;
    let view = views::ORGANIZATION_PRODUCTS;
    if organization != call.caller.organization {
        return Err(Error::not_found(view.noun));
    }
    let after = stretch.after.as_ref().map(Place::to_string);
    let entry = view.entry_of_stretch(organization, &stretch);
    let answer = edge::read(call, entry, params![organization, stretch.limit as i32, after]).await?;
    call.give(answer, view.noun)
}

//! The products of a schema.

use commerce::catalogue::Stretch;
use commerce::error::Error;
use commerce::query::Place;
use commerce::views;
use edge::{Call, Reply, params};

/// `GET /schemas/:id/products`: the products of a schema that are sold, the newest first.
///
/// # Errors
/// [`Error::NotFound`] if the organisation has no such schema.
pub async fn products(call: Call<'_>) -> Result<Reply, Error> {
    let schema = call.id()?;
    let stretch = Stretch::parse(call.query())?;
    let view = views::SCHEMA_PRODUCTS;
    let organization = call.caller.organization;
    let after = stretch.after.as_ref().map(Place::to_string);
    let entry = view.entry_of_stretch_of(organization, schema, &stretch);
    let answer = edge::read(call, entry, params![organization, schema, stretch.limit as i32, after]).await?;
    call.give(answer, view.noun)
}

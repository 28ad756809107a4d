//! An organisation's schemas.

use commerce::catalogue::Stretch;
use commerce::error::Error;
use commerce::query::Place;
use commerce::views;
use edge::{Call, Reply, params};

/// `GET /schemas`: the newest first, without their fields.
///
/// # Errors
/// [`Error::Invalid`] that names each parameter which is wrong.
pub async fn list(call: Call<'_>) -> Result<Reply, Error> {
    let stretch = Stretch::parse(call.query())?;
    let organization = call.caller.organization;
    let after = stretch.after.as_ref().map(Place::to_string);
    let entry = views::SCHEMAS_LIST.entry_of_stretch(organization, &stretch);
    let answer = edge::read(call, entry, params![organization, stretch.limit as i32, after]).await?;
    Ok(answer.ok_or_else(|| Error::internal("schema_list gave no row"))?.into_reply(call.request))
}

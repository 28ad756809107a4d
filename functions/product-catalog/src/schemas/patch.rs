//! Changing a schema.

use commerce::catalogue::SchemaPatch;
use commerce::error::Error;
use commerce::outcome::{Outcome, SchemaPatchOutcome};
use edge::changed::{ChangedDocument, Conditions};
use edge::{Call, Reply, params};

use crate::basis::{ROUNDS, given_up, schema};

/// `PATCH /schemas/:id`. While products have the schema, its fields may only be widened.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators. [`Error::NotFound`]. [`Error::PreconditionFailed`].
/// [`Error::Conflict`] if the name is taken, or values of products may not fit the new fields.
pub async fn patch(call: Call<'_>) -> Result<Reply, Error> {
    let id = call.id()?;
    call.no_query()?;
    let conditions = Conditions::read(call.request)?;
    let body = call.json().await?;
    let patch = SchemaPatch::decode(&body)?;
    call.caller.require_operator("changing schemas")?;
    let organization = call.caller.organization;
    for _ in 0..ROUNDS {
        let Some(basis) = schema(call.app, organization, id).await? else { return Err(Error::not_found("schema")) };
        let narrows = patch.fields.as_ref().is_some_and(|fields| basis.value.is_narrowed_by(fields));
        let params = params![
            organization,
            id,
            basis.version,
            patch.name.clone(),
            patch.fields.as_ref().map(edge::json).transpose()?,
            narrows,
            conditions.only.clone(),
            conditions.unless.clone(),
        ];
        let row = edge::write_one(call.app, "schema_patch", params).await?;
        match SchemaPatchOutcome::read(row.text("outcome")?)? {
            SchemaPatchOutcome::Updated => return Ok(ChangedDocument::from_row(row)?.into_reply(200)),
            SchemaPatchOutcome::NotFound => return Err(Error::not_found("schema")),
            SchemaPatchOutcome::VersionMismatch => {
                return Err(Error::PreconditionFailed { current: row.int("version")? });
            }
            SchemaPatchOutcome::NameTaken => {
                return Err(Error::conflict("there is a schema of that name already", None));
            }
            SchemaPatchOutcome::InUse => {
                let detail = "products have the schema, so no field or choice can go, and no type can change";
                return Err(Error::conflict(detail, None));
            }
            SchemaPatchOutcome::Stale => {}
        }
    }
    Err(given_up())
}

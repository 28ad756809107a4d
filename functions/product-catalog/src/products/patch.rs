//! Changing a product.

use commerce::catalogue::ProductPatch;
use commerce::error::Error;
use commerce::outcome::{Outcome, ProductPatchOutcome};
use edge::changed::{ChangedDocument, Conditions};
use edge::{Call, Reply, params};

use crate::basis::{ROUNDS, given_up, named_schema, product};

/// `PATCH /products/:id`. Price and fields are judged by what the product is now; the statement
/// refuses them if it isn't so any more, and they are judged anew.
///
/// # Errors
/// [`Error::Forbidden`] for customers. [`Error::NotFound`]. [`Error::PreconditionFailed`].
/// [`Error::Invalid`] for values that don't fit the schema. [`Error::Conflict`] if the article has
/// another product in this currency.
pub async fn patch(call: Call<'_>) -> Result<Reply, Error> {
    let id = call.id()?;
    call.no_query()?;
    let conditions = Conditions::read(call.request)?;
    let body = call.json().await?;
    let patch = ProductPatch::decode(&body)?;
    call.caller.require_staff("changing products")?;
    let organization = call.caller.organization;
    for _ in 0..ROUNDS {
        let basis = if patch.needs_basis() { Some(product(call.app, organization, id).await?) } else { None };
        let schema_id = basis.as_ref().and_then(|basis| patch.schema(&basis.value));
        let schema = named_schema(call.app, organization, schema_id).await?;
        let change = patch.judge(basis.as_ref().map(|basis| &basis.value), schema.as_ref().map(|schema| &schema.value));
        let params = params![
            organization,
            id,
            edge::json(&change?)?,
            basis.map(|basis| basis.version),
            schema_id,
            schema.map(|schema| schema.version),
            conditions.only.clone(),
            conditions.unless.clone(),
        ];
        let row = edge::write_one(call.app, "product_patch", params).await?;
        match ProductPatchOutcome::read(row.text("outcome")?)? {
            ProductPatchOutcome::Updated => return Ok(ChangedDocument::from_row(row)?.into_reply(200)),
            ProductPatchOutcome::NotFound => return Err(Error::not_found("product")),
            ProductPatchOutcome::VersionMismatch => {
                return Err(Error::PreconditionFailed { current: row.int("version")? });
            }
            ProductPatchOutcome::SkuTaken => {
                return Err(Error::conflict("the article has a product in this currency already", None));
            }
            ProductPatchOutcome::Stale => {}
        }
    }
    Err(given_up())
}

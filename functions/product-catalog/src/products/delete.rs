//! Deleting a product.

use commerce::error::Error;
use commerce::outcome::{Outcome, ProductDeleteOutcome};
use edge::changed::Conditions;
use edge::{Call, Reply, params};

/// `DELETE /products/:id`: hides a product. Orders keep its name and price.
///
/// # Errors
/// [`Error::Forbidden`] for customers. [`Error::NotFound`]. [`Error::PreconditionFailed`].
pub async fn delete(call: Call<'_>) -> Result<Reply, Error> {
    let id = call.id()?;
    call.no_query()?;
    let Conditions { only, unless } = Conditions::read(call.request)?;
    call.caller.require_staff("changing products")?;
    let params = params![call.caller.organization, id, only, unless];
    let row = edge::write_one(call.app, "product_delete", params).await?;
    match ProductDeleteOutcome::read(row.text("outcome")?)? {
        ProductDeleteOutcome::Deleted => Ok(Reply::no_content()),
        ProductDeleteOutcome::NotFound => Err(Error::not_found("product")),
        ProductDeleteOutcome::VersionMismatch => Err(Error::PreconditionFailed { current: row.int("version")? }),
    }
}

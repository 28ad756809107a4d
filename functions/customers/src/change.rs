//! Changing a customer.

use commerce::customer::CustomerPatch;
use commerce::error::Error;
use commerce::outcome::{CustomerPatchOutcome, Outcome};
use edge::changed::{ChangedDocument, Conditions};
use edge::{Call, Reply, params};

/// `PATCH /customers/:id`. A customer changes its own name and address.
///
/// # Errors
/// [`Error::NotFound`], also for another customer. [`Error::Forbidden`] for what a customer may not
/// change. [`Error::PreconditionFailed`]. [`Error::Taken`] if another customer has the e-mail
/// address. [`Error::Unprocessable`] for half a company.
pub async fn patch(call: Call<'_>) -> Result<Reply, Error> {
    let id = call.id()?;
    call.no_query()?;
    let Conditions { only, unless } = Conditions::read(call.request)?;
    let patch = CustomerPatch::decode(&call.json().await?)?;
    let restriction = call.caller.restriction()?;
    patch.permit(call.caller)?;
    let params = params![call.caller.organization, id, restriction, edge::json(&patch)?, only, unless];
    let row = edge::write_one(call.app, "customer_patch", params).await?;
    CustomerPatchOutcome::read(row.text("outcome")?)?.check(row.int("version")?)?;
    Ok(ChangedDocument::from_row(row)?.into_reply(200))
}

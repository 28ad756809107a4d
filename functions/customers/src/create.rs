//! Making a customer.

use commerce::customer::NewCustomer;
use commerce::error::Error;
use commerce::outcome::{CustomerCreateOutcome, Outcome};
use edge::changed::ChangedDocument;
use edge::{Call, KeyedBody, Reply, params};
use uuid::Uuid;

/// `POST /customers`: makes a customer, once per caller and `Idempotency-Key`.
///
/// # Errors
/// [`Error::Forbidden`] for customers. [`Error::Taken`] if another customer has the e-mail address.
/// [`Error::Unprocessable`] for a key that was used for another body.
pub async fn create(call: Call<'_>) -> Result<Reply, Error> {
    call.no_query()?;
    call.caller.require_staff("making a customer")?;
    let KeyedBody { body, key, hash } = call.keyed_json().await?;
    let customer = NewCustomer::decode(&body)?;
    let params =
        params![call.caller.organization, edge::json(&customer)?, call.caller.principal(), key, hash, Uuid::now_v7(),];
    let row = edge::write_one(call.app, "customer_create", params).await?;
    CustomerCreateOutcome::read(row.text("outcome")?)?.check()?;
    let changed = ChangedDocument::from_row(row)?;
    let location = format!("/api/v1/customers/{}", changed.id()?);
    Ok(changed.into_reply(201).with("location", location))
}

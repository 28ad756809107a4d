//! Making a schema.

use commerce::catalogue::NewSchema;
use commerce::error::Error;
use commerce::outcome::{Outcome, SchemaCreateOutcome};
use edge::changed::ChangedDocument;
use edge::{Call, KeyedBody, Reply, params};
use uuid::Uuid;

/// `POST /schemas`: makes a schema, once per caller and `Idempotency-Key`.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators. [`Error::Conflict`] if the name is taken.
/// [`Error::Unprocessable`] for a key that was used for another body.
pub async fn create(call: Call<'_>) -> Result<Reply, Error> {
    call.no_query()?;
    let KeyedBody { body, key, hash } = call.keyed_json().await?;
    let schema = NewSchema::decode(&body)?;
    call.caller.require_operator("changing schemas")?;
    let params =
        params![call.caller.organization, edge::json(&schema)?, call.caller.principal(), key, hash, Uuid::now_v7(),];
    let row = edge::write_one(call.app, "schema_create", params).await?;
    match SchemaCreateOutcome::read(row.text("outcome")?)? {
        SchemaCreateOutcome::Created | SchemaCreateOutcome::Replay => {
            let changed = ChangedDocument::from_row(row)?;
            let location = format!("/api/v1/schemas/{}", changed.id()?);
            Ok(changed.into_reply(201).with("location", location))
        }
        SchemaCreateOutcome::Mismatch => Err(Error::idempotency_mismatch("schema")),
        SchemaCreateOutcome::NameTaken => Err(Error::conflict("there is a schema of that name already", None)),
        SchemaCreateOutcome::UnknownOrganization => Err(Error::not_found("organization")),
    }
}

//! Making a product.

use commerce::catalogue::NewProduct;
use commerce::error::Error;
use commerce::outcome::{Outcome, ProductCreateOutcome};
use edge::changed::ChangedDocument;
use edge::{Call, KeyedBody, Reply, params};
use uuid::Uuid;

use crate::basis::{ROUNDS, given_up, named_schema};

/// `POST /products`: makes a product, once per caller and `Idempotency-Key`.
///
/// # Errors
/// [`Error::Forbidden`] for customers. [`Error::Invalid`] for values that don't fit the schema.
/// [`Error::Conflict`] if the article has a product in this currency. [`Error::Unprocessable`] for
/// an unknown schema and for a key that was used for another body.
pub async fn create(call: Call<'_>) -> Result<Reply, Error> {
    call.no_query()?;
    let KeyedBody { body, key, hash } = call.keyed_json().await?;
    let product = NewProduct::decode(&body)?;
    call.caller.require_staff("changing products")?;
    let (organization, id) = (call.caller.organization, Uuid::now_v7());
    for _ in 0..ROUNDS {
        // A repeated request is answered as it was, whatever has become of the schema since.
        let schema = named_schema(call.app, organization, product.schema).await;
        let judged = schema.and_then(|schema| {
            let product = product.judge(schema.as_ref().map(|schema| &schema.value))?;
            Ok((edge::json(&product)?, schema.map(|schema| schema.version)))
        });
        let (request, version, refusal) = match judged {
            Ok((request, version)) => (Some(request), version, None),
            Err(refusal) => (None, None, Some(refusal)),
        };
        let params = params![organization, request, version, call.caller.principal(), key, hash.clone(), id];
        let row = edge::write_one(call.app, "product_create", params).await?;
        match ProductCreateOutcome::read(row.text("outcome")?)? {
            ProductCreateOutcome::Created | ProductCreateOutcome::Replay => {
                let changed = ChangedDocument::from_row(row)?;
                let location = format!("/api/v1/products/{}", changed.id()?);
                return Ok(changed.into_reply(201).with("location", location));
            }
            ProductCreateOutcome::Mismatch => return Err(Error::idempotency_mismatch("product")),
            ProductCreateOutcome::SkuTaken => {
                return Err(Error::conflict("the article has a product in this currency already", None));
            }
            ProductCreateOutcome::UnknownOrganization => return Err(Error::not_found("organization")),
            ProductCreateOutcome::Refused => {
                return Err(refusal.unwrap_or_else(|| Error::internal("product_create refused a judged request")));
            }
            ProductCreateOutcome::Stale => {}
        }
    }
    Err(given_up())
}

//! Making an order.

use commerce::error::Error;
use commerce::order::NewOrder;
use commerce::preconditions::idempotency_key;
use commerce::query::hex;
use edge::changed::{Changed, refusal};
use edge::{Call, Param, Reply};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// `POST /orders`: makes an order, once per caller and `Idempotency-Key`. The body's hash tells a
/// repetition from a mistake.
///
/// # Errors
/// [`Error::Unprocessable`] for unknown customers and products and for a key that was used for another
/// body.
pub async fn create(call: Call<'_>) -> Result<Reply, Error> {
    call.no_query()?;
    let body = call.json().await?;
    let key = idempotency_key(call.request.values("idempotency-key"))?;
    let order = NewOrder::decode(&body)?;
    order.permit(call.caller)?;
    let request = serde_json::to_string(&order).map_err(|error| Error::internal(error.to_string()))?;
    let params = vec![
        Param::Id(call.caller.organization),
        Param::Json(request),
        Param::Text(call.caller.principal()),
        Param::Text(key.to_owned()),
        Param::Text(hex(&Sha256::digest(&body))),
        Param::Id(Uuid::now_v7()),
    ];
    let row = edge::write_one(call.app, include_str!("../../../shared/edge/src/sql/order_create.sql"), params).await?;
    match row.outcome()? {
        "created" | "replay" => {
            let changed = Changed::from_row(row)?;
            let id = changed.id()?;
            Ok(changed.into_reply(201).with("location", format!("/api/v1/orders/{id}")))
        }
        "mismatch" => {
            Err(Error::unprocessable("Idempotency-Key", "was used for another body; a new order needs a new key"))
        }
        outcome => Err(refusal(outcome, order.currency.as_str())),
    }
}

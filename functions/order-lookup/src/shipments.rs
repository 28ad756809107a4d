//! The parcels of an order: made and moved by staff. `GET /orders/:id/tracking` shows them.

use commerce::error::Error;
use commerce::outcome::{Outcome, ShipmentCreateOutcome, ShipmentPatchOutcome};
use commerce::shipment::{NewShipment, ShipmentPatch};
use edge::{Call, KeyedBody, Reply, params};
use uuid::Uuid;

/// `POST /orders/:id/shipments`: adds a shipment, once per caller and `Idempotency-Key`. The order
/// keeps its status.
///
/// # Errors
/// [`Error::Forbidden`] for customers. [`Error::NotFound`]. [`Error::Conflict`] for a cancelled
/// order. [`Error::Taken`] if another shipment has the tracking number. [`Error::Unprocessable`]
/// for times that can't be, and for a key that was used for another body.
pub async fn create(call: Call<'_>) -> Result<Reply, Error> {
    let order = call.id()?;
    call.no_query()?;
    call.caller.require_staff("making a shipment")?;
    let KeyedBody { body, key, hash } = call.keyed_json().await?;
    let shipment = NewShipment::decode(&body)?;
    let params = params![
        call.caller.organization,
        order,
        edge::json(&shipment)?,
        call.caller.principal(),
        key,
        hash,
        Uuid::now_v7(),
    ];
    let mut row = edge::write_one(call.app, "shipment_create", params).await?;
    ShipmentCreateOutcome::read(row.text("outcome")?)?.check()?;
    Ok(Reply::fresh(201, row.take_text("body")?))
}

/// `PATCH /orders/:id/shipments/:shipmentId`.
///
/// # Errors
/// [`Error::Forbidden`] for customers. [`Error::NotFound`]. [`Error::Conflict`] for a move that the
/// table of statuses doesn't have. [`Error::Taken`] if another shipment has the tracking number.
/// [`Error::Unprocessable`] for times that can't be.
pub async fn patch(call: Call<'_>) -> Result<Reply, Error> {
    let (order, shipment) = (call.id()?, call.part("shipmentId")?);
    call.no_query()?;
    call.caller.require_staff("changing a shipment")?;
    let patch = ShipmentPatch::decode(&call.json().await?)?;
    let params =
        params![call.caller.organization, order, shipment, edge::json(&patch)?, patch.from(), call.caller.principal()];
    let mut row = edge::write_one(call.app, "shipment_patch", params).await?;
    let to = patch.status.map_or("that", |status| status.as_str());
    ShipmentPatchOutcome::read(row.text("outcome")?)?.check(to, row.text("status")?)?;
    Ok(Reply::fresh(200, row.take_text("body")?))
}

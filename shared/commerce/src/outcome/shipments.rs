//! The answers of the functions that make and move shipments.

use strum::{EnumString, VariantNames};

use super::answered_by;
use crate::error::Error;

/// The answers of `shipment_create`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ShipmentCreateOutcome {
    /// The shipment is there now.
    Created,
    /// The key has made this shipment before: the answer of that time.
    Replay,
    /// The key was used for another body.
    Mismatch,
    /// There is no such order.
    NotFound,
    /// The order is cancelled.
    Cancelled,
    /// Another shipment of the organisation has the carrier's number.
    TrackingTaken,
    /// It was delivered before it was shipped.
    BadTimes,
}

impl ShipmentCreateOutcome {
    /// Goes on if the shipment is there.
    ///
    /// # Errors
    /// The reason why it isn't.
    pub fn check(self) -> Result<(), Error> {
        match self {
            Self::Created | Self::Replay => Ok(()),
            Self::Mismatch => Err(Error::idempotency_mismatch("shipment")),
            Self::NotFound => Err(Error::not_found("order")),
            Self::Cancelled => Err(Error::conflict("a cancelled order isn't shipped", None)),
            Self::TrackingTaken => Err(tracking_taken()),
            Self::BadTimes => Err(Error::unprocessable("deliveredAt", "must not be before shippedAt")),
        }
    }
}

/// The answers of `shipment_patch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ShipmentPatchOutcome {
    /// The shipment is as it was asked for.
    Updated,
    /// There is no such shipment of this order.
    NotFound,
    /// The shipment can't move to this status from its own.
    NotAllowed,
    /// Another shipment of the organisation has the carrier's number.
    TrackingTaken,
    /// A time that the status doesn't have, or delivered before it was shipped.
    BadTimes,
}

impl ShipmentPatchOutcome {
    /// Goes on if the shipment is as it was asked for. `to` is the status that was asked for,
    /// `status` the shipment's.
    ///
    /// # Errors
    /// The reason why nothing was changed.
    pub fn check(self, to: &str, status: Option<&str>) -> Result<(), Error> {
        match self {
            Self::Updated => Ok(()),
            Self::NotFound => Err(Error::not_found("shipment")),
            Self::NotAllowed => Err(Error::conflict(format!("the shipment can't become {to}"), status)),
            Self::TrackingTaken => Err(tracking_taken()),
            Self::BadTimes => {
                let detail = "a pending shipment has no shippedAt, only a delivered one has a deliveredAt, and that is \
                    not before shippedAt";
                Err(Error::unprocessable("deliveredAt", detail))
            }
        }
    }
}

fn tracking_taken() -> Error {
    Error::taken("trackingNumber", "is another shipment's of this carrier")
}

answered_by! {
    ShipmentCreateOutcome: "shipment_create";
    ShipmentPatchOutcome: "shipment_patch";
}

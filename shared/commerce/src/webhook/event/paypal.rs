//! PayPal's events: which resource to read for which event type.

use serde_json::Value;

use super::{id, text};

pub use super::paypal_resource::{Resource, ResourceKind};
use crate::foreign;
use crate::time::Moment;
use crate::webhook::{Reason, moment};

/// A parsed event. Nothing in it is proven but what the API confirms.
#[derive(Debug, Clone, PartialEq)]
pub struct PayPalEvent {
    /// PayPal's event id (`WH-...`).
    pub id: String,
    /// The event type, e.g. `PAYMENT.CAPTURE.COMPLETED`.
    pub kind: String,
    /// `create_time`, if it is a time at all.
    pub created_at: Option<Moment>,
    /// The resource to read; `None` for a type that doesn't concern payments of orders.
    pub resource: Option<Resource>,
    /// The resource as the body claims it to be, for modes that don't ask the API.
    pub claimed: Value,
}

impl PayPalEvent {
    /// Parses the raw body of a verified delivery.
    ///
    /// # Errors
    /// `event-malformed`: no JSON, or without the ids that its type has to carry.
    pub fn parse(body: &[u8]) -> Result<Self, Reason> {
        let mut event = foreign::parse(body).ok_or(Reason::EventMalformed)?;
        let kind = text(&event, &["event_type"]).filter(|kind| super::is_kind(kind)).ok_or(Reason::EventMalformed)?;
        let second = text(&event, &["resource_version"]).is_some_and(|version| version.starts_with('2'));
        let resource = match wanted(kind, second) {
            None => None,
            Some((wanted, reversal)) => {
                let key = if wanted == ResourceKind::Dispute { "dispute_id" } else { "id" };
                let id = event.get("resource").and_then(|resource| id(resource, key)).ok_or(Reason::EventMalformed)?;
                Some(Resource { kind: wanted, id, reversal })
            }
        };
        Ok(Self {
            id: id(&event, "id").ok_or(Reason::EventMalformed)?,
            kind: kind.to_owned(),
            created_at: text(&event, &["create_time"]).and_then(moment),
            resource,
            claimed: event.get_mut("resource").map(Value::take).unwrap_or_default(),
        })
    }
}

/// The resource that an event type is about, by its name and its resource version: `resource_type`
/// says `sale` for a sale's refund.
fn wanted(kind: &str, second: bool) -> Option<(ResourceKind, bool)> {
    use ResourceKind::{Authorization, AuthorizationV1, Capture, CaptureV1, Dispute, Order, Refund, RefundV1, SaleV1};
    let (family, what) = kind.rsplit_once('.')?;
    let capture = if second { Capture } else { CaptureV1 };
    let refund = if second { Refund } else { RefundV1 };
    let authorization = if second { Authorization } else { AuthorizationV1 };
    Some(match (family, what) {
        ("PAYMENT.CAPTURE", "COMPLETED" | "PENDING" | "DENIED" | "DECLINED") => (capture, false),
        ("PAYMENT.CAPTURE", "REFUNDED") => (refund, false),
        ("PAYMENT.CAPTURE", "REVERSED") => (refund, true),
        ("PAYMENT.REFUND", "PENDING" | "COMPLETED" | "FAILED" | "CANCELLED") => (refund, false),
        ("PAYMENT.SALE", "COMPLETED" | "PENDING" | "DENIED") => (SaleV1, false),
        ("PAYMENT.SALE", "REFUNDED") => (RefundV1, false),
        ("PAYMENT.SALE", "REVERSED") => (RefundV1, true),
        ("PAYMENT.AUTHORIZATION", _) => (authorization, false),
        ("CHECKOUT.ORDER", "APPROVED" | "COMPLETED") if second => (Order, false),
        ("CUSTOMER.DISPUTE", "CREATED" | "UPDATED" | "RESOLVED") => (Dispute, false),
        _ => return None,
    })
}

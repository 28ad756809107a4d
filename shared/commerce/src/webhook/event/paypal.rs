//! PayPal's events: which resource to read for which event type.

use serde_json::Value;

use super::{ProviderObject, id, paypal_resource, text};
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

/// The API of PayPal that a resource lives in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResourceKind {
    /// `/v2/payments/captures`
    Capture,
    /// `/v2/payments/refunds`
    Refund,
    /// `/v2/payments/authorizations`
    Authorization,
    /// `/v2/checkout/orders`
    Order,
    /// `/v1/customer/disputes`
    Dispute,
    /// `/v1/payments/sale`
    SaleV1,
    /// `/v1/payments/capture`
    CaptureV1,
    /// `/v1/payments/refund`
    RefundV1,
}

/// One resource to read from the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The API that it lives in.
    pub kind: ResourceKind,
    /// Its id: letters, digits, dashes.
    pub id: String,
    /// The event says that this refund was forced. Only the event says so, hence a label and never
    /// an amount.
    pub reversal: bool,
}

impl Resource {
    /// The path to GET, relative to the API's origin.
    pub fn path(&self) -> String {
        let folder = match self.kind {
            ResourceKind::Capture => "v2/payments/captures",
            ResourceKind::Refund => "v2/payments/refunds",
            ResourceKind::Authorization => "v2/payments/authorizations",
            ResourceKind::Order => "v2/checkout/orders",
            ResourceKind::Dispute => "v1/customer/disputes",
            ResourceKind::SaleV1 => "v1/payments/sale",
            ResourceKind::CaptureV1 => "v1/payments/capture",
            ResourceKind::RefundV1 => "v1/payments/refund",
        };
        format!("/{folder}/{}", self.id)
    }

    /// The objects in what the API answered.
    ///
    /// # Errors
    /// `event-malformed` when the answer isn't this resource: another id, an unknown status or an
    /// impossible amount.
    pub fn objects(&self, answer: &Value) -> Result<Vec<ProviderObject>, Reason> {
        paypal_resource::objects(self, answer).ok_or(Reason::EventMalformed)
    }

    /// Whether the API shows what a body claims: every object in it, in the same state, with the
    /// same amounts and for the same order. A field that the body leaves out isn't compared. A body
    /// that claims nothing is shown by nothing.
    pub fn is_as_claimed(&self, claimed: &Value, shown: &[ProviderObject]) -> bool {
        let Ok(claims) = self.objects(claimed) else { return false };
        !claims.is_empty() && claims.iter().all(|claim| shown.iter().any(|object| object.bears_out(claim)))
    }

    /// The resource that has to be read besides, to know the payment behind a refund or dispute.
    /// The API's own answer names it.
    pub fn payment_of(&self, object: &ProviderObject) -> Option<Resource> {
        let kind = match self.kind {
            ResourceKind::Refund | ResourceKind::Dispute => ResourceKind::Capture,
            ResourceKind::RefundV1 => ResourceKind::SaleV1,
            _ => return None,
        };
        Some(Resource { kind, id: object.parent.clone()?, reversal: false })
    }
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
    use ResourceKind::{Authorization, Capture, CaptureV1, Dispute, Order, Refund, RefundV1, SaleV1};
    let (family, what) = kind.rsplit_once('.')?;
    let capture = if second { Capture } else { CaptureV1 };
    let refund = if second { Refund } else { RefundV1 };
    Some(match (family, what) {
        ("PAYMENT.CAPTURE", "COMPLETED" | "PENDING" | "DENIED" | "DECLINED") => (capture, false),
        ("PAYMENT.CAPTURE", "REFUNDED") => (refund, false),
        ("PAYMENT.CAPTURE", "REVERSED") => (refund, true),
        ("PAYMENT.REFUND", "PENDING" | "COMPLETED" | "FAILED") => (refund, false),
        ("PAYMENT.SALE", "COMPLETED" | "PENDING" | "DENIED") => (SaleV1, false),
        ("PAYMENT.SALE", "REFUNDED") => (RefundV1, false),
        ("PAYMENT.SALE", "REVERSED") => (RefundV1, true),
        ("PAYMENT.AUTHORIZATION", "CREATED" | "VOIDED") if second => (Authorization, false),
        ("CHECKOUT.ORDER", "APPROVED" | "COMPLETED") if second => (Order, false),
        ("CUSTOMER.DISPUTE", "CREATED" | "UPDATED" | "RESOLVED") => (Dispute, false),
        _ => return None,
    })
}

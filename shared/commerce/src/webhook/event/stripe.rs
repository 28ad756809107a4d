//! Stripe's events and the objects in them.

use serde_json::Value;
use uuid::Uuid;

use super::{ObjectKind, ObjectState, ProviderObject, id, text};
use crate::foreign;
use crate::time::Moment;
use crate::webhook::Reason;
use crate::webhook::amount::Amount;

/// The metadata key under which Stripe is told our order's id.
pub const ORDER_METADATA: &str = "order_id";
/// The metadata key under which Stripe is told the id of our refund request.
pub const REFUND_METADATA: &str = "refund_request_id";

/// Reads the object of an event: `None` if it is malformed, `Some(None)` if there is nothing to fold.
type Reader = fn(&Value) -> Option<Option<ProviderObject>>;

/// The types that concern payments of orders, and how the object of each is read. Only these are
/// asked for when events are listed.
pub(crate) const TYPES: [(&str, Reader); 10] = [
    ("payment_intent.succeeded", |intent| payment_intent(intent).map(Some)),
    ("payment_intent.payment_failed", |intent| payment_intent(intent).map(Some)),
    ("payment_intent.canceled", |intent| payment_intent(intent).map(Some)),
    ("checkout.session.completed", |session| checkout(session, false)),
    ("checkout.session.async_payment_succeeded", |session| checkout(session, false)),
    ("checkout.session.async_payment_failed", |session| checkout(session, true)),
    ("charge.refunded", |taken| charge(taken).map(Some)),
    ("refund.failed", |failed| refund(failed).map(Some)),
    ("charge.dispute.created", |opened| dispute(opened).map(Some)),
    ("charge.dispute.closed", |closed| dispute(closed).map(Some)),
];

/// A parsed event. Its whole body was signed.
#[derive(Debug, Clone, PartialEq)]
pub struct StripeEvent {
    /// Stripe's event id (`evt_...`).
    pub id: String,
    /// The event type, e.g. `payment_intent.succeeded`.
    pub kind: String,
    /// When the event happened (Stripe counts whole seconds).
    pub created_at: Option<Moment>,
    /// Real money or test mode; absent on objects that aren't account events.
    pub livemode: Option<bool>,
    /// The connected account that the event belongs to, if it isn't the platform's own.
    pub account: Option<String>,
    /// The object to fold; `None` for a type that doesn't concern payments of orders.
    pub object: Option<ProviderObject>,
}

impl StripeEvent {
    /// Parses the raw body of a verified delivery.
    ///
    /// # Errors
    /// `event-malformed`: no JSON, or without the ids and amounts that its type has to carry.
    pub fn parse(body: &[u8]) -> Result<Self, Reason> {
        let event = foreign::parse(body).ok_or(Reason::EventMalformed)?;
        Self::read(&event).ok_or(Reason::EventMalformed)
    }

    fn read(event: &Value) -> Option<Self> {
        let kind = text(event, &["type"]).filter(|kind| super::is_kind(kind))?;
        // Up to the year 9999; what is no time is none.
        let created = event.get("created").and_then(Value::as_i64).filter(|s| (0..253_402_300_800).contains(s));
        let created_at = created.map(|seconds| Moment(seconds * 1_000_000));
        let inner = event.get("data").and_then(|data| data.get("object")).unwrap_or(&Value::Null);
        let object = match TYPES.iter().find(|(known, _)| *known == kind) {
            Some((_, read)) => read(inner)?,
            None => None,
        };
        Some(Self {
            id: id(event, "id")?,
            kind: kind.to_owned(),
            created_at,
            livemode: event.get("livemode").and_then(Value::as_bool),
            account: id(event, "account"),
            object: object.map(|object| ProviderObject { changed_at: created_at, ..object }),
        })
    }
}

pub(crate) fn payment_intent(value: &Value) -> Option<ProviderObject> {
    let (state, units) = match text(value, &["status"])? {
        "succeeded" => (ObjectState::Completed, "amount_received"),
        "canceled" => (ObjectState::Cancelled, "amount"),
        "requires_capture" => (ObjectState::Authorized, "amount"),
        "processing" => (ObjectState::Pending, "amount"),
        // A failed attempt: the intent waits for another payment method.
        _ => (ObjectState::Failed, "amount"),
    };
    let object = ProviderObject::new(ObjectKind::Payment, id(value, "id")?, state).with_amount(amount(value, units)?);
    Some(ProviderObject { alias: id(value, "latest_charge"), order_reference: order(value), ..object })
}

/// A checkout session speaks for its payment intent: the same money under the same id, whichever
/// event comes first.
fn checkout(value: &Value, failed: bool) -> Option<Option<ProviderObject>> {
    let state = match text(value, &["payment_status"])? {
        _ if failed => ObjectState::Failed,
        "paid" => ObjectState::Completed,
        "unpaid" => ObjectState::Pending,
        // no_payment_required: nothing was taken.
        _ => return Some(None),
    };
    let payment = id(value, "payment_intent").or_else(|| id(value, "id"))?;
    let object = ProviderObject::new(ObjectKind::Payment, payment, state).with_amount(amount(value, "amount_total")?);
    let reference = order(value).or_else(|| text(value, &["client_reference_id"]).map(str::to_owned));
    Some(Some(ProviderObject { order_reference: reference, external_order: id(value, "id"), ..object }))
}

/// A refunded charge: it says how much was taken and how much of it was given back so far.
fn charge(value: &Value) -> Option<ProviderObject> {
    let taken = value.get("amount_captured").map_or("amount", |_| "amount_captured");
    let state = if value.get("paid")?.as_bool()? { ObjectState::Completed } else { ObjectState::Failed };
    let charge = id(value, "id")?;
    let payment = id(value, "payment_intent").unwrap_or_else(|| charge.clone());
    let object = ProviderObject::new(ObjectKind::Payment, payment, state).with_amount(amount(value, taken)?);
    Some(ProviderObject {
        alias: Some(charge),
        refunded_total: Some(amount(value, "amount_refunded")?),
        order_reference: order(value),
        ..object
    })
}

pub(crate) fn refund(value: &Value) -> Option<ProviderObject> {
    let state = match text(value, &["status"])? {
        "succeeded" => ObjectState::Completed,
        "failed" => ObjectState::Failed,
        "canceled" => ObjectState::Cancelled,
        _ => ObjectState::Pending,
    };
    let request = text(value, &["metadata", REFUND_METADATA]).and_then(|id| Uuid::try_parse(id).ok());
    Some(ProviderObject { request, ..belonging(ObjectKind::Refund, state, value)? })
}

fn dispute(value: &Value) -> Option<ProviderObject> {
    let state = match text(value, &["status"])? {
        // A warning that was closed never became a dispute.
        "won" | "warning_closed" => ObjectState::Won,
        "lost" => ObjectState::Lost,
        _ => ObjectState::Open,
    };
    belonging(ObjectKind::Dispute, state, value)
}

/// A refund or dispute, found by payment intent, else by charge.
fn belonging(kind: ObjectKind, state: ObjectState, value: &Value) -> Option<ProviderObject> {
    let object = ProviderObject::new(kind, id(value, "id")?, state).with_amount(amount(value, "amount")?);
    let parent = id(value, "payment_intent").or_else(|| id(value, "charge"))?;
    Some(ProviderObject { parent: Some(parent), order_reference: order(value), ..object })
}

fn order(value: &Value) -> Option<String> {
    text(value, &["metadata", ORDER_METADATA]).map(str::to_owned)
}

fn amount(value: &Value, key: &str) -> Option<Amount> {
    let units = value.get(key)?.as_i64().filter(|units| *units >= 0)?;
    Amount::from_stripe(units, text(value, &["currency"])?).ok()
}

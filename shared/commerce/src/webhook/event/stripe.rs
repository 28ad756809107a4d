//! Stripe's events and the objects in them.
//!
//! An event comes in one of two forms. A snapshot carries its object; a thin event only names it,
//! and the object is read from the API. Of either form the amounts that moved decide, and not the
//! event's name.

use serde_json::Value;

use super::stripe_objects::{charge, checkout, dispute, payment_intent, refund};
use super::{ProviderObject, id, is_id, text};
use crate::foreign;
use crate::time::Moment;
use crate::webhook::{Reason, moment};

/// The metadata key under which Stripe is told our order's id.
pub const ORDER_METADATA: &str = "order_id";
/// The metadata key under which Stripe is told the id of our refund request.
pub const REFUND_METADATA: &str = "refund_request_id";

/// Reads the object of an event: `None` if it is malformed, `Some(None)` if there is nothing to
/// fold.
type Reader = fn(&Value) -> Option<Option<ProviderObject>>;

/// An event type that concerns payments of orders.
#[derive(Debug)]
pub(crate) struct Type {
    /// Its name in snapshots. A thin event has `v1.` in front.
    pub(crate) name: &'static str,
    /// Whether a list of events is asked for it. Stripe's list takes twenty types at most.
    pub(crate) listed: bool,
    /// How its object is read.
    read: Reader,
}

const fn listed(name: &'static str, read: Reader) -> Type {
    Type { name, listed: true, read }
}

/// The types that concern payments of orders. A type that only promises what another one of the
/// same object tells for good isn't listed.
pub(crate) const TYPES: [Type; 21] = [
    Type { name: "payment_intent.processing", listed: false, read: |intent| payment_intent(intent).map(Some) },
    listed("payment_intent.amount_capturable_updated", |intent| payment_intent(intent).map(Some)),
    listed("payment_intent.succeeded", |intent| payment_intent(intent).map(Some)),
    listed("payment_intent.payment_failed", |intent| payment_intent(intent).map(Some)),
    listed("payment_intent.canceled", |intent| payment_intent(intent).map(Some)),
    listed("checkout.session.completed", |session| checkout(session, false)),
    listed("checkout.session.async_payment_succeeded", |session| checkout(session, false)),
    listed("checkout.session.async_payment_failed", |session| checkout(session, true)),
    listed("charge.succeeded", |taken| charge(taken).map(Some)),
    listed("charge.captured", |taken| charge(taken).map(Some)),
    listed("charge.expired", |taken| charge(taken).map(Some)),
    listed("charge.refunded", |taken| charge(taken).map(Some)),
    listed("charge.refund.updated", |changed| refund(changed).map(Some)),
    listed("refund.created", |made| refund(made).map(Some)),
    listed("refund.updated", |changed| refund(changed).map(Some)),
    listed("refund.failed", |failed| refund(failed).map(Some)),
    listed("charge.dispute.created", |opened| dispute(opened).map(Some)),
    listed("charge.dispute.updated", |changed| dispute(changed).map(Some)),
    listed("charge.dispute.closed", |closed| dispute(closed).map(|closed| Some(closed.over()))),
    listed("charge.dispute.funds_withdrawn", |moved| dispute(moved).map(Some)),
    listed("charge.dispute.funds_reinstated", |moved| dispute(moved).map(|moved| Some(moved.reinstated()))),
];

/// A parsed event. Its whole body was signed.
#[derive(Debug, Clone, PartialEq)]
pub struct StripeEvent {
    /// Stripe's event id (`evt_...`).
    pub id: String,
    /// The event type, e.g. `payment_intent.succeeded`.
    pub kind: String,
    /// When the event happened.
    pub created_at: Option<Moment>,
    /// Real money or test mode; absent on objects that aren't account events.
    pub livemode: Option<bool>,
    /// The account that the event belongs to, if it isn't the endpoint's own.
    pub account: Option<String>,
    /// The subject of the event.
    pub about: About,
}

/// The subject of an event of Stripe.
#[derive(Debug, Clone, PartialEq)]
pub enum About {
    /// Nothing that concerns payments of orders.
    Nothing,
    /// The object in a snapshot.
    Object(Box<ProviderObject>),
    /// The object that a thin event names.
    Named(Named),
}

/// An object that a thin event names, to be read from the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Stripe's id of it.
    pub id: String,
    /// The folder that it lives in, below `/v1/`.
    folder: &'static str,
    /// The event's type, as a snapshot would call it.
    kind: &'static str,
    /// When the event happened.
    at: Option<Moment>,
}

impl Named {
    /// The path to GET, relative to the API's origin.
    pub fn path(&self) -> String {
        format!("/v1/{}/{}", self.folder, self.id)
    }

    /// The object in what the API answered; `None` if there is nothing to fold. It counts as of the
    /// event's time: a later event tells of a later change.
    ///
    /// # Errors
    /// `event-malformed` if the answer isn't this object.
    pub fn object(&self, answer: &Value) -> Result<Option<ProviderObject>, Reason> {
        let same = id(answer, "id").is_some_and(|id| id == self.id);
        let kind = TYPES.iter().find(|kind| kind.name == self.kind).filter(|_| same);
        let object = kind.and_then(|kind| (kind.read)(answer)).ok_or(Reason::EventMalformed)?;
        Ok(object.map(|object| ProviderObject { changed_at: self.at, ..object }))
    }
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
        let created_at = event.get("created").and_then(time);
        Some(Self {
            id: id(event, "id")?,
            kind: kind.to_owned(),
            created_at,
            livemode: event.get("livemode").and_then(Value::as_bool),
            account: account(event)?,
            about: about(event, kind, created_at)?,
        })
    }
}

/// A snapshot has its object below `data`; a thin event has a `related_object`, and `v1.` before
/// the name of the type.
fn about(event: &Value, kind: &str, created_at: Option<Moment>) -> Option<About> {
    let known = |name: &str| TYPES.iter().find(|known| known.name == name);
    if let Some(kind) = kind.strip_prefix("v1.") {
        let Some(kind) = known(kind) else { return Some(About::Nothing) };
        let related = event.get("related_object")?;
        let folder = folder(kind.name).filter(|(_, named)| text(related, &["type"]) == Some(named));
        let (folder, _) = folder?;
        return Some(About::Named(Named { id: id(related, "id")?, folder, kind: kind.name, at: created_at }));
    }
    let Some(kind) = known(kind) else { return Some(About::Nothing) };
    let inner = event.get("data").and_then(|data| data.get("object")).unwrap_or(&Value::Null);
    let Some(object) = (kind.read)(inner)? else { return Some(About::Nothing) };
    // The first event of an object tells its state at its birth, whenever Stripe wrote the event.
    let born = inner.get("created").and_then(time).filter(|_| kind.name.ends_with(".created"));
    let changed_at = match (born, created_at) {
        (Some(born), Some(created)) => Some(born.min(created)),
        (_, created) => created,
    };
    Some(About::Object(Box::new(ProviderObject { changed_at, ..object })))
}

/// The place in the API of a type's object, and the name that a thin event gives it.
fn folder(kind: &str) -> Option<(&'static str, &'static str)> {
    const FOLDERS: [(&str, &str, &str); 6] = [
        ("payment_intent.", "payment_intents", "payment_intent"),
        ("checkout.session.", "checkout/sessions", "checkout.session"),
        ("charge.dispute.", "disputes", "dispute"),
        ("charge.refund.", "refunds", "refund"),
        ("charge.", "charges", "charge"),
        ("refund.", "refunds", "refund"),
    ];
    let found = FOLDERS.iter().find(|(family, _, _)| kind.starts_with(family));
    found.map(|(_, folder, named)| (*folder, *named))
}

/// The account that an event belongs to: the connected one that `account` names, or the last one of
/// the path in `context`. If the two differ it is neither's, so nobody's. `None` if one of them
/// can't be read: then nobody knows whose event it is.
pub(super) fn account(event: &Value) -> Option<Option<String>> {
    let read = |key: &str| match event.get(key) {
        None | Some(Value::Null) => Some(None),
        Some(value) => {
            let last = value.as_str()?.rsplit('/').next()?;
            is_id(last).then(|| Some(last.to_owned()))
        }
    };
    Some(match (read("account")?, read("context")?) {
        (Some(account), Some(context)) if account != context => Some(format!("{account}/{context}")),
        (account, context) => account.or(context),
    })
}

/// Whole seconds since 1970 in snapshots, RFC 3339 in thin events. Up to the year 9999; what is no
/// time is none.
fn time(value: &Value) -> Option<Moment> {
    let seconds = value.as_i64().filter(|seconds| (0..253_402_300_800).contains(seconds));
    seconds.map(|seconds| Moment(seconds * 1_000_000)).or_else(|| moment(value.as_str()?))
}

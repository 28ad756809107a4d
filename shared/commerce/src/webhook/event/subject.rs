//! An event of either provider, and the subject that it is about.

use super::paypal::Resource;
use super::{ProviderObject, envelope, paypal, stripe};
use crate::foreign;
use crate::provider::Provider;
use crate::time::Moment;
use crate::webhook::Reason;
use serde_json::Value;

/// An event as its body tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The provider's id of it.
    pub id: String,
    /// Its type.
    pub kind: String,
    /// When it happened, if the provider says so.
    pub occurred_at: Option<Moment>,
    /// Stripe: the account that it belongs to, if it isn't the endpoint's own.
    pub account: Option<String>,
    /// Stripe: real money or test mode.
    pub livemode: Option<bool>,
    /// Its subject.
    pub subject: Subject,
}

/// The subject of an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// Nothing that concerns payments of orders.
    Nothing,
    /// A resource to ask PayPal for, and what the body claims of it.
    Resource {
        /// PayPal's id of the event.
        event: String,
        /// The resource to ask for.
        resource: Resource,
        /// The resource as in the body.
        claimed: Value,
    },
    /// An object as Stripe tells it.
    Object(Box<ProviderObject>),
    /// An object to ask Stripe for.
    Named(stripe::Named),
    /// Something of ours that can't be read: kept, with its id and type, for somebody to look at.
    Unreadable,
}

impl Event {
    /// Reads the raw body of a verified delivery.
    ///
    /// # Errors
    /// `event-malformed` if not even id and type can be read.
    pub fn read(provider: Provider, body: &[u8]) -> Result<Self, Reason> {
        let event = match provider {
            Provider::PayPal => paypal::PayPalEvent::parse(body).map(Self::from),
            Provider::Stripe => stripe::StripeEvent::parse(body).map(Self::from),
        };
        let unreadable = |(id, kind): (String, String)| {
            let value = foreign::parse(body).unwrap_or_default();
            let livemode = value.get("livemode").and_then(Value::as_bool);
            // An account that can't be read is nobody's.
            let account = match provider {
                Provider::PayPal => None,
                Provider::Stripe => stripe::account(&value).unwrap_or_else(|| Some("unreadable".to_owned())),
            };
            Self { id, kind, occurred_at: None, account, livemode, subject: Subject::Unreadable }
        };
        event.or_else(|reason| envelope(provider, body).map(unreadable).ok_or(reason))
    }

    /// The path of the resource that it names at PayPal.
    pub fn resource(&self) -> Option<String> {
        match &self.subject {
            Subject::Resource { resource, .. } => Some(resource.path()),
            _ => None,
        }
    }

    /// The provider's id of what it is about, for the claim's key.
    pub fn transaction(&self) -> Option<&str> {
        match &self.subject {
            Subject::Resource { resource, .. } => Some(&resource.id),
            Subject::Object(object) => Some(&object.id),
            Subject::Named(named) => Some(&named.id),
            Subject::Nothing | Subject::Unreadable => None,
        }
    }
}

impl From<paypal::PayPalEvent> for Event {
    fn from(event: paypal::PayPalEvent) -> Self {
        let subject = match event.resource {
            Some(resource) => Subject::Resource { event: event.id.clone(), resource, claimed: event.claimed },
            None => Subject::Nothing,
        };
        let (id, kind, occurred_at) = (event.id, event.kind, event.created_at);
        Self { id, kind, occurred_at, account: None, livemode: None, subject }
    }
}

impl From<stripe::StripeEvent> for Event {
    fn from(event: stripe::StripeEvent) -> Self {
        let subject = match event.about {
            stripe::About::Nothing => Subject::Nothing,
            stripe::About::Object(object) => Subject::Object(object),
            stripe::About::Named(named) => Subject::Named(named),
        };
        let (id, kind, occurred_at) = (event.id, event.kind, event.created_at);
        Self { id, kind, occurred_at, account: event.account, livemode: event.livemode, subject }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripe(body: &str) -> Result<Event, Reason> {
        Event::read(Provider::Stripe, body.as_bytes())
    }

    #[test]
    fn an_event_is_about_an_object_or_nothing_or_has_to_be_looked_at() {
        let intent = r#"{"id":"evt_1","type":"payment_intent.succeeded","livemode":false,"created":1,"data":{"object":{"id":"pi_1",
            "status":"succeeded","amount_received":100,"currency":"eur","metadata":{"order_id":"o"}}}}"#;
        let event = stripe(intent).unwrap();
        assert!(matches!(event.subject, Subject::Object(_)));
        assert_eq!((event.transaction(), event.livemode), (Some("pi_1"), Some(false)));

        let unknown =
            stripe(r#"{"id":"evt_2","type":"customer.created","livemode":true,"data":{"object":{}}}"#).unwrap();
        assert_eq!((unknown.subject.clone(), unknown.transaction()), (Subject::Nothing, None));

        let damaged = intent.replace("\"amount_received\":100", "\"amount_received\":\"?\"");
        let damaged = damaged.replace("\"livemode\"", "\"account\":\"acct_2\",\"livemode\"");
        let event = stripe(&damaged).unwrap();
        assert_eq!((event.id.as_str(), event.subject), ("evt_1", Subject::Unreadable));
        assert_eq!((event.livemode, event.account.as_deref()), (Some(false), Some("acct_2")), "these count as ever");

        for nothing in ["", "{}", "{", r#"{"id":"evt_1"}"#] {
            assert_eq!(stripe(nothing), Err(Reason::EventMalformed), "{nothing}");
        }
        let event =
            Event::read(Provider::PayPal, br#"{"id":"WH-1","event_type":"PAYMENT.CAPTURE.COMPLETED"}"#).unwrap();
        assert_eq!(event.subject, Subject::Unreadable, "without a resource");
    }

    #[test]
    fn half_a_character_in_a_text_loses_no_event() {
        let intent = r#"{"id":"evt_1","type":"payment_intent.succeeded","livemode":false,"created":1,"data":{"object":{"id":"pi_1",
            "status":"succeeded","amount_received":100,"currency":"eur","description":"cut \ud83d","metadata":{"order_id":"o"}}}}"#;
        assert!(matches!(stripe(intent).unwrap().subject, Subject::Object(_)));
        let capture = r#"{"id":"WH-1","event_type":"PAYMENT.CAPTURE.COMPLETED","resource_version":"2.0","resource":{"id":"C1","note":"\ud800"}}"#;
        assert_eq!(Event::read(Provider::PayPal, capture.as_bytes()).unwrap().transaction(), Some("C1"));
    }

    #[test]
    fn a_reference_with_control_characters_is_none() {
        let body = r#"{"id":"evt_1","type":"payment_intent.succeeded","livemode":false,"created":1,"data":{"object":{"id":"pi_1",
            "status":"succeeded","amount_received":100,"currency":"eur","metadata":{"order_id":"a\u0000b"}}}}"#;
        let Subject::Object(object) = stripe(body).unwrap().subject else { panic!("no object") };
        assert_eq!(object.printable().order_reference, None);
    }

    #[test]
    fn a_reference_that_is_a_uuid_is_written_as_ours_are() {
        let ours = "0190c3e2-7d4b-7c3a-9f10-1a2b3c4d5e6f";
        for (told, read) in [
            (ours, ours),
            ("0190C3E2-7D4B-7C3A-9F10-1A2B3C4D5E6F", ours),
            ("0190c3e2-7D4B-7c3a-9F10-1a2b3c4d5e6F", ours),
            (" 0190c3e2-7d4b-7c3a-9f10-1a2b3c4d5e6f", ours),
            ("Order-17", "Order-17"),
        ] {
            let body = serde_json::json!({"id": "evt_1", "type": "payment_intent.succeeded", "data": {"object": {"id": "pi_1",
                "status": "succeeded", "amount_received": 100, "currency": "eur", "metadata": {"order_id": told}}}});
            let Subject::Object(object) = stripe(&body.to_string()).unwrap().subject else { panic!("no object") };
            assert_eq!(object.printable().order_reference.as_deref(), Some(read), "{told}");
        }
    }
}

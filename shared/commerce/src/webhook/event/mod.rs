//! The content of a delivery's body.
//!
//! A PayPal body proves nothing beyond its CRC-32, so it only names a [`paypal::Resource`] to read
//! from the API. The API's answer becomes [`ProviderObject`]s. A Stripe body is signed as a whole:
//! the object of a snapshot is read from it directly. A thin event names one to read from the API.

mod object;
pub mod paypal;
mod paypal_resource;
pub mod stripe;
pub(crate) mod stripe_objects;
mod subject;

pub use object::{ObjectKind, ObjectState, ProviderObject};
pub use subject::{Event, Subject};

use serde_json::Value;

use crate::provider::Provider;

/// Longest id of an event or object that is believed to be one.
const LONGEST_ID: usize = 128;

/// A string at a path of object keys.
pub(crate) fn text<'a>(value: &'a Value, path: &[&str]) -> Option<&'a str> {
    path.iter().try_fold(value, |value, key| value.get(key))?.as_str()
}

/// An id that is safe in a URL path, a cache key and a log line.
pub(crate) fn id(value: &Value, key: &str) -> Option<String> {
    let id = value.get(key)?.as_str()?;
    is_id(id).then(|| id.to_owned())
}

fn is_id(id: &str) -> bool {
    (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// An event type: a short word without blanks.
fn is_kind(kind: &str) -> bool {
    kind.len() <= 100 && kind.bytes().all(|b| b.is_ascii_graphic())
}

/// Id and type of an event of which nothing else need make sense: enough to keep it for somebody to
/// look at. `None` if even these can't be read.
pub fn envelope(provider: Provider, body: &[u8]) -> Option<(String, String)> {
    let event = crate::foreign::parse(body)?;
    let name = match provider {
        Provider::PayPal => "event_type",
        Provider::Stripe => "type",
    };
    let kind = text(&event, &[name]).filter(|kind| is_kind(kind))?;
    Some((id(&event, "id")?, kind.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_needs_an_id_and_a_type() {
        let read = |body: &str| envelope(Provider::Stripe, body.as_bytes());
        let expected = Some(("evt_1".to_owned(), "charge.refunded".to_owned()));
        assert_eq!(read(r#"{"id":"evt_1","type":"charge.refunded","data":{"object":{"amount":"?"}}}"#), expected);
        for body in
            [r#"{"id":"evt_1"}"#, r#"{"type":"x"}"#, r#"{"id":"a b","type":"x"}"#, "{", "[]", r#"{"id":1,"type":"x"}"#]
        {
            assert_eq!(read(body), None, "{body}");
        }
        let paypal = br#"{"id":"WH-1","event_type":"PING"}"#;
        assert_eq!(envelope(Provider::PayPal, paypal), Some(("WH-1".to_owned(), "PING".to_owned())));
        assert_eq!(envelope(Provider::Stripe, paypal), None);
    }
}

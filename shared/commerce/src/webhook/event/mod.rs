//! What a delivery's body is about.
//!
//! A PayPal body proves nothing beyond its CRC-32, so it only names a [`paypal::Resource`] to read from the API; what the
//! API answers becomes [`ProviderObject`]s. A Stripe body is signed as a whole: its objects are read from it directly.

mod object;
pub mod paypal;
mod paypal_resource;
pub mod stripe;

pub use object::{ObjectKind, ObjectState, ProviderObject};

use serde_json::Value;

/// Longest id of an event or object that is believed to be one.
const LONGEST_ID: usize = 128;

/// A string at a path of object keys.
fn text<'a>(value: &'a Value, path: &[&str]) -> Option<&'a str> {
    path.iter().try_fold(value, |value, key| value.get(key))?.as_str()
}

/// An id that is safe in a URL path, a cache key and a log line.
fn id(value: &Value, key: &str) -> Option<String> {
    let id = value.get(key)?.as_str()?;
    is_id(id).then(|| id.to_owned())
}

fn is_id(id: &str) -> bool {
    (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

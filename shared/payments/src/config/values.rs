//! What single variables may hold. No error shows a value.

use commerce::webhook::paypal::{Environment, PayPalPolicy, Trust};

/// A key of fewer characters could be guessed.
const LEAST_HMAC_KEY: usize = 32;

/// A text that may stand in a header.
pub(super) fn visible(text: &str) -> Result<String, String> {
    let all = text.bytes().all(|byte| byte.is_ascii_graphic());
    all.then(|| text.to_owned()).ok_or_else(|| "must be visible ASCII characters".to_owned())
}

pub(super) fn webhook_id(text: &str) -> Result<String, String> {
    if PayPalPolicy::new(Environment::Live, text).is_some() {
        return Ok(text.to_owned());
    }
    Err("must be the webhook's own id: letters, digits and dashes, not the simulator's".to_owned())
}

pub(super) fn hmac_key(text: &str) -> Result<String, String> {
    let enough = text.len() >= LEAST_HMAC_KEY;
    enough.then(|| text.to_owned()).ok_or_else(|| format!("must have at least {LEAST_HMAC_KEY} characters"))
}

/// A variable that can't hold line breaks (in an environment file) has `\n` instead.
pub(super) fn trust(text: &str) -> Result<Option<Trust>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let pem = text.replace("\\n", "\n");
    let trust = Trust::from_bundle(pem.as_bytes());
    trust.map(Some).map_err(|_| "must be certificates in PEM, with a root among them".to_owned())
}

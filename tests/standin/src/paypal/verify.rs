//! The post-back: a receiver asks whether a delivery is genuine.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::{PayPalCall, invalid};
use crate::authority::AUTHORITY;
use crate::exchange::{Reply, Request};

/// The delivery as the receiver got it. The event's bytes count as they are.
#[derive(Deserialize)]
struct PostBack<'a> {
    auth_algo: String,
    cert_url: String,
    transmission_id: String,
    transmission_sig: String,
    transmission_time: String,
    webhook_id: String,
    #[serde(borrow)]
    webhook_event: &'a RawValue,
}

impl PayPalCall<'_> {
    pub(super) fn verify(&self, request: &Request) -> Reply {
        let Ok(asked) = serde_json::from_slice::<PostBack<'_>>(&request.body) else {
            return invalid("/", "MISSING_REQUIRED_PARAMETER");
        };
        let genuine = asked.auth_algo == "SHA256withRSA"
            && asked.webhook_id == self.settings.paypal_webhook_id
            && asked.cert_url.starts_with(&format!("{}/v1/notifications/certs/", self.base))
            && self.signed(&asked);
        Reply::json(200, &json!({"verification_status": if genuine { "SUCCESS" } else { "FAILURE" }}))
    }

    fn signed(&self, asked: &PostBack<'_>) -> bool {
        let crc = crc32fast::hash(asked.webhook_event.get().as_bytes());
        let text = format!("{}|{}|{}|{crc}", asked.transmission_id, asked.transmission_time, asked.webhook_id);
        let signature = BASE64.decode(&asked.transmission_sig).unwrap_or_default();
        AUTHORITY.key.signed(text.as_bytes(), &signature)
    }
}

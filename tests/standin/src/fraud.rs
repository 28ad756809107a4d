//! A shop's own fraud check: it takes questions that are signed as Standard Webhooks says, and
//! answers as it is told.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use hyper::Method;
use serde_json::{Value, json};

use crate::exchange::{Reply, Request};
use crate::ids;
use crate::world::World;

/// How far a question's time may be from now, in seconds.
const TOLERANCE: i64 = 300;

/// The state of the check.
#[derive(Debug, Default)]
pub(crate) struct FraudCheck {
    /// The answer's body. `None`: it allows everything.
    pub(crate) answer: Option<String>,
    /// The questions so far.
    pub(crate) questions: Vec<Value>,
}

/// Whether a path is the check's.
pub(crate) fn serves(parts: &[&str]) -> bool {
    parts.first() == Some(&"fraud")
}

/// The answer to a question: 401 unless it is signed.
pub(crate) fn answer(world: &World, request: &Request) -> Reply {
    if request.method != Method::POST || request.parts() != ["fraud", "check"] {
        return Reply::empty(404);
    }
    if !is_signed(&world.settings().fraud_check_secret, request) {
        return Reply::json(401, &json!({"error": "the signature is wrong"}));
    }
    let Some(question) = request.json() else { return Reply::json(400, &json!({"error": "no JSON"})) };
    let mut state = world.state();
    state.fraud.questions.push(question);
    let body = state.fraud.answer.clone().unwrap_or_else(|| json!({"decision": "allow"}).to_string());
    Reply::text(200, "application/json", &body)
}

/// HMAC-SHA256 over `id.timestamp.body`; one of several signatures is enough.
fn is_signed(secret: &str, request: &Request) -> bool {
    let (id, time) = (request.header("webhook-id"), request.header("webhook-timestamp"));
    let recent = time.parse::<i64>().is_ok_and(|time| (time - ids::now()).abs() <= TOLERANCE);
    let Ok(key) = BASE64.decode(secret.trim_start_matches("whsec_")) else { return false };
    let text = [format!("{id}.{time}.").as_bytes(), &request.body].concat();
    let expected = format!("v1,{}", BASE64.encode(hmac_sha256::HMAC::mac(&text, &key)));
    recent && !id.is_empty() && request.header("webhook-signature").split(' ').any(|one| one == expected)
}

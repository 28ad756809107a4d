//! A shop's own fraud check: it takes questions that are signed as Standard Webhooks says, and
//! answers as it is told.

use hyper::Method;
use serde_json::{Value, json};

use crate::exchange::{Reply, Request};
use crate::signing::is_signed;
use crate::world::World;

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

//! Stripe: checkout sessions, payment intents, charges, refunds, disputes and events of API version
//! 1.

mod disputes;
mod events;
mod form;
mod payments;
mod refunds;
mod sessions;

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use hyper::Method;
use serde_json::{Value, json};

use crate::exchange::{Reply, Request};
use crate::ids;
use crate::settings::Settings;
use crate::world::{State, World};
use form::Form;

/// Stripe's objects, as it shows them.
#[derive(Debug, Default)]
pub(crate) struct Stripe {
    pub(crate) sessions: BTreeMap<String, Value>,
    /// Metadata and capture method of the intent that a session will make.
    pub(crate) plans: BTreeMap<String, (Value, String)>,
    pub(crate) intents: BTreeMap<String, Value>,
    pub(crate) charges: BTreeMap<String, Value>,
    pub(crate) refunds: BTreeMap<String, Value>,
    pub(crate) disputes: BTreeMap<String, Value>,
}

/// One call's view of the world.
pub(crate) struct StripeCall<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) settings: &'a Settings,
    pub(crate) base: &'a str,
}

/// Whether a path belongs to Stripe.
pub(crate) fn serves(parts: &[&str]) -> bool {
    let resources = ["checkout", "payment_intents", "charges", "refunds", "disputes", "events", "account"];
    parts.first() == Some(&"v1") && parts.get(1).is_some_and(|resource| resources.contains(resource))
}

/// The idempotency key of a request, and the parts that must be the same in a repetition.
pub(crate) fn key(request: &Request) -> Option<(String, Vec<u8>)> {
    let key = request.header("idempotency-key");
    let counts = request.method == Method::POST && !key.is_empty() && key.len() <= 255;
    counts.then(|| (format!("stripe {key}"), [request.path.as_bytes(), b"\n", &request.body].concat()))
}

/// Whether the same request gets this answer again: Stripe keeps the answers of all requests whose
/// work it began.
pub(crate) fn keeps(reply: &Reply) -> bool {
    reply.status < 300 || reply.status == 402
}

/// The answer to a repeated request: the same, with a header that says so.
pub(crate) fn replay(_: &World, reply: Reply) -> Reply {
    reply.with("idempotent-replayed", "true")
}

/// The refusal of a key that was used for another request.
pub(crate) fn mismatch() -> Reply {
    let message = "Keys for idempotent requests can only be used with the same parameters they were first used with.";
    Reply::json(400, &json!({"error": {"type": "idempotency_error", "message": message}}))
}

/// A refusal with this word.
pub(crate) fn refusal(status: u16, word: &str) -> Reply {
    error(status, word, None, "The request was refused.")
}

/// The refusal of a key whose request is still in work.
pub(crate) fn in_flight() -> Reply {
    let message = "There is currently another in-progress request using this idempotent key.";
    let error = json!({"type": "idempotency_error", "code": "idempotency_key_in_use", "message": message});
    Reply::json(409, &json!({"error": error}))
}

pub(crate) fn answer(world: &World, request: &Request) -> Reply {
    let mut state = world.state();
    let mut call = StripeCall { state: &mut state, settings: world.settings(), base: &world.base_url };
    let authorization = request.header("authorization");
    let basic = format!("Basic {}", BASE64.encode(format!("{}:", call.settings.stripe_api_key)));
    if authorization != format!("Bearer {}", call.settings.stripe_api_key) && authorization != basic {
        let error = json!({"type": "invalid_request_error", "message": "Invalid API Key provided: sk_test_****"});
        return Reply::json(401, &json!({"error": error}));
    }
    let account = request.header("stripe-account");
    if !account.is_empty() && account != call.settings.stripe_account {
        let error = json!({"type": "invalid_request_error", "code": "account_invalid",
            "message": "The provided key does not have access to that account."});
        return Reply::json(403, &json!({"error": error}));
    }
    let form = Form(request.form());
    let parts = request.parts();
    let (method, parts) = (request.method.as_str(), parts.as_slice());
    if method == "GET" && parts.last().is_some_and(|id| call.state.faults.hides(id)) {
        return missing(parts.last().unwrap_or(&""));
    }
    let stripe = &call.state.stripe;
    match (method, parts) {
        ("POST", ["v1", "checkout", "sessions"]) => call.session_create(&form),
        ("GET", ["v1", "checkout", "sessions", id]) => found(&stripe.sessions, id),
        ("POST", ["v1", "checkout", "sessions", id, "expire"]) => call.session_expire(id),
        ("POST", ["v1", "payment_intents"]) => call.intent_create(&form),
        ("GET", ["v1", "payment_intents", id]) => call.read_intent(id, request),
        ("POST", ["v1", "payment_intents", id, "capture"]) => call.intent_capture(id, &form),
        ("POST", ["v1", "payment_intents", id, "cancel"]) => call.intent_cancel(id),
        ("GET", ["v1", "charges", id]) => call.read_charge(id, request),
        ("POST", ["v1", "refunds"]) => call.refund_create(&form),
        ("GET", ["v1", "refunds"]) => call.refunds(request),
        ("GET", ["v1", "refunds", id]) => found(&stripe.refunds, id),
        ("GET", ["v1", "disputes", id]) => found(&stripe.disputes, id),
        ("GET", ["v1", "events"]) => call.events(request),
        ("GET", ["v1", "events", id]) => call.event(id),
        ("GET", ["v1", "account"]) => {
            Reply::json(200, &json!({"id": call.settings.stripe_account, "object": "account", "charges_enabled": true}))
        }
        _ => error(404, "", None, &format!("Unrecognized request URL ({method}: {}).", request.path)),
    }
}

fn found(all: &BTreeMap<String, Value>, id: &str) -> Reply {
    all.get(id).map_or_else(|| missing(id), |resource| Reply::json(200, resource))
}

fn missing(id: &str) -> Reply {
    error(404, "resource_missing", Some("id"), &format!("No such object: '{id}'"))
}

fn error(status: u16, code: &str, parameter: Option<&str>, message: &str) -> Reply {
    let mut error = json!({"type": "invalid_request_error", "message": message});
    if !code.is_empty() {
        error["code"] = code.into();
    }
    if let Some(parameter) = parameter {
        error["param"] = parameter.into();
    }
    Reply::json(status, &json!({"error": error})).with("request-id", format!("req_{}", ids::token(14)))
}

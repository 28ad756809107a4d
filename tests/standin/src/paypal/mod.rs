//! PayPal: REST API v2 for orders and payments, v1 for tokens, disputes and notifications.

mod disputes;
mod events;
mod orders;
mod payments;
mod token;
mod verify;

use std::collections::BTreeMap;

use hyper::Method;
use serde_json::{Value, json};

use crate::authority::AUTHORITY;
use crate::exchange::{Reply, Request};
use crate::settings::Settings;
use crate::world::{State, World};

/// PayPal's objects, as it shows them.
#[derive(Debug, Default)]
pub(crate) struct PayPal {
    pub(crate) tokens: token::Tokens,
    pub(crate) orders: BTreeMap<String, Value>,
    /// The addresses that the shopper goes to after approval, by order.
    pub(crate) returns: BTreeMap<String, (String, String)>,
    pub(crate) captures: BTreeMap<String, Value>,
    pub(crate) authorizations: BTreeMap<String, Value>,
    pub(crate) refunds: BTreeMap<String, Value>,
    pub(crate) disputes: BTreeMap<String, Value>,
}

/// One call's view of the world.
pub(crate) struct PayPalCall<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) settings: &'a Settings,
    pub(crate) base: &'a str,
}

/// Whether a path belongs to PayPal.
pub(crate) fn serves(parts: &[&str]) -> bool {
    matches!(
        parts,
        ["v1", "oauth2" | "notifications", ..]
            | ["v1", "customer", "disputes", ..]
            | ["v2", "checkout" | "payments", ..]
    )
}

/// The idempotency key of a request, and the parts that must be the same in a repetition.
pub(crate) fn key(request: &Request) -> Option<(String, Vec<u8>)> {
    let id = request.header("paypal-request-id");
    let counts = request.method == Method::POST && request.path.starts_with("/v2/") && !id.is_empty();
    counts.then(|| (format!("paypal {} {id}", request.path), request.body.to_vec()))
}

/// Whether the same request gets this answer again. A refusal is kept too, even if the object has
/// changed since.
pub(crate) fn keeps(reply: &Reply) -> bool {
    reply.status < 300 || reply.status == 422
}

/// The answer to a repeated request: the latest state of the first one's object.
pub(crate) fn replay(world: &World, reply: Reply) -> Reply {
    if reply.status >= 300 {
        return reply;
    }
    let mut shown: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let now = world.object(shown["id"].as_str().unwrap_or_default()).unwrap_or_default();
    for (name, value) in shown.as_object_mut().into_iter().flatten() {
        // The answer to a capture shows less of its order.
        if !now[name.as_str()].is_null() && name != "purchase_units" && name != "links" {
            *value = now[name.as_str()].clone();
        }
    }
    Reply { status: 200, body: shown.to_string().into(), ..reply }
}

/// The refusal of a key that was used for another request.
pub(crate) fn mismatch() -> Reply {
    unprocessable("DUPLICATE_REQUEST_ID", "The value of PayPal-Request-Id header has already been used.")
}

/// A refusal with this word.
pub(crate) fn refusal(status: u16, word: &str) -> Reply {
    error(status, word, word, "The request was refused.")
}

/// The refusal of a key whose request is still in work.
pub(crate) fn in_flight() -> Reply {
    error(
        409,
        "RESOURCE_CONFLICT",
        "PREVIOUS_REQUEST_IN_PROGRESS",
        "A previous request on this resource is currently in progress.",
    )
}

pub(crate) fn answer(world: &World, request: &Request) -> Reply {
    let mut state = world.state();
    let mut call = PayPalCall { state: &mut state, settings: world.settings(), base: &world.base_url };
    let parts = request.parts();
    let (method, parts) = (request.method.as_str(), parts.as_slice());
    match (method, parts) {
        ("POST", ["v1", "oauth2", "token"]) => return call.token(request),
        ("GET", ["v1", "notifications", "certs", name]) => {
            return match AUTHORITY.leaf(name) {
                Some(pem) => Reply::text(200, "application/x-pem-file", pem),
                None => not_found(),
            };
        }
        _ => {}
    }
    if !call.state.paypal.tokens.knows(request.header("authorization")) {
        let body = json!({"error": "invalid_token", "error_description": "Token signature verification failed"});
        return Reply::json(401, &body);
    }
    if method == "GET" && parts.last().is_some_and(|id| call.state.faults.hides(id)) {
        return not_found();
    }
    let Some(body) = request.json().filter(Value::is_object) else {
        return error(400, "INVALID_REQUEST", "MALFORMED_REQUEST_JSON", "The request JSON is not well formed.");
    };
    let whole = request.header("prefer").contains("return=representation");
    match (method, parts) {
        ("POST", ["v2", "checkout", "orders"]) => call.order_create(request, &body, whole),
        ("GET", ["v2", "checkout", "orders", id]) => found(call.order(id)),
        ("POST", ["v2", "checkout", "orders", id, "capture"]) => call.order_capture(id),
        ("POST", ["v2", "checkout", "orders", id, "authorize"]) => call.order_authorize(id),
        ("GET", ["v2", "payments", "captures", id]) => found(call.state.paypal.captures.get(*id).cloned()),
        ("POST", ["v2", "payments", "captures", id, "refund"]) => call.refund_create(id, &body, whole),
        ("GET", ["v2", "payments", "refunds", id]) => found(call.state.paypal.refunds.get(*id).cloned()),
        ("GET", ["v2", "payments", "authorizations", id]) => found(call.state.paypal.authorizations.get(*id).cloned()),
        ("POST", ["v2", "payments", "authorizations", id, "capture"]) => call.authorization_capture(id, &body, whole),
        ("POST", ["v2", "payments", "authorizations", id, "void"]) => call.authorization_void(id),
        ("GET", ["v1", "customer", "disputes", id]) => found(call.state.paypal.disputes.get(*id).cloned()),
        ("POST", ["v1", "notifications", "verify-webhook-signature"]) => call.verify(request),
        ("GET", ["v1", "notifications", "webhooks-events"]) => call.events(request),
        ("GET", ["v1", "notifications", "webhooks-events", id]) => call.event(id),
        _ => not_found(),
    }
}

fn found(resource: Option<Value>) -> Reply {
    resource.map_or_else(not_found, |resource| Reply::json(200, &resource))
}

fn not_found() -> Reply {
    error(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID", "Specified resource ID does not exist.")
}

fn unprocessable(issue: &str, description: &str) -> Reply {
    error(422, "UNPROCESSABLE_ENTITY", issue, description)
}

fn invalid(field: &str, issue: &str) -> Reply {
    let details = json!([{"field": field, "location": "body", "issue": issue, "description": "Not a valid value."}]);
    let message = "Request is not well-formed, syntactically incorrect, or violates schema.";
    let debug = crate::ids::capitals(13).to_lowercase();
    Reply::json(
        400,
        &json!({"name": "INVALID_REQUEST", "message": message, "debug_id": debug, "details": details, "links": []}),
    )
}

fn error(status: u16, name: &str, issue: &str, description: &str) -> Reply {
    let message = match status {
        404 => "The specified resource does not exist.",
        422 => "The requested action could not be performed, semantically incorrect, or failed business validation.",
        _ => description,
    };
    let debug = crate::ids::capitals(13).to_lowercase();
    let details = json!([{"issue": issue, "description": description}]);
    Reply::json(status, &json!({"name": name, "message": message, "debug_id": debug, "details": details, "links": []}))
}

/// A link as PayPal's resources carry them.
fn link(href: &str, rel: &str, method: &str) -> Value {
    json!({"href": href, "rel": rel, "method": method})
}

/// The answer for a caller that doesn't ask for the whole resource.
fn minimal(resource: &Value) -> Value {
    json!({"id": resource["id"], "status": resource["status"], "links": resource["links"]})
}

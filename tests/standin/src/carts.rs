//! A shop's own user-service: it keeps the carts of users, and gives them to questions that are
//! signed as Standard Webhooks says.

use std::collections::BTreeMap;

use hyper::Method;
use serde_json::{Value, json};

use crate::exchange::{Reply, Request};
use crate::signing::is_signed;
use crate::world::World;

/// The carts, by user.
pub(crate) type Carts = BTreeMap<String, Value>;

/// Whether a path is the service's.
pub(crate) fn serves(parts: &[&str]) -> bool {
    parts.first() == Some(&"users")
}

/// The answer to a question: 401 unless it is signed, 404 if the user has no cart.
pub(crate) fn answer(world: &World, request: &Request) -> Reply {
    if request.method != Method::POST || request.parts() != ["users", "cart"] {
        return Reply::empty(404);
    }
    if !is_signed(&world.settings().user_service_secret, request) {
        return Reply::json(401, &json!({"error": "the signature is wrong"}));
    }
    let Some(question) = request.json() else { return Reply::json(400, &json!({"error": "no JSON"})) };
    let user = question["data"]["userId"].as_str().unwrap_or_default();
    match world.state().carts.get(user) {
        Some(cart) => Reply::json(200, cart),
        None => Reply::json(404, &json!({"error": "no such user"})),
    }
}

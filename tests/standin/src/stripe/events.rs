//! Events, as the endpoint gets them and as the list shows them.

use serde_json::{Value, json};

use super::{StripeCall, missing};
use crate::exchange::{Reply, Request};
use crate::{Provider, ids};

impl StripeCall<'_> {
    /// Makes an event of an object in its state of now.
    pub(crate) fn publish(&mut self, kind: &str, object: &Value) -> String {
        let id = format!("evt_{}", ids::token(24));
        let body = json!({
            "id": id, "object": "event", "api_version": "2025-09-30.clover", "created": ids::now(), "data": {"object": object},
            "livemode": self.settings.live, "pending_webhooks": 1, "request": {"id": null, "idempotency_key": null}, "type": kind,
        });
        self.state.publish(Provider::Stripe, &id, kind, &body)
    }

    /// The thin form of a snapshot: an event of its own that names the snapshot's object.
    pub(crate) fn thin(&mut self, snapshot: &str) -> Option<String> {
        let event = self.state.events.iter().find(|event| event.id == snapshot)?;
        let (kind, told) = (event.kind.clone(), serde_json::from_slice::<Value>(&event.body).ok()?);
        let object = &told["data"]["object"];
        let named = object["object"].as_str()?;
        let folder = match named {
            "checkout.session" => "checkout/sessions",
            "payment_intent" => "payment_intents",
            "charge" => "charges",
            "refund" => "refunds",
            "dispute" => "disputes",
            _ => return None,
        };
        let id = format!("evt_test_{}", ids::token(24));
        let related =
            json!({"id": object["id"], "type": named, "url": format!("/v1/{folder}/{}", object["id"].as_str()?)});
        let body = json!({
            "id": id, "object": "v2.core.event", "type": format!("v1.{kind}"), "livemode": self.settings.live,
            "created": ids::moment(), "context": null, "reason": null, "related_object": related,
            "snapshot_event": snapshot,
        });
        Some(self.state.publish(Provider::Stripe, &id, &format!("v1.{kind}"), &body))
    }

    /// The list, newest first, in pages of `limit` after `starting_after`.
    pub(super) fn events(&self, request: &Request) -> Reply {
        let limit = request.parameter("limit").and_then(|limit| limit.parse().ok()).unwrap_or(10_usize).clamp(1, 100);
        let from = request.parameter("created[gte]").and_then(|from| from.parse::<i64>().ok());
        let to = request.parameter("created[lte]").and_then(|to| to.parse::<i64>().ok());
        let mut kinds: Vec<&str> = request
            .query
            .iter()
            .filter(|(name, _)| name.starts_with("types["))
            .map(|(_, kind)| kind.as_str())
            .collect();
        kinds.extend(request.parameter("type"));
        let mut rest: Vec<_> = self
            .state
            .events
            .iter()
            .rev()
            .filter(|event| event.provider == Provider::Stripe)
            .filter(|event| kinds.is_empty() || kinds.contains(&event.kind.as_str()))
            .filter(|event| from.is_none_or(|from| event.created >= from) && to.is_none_or(|to| event.created <= to))
            .collect();
        if let Some(after) = request.parameter("starting_after") {
            match rest.iter().position(|event| event.id == after) {
                Some(at) => drop(rest.drain(..=at)),
                None => return missing(after),
            }
        }
        let page: Vec<Value> =
            rest.iter().take(limit).filter_map(|event| serde_json::from_slice(&event.body).ok()).collect();
        Reply::json(
            200,
            &json!({"object": "list", "data": page, "has_more": rest.len() > page.len(), "url": "/v1/events"}),
        )
    }

    pub(super) fn event(&self, id: &str) -> Reply {
        let event = self.state.events.iter().find(|event| event.id == id);
        let body = event.and_then(|event| serde_json::from_slice::<Value>(&event.body).ok());
        body.map_or_else(|| missing(id), |body| Reply::json(200, &body))
    }
}

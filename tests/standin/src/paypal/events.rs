//! Webhook events, as the merchant's webhook gets them and as the list shows them.

use serde_json::{Value, json};

use super::{PayPalCall, found, link};
use crate::exchange::{Reply, Request};
use crate::{Provider, ids};

impl PayPalCall<'_> {
    /// Makes an event of a resource in its state of now.
    pub(crate) fn publish(&mut self, kind: &str, resource: &Value) -> String {
        let id = format!("WH-{}-{}", ids::capitals(17), ids::capitals(17));
        let own = format!("{}/v1/notifications/webhooks-events/{id}", self.base);
        let (resource_type, version) = match kind {
            kind if kind.starts_with("CHECKOUT.ORDER") => ("checkout-order", "2.0"),
            kind if kind.starts_with("CUSTOMER.DISPUTE") => ("dispute", "1.0"),
            "PAYMENT.CAPTURE.REFUNDED" | "PAYMENT.CAPTURE.REVERSED" => ("refund", "2.0"),
            kind if kind.starts_with("PAYMENT.REFUND") => ("refund", "2.0"),
            kind if kind.starts_with("PAYMENT.AUTHORIZATION") => ("authorization", "2.0"),
            _ => ("capture", "2.0"),
        };
        let body = json!({
            "id": id, "event_version": "1.0", "create_time": ids::moment(), "resource_type": resource_type,
            "resource_version": version, "event_type": kind, "summary": format!("{kind} {}", resource["id"]), "resource": resource,
            "links": [link(&own, "self", "GET"), link(&format!("{own}/resend"), "resend", "POST")],
        });
        self.state.publish(Provider::PayPal, &id, kind, &body)
    }

    /// The list, newest first, in pages of `page_size`, with a link to the next one.
    pub(super) fn events(&self, request: &Request) -> Reply {
        let size = request.parameter("page_size").and_then(|size| size.parse().ok()).unwrap_or(10_usize).clamp(1, 1000);
        let skip: usize = request.parameter("next_page_token").and_then(|token| token.parse().ok()).unwrap_or(0);
        let text = |event: &Value, name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let (from, to) = (request.parameter("start_time"), request.parameter("end_time"));
        let matching: Vec<Value> = self
            .state
            .events
            .iter()
            .rev()
            .filter(|event| event.provider == Provider::PayPal)
            .filter_map(|event| serde_json::from_slice::<Value>(&event.body).ok())
            .filter(|event| request.parameter("event_type").is_none_or(|kind| event["event_type"] == kind))
            // Times of one form in one zone sort as their texts.
            .filter(|event| from.is_none_or(|from| seconds(&text(event, "create_time")) >= seconds(from)))
            .filter(|event| to.is_none_or(|to| seconds(&text(event, "create_time")) <= seconds(to)))
            .collect();
        let page: Vec<&Value> = matching.iter().skip(skip).take(size).collect();
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(request.query.iter().filter(|(name, _)| name != "next_page_token"));
        let query = query.finish();
        let list = format!("{}/v1/notifications/webhooks-events", self.base);
        let mut links = vec![link(&format!("{list}?{query}"), "self", "GET")];
        if skip + page.len() < matching.len() {
            links.push(link(&format!("{list}?{query}&next_page_token={}", skip + page.len()), "next", "GET"));
        }
        Reply::json(200, &json!({"events": page, "count": page.len(), "links": links}))
    }

    pub(super) fn event(&self, id: &str) -> Reply {
        let event = self.state.events.iter().find(|event| event.id == id);
        found(event.and_then(|event| serde_json::from_slice(&event.body).ok()))
    }
}

/// A time's text up to its seconds.
fn seconds(time: &str) -> &str {
    time.get(..19).unwrap_or(time)
}

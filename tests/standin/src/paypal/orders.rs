//! Checkout orders: made by the merchant, approved by the shopper, captured by the merchant.

use serde_json::{Value, json};

use super::{PayPalCall, invalid, link, minimal, not_found, unprocessable};
use crate::exchange::{Reply, Request};
use crate::ids;
use crate::money::Money;

impl PayPalCall<'_> {
    pub(super) fn order_create(&mut self, request: &Request, body: &Value, whole: bool) -> Reply {
        if !matches!(body["intent"].as_str(), Some("CAPTURE" | "AUTHORIZE")) {
            return invalid("/intent", "INVALID_PARAMETER_VALUE");
        }
        let units = body["purchase_units"].as_array().cloned().unwrap_or_default();
        if units.is_empty() || units.len() > 10 {
            return invalid("/purchase_units", "MISSING_REQUIRED_PARAMETER");
        }
        let source = body["payment_source"].as_object();
        if source.is_some() && request.header("paypal-request-id").is_empty() {
            return invalid("PayPal-Request-Id", "PAYPAL_REQUEST_ID_REQUIRED");
        }
        for unit in &units {
            if unit["custom_id"].as_str().is_some_and(|id| id.len() > 127) {
                return invalid("/purchase_units/@reference_id=='default'/custom_id", "INVALID_STRING_MAX_LENGTH");
            }
            let Some(amount) = Money::read(&unit["amount"]) else {
                return unprocessable("DECIMAL_PRECISION", "If the currency supports decimals, only two are allowed.");
            };
            if amount.units == 0 {
                return unprocessable("CANNOT_BE_ZERO_OR_NEGATIVE", "Must be greater than zero.");
            }
        }
        let id = self.new_order(&body["intent"], units, source.is_some());
        let context = &body["application_context"];
        let experience = source.and_then(|source| source.values().next()).map(|source| &source["experience_context"]);
        let context = experience.unwrap_or(context);
        let url = |name: &str| context[name].as_str().unwrap_or_default().to_owned();
        self.state.paypal.returns.insert(id.clone(), (url("return_url"), url("cancel_url")));
        let order = self.order(&id).unwrap_or_default();
        Reply::json(201, &if whole { order } else { minimal(&order) })
    }

    /// An order that waits for its shopper.
    pub(crate) fn new_order(&mut self, intent: &Value, units: Vec<Value>, has_source: bool) -> String {
        let (id, base) = (ids::capitals(17), self.base);
        let payee = json!({"email_address": "merchant@standin.test", "merchant_id": self.settings.paypal_account});
        let units: Vec<Value> = units
            .into_iter()
            .map(|mut unit| {
                for (name, default) in [("reference_id", json!("default")), ("payee", payee.clone())] {
                    if unit[name].is_null() {
                        unit[name] = default;
                    }
                }
                unit
            })
            .collect();
        let own = format!("{base}/v2/checkout/orders/{id}");
        let (status, rel) = if has_source { ("PAYER_ACTION_REQUIRED", "payer-action") } else { ("CREATED", "approve") };
        let links = json!([
            link(&own, "self", "GET"),
            link(&format!("{base}/checkoutnow?token={id}"), rel, "GET"),
            link(&own, "update", "PATCH"),
            link(&format!("{own}/capture"), "capture", "POST"),
        ]);
        let order = json!({
            "id": id, "intent": intent, "status": status, "purchase_units": units, "create_time": ids::rfc3339(ids::now()),
            "links": links,
        });
        self.state.paypal.orders.insert(id.clone(), order);
        id
    }

    /// The order with its payments.
    pub(crate) fn order(&self, id: &str) -> Option<Value> {
        let mut order = self.state.paypal.orders.get(id)?.clone();
        let of_it = |all: &std::collections::BTreeMap<String, Value>| -> Vec<Value> {
            let ours = all.values().filter(|one| one["supplementary_data"]["related_ids"]["order_id"] == id);
            ours.cloned().collect()
        };
        let captures = of_it(&self.state.paypal.captures);
        let authorizations = of_it(&self.state.paypal.authorizations);
        let all = self.state.paypal.refunds.values();
        let refunds: Vec<Value> =
            all.filter(|one| captures.iter().any(|capture| is_up(one, &capture["id"]))).cloned().collect();
        let lists = [("captures", captures), ("authorizations", authorizations), ("refunds", refunds)];
        for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
            order["purchase_units"][0]["payments"][name] = list.into();
        }
        Some(order)
    }

    /// The shopper agrees. `None` if there is nothing to agree to.
    pub(crate) fn approve(&mut self, id: &str) -> Option<()> {
        let order = self.state.paypal.orders.get_mut(id)?;
        if !matches!(order["status"].as_str(), Some("CREATED" | "PAYER_ACTION_REQUIRED")) {
            return None;
        }
        order["status"] = "APPROVED".into();
        order["update_time"] = ids::rfc3339(ids::now()).into();
        let payer = json!({"payer_id": ids::capitals(13), "email_address": "shopper@standin.test",
            "name": {"given_name": "Ana", "surname": "Pop"}});
        order["payment_source"] =
            json!({"paypal": {"account_id": payer["payer_id"], "email_address": payer["email_address"]}});
        order["payer"] = payer;
        self.publish("CHECKOUT.ORDER.APPROVED", &self.order(id)?);
        Some(())
    }

    pub(super) fn order_capture(&mut self, id: &str) -> Reply {
        if let Err(refusal) = self.may_take(id, "CAPTURE") {
            return refusal;
        }
        match self.capture_whole(id, "COMPLETED") {
            Some(_) => Reply::json(201, &captured(&self.order(id).unwrap_or_default())),
            None => not_found(),
        }
    }

    pub(super) fn order_authorize(&mut self, id: &str) -> Reply {
        if let Err(refusal) = self.may_take(id, "AUTHORIZE") {
            return refusal;
        }
        match self.authorize_whole(id) {
            Some(_) => Reply::json(201, &captured(&self.order(id).unwrap_or_default())),
            None => not_found(),
        }
    }

    fn may_take(&self, id: &str, intent: &str) -> Result<(), Reply> {
        let order = self.state.paypal.orders.get(id).ok_or_else(not_found)?;
        if order["intent"] != intent {
            return Err(unprocessable("ACTION_DOES_NOT_MATCH_INTENT", "Order was created with another intent."));
        }
        match order["status"].as_str() {
            Some("APPROVED") => Ok(()),
            Some("COMPLETED") if intent == "CAPTURE" => {
                Err(unprocessable("ORDER_ALREADY_CAPTURED", "Order already captured."))
            }
            Some("COMPLETED") => Err(unprocessable("ORDER_ALREADY_AUTHORIZED", "Order already authorized.")),
            _ => Err(unprocessable("ORDER_NOT_APPROVED", "Payer has not yet approved the Order for payment.")),
        }
    }
}

/// Whether a refund names this capture as its own.
fn is_up(refund: &Value, capture: &Value) -> bool {
    let links = refund["links"].as_array().cloned().unwrap_or_default();
    let id = capture.as_str().unwrap_or("none");
    links.iter().any(|link| link["rel"] == "up" && link["href"].as_str().is_some_and(|href| href.ends_with(id)))
}

/// The answer to capturing or authorizing an order.
fn captured(order: &Value) -> Value {
    let units = order["purchase_units"].as_array().cloned().unwrap_or_default();
    let units: Vec<Value> = units
        .into_iter()
        .map(|unit| json!({"reference_id": unit["reference_id"], "payments": unit["payments"]}))
        .collect();
    json!({
        "id": order["id"], "status": order["status"], "payment_source": order["payment_source"], "purchase_units": units,
        "payer": order["payer"], "links": [order["links"][0]],
    })
}

//! Checkout sessions: pages of Stripe's on which the shopper pays.

use serde_json::{Value, json};

use super::{StripeCall, error, form::Form, missing};
use crate::exchange::Reply;
use crate::ids;

impl StripeCall<'_> {
    pub(super) fn session_create(&mut self, form: &Form) -> Reply {
        if form.get("mode") != Some("payment") {
            return error(400, "", Some("mode"), "You must pass mode=payment.");
        }
        let Some(success_url) = form.get("success_url").filter(|url| !url.is_empty()) else {
            return error(400, "parameter_missing", Some("success_url"), "Missing required param: success_url.");
        };
        let (mut total, mut currency) = (0, None);
        for at in 0..100 {
            let item = |name: &str| format!("line_items[{at}]{name}");
            let Some(code) = form.get(&item("[price_data][currency]")) else { break };
            let Some(unit) = form.number(&item("[price_data][unit_amount]")).filter(|unit| *unit >= 0) else {
                return error(400, "parameter_invalid_integer", Some("unit_amount"), "Invalid integer");
            };
            if form.get(&item("[price_data][product_data][name]")).is_none_or(str::is_empty) {
                return error(400, "parameter_missing", Some("product_data[name]"), "Missing required param.");
            }
            total += unit * form.number(&item("[quantity]")).unwrap_or(0);
            currency = Some(code.to_lowercase());
        }
        let Some(currency) = currency else {
            return error(400, "parameter_missing", Some("line_items"), "Missing required param: line_items.");
        };
        if total < 50 && !matches!(currency.as_str(), "jpy" | "huf") {
            return error(
                400,
                "amount_too_small",
                Some("line_items"),
                "The total amount must convert to at least 50 cents.",
            );
        }
        let expires = form.number("expires_at").unwrap_or(ids::now() + 86_400);
        // Stripe wants 30 minutes to 24 hours.
        if !(ids::now() + 1_740..=ids::now() + 86_460).contains(&expires) {
            return error(400, "", Some("expires_at"), "expires_at must be at least 30 minutes from now.");
        }
        let session =
            self.new_session(&currency, total, &form.map("metadata"), form.get("client_reference_id"), expires);
        let plan = form.map("payment_intent_data[metadata]");
        let method = form.get("payment_intent_data[capture_method]").unwrap_or("automatic");
        self.state.stripe.plans.insert(session.clone(), (plan, method.to_owned()));
        let Some(stored) = self.state.stripe.sessions.get_mut(&session) else { return missing(&session) };
        stored["success_url"] = success_url.into();
        stored["cancel_url"] = form.get("cancel_url").into();
        Reply::json(200, stored)
    }

    /// A session that waits for its shopper.
    pub(crate) fn new_session(
        &mut self,
        currency: &str,
        total: i64,
        metadata: &Value,
        reference: Option<&str>,
        expires: i64,
    ) -> String {
        let id = format!("cs_{}_{}", if self.settings.live { "live" } else { "test" }, ids::token(58));
        let session = json!({
            "id": id, "object": "checkout.session", "amount_subtotal": total, "amount_total": total, "currency": currency,
            "client_reference_id": reference, "created": ids::now(), "expires_at": expires, "livemode": self.settings.live,
            "metadata": metadata, "mode": "payment", "payment_intent": null, "payment_status": "unpaid", "status": "open",
            "payment_method_types": ["card"], "success_url": null, "cancel_url": null,
            "url": format!("{}/c/pay/{id}", self.base),
        });
        self.state.stripe.sessions.insert(id.clone(), session);
        id
    }

    pub(super) fn session_expire(&mut self, id: &str) -> Reply {
        let Some(session) = self.state.stripe.sessions.get_mut(id) else { return missing(id) };
        if session["status"] != "open" {
            return error(400, "", None, "Only Checkout Sessions with a status in [\"open\"] can be expired.");
        }
        session["status"] = "expired".into();
        session["url"] = Value::Null;
        let session = session.clone();
        self.publish("checkout.session.expired", &session);
        Reply::json(200, &session)
    }

    /// The shopper pays on the session's page. `None` if it isn't open. `later`: by a method that
    /// takes days.
    pub(crate) fn session_pay(&mut self, id: &str, later: bool) -> Option<String> {
        let session = self.state.stripe.sessions.get(id).filter(|session| session["status"] == "open")?.clone();
        let (mut metadata, method) =
            self.state.stripe.plans.get(id).cloned().unwrap_or((json!({}), "automatic".to_owned()));
        if metadata.as_object().is_none_or(serde_json::Map::is_empty) {
            metadata = json!({});
        }
        let (total, currency) = (session["amount_total"].as_i64()?, session["currency"].as_str()?.to_owned());
        let intent = self.new_intent(&currency, total, &metadata);
        let paid = !later && method != "manual";
        if let Some(session) = self.state.stripe.sessions.get_mut(id) {
            session["payment_intent"] = intent.clone().into();
            session["status"] = "complete".into();
            session["payment_status"] = if paid { "paid" } else { "unpaid" }.into();
            session["customer_details"] = json!({"email": "shopper@standin.test", "name": "Ana Pop"});
            session["url"] = Value::Null;
        }
        if paid {
            self.intent_succeeds(&intent)?;
        } else if method == "manual" {
            self.intent_authorized(&intent)?;
        } else {
            self.intent_becomes(&intent, "processing", "payment_intent.processing")?;
        }
        let session = self.state.stripe.sessions.get(id)?.clone();
        self.publish("checkout.session.completed", &session);
        Some(intent)
    }

    /// A method that takes days came to its end.
    pub(crate) fn session_settles(&mut self, id: &str, paid: bool) -> Option<()> {
        let session = self.state.stripe.sessions.get_mut(id)?;
        let intent = session["payment_intent"].as_str()?.to_owned();
        if paid {
            session["payment_status"] = "paid".into();
        }
        let session = session.clone();
        if paid {
            self.intent_succeeds(&intent)?;
            self.publish("checkout.session.async_payment_succeeded", &session);
        } else {
            self.intent_becomes(&intent, "requires_payment_method", "payment_intent.payment_failed")?;
            self.publish("checkout.session.async_payment_failed", &session);
        }
        Some(())
    }
}

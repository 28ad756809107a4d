//! Payment intents and their charges.

use serde_json::{Value, json};

use super::{StripeCall, error, form::Form, missing};
use crate::exchange::{Reply, Request};
use crate::ids;

/// The paths that a request asks to be expanded.
fn expanded(request: &Request) -> Vec<&str> {
    request.query.iter().filter(|(name, _)| name == "expand[]").map(|(_, path)| path.as_str()).collect()
}

/// A charge with its balance transaction: its id, or, expanded, with Stripe's fee.
fn with_balance(charge: &Value, expanded: bool) -> Value {
    let mut charge = charge.clone();
    let taken = charge["amount_captured"].as_i64().unwrap_or(0);
    let id = format!("txn_{}", charge["id"].as_str().unwrap_or_default().trim_start_matches("ch_"));
    charge["balance_transaction"] = match (taken, expanded) {
        (0, _) => Value::Null,
        (_, false) => id.into(),
        (_, true) => {
            let fee = taken / 40 + 25;
            json!({"id": id, "object": "balance_transaction", "amount": taken, "currency": charge["currency"],
                "fee": fee, "net": taken - fee, "type": "charge"})
        }
    };
    charge
}

impl StripeCall<'_> {
    pub(super) fn intent_create(&mut self, form: &Form) -> Reply {
        let Some(amount) = form.number("amount").filter(|amount| *amount > 0) else {
            return error(400, "parameter_invalid_integer", Some("amount"), "Invalid integer");
        };
        let Some(currency) = form.get("currency").map(str::to_lowercase) else {
            return error(400, "parameter_missing", Some("currency"), "Missing required param: currency.");
        };
        let id = self.new_intent(&currency, amount, &form.map("metadata"));
        if let Some(intent) = self.state.stripe.intents.get_mut(&id) {
            intent["client_secret"] = format!("{id}_secret_{}", ids::token(24)).into();
        }
        self.state.stripe.intents.get(&id).map_or_else(|| missing(&id), |intent| Reply::json(200, intent))
    }

    /// An intent that waits for a payment method.
    pub(crate) fn new_intent(&mut self, currency: &str, total: i64, metadata: &Value) -> String {
        let id = format!("pi_{}", ids::token(24));
        let intent = json!({
            "id": id, "object": "payment_intent", "amount": total, "amount_capturable": 0, "amount_received": 0,
            "capture_method": "automatic_async", "created": ids::now(), "currency": currency, "latest_charge": null,
            "livemode": self.settings.live, "metadata": metadata, "status": "requires_payment_method",
        });
        self.state.stripe.intents.insert(id.clone(), intent);
        id
    }

    /// Another status, announced.
    pub(crate) fn intent_becomes(&mut self, id: &str, status: &str, kind: &str) -> Option<()> {
        let intent = self.state.stripe.intents.get_mut(id)?;
        intent["status"] = status.into();
        if status == "requires_payment_method" {
            intent["last_payment_error"] = json!({"code": "card_declined", "type": "card_error"});
        }
        let intent = intent.clone();
        self.publish(kind, &intent);
        Some(())
    }

    /// The money is there: a charge, and both events.
    pub(crate) fn intent_succeeds(&mut self, id: &str) -> Option<()> {
        let amount = self.state.stripe.intents.get(id)?["amount"].as_i64()?;
        let charge = self.charge(id, amount, true)?;
        let intent = self.state.stripe.intents.get_mut(id)?;
        intent["amount_received"] = amount.into();
        intent["latest_charge"] = charge["id"].clone();
        self.publish("charge.succeeded", &charge);
        self.intent_becomes(id, "succeeded", "payment_intent.succeeded")
    }

    /// The money is reserved.
    pub(crate) fn intent_authorized(&mut self, id: &str) -> Option<()> {
        let amount = self.state.stripe.intents.get(id)?["amount"].as_i64()?;
        let charge = self.charge(id, amount, false)?;
        let intent = self.state.stripe.intents.get_mut(id)?;
        intent["amount_capturable"] = amount.into();
        intent["latest_charge"] = charge["id"].clone();
        self.intent_becomes(id, "requires_capture", "payment_intent.amount_capturable_updated")
    }

    /// A hold is captured, all of it if no amount is named, and the rest is released.
    pub(crate) fn intent_take(&mut self, id: &str, amount: Option<i64>) -> Option<String> {
        let capturable = self.state.stripe.intents.get(id)?["amount_capturable"].as_i64()?;
        let amount = amount.unwrap_or(capturable);
        (1..=capturable).contains(&amount).then_some(())?;
        self.captured(id, amount, capturable - amount);
        self.intent_becomes(id, "succeeded", "payment_intent.succeeded")?;
        Some(id.to_owned())
    }

    /// A hold is given up: its charge is "refunded", though nothing was taken.
    pub(crate) fn intent_release(&mut self, id: &str) -> Option<()> {
        let intent = self.state.stripe.intents.get_mut(id).filter(|intent| intent["status"] == "requires_capture")?;
        intent["amount_capturable"] = 0.into();
        let charge = intent["latest_charge"].as_str()?.to_owned();
        let charge = self.state.stripe.charges.get_mut(&charge)?;
        (charge["amount_refunded"], charge["refunded"]) = (charge["amount"].clone(), true.into());
        let charge = charge.clone();
        self.publish("charge.refunded", &charge);
        self.intent_becomes(id, "canceled", "payment_intent.canceled")
    }

    /// The charge of a hold of which a part is taken. What is released counts as refunded.
    fn captured(&mut self, intent: &str, amount: i64, released: i64) {
        let charge = self.state.stripe.intents.get(intent).and_then(|intent| intent["latest_charge"].as_str());
        let charge = charge.unwrap_or_default().to_owned();
        if let Some(charge) = self.state.stripe.charges.get_mut(&charge) {
            (charge["captured"], charge["amount_captured"]) = (true.into(), amount.into());
            charge["amount_refunded"] = released.into();
            let charge = charge.clone();
            self.publish("charge.captured", &charge);
        }
        if let Some(intent) = self.state.stripe.intents.get_mut(intent) {
            (intent["amount_received"], intent["amount_capturable"]) = (amount.into(), 0.into());
        }
    }

    fn charge(&mut self, intent: &str, amount: i64, captured: bool) -> Option<Value> {
        let of = self.state.stripe.intents.get(intent)?;
        let id = format!("ch_{}", ids::token(24));
        let charge = json!({
            "id": id, "object": "charge", "amount": amount, "amount_captured": if captured { amount } else { 0 },
            "amount_refunded": 0, "captured": captured, "created": ids::now(), "currency": of["currency"], "disputed": false,
            "livemode": self.settings.live, "metadata": of["metadata"], "paid": true, "payment_intent": intent,
            "refunded": false, "status": "succeeded",
        });
        self.state.stripe.charges.insert(id, charge.clone());
        Some(charge)
    }

    /// An intent with what was asked to be expanded: `latest_charge`, and the charge's
    /// `balance_transaction`.
    pub(super) fn read_intent(&self, id: &str, request: &Request) -> Reply {
        let Some(mut intent) = self.state.stripe.intents.get(id).cloned() else { return missing(id) };
        let expanded = expanded(request);
        let charge = intent["latest_charge"].as_str().and_then(|charge| self.state.stripe.charges.get(charge));
        if let Some(charge) = charge.filter(|_| expanded.iter().any(|path| path.starts_with("latest_charge"))) {
            let fee = expanded.contains(&"latest_charge.balance_transaction");
            intent["latest_charge"] = with_balance(charge, fee);
        }
        Reply::json(200, &intent)
    }

    /// A charge, perhaps with its `balance_transaction`.
    pub(super) fn read_charge(&self, id: &str, request: &Request) -> Reply {
        let Some(charge) = self.state.stripe.charges.get(id) else { return missing(id) };
        Reply::json(200, &with_balance(charge, expanded(request).contains(&"balance_transaction")))
    }

    pub(super) fn intent_capture(&mut self, id: &str, form: &Form) -> Reply {
        let Some(intent) = self.state.stripe.intents.get(id) else { return missing(id) };
        if intent["status"] != "requires_capture" {
            let message =
                format!("This PaymentIntent could not be captured because it has a status of {}.", intent["status"]);
            return error(400, "payment_intent_unexpected_state", None, &message);
        }
        let capturable = intent["amount_capturable"].as_i64().unwrap_or(0);
        let amount = form.number("amount_to_capture").unwrap_or(capturable);
        if !(1..=capturable).contains(&amount) {
            return error(
                400,
                "amount_too_large",
                Some("amount_to_capture"),
                "The amount is larger than what can be captured.",
            );
        }
        self.captured(id, amount, capturable - amount);
        self.changed(id, "succeeded", "payment_intent.succeeded")
    }

    pub(super) fn intent_cancel(&mut self, id: &str) -> Reply {
        let Some(intent) = self.state.stripe.intents.get_mut(id) else { return missing(id) };
        if matches!(intent["status"].as_str(), Some("succeeded" | "canceled")) {
            return error(400, "payment_intent_unexpected_state", None, "You cannot cancel this PaymentIntent.");
        }
        intent["amount_capturable"] = 0.into();
        self.changed(id, "canceled", "payment_intent.canceled")
    }

    fn changed(&mut self, id: &str, status: &str, kind: &str) -> Reply {
        self.intent_becomes(id, status, kind);
        self.state.stripe.intents.get(id).map_or_else(|| missing(id), |intent| Reply::json(200, intent))
    }
}

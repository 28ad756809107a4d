//! Refunds of charges.

use serde_json::{Value, json};

use super::{StripeCall, error, form::Form, missing};
use crate::exchange::{Reply, Request};
use crate::ids;

impl StripeCall<'_> {
    pub(super) fn refund_create(&mut self, form: &Form) -> Reply {
        let payment = form.get("payment_intent").or_else(|| form.get("charge")).unwrap_or_default().to_owned();
        if form.get("amount").is_some() && form.number("amount").is_none() {
            return error(400, "parameter_invalid_integer", Some("amount"), "Invalid integer");
        }
        match self.give_back(&payment, form.number("amount"), &form.map("metadata")) {
            Ok(id) => {
                self.state.stripe.refunds.get(&id).map_or_else(|| missing(&id), |refund| Reply::json(200, refund))
            }
            Err("resource_missing") => missing(&payment),
            Err(code) => error(400, code, Some("amount"), "The refund can't be made."),
        }
    }

    /// The refunds of a payment, the newest first.
    pub(super) fn refunds(&self, request: &Request) -> Reply {
        let of = |refund: &Value| {
            ["payment_intent", "charge"]
                .iter()
                .all(|name| request.parameter(name).is_none_or(|wanted| refund[*name] == wanted))
        };
        let data: Vec<&Value> = self.state.stripe.refunds.values().filter(|refund| of(refund)).collect();
        Reply::json(200, &json!({"object": "list", "data": data, "has_more": false, "url": "/v1/refunds"}))
    }

    /// The charge of a payment, which may be named itself.
    pub(super) fn charge_of(&self, payment: &str) -> Option<String> {
        if self.state.stripe.charges.contains_key(payment) {
            return Some(payment.to_owned());
        }
        Some(self.state.stripe.intents.get(payment)?["latest_charge"].as_str()?.to_owned())
    }

    /// A refund of a payment, of the rest if no amount is named, announced.
    pub(crate) fn give_back(
        &mut self,
        payment: &str,
        amount: Option<i64>,
        metadata: &Value,
    ) -> Result<String, &'static str> {
        let charge = self.charge_of(payment).ok_or("resource_missing")?;
        let taken = self.state.stripe.charges.get_mut(&charge).ok_or("resource_missing")?;
        let number = |name: &str| taken[name].as_i64().unwrap_or(0);
        // What was reserved and never taken counts as refunded.
        let (total, released) = (number("amount_captured"), number("amount") - number("amount_captured"));
        let before = number("amount_refunded") - released;
        let amount = amount.unwrap_or(total - before);
        if before >= total {
            return Err("charge_already_refunded");
        }
        if !(1..=total - before).contains(&amount) {
            return Err("amount_too_large");
        }
        taken["amount_refunded"] = (released + before + amount).into();
        taken["refunded"] = (before + amount == total).into();
        let taken = taken.clone();
        let id = format!("re_{}", ids::token(24));
        let refund = json!({
            "id": id, "object": "refund", "amount": amount, "charge": charge, "created": ids::now(), "currency": taken["currency"],
            "metadata": metadata, "payment_intent": taken["payment_intent"], "reason": null, "status": "succeeded",
        });
        self.state.stripe.refunds.insert(id.clone(), refund.clone());
        self.publish("refund.created", &refund);
        self.publish("charge.refunded", &taken);
        Ok(id)
    }

    /// The shopper's bank didn't take a refund: the money is back at the merchant.
    pub(crate) fn refund_fails(&mut self, id: &str) -> Option<()> {
        let refund = self.state.stripe.refunds.get_mut(id)?;
        refund["status"] = "failed".into();
        refund["failure_reason"] = "lost_or_stolen_card".into();
        let refund = refund.clone();
        let charge = self.state.stripe.charges.get_mut(refund["charge"].as_str()?)?;
        charge["amount_refunded"] = (charge["amount_refunded"].as_i64()? - refund["amount"].as_i64()?).into();
        charge["refunded"] = false.into();
        self.publish("refund.failed", &refund);
        Some(())
    }

    /// A refund in another state, announced: `pending`, `succeeded`, `canceled`.
    pub(crate) fn refund_becomes(&mut self, id: &str, status: &str) -> Option<()> {
        let refund = self.state.stripe.refunds.get_mut(id)?;
        refund["status"] = status.into();
        let refund = refund.clone();
        if status == "canceled" {
            let charge = self.state.stripe.charges.get_mut(refund["charge"].as_str()?)?;
            charge["amount_refunded"] = (charge["amount_refunded"].as_i64()? - refund["amount"].as_i64()?).into();
            charge["refunded"] = false.into();
        }
        self.publish("refund.updated", &refund);
        Some(())
    }
}

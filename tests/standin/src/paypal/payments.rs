//! Captures, authorizations and refunds: the objects in which money moves.

use serde_json::{Value, json};

use super::{PayPalCall, invalid, link, minimal, not_found, unprocessable};
use crate::exchange::Reply;
use crate::ids;
use crate::money::Money;

impl PayPalCall<'_> {
    /// Takes the money of an approved order. `status`: `COMPLETED`, `PENDING` or `DECLINED`.
    pub(crate) fn capture_whole(&mut self, order: &str, status: &str) -> Option<String> {
        let stored = self.state.paypal.orders.get_mut(order)?;
        let amount = Money::read(&stored["purchase_units"][0]["amount"])?;
        if status != "DECLINED" {
            stored["status"] = "COMPLETED".into();
            stored["update_time"] = ids::rfc3339(ids::now()).into();
        }
        let unit = stored["purchase_units"][0].clone();
        let capture = self.new_capture(&unit, &amount, status, Some(order), None);
        if status == "COMPLETED" {
            let completed = self.order(order)?;
            self.publish("CHECKOUT.ORDER.COMPLETED", &completed);
        }
        Some(capture)
    }

    /// A capture, announced. It carries `custom_id`, `invoice_id` and `payee` of `unit`.
    pub(crate) fn new_capture(
        &mut self,
        unit: &Value,
        amount: &Money,
        status: &str,
        order: Option<&str>,
        authorization: Option<&str>,
    ) -> String {
        let (id, base) = (ids::capitals(17), self.base);
        let own = format!("{base}/v2/payments/captures/{id}");
        let up = match (authorization, order) {
            (Some(authorization), _) => format!("{base}/v2/payments/authorizations/{authorization}"),
            (None, order) => format!("{base}/v2/checkout/orders/{}", order.unwrap_or("none")),
        };
        let fee = amount.with(amount.units / 29);
        let time = ids::rfc3339(ids::now());
        let mut capture = json!({
            "id": id, "amount": amount.json(), "final_capture": true, "disbursement_mode": "INSTANT",
            "seller_protection": {"status": "ELIGIBLE", "dispute_categories": ["ITEM_NOT_RECEIVED", "UNAUTHORIZED_TRANSACTION"]},
            "seller_receivable_breakdown": {
                "gross_amount": amount.json(), "paypal_fee": fee.json(), "net_amount": amount.with(amount.units - fee.units).json(),
            },
            "status": status, "payee": unit["payee"], "supplementary_data": {"related_ids": {}},
            "create_time": time, "update_time": time,
            "links": [link(&own, "self", "GET"), link(&format!("{own}/refund"), "refund", "POST"), link(&up, "up", "GET")],
        });
        for name in ["custom_id", "invoice_id"] {
            if !unit[name].is_null() {
                capture[name] = unit[name].clone();
            }
        }
        let related = &mut capture["supplementary_data"]["related_ids"];
        for (name, value) in [("order_id", order), ("authorization_id", authorization)] {
            if let Some(value) = value {
                related[name] = value.into();
            }
        }
        if status == "PENDING" {
            capture["status_details"] = json!({"reason": "PENDING_REVIEW"});
        }
        self.state.paypal.captures.insert(id.clone(), capture.clone());
        self.publish(capture_event(status), &capture);
        id
    }

    /// Another state of a capture (a pending one is decided), announced.
    pub(crate) fn capture_becomes(&mut self, id: &str, status: &str) -> Option<()> {
        let capture = self.state.paypal.captures.get_mut(id)?;
        capture["status"] = status.into();
        capture["update_time"] = ids::rfc3339(ids::now()).into();
        let capture = capture.clone();
        self.publish(capture_event(status), &capture);
        Some(())
    }

    pub(crate) fn authorize_whole(&mut self, order: &str) -> Option<String> {
        let stored = self.state.paypal.orders.get_mut(order)?;
        stored["status"] = "COMPLETED".into();
        let unit = stored["purchase_units"][0].clone();
        let (id, base, time) = (ids::capitals(17), self.base, ids::rfc3339(ids::now()));
        let own = format!("{base}/v2/payments/authorizations/{id}");
        let authorization = json!({
            "id": id, "status": "CREATED", "amount": unit["amount"], "custom_id": unit["custom_id"], "payee": unit["payee"],
            "supplementary_data": {"related_ids": {"order_id": order}}, "create_time": time, "update_time": time,
            "expiration_time": ids::rfc3339(ids::now() + 29 * 86_400),
            "links": [
                link(&own, "self", "GET"), link(&format!("{own}/capture"), "capture", "POST"),
                link(&format!("{own}/void"), "void", "POST"), link(&format!("{base}/v2/checkout/orders/{order}"), "up", "GET"),
            ],
        });
        self.state.paypal.authorizations.insert(id.clone(), authorization.clone());
        self.publish("PAYMENT.AUTHORIZATION.CREATED", &authorization);
        Some(id)
    }

    pub(super) fn authorization_capture(&mut self, id: &str, body: &Value, whole: bool) -> Reply {
        let Some(authorization) = self.state.paypal.authorizations.get(id) else { return not_found() };
        if authorization["status"] != "CREATED" {
            return unprocessable("AUTHORIZATION_ALREADY_CAPTURED", "Authorization has already been captured.");
        }
        let amount = if body["amount"].is_null() { &authorization["amount"] } else { &body["amount"] };
        let Some(amount) = Money::read(amount) else { return invalid("/amount", "INVALID_PARAMETER_VALUE") };
        let Some(capture) = self.authorization_captured(id, &amount) else { return not_found() };
        let capture = &self.state.paypal.captures[&capture];
        Reply::json(201, &if whole { capture.clone() } else { minimal(capture) })
    }

    /// A hold is captured, all of it if no amount is named.
    pub(crate) fn authorization_take(&mut self, id: &str, amount: Option<&str>) -> Option<String> {
        let held = self.state.paypal.authorizations.get(id).filter(|held| held["status"] == "CREATED")?;
        let whole = Money::read(&held["amount"])?;
        let amount = match amount {
            Some(amount) => Money::parse(amount, &whole.currency)?,
            None => whole,
        };
        self.authorization_captured(id, &amount)
    }

    /// The capture of a hold, as its last one.
    fn authorization_captured(&mut self, id: &str, amount: &Money) -> Option<String> {
        let authorization = self.state.paypal.authorizations.get_mut(id)?;
        authorization["status"] = "CAPTURED".into();
        authorization["update_time"] = ids::rfc3339(ids::now()).into();
        let unit = authorization.clone();
        let order = unit["supplementary_data"]["related_ids"]["order_id"].as_str().map(str::to_owned);
        Some(self.new_capture(&unit, amount, "COMPLETED", order.as_deref(), Some(id)))
    }

    pub(super) fn authorization_void(&mut self, id: &str) -> Reply {
        if !self.state.paypal.authorizations.contains_key(id) {
            return not_found();
        }
        match self.authorization_release(id) {
            Some(()) => Reply::empty(204),
            None => unprocessable("PREVIOUSLY_CAPTURED", "Authorization has been previously captured."),
        }
    }

    /// A hold is given up, announced.
    pub(crate) fn authorization_release(&mut self, id: &str) -> Option<()> {
        let authorization = self.state.paypal.authorizations.get_mut(id).filter(|held| held["status"] == "CREATED")?;
        authorization["status"] = "VOIDED".into();
        authorization["update_time"] = ids::rfc3339(ids::now()).into();
        let voided = authorization.clone();
        self.publish("PAYMENT.AUTHORIZATION.VOIDED", &voided);
        Some(())
    }

    pub(super) fn refund_create(&mut self, capture: &str, body: &Value, whole: bool) -> Reply {
        if !self.state.paypal.captures.contains_key(capture) {
            return not_found();
        }
        let amount = if body["amount"].is_null() { None } else { Some(Money::read(&body["amount"])) };
        let amount = match amount {
            Some(None) => return invalid("/amount/value", "INVALID_PARAMETER_SYNTAX"),
            Some(Some(amount)) => Some(amount),
            None => None,
        };
        match self.give_back(capture, amount, body, false) {
            Ok(id) => {
                let refund = &self.state.paypal.refunds[&id];
                Reply::json(201, &if whole { refund.clone() } else { minimal(refund) })
            }
            Err(issue) => unprocessable(issue, "The refund can't be made."),
        }
    }

    /// A refund of a capture, of the rest if no amount is named. `asked` gives its note and
    /// reference. `forced` means that PayPal takes it back (REVERSED).
    pub(crate) fn give_back(
        &mut self,
        capture: &str,
        amount: Option<Money>,
        asked: &Value,
        forced: bool,
    ) -> Result<String, &'static str> {
        let taken = self.state.paypal.captures.get(capture).ok_or("INVALID_RESOURCE_ID")?;
        let total = Money::read(&taken["amount"]).ok_or("INVALID_RESOURCE_ID")?;
        let before = self.given_back(capture);
        let rest = total.units - before;
        let amount = amount.unwrap_or_else(|| total.with(rest));
        if !matches!(taken["status"].as_str(), Some("COMPLETED" | "PARTIALLY_REFUNDED")) {
            let over = taken["status"] == "REFUNDED";
            return Err(if over { "CAPTURE_FULLY_REFUNDED" } else { "CAPTURE_STATUS_NOT_VALID" });
        }
        if amount.currency != total.currency {
            return Err("REFUND_CAPTURE_CURRENCY_MISMATCH");
        }
        if amount.units == 0 || amount.units > rest {
            return Err("REFUND_AMOUNT_EXCEEDED");
        }
        let (id, base, time) = (ids::capitals(17), self.base, ids::rfc3339(ids::now()));
        let own = if asked["custom_id"].is_null() { &taken["custom_id"] } else { &asked["custom_id"] };
        let invoice = if asked["invoice_id"].is_null() { &taken["invoice_id"] } else { &asked["invoice_id"] };
        let mut refund = json!({
            "id": id, "amount": amount.json(), "status": "COMPLETED", "create_time": time, "update_time": time,
            "seller_payable_breakdown": {
                "gross_amount": amount.json(), "paypal_fee": amount.with(0).json(), "net_amount": amount.json(),
                "total_refunded_amount": total.with(before + amount.units).json(),
            },
            // PayPal calls the giver of the money the payer of a refund: the merchant.
            "payer": taken["payee"],
            "links": [
                link(&format!("{base}/v2/payments/refunds/{id}"), "self", "GET"),
                link(&format!("{base}/v2/payments/captures/{capture}"), "up", "GET"),
            ],
        });
        for (name, value) in [("custom_id", own), ("invoice_id", invoice), ("note_to_payer", &asked["note_to_payer"])] {
            if !value.is_null() {
                refund[name] = value.clone();
            }
        }
        let all = before + amount.units == total.units;
        if let Some(taken) = self.state.paypal.captures.get_mut(capture) {
            taken["status"] = if all { "REFUNDED" } else { "PARTIALLY_REFUNDED" }.into();
            taken["update_time"] = time.into();
        }
        self.state.paypal.refunds.insert(id.clone(), refund.clone());
        self.publish(if forced { "PAYMENT.CAPTURE.REVERSED" } else { "PAYMENT.CAPTURE.REFUNDED" }, &refund);
        Ok(id)
    }

    /// Minor units given back of a capture so far.
    fn given_back(&self, capture: &str) -> i64 {
        let up = format!("{}/v2/payments/captures/{capture}", self.base);
        let refunds = self.state.paypal.refunds.values().filter(|refund| refund["links"][1]["href"] == up);
        refunds.filter_map(|refund| Some(Money::read(&refund["amount"])?.units)).sum()
    }
}

fn capture_event(status: &str) -> &'static str {
    match status {
        "PENDING" => "PAYMENT.CAPTURE.PENDING",
        // The event says DENIED for the resource's DECLINED.
        "DECLINED" => "PAYMENT.CAPTURE.DENIED",
        _ => "PAYMENT.CAPTURE.COMPLETED",
    }
}

//! Disputes: the shopper complains, and the provider decides.

use serde_json::{Value, json};

use super::{PayPalCall, link};
use crate::disputes::{Complaint, Decision};
use crate::ids;
use crate::money::Money;

impl PayPalCall<'_> {
    /// A complaint about a capture, announced.
    pub(crate) fn new_dispute(&mut self, capture: &str, complaint: &Complaint) -> Option<String> {
        let taken = self.state.paypal.captures.get(capture)?;
        let (id, time) = (format!("PP-D-{}", rand::random::<u32>()), ids::moment());
        let own = format!("{}/v1/customer/disputes/{id}", self.base);
        let currency = taken["amount"]["currency_code"].as_str()?;
        let amount = match &complaint.amount {
            Some(amount) => Money::parse(amount, currency)?.json(),
            None => taken["amount"].clone(),
        };
        let dispute = json!({
            "dispute_id": id, "create_time": time, "update_time": time,
            "status": if complaint.inquiry { "OPEN" } else { "WAITING_FOR_SELLER_RESPONSE" },
            "disputed_transactions": [{
                "buyer_transaction_id": ids::capitals(17), "seller_transaction_id": capture, "transaction_status": "COMPLETED",
                "gross_amount": taken["amount"], "custom": taken["custom_id"], "create_time": taken["create_time"],
                "buyer": {"name": "Ana Pop"}, "seller": {"merchant_id": taken["payee"]["merchant_id"], "name": "Merchant"},
            }],
            "reason": "MERCHANDISE_OR_SERVICE_NOT_RECEIVED", "dispute_amount": amount,
            "dispute_life_cycle_stage": if complaint.inquiry { "INQUIRY" } else { "CHARGEBACK" },
            "seller_response_due_date": ids::rfc3339(ids::now() + 10 * 86_400),
            "dispute_channel": "INTERNAL", "messages": [],
            "links": [link(&own, "self", "GET"), link(&format!("{own}/accept-claim"), "accept_claim", "POST")],
        });
        self.state.paypal.disputes.insert(id.clone(), dispute.clone());
        self.publish("CUSTOMER.DISPUTE.CREATED", &dispute);
        Some(id)
    }

    /// An inquiry becomes a dispute, announced.
    pub(crate) fn escalate(&mut self, id: &str) -> Option<()> {
        self.dispute_changes(id, "CUSTOMER.DISPUTE.UPDATED", |dispute| {
            dispute["status"] = "UNDER_REVIEW".into();
            dispute["dispute_life_cycle_stage"] = "CHARGEBACK".into();
        })
    }

    /// The end of a dispute, announced. What is given back is a refund of its own, announced
    /// before.
    pub(crate) fn resolve(&mut self, id: &str, decision: &Decision) -> Option<()> {
        let dispute = self.state.paypal.disputes.get(id)?;
        let money =
            |amount: &str| Some(Money::parse(amount, dispute["dispute_amount"]["currency_code"].as_str()?)?.json());
        let outcome = match decision {
            Decision::Won => json!({"outcome_code": "RESOLVED_SELLER_FAVOUR"}),
            Decision::Lost => {
                json!({"outcome_code": "RESOLVED_BUYER_FAVOUR", "amount_refunded": dispute["dispute_amount"]})
            }
            Decision::Settled(amount) => json!({"outcome_code": "ACCEPTED", "amount_refunded": money(amount)?}),
            Decision::Prevented => json!({"outcome_code": "CANCELED_BY_BUYER"}),
            Decision::Silent => Value::Null,
        };
        self.dispute_changes(id, "CUSTOMER.DISPUTE.RESOLVED", |dispute| {
            dispute["status"] = "RESOLVED".into();
            dispute["dispute_outcome"] = outcome;
        })
    }

    fn dispute_changes(&mut self, id: &str, kind: &str, change: impl FnOnce(&mut Value)) -> Option<()> {
        let dispute = self.state.paypal.disputes.get_mut(id)?;
        change(dispute);
        dispute["update_time"] = ids::moment().into();
        let dispute = dispute.clone();
        self.publish(kind, &dispute);
        Some(())
    }
}

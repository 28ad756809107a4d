//! Disputes: the shopper complains, and the provider decides.

use serde_json::json;

use super::{PayPalCall, link};
use crate::ids;

impl PayPalCall<'_> {
    /// A complaint about a capture, announced.
    pub(crate) fn new_dispute(&mut self, capture: &str) -> Option<String> {
        let taken = self.state.paypal.captures.get(capture)?;
        let (id, time) = (format!("PP-D-{}", rand::random::<u32>()), ids::moment());
        let own = format!("{}/v1/customer/disputes/{id}", self.base);
        let dispute = json!({
            "dispute_id": id, "create_time": time, "update_time": time, "status": "OPEN",
            "disputed_transactions": [{
                "buyer_transaction_id": ids::capitals(17), "seller_transaction_id": capture, "transaction_status": "COMPLETED",
                "gross_amount": taken["amount"], "custom": taken["custom_id"], "create_time": taken["create_time"],
                "buyer": {"name": "Ana Pop"}, "seller": {"merchant_id": taken["payee"]["merchant_id"], "name": "Merchant"},
            }],
            "reason": "MERCHANDISE_OR_SERVICE_NOT_RECEIVED", "dispute_amount": taken["amount"],
            "dispute_life_cycle_stage": "INQUIRY", "dispute_channel": "INTERNAL", "messages": [],
            "links": [link(&own, "self", "GET"), link(&format!("{own}/accept-claim"), "accept_claim", "POST")],
        });
        self.state.paypal.disputes.insert(id.clone(), dispute.clone());
        self.publish("CUSTOMER.DISPUTE.CREATED", &dispute);
        Some(id)
    }

    /// The end of a dispute, announced.
    pub(crate) fn resolve(&mut self, id: &str, sellers_favour: bool) -> Option<()> {
        let dispute = self.state.paypal.disputes.get_mut(id)?;
        let code = if sellers_favour { "RESOLVED_SELLER_FAVOUR" } else { "RESOLVED_BUYER_FAVOUR" };
        let mut outcome = json!({"outcome_code": code});
        if !sellers_favour {
            outcome["amount_refunded"] = dispute["dispute_amount"].clone();
        }
        dispute["status"] = "RESOLVED".into();
        dispute["dispute_outcome"] = outcome;
        dispute["update_time"] = ids::moment().into();
        let dispute = dispute.clone();
        self.publish("CUSTOMER.DISPUTE.RESOLVED", &dispute);
        Some(())
    }
}

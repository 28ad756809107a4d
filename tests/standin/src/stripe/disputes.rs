//! Disputes of charges.

use serde_json::{Value, json};

use super::StripeCall;
use crate::disputes::{Complaint, Decision};
use crate::ids;
use crate::money::stripe_units;

impl StripeCall<'_> {
    /// A complaint about a payment, announced.
    pub(crate) fn new_dispute(&mut self, payment: &str, complaint: &Complaint) -> Option<String> {
        let charge = self.charge_of(payment)?;
        let taken = self.state.stripe.charges.get_mut(&charge)?;
        taken["disputed"] = (!complaint.inquiry).into();
        let amount = match &complaint.amount {
            Some(amount) => stripe_units(amount, taken["currency"].as_str()?)?,
            None => taken["amount_captured"].as_i64()?,
        };
        let id = format!("du_{}", ids::token(24));
        let mut dispute = json!({
            "id": id, "object": "dispute", "amount": amount, "charge": charge, "created": ids::now(),
            "currency": taken["currency"], "livemode": self.settings.live, "metadata": {}, "payment_intent": taken["payment_intent"],
            "reason": "fraudulent", "status": if complaint.inquiry { "warning_needs_response" } else { "needs_response" },
            "is_charge_refundable": complaint.inquiry, "balance_transactions": [],
            "evidence_details": {"due_by": ids::now() + 7 * 86_400, "has_evidence": false, "submission_count": 0},
        });
        if !complaint.inquiry {
            moved(&mut dispute, -amount);
        }
        self.state.stripe.disputes.insert(id.clone(), dispute.clone());
        self.publish("charge.dispute.created", &dispute);
        if !complaint.inquiry {
            self.publish("charge.dispute.funds_withdrawn", &dispute);
        }
        Some(id)
    }

    /// An inquiry becomes a dispute, announced.
    pub(crate) fn escalate(&mut self, id: &str) -> Option<()> {
        let dispute = self.state.stripe.disputes.get_mut(id)?;
        dispute["status"] = "needs_response".into();
        let amount = dispute["amount"].as_i64()?;
        moved(dispute, -amount);
        let dispute = dispute.clone();
        self.publish("charge.dispute.updated", &dispute);
        self.publish("charge.dispute.funds_withdrawn", &dispute);
        Some(())
    }

    /// The end of a dispute, announced.
    pub(crate) fn resolve(&mut self, id: &str, decision: &Decision) -> Option<()> {
        let dispute = self.state.stripe.disputes.get_mut(id)?;
        let amount = dispute["amount"].as_i64()?;
        let inquiry = dispute["status"].as_str()?.starts_with("warning");
        let status = match decision {
            Decision::Won if inquiry => "warning_closed",
            Decision::Won => "won",
            Decision::Lost => "lost",
            Decision::Settled(_) => "charge_refunded",
            Decision::Prevented => "prevented",
            Decision::Silent => "under_review",
        };
        dispute["status"] = status.into();
        if status == "won" {
            moved(dispute, amount);
        }
        let dispute = dispute.clone();
        self.publish("charge.dispute.closed", &dispute);
        if status == "won" {
            self.publish("charge.dispute.funds_reinstated", &dispute);
        }
        Some(())
    }
}

/// Money that a dispute takes or gives back, in the currency's smallest units.
fn moved(dispute: &mut Value, amount: i64) {
    let transaction = json!({"id": format!("txn_{}", ids::token(24)), "object": "balance_transaction",
        "amount": amount, "currency": dispute["currency"], "fee": 1500, "type": "adjustment"});
    if let Some(all) = dispute["balance_transactions"].as_array_mut() {
        all.push(transaction);
    }
}

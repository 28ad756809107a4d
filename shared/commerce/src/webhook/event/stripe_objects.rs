//! Stripe's objects, in the shapes of all API versions, as provider objects.

use serde_json::Value;
use uuid::Uuid;

use super::stripe::{ORDER_METADATA, REFUND_METADATA};
use super::{ObjectKind, ObjectState, ProviderObject, id, text};
use crate::time::Moment;
use crate::webhook::amount::Amount;

/// A payment intent. Money that was received is taken, whatever the status; without it the status
/// says how far the promise has come.
pub(crate) fn payment_intent(value: &Value) -> Option<ProviderObject> {
    let received = units(value, "amount_received");
    let capturable = units(value, "amount_capturable").unwrap_or(0);
    let (state, sum) = match text(value, &["status"])? {
        "succeeded" => (ObjectState::Completed, received.filter(|received| *received > 0)?),
        _ if received.is_some_and(|received| received > 0) => (ObjectState::Completed, received?),
        "canceled" => (ObjectState::Cancelled, units(value, "amount")?),
        "requires_capture" if capturable > 0 => (ObjectState::Authorized, capturable),
        "requires_capture" => (ObjectState::Authorized, units(value, "amount")?),
        "processing" => (ObjectState::Pending, units(value, "amount")?),
        // A failed attempt: the intent waits for another payment method.
        _ => (ObjectState::Failed, units(value, "amount")?),
    };
    let object = ProviderObject::new(ObjectKind::Payment, id(value, "id")?, state).with_amount(amount(value, sum)?);
    let object = object.with_fee(value.get("latest_charge").and_then(fee));
    Some(ProviderObject { alias: latest_charge(value), order_reference: order(value), ..object })
}

/// The charge of an intent. Before 2022-11-15 the charges stood inside the intent, the newest
/// first.
fn latest_charge(intent: &Value) -> Option<String> {
    let inside = || {
        let charges = intent.get("charges")?.get("data")?.as_array()?;
        let paid = charges.iter().find(|charge| charge.get("paid").and_then(Value::as_bool) == Some(true));
        id(paid.or(charges.first())?, "id")
    };
    reference(intent, "latest_charge").or_else(inside)
}

/// A checkout session speaks for its payment intent: the same money under the same id, whichever
/// event comes first.
pub(super) fn checkout(value: &Value, failed: bool) -> Option<Option<ProviderObject>> {
    let state = match text(value, &["payment_status"])? {
        _ if failed => ObjectState::Failed,
        "paid" => ObjectState::Completed,
        "unpaid" => ObjectState::Pending,
        // no_payment_required: nothing was taken.
        _ => return Some(None),
    };
    let payment = reference(value, "payment_intent").or_else(|| id(value, "id"))?;
    let total = amount(value, units(value, "amount_total")?)?;
    let object = ProviderObject::new(ObjectKind::Payment, payment, state).with_amount(total);
    let reference = order(value).or_else(|| text(value, &["client_reference_id"]).map(str::to_owned));
    Some(Some(ProviderObject { order_reference: reference, external_order: id(value, "id"), ..object }))
}

/// A charge: how much of it was taken, and how much of that was given back so far.
///
/// `amount_refunded` also counts what was reserved and never taken. So a hold that is released
/// looks like a refund of all of it, and moved nothing.
pub(crate) fn charge(value: &Value) -> Option<ProviderObject> {
    let whole = units(value, "amount")?;
    let flag = |key: &str| value.get(key).and_then(Value::as_bool);
    // Before 2020-09 only `captured` told whether the money was taken.
    let taken = match units(value, "amount_captured") {
        Some(taken) => taken,
        None if flag("captured") == Some(false) => 0,
        None => whole,
    };
    let back = units(value, "amount_refunded").unwrap_or(0);
    let state = match text(value, &["status"]) {
        Some("pending") => ObjectState::Pending,
        // A body that says neither is no charge.
        _ if !flag("paid").or(flag("captured").map(|_| true))? => ObjectState::Failed,
        _ if taken > 0 => ObjectState::Completed,
        _ if back > 0 || flag("refunded") == Some(true) => ObjectState::Cancelled,
        _ => ObjectState::Authorized,
    };
    let charge = id(value, "id")?;
    let payment = reference(value, "payment_intent").unwrap_or_else(|| charge.clone());
    let sum = if state == ObjectState::Completed { taken } else { whole };
    let object = ProviderObject::new(ObjectKind::Payment, payment, state).with_amount(amount(value, sum)?);
    let object = object.with_fee(fee(value));
    let refunded = (state == ObjectState::Completed).then(|| {
        let released = whole.saturating_sub(taken).max(0);
        match flag("refunded") {
            Some(true) => taken,
            // Some shapes leave out what was released.
            _ => if back >= released { back - released } else { back }.min(taken),
        }
    });
    let refunded = match refunded {
        Some(units) => Some(amount(value, units)?),
        None => None,
    };
    Some(ProviderObject { alias: Some(charge), refunded_total: refunded, order_reference: order(value), ..object })
}

/// The fee of a charge, in the currency in which Stripe settles. Only where its balance transaction
/// was asked for: events have no more than its id.
fn fee(charge: &Value) -> Option<Amount> {
    let balance = charge.get("balance_transaction")?;
    amount(balance, units(balance, "fee")?)
}

pub(crate) fn refund(value: &Value) -> Option<ProviderObject> {
    let state = match text(value, &["status"])? {
        "succeeded" => ObjectState::Completed,
        "failed" => ObjectState::Failed,
        "canceled" => ObjectState::Cancelled,
        _ => ObjectState::Pending,
    };
    let request = text(value, &["metadata", REFUND_METADATA]).and_then(|id| Uuid::try_parse(id).ok());
    Some(ProviderObject { request, ..belonging(ObjectKind::Refund, state, value)? })
}

pub(super) fn dispute(value: &Value) -> Option<ProviderObject> {
    let state = match text(value, &["status"])? {
        "warning_needs_response" | "warning_under_review" => ObjectState::Inquiry,
        // A warning that was closed never became a dispute. A prevented one, or one that was
        // settled by a refund, took nothing: the refund tells of itself.
        "warning_closed" | "prevented" | "charge_refunded" => ObjectState::Closed,
        "won" => ObjectState::Won,
        "lost" => ObjectState::Lost,
        _ => ObjectState::Open,
    };
    let object = belonging(ObjectKind::Dispute, state, value)?;
    let returned = if state == ObjectState::Lost { withdrawn(value).or(object.amount) } else { None };
    let due = value.get("evidence_details").and_then(|details| details.get("due_by")).and_then(Value::as_i64);
    let due_at = due.filter(|due| (0..253_402_300_800).contains(due)).map(|due| Moment(due * 1_000_000));
    Some(ProviderObject { returned, due_at, ..object })
}

/// The sum that a dispute has taken by its balance transactions, if they are in its own currency.
fn withdrawn(dispute: &Value) -> Option<Amount> {
    let moved = dispute.get("balance_transactions")?.as_array().filter(|moved| !moved.is_empty())?;
    let currency = text(dispute, &["currency"])?;
    let net = moved.iter().try_fold(0_i64, |sum, one| {
        let same = text(one, &["currency"]).is_some_and(|own| own.eq_ignore_ascii_case(currency));
        sum.checked_sub(one.get("amount")?.as_i64().filter(|_| same)?)
    })?;
    let whole = units(dispute, "amount")?;
    amount(dispute, net.clamp(0, whole))
}

impl ProviderObject {
    /// A dispute of which the provider says that it is over. If its status says nothing of an end,
    /// nobody knows how.
    pub(super) fn over(self) -> Self {
        match self.state {
            ObjectState::Inquiry | ObjectState::Open => Self { state: ObjectState::Undecided, ..self },
            _ => self,
        }
    }

    /// A dispute whose money the provider has given back. If it gave back only a part, its balance
    /// transactions say so.
    pub(super) fn reinstated(self) -> Self {
        let all = self.returned.is_none_or(|returned| returned.minor == 0 || Some(returned) == self.amount);
        match self.state {
            ObjectState::Lost if !all => self,
            ObjectState::Closed => self,
            _ => Self { state: ObjectState::Won, returned: None, ..self },
        }
    }
}

/// A refund or dispute, found by payment intent, else by charge.
fn belonging(kind: ObjectKind, state: ObjectState, value: &Value) -> Option<ProviderObject> {
    let sum = amount(value, units(value, "amount")?)?;
    let object = ProviderObject::new(kind, id(value, "id")?, state).with_amount(sum);
    let parent = reference(value, "payment_intent").or_else(|| reference(value, "charge"))?;
    Some(ProviderObject { parent: Some(parent), order_reference: order(value), ..object })
}

fn order(value: &Value) -> Option<String> {
    text(value, &["metadata", ORDER_METADATA]).map(str::to_owned)
}

/// The id of another object, which may stand there whole.
fn reference(value: &Value, key: &str) -> Option<String> {
    id(value, key).or_else(|| id(value.get(key)?, "id"))
}

/// A number of the currency's smallest units.
fn units(value: &Value, key: &str) -> Option<i64> {
    value.get(key)?.as_i64().filter(|units| *units >= 0)
}

fn amount(value: &Value, units: i64) -> Option<Amount> {
    Amount::from_stripe(units, text(value, &["currency"])?).ok()
}

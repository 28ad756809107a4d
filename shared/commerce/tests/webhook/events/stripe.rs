//! Stripe: what the object of an event says.

use commerce::webhook::Reason;
use commerce::webhook::event::stripe::StripeEvent;
use serde_json::{Value, json};

use super::short;

#[track_caller]
fn stripe(kind: &str, object: Value, expected: Option<&str>) {
    let body =
        json!({"id": "evt_1", "type": kind, "created": 1_768_478_400, "livemode": true, "data": {"object": object}});
    let event = StripeEvent::parse(body.to_string().as_bytes()).unwrap();
    let line = event.object.map(|object| short(&serde_json::to_value(object).unwrap()));
    let expected = expected.map(|line| format!("{line} changed_at=2026-01-15T12:00:00.000000Z"));
    assert_eq!((line, event.livemode), (expected, Some(true)), "{kind} {object}");
}

#[test]
fn stripe_payments_are_read_in_their_state() {
    let intent = |status: &str| {
        json!({
            "id": "pi_1", "status": status, "amount": 2000, "amount_received": 1999, "currency": "usd",
            "latest_charge": "ch_1", "metadata": {"order_id": "order-1"},
        })
    };
    for (kind, status, line) in [
        ("payment_intent.succeeded", "succeeded", "completed 19.99"),
        ("payment_intent.payment_failed", "requires_payment_method", "failed 20.00"),
        ("payment_intent.canceled", "canceled", "cancelled 20.00"),
        ("payment_intent.payment_failed", "requires_capture", "authorized 20.00"),
        ("payment_intent.payment_failed", "processing", "pending 20.00"),
    ] {
        stripe(kind, intent(status), Some(&format!("payment pi_1 {line} USD alias=ch_1 order_reference=order-1")));
    }
    let session = |status: &str| {
        json!({
            "id": "cs_1", "payment_intent": "pi_1", "payment_status": status, "amount_total": 1999, "currency": "jpy",
            "client_reference_id": "order-1",
        })
    };
    for (kind, status, line) in [
        ("checkout.session.completed", "paid", Some("completed")),
        ("checkout.session.completed", "unpaid", Some("pending")),
        ("checkout.session.completed", "no_payment_required", None),
        ("checkout.session.async_payment_succeeded", "paid", Some("completed")),
        ("checkout.session.async_payment_failed", "unpaid", Some("failed")),
    ] {
        let line =
            line.map(|state| format!("payment pi_1 {state} 1999 JPY order_reference=order-1 external_order=cs_1"));
        stripe(kind, session(status), line.as_deref());
    }
}

#[test]
fn stripe_refunds_and_disputes_find_their_payment() {
    let charge = json!({
        "id": "ch_1", "payment_intent": "pi_1", "paid": true, "amount": 2000, "amount_captured": 1999,
        "amount_refunded": 500, "currency": "usd", "metadata": {},
    });
    stripe("charge.refunded", charge.clone(), Some("payment pi_1 completed 19.99 USD alias=ch_1 refunded_total=5.00"));
    let mut old = charge;
    old["payment_intent"] = Value::Null;
    old.as_object_mut().unwrap().remove("amount_captured");
    stripe("charge.refunded", old, Some("payment ch_1 completed 20.00 USD alias=ch_1 refunded_total=5.00"));

    for (status, state) in
        [("succeeded", "completed"), ("failed", "failed"), ("canceled", "cancelled"), ("pending", "pending")]
    {
        let refund = json!({"id": "re_1", "status": status, "charge": "ch_1", "amount": 500, "currency": "usd"});
        stripe("refund.failed", refund, Some(&format!("refund re_1 {state} 5.00 USD parent=ch_1")));
    }
    for (kind, status, state) in [
        ("charge.dispute.created", "needs_response", "open"),
        ("charge.dispute.created", "warning_needs_response", "open"),
        ("charge.dispute.closed", "warning_closed", "won"),
        ("charge.dispute.closed", "won", "won"),
        ("charge.dispute.closed", "lost", "lost"),
    ] {
        let dispute = json!({
            "id": "dp_1", "status": status, "charge": "ch_1", "payment_intent": "pi_1", "amount": 500, "currency": "usd",
        });
        stripe(kind, dispute, Some(&format!("dispute dp_1 {state} 5.00 USD parent=pi_1")));
    }
    stripe("customer.created", json!({}), None);
    stripe("payment_intent.created", json!({}), None);
}

#[test]
fn a_stripe_event_without_its_ids_and_amounts_is_malformed() {
    let intent = json!({"id": "pi_1", "status": "succeeded", "amount": 1, "amount_received": 1, "currency": "usd"});
    let good = json!({"id": "evt_1", "type": "payment_intent.succeeded", "data": {"object": intent}});
    assert!(StripeEvent::parse(good.to_string().as_bytes()).is_ok());
    for (pointer, value) in [
        ("/id", json!(1)),
        ("/id", json!("evt 1")),
        ("/type", json!(null)),
        ("/type", json!("x".repeat(101))),
        ("/type", json!("charge.refunded")),
        ("/type", json!("refund.failed")),
        ("/type", json!("charge.dispute.created")),
        ("/type", json!("checkout.session.completed")),
        ("/data", json!(null)),
        ("/data/object/id", json!("")),
        ("/data/object/status", json!(null)),
        ("/data/object/amount_received", json!("1")),
        ("/data/object/amount_received", json!(-1)),
        ("/data/object/amount_received", json!(1.5)),
        ("/data/object/currency", json!("zzz")),
    ] {
        let mut event = good.clone();
        *event.pointer_mut(pointer).unwrap() = value;
        assert_eq!(StripeEvent::parse(event.to_string().as_bytes()), Err(Reason::EventMalformed), "{event}");
    }
    let mut other = good;
    other["account"] = json!("acct_1");
    other["created"] = json!(i64::MAX);
    let event = StripeEvent::parse(other.to_string().as_bytes()).unwrap();
    assert_eq!((event.account.as_deref(), event.created_at, event.livemode), (Some("acct_1"), None, None));
}

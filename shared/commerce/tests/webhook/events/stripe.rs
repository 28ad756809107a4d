//! Stripe: what the object of an event says.

use commerce::webhook::Reason;
use commerce::webhook::event::stripe::{About, StripeEvent};
use serde_json::{Value, json};

use super::short;

#[track_caller]
fn stripe(kind: &str, object: Value, expected: Option<&str>) {
    let body =
        json!({"id": "evt_1", "type": kind, "created": 1_768_478_400, "livemode": true, "data": {"object": object}});
    let event = StripeEvent::parse(body.to_string().as_bytes()).unwrap();
    let line = match event.about {
        About::Object(object) => Some(short(&serde_json::to_value(object).unwrap())),
        _ => None,
    };
    let expected = expected.map(|line| format!("{line} changed_at=2026-01-15T12:00:00.000000Z"));
    assert_eq!((line, event.livemode), (expected, Some(true)), "{kind} {object}");
}

#[test]
fn stripe_payments_are_read_in_their_state() {
    for (kind, status, received, capturable, line) in [
        ("payment_intent.succeeded", "succeeded", 1999, 0, "completed 19.99"),
        ("payment_intent.payment_failed", "requires_payment_method", 0, 0, "failed 20.00"),
        ("payment_intent.canceled", "canceled", 0, 0, "cancelled 20.00"),
        ("payment_intent.amount_capturable_updated", "requires_capture", 0, 1500, "authorized 15.00"),
        ("payment_intent.amount_capturable_updated", "requires_capture", 0, 0, "authorized 20.00"),
        ("payment_intent.processing", "processing", 0, 0, "pending 20.00"),
        // A part was taken, whatever became of the rest.
        ("payment_intent.amount_capturable_updated", "requires_capture", 500, 1500, "completed 5.00"),
        ("payment_intent.canceled", "canceled", 500, 0, "completed 5.00"),
    ] {
        let intent = json!({
            "id": "pi_1", "status": status, "amount": 2000, "amount_received": received, "amount_capturable": capturable,
            "currency": "usd", "latest_charge": "ch_1", "metadata": {"order_id": "order-1"},
        });
        stripe(kind, intent, Some(&format!("payment pi_1 {line} USD alias=ch_1 order_reference=order-1")));
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
fn the_charge_of_an_intent_is_found_in_the_shape_of_every_api_version() {
    for (version, shape, alias) in [
        (
            "2019-05-16",
            json!({"charges": {"data": [{"id": "ch_2", "paid": true}, {"id": "ch_1", "paid": false}]}}),
            " alias=ch_2",
        ),
        (
            "2019-05-16",
            json!({"charges": {"data": [{"id": "ch_3", "paid": false}, {"id": "ch_2", "paid": true}]}}),
            " alias=ch_2",
        ),
        ("2022-08-01", json!({"charges": {"data": []}}), ""),
        ("2024-06-20", json!({"latest_charge": "ch_1"}), " alias=ch_1"),
        ("2025-09-30.clover", json!({"latest_charge": {"id": "ch_1", "object": "charge"}}), " alias=ch_1"),
        ("2025-09-30.clover", json!({"latest_charge": null}), ""),
    ] {
        let mut intent =
            json!({"id": "pi_1", "status": "succeeded", "amount": 2000, "amount_received": 2000, "currency": "usd"});
        intent.as_object_mut().unwrap().extend(shape.as_object().unwrap().clone());
        stripe("payment_intent.succeeded", intent, Some(&format!("payment pi_1 completed 20.00 USD{alias}")));
        println!("{version} is read");
    }
}

#[test]
fn the_amounts_of_a_charge_decide_and_not_its_events_name() {
    let charge = |parts: Value| {
        let mut charge =
            json!({"id": "ch_1", "payment_intent": "pi_1", "paid": true, "amount": 10_000, "currency": "usd"});
        charge.as_object_mut().unwrap().extend(parts.as_object().unwrap().clone());
        charge
    };
    for (kind, parts, line) in [
        // A hold is released: nothing was taken, so nothing was given back.
        (
            "charge.refunded",
            json!({"captured": false, "amount_captured": 0, "amount_refunded": 10_000}),
            "cancelled 100.00",
        ),
        (
            "charge.refunded",
            json!({"captured": false, "amount_captured": null, "amount_refunded": 10_000}),
            "cancelled 100.00",
        ),
        (
            "charge.refunded",
            json!({"captured": false, "amount_refunded": 10_000, "refunded": true}),
            "cancelled 100.00",
        ),
        (
            "charge.expired",
            json!({"captured": false, "amount_captured": 0, "amount_refunded": 10_000}),
            "cancelled 100.00",
        ),
        // A hold.
        (
            "charge.succeeded",
            json!({"captured": false, "amount_captured": 0, "amount_refunded": 0}),
            "authorized 100.00",
        ),
        (
            "charge.succeeded",
            json!({"captured": true, "amount_captured": 10_000, "status": "pending"}),
            "pending 100.00",
        ),
        ("charge.succeeded", json!({"captured": true, "amount_refunded": 0}), "completed 100.00/0.00"),
        // A part is captured: the rest counts as refunded, though it was never taken.
        (
            "charge.captured",
            json!({"captured": true, "amount_captured": 4_000, "amount_refunded": 6_000}),
            "completed 40.00/0.00",
        ),
        (
            "charge.refunded",
            json!({"captured": true, "amount_captured": 4_000, "amount_refunded": 7_000}),
            "completed 40.00/10.00",
        ),
        (
            "charge.refunded",
            json!({"captured": true, "amount_captured": 4_000, "amount_refunded": 1_000}),
            "completed 40.00/10.00",
        ),
        (
            "charge.refunded",
            json!({"captured": true, "amount_captured": 4_000, "amount_refunded": 10_000, "refunded": true}),
            "completed 40.00/40.00",
        ),
        (
            "charge.refunded",
            json!({"captured": true, "amount_captured": 10_000, "amount_refunded": 500}),
            "completed 100.00/5.00",
        ),
    ] {
        let (state, refunded) = line
            .split_once('/')
            .map_or((line, String::new()), |(state, refunded)| (state, format!(" refunded_total={refunded}")));
        stripe(kind, charge(parts), Some(&format!("payment pi_1 {state} USD alias=ch_1{refunded}")));
    }
}

#[test]
fn stripe_refunds_and_disputes_find_their_payment() {
    let charge = json!({
        "id": "ch_1", "payment_intent": "pi_1", "paid": true, "amount": 2000, "amount_captured": 1500,
        "amount_refunded": 1000, "currency": "usd", "metadata": {},
    });
    stripe("charge.refunded", charge.clone(), Some("payment pi_1 completed 15.00 USD alias=ch_1 refunded_total=5.00"));
    let mut old = charge;
    old["payment_intent"] = Value::Null;
    old.as_object_mut().unwrap().remove("amount_captured");
    stripe("charge.refunded", old, Some("payment ch_1 completed 20.00 USD alias=ch_1 refunded_total=10.00"));

    for (status, state) in
        [("succeeded", "completed"), ("failed", "failed"), ("canceled", "cancelled"), ("pending", "pending")]
    {
        let refund = json!({"id": "re_1", "status": status, "charge": "ch_1", "amount": 500, "currency": "usd"});
        for kind in ["refund.created", "refund.updated", "refund.failed", "charge.refund.updated"] {
            stripe(kind, refund.clone(), Some(&format!("refund re_1 {state} 5.00 USD parent=ch_1")));
        }
    }
    stripe("customer.created", json!({}), None);
    stripe("payment_intent.created", json!({}), None);
}

#[test]
fn stripe_disputes_are_read_by_what_they_took() {
    let moved = |amounts: &[i64]| -> Value {
        amounts.iter().map(|amount| json!({"amount": amount, "currency": "usd"})).collect()
    };
    for (kind, status, transactions, line) in [
        ("charge.dispute.created", "warning_needs_response", json!([]), "inquiry"),
        ("charge.dispute.updated", "warning_under_review", json!([]), "inquiry"),
        ("charge.dispute.closed", "warning_closed", json!([]), "closed"),
        ("charge.dispute.created", "needs_response", moved(&[-500]), "open"),
        ("charge.dispute.updated", "under_review", moved(&[-500]), "open"),
        ("charge.dispute.funds_withdrawn", "needs_response", moved(&[-500]), "open"),
        ("charge.dispute.closed", "won", moved(&[-500, 500]), "won"),
        ("charge.dispute.closed", "lost", moved(&[-500]), "lost 5.00"),
        ("charge.dispute.closed", "lost", json!(null), "lost 5.00"),
        ("charge.dispute.closed", "lost", json!([{"amount": -450, "currency": "eur"}]), "lost 5.00"),
        ("charge.dispute.closed", "lost", moved(&[-500, 200]), "lost 3.00"),
        ("charge.dispute.closed", "prevented", json!([]), "closed"),
        ("charge.dispute.created", "prevented", json!([]), "closed"),
        ("charge.dispute.closed", "charge_refunded", json!([]), "closed"),
        ("charge.dispute.closed", "under_review", json!([]), "undecided"),
        ("charge.dispute.closed", "a_new_word", json!([]), "undecided"),
        ("charge.dispute.funds_reinstated", "won", moved(&[-500, 500]), "won"),
        ("charge.dispute.funds_reinstated", "lost", json!(null), "won"),
        ("charge.dispute.funds_reinstated", "lost", moved(&[-500, 200]), "lost 3.00"),
    ] {
        let dispute = json!({
            "id": "dp_1", "status": status, "charge": "ch_1", "payment_intent": "pi_1", "amount": 500, "currency": "usd",
            "balance_transactions": transactions, "evidence_details": {"due_by": 1_769_990_400},
        });
        let (state, returned) = line
            .split_once(' ')
            .map_or((line, String::new()), |(state, returned)| (state, format!(" returned={returned}")));
        let expected =
            format!("dispute dp_1 {state} 5.00 USD parent=pi_1{returned} due_at=2026-02-02T00:00:00.000000Z");
        stripe(kind, dispute, Some(&expected));
    }
}

/// The state of an object at its birth is older than all that is told later, whenever Stripe wrote
/// the event.
#[test]
fn the_first_event_of_an_object_counts_as_of_its_birth() {
    let dispute = json!({"id": "dp_1", "status": "needs_response", "charge": "ch_1", "amount": 500, "currency": "usd", "created": 60});
    for (kind, changed_at) in [("charge.dispute.created", 60), ("charge.dispute.updated", 90)] {
        let body = json!({"id": "evt_1", "type": kind, "created": 90, "data": {"object": dispute}});
        let About::Object(object) = StripeEvent::parse(body.to_string().as_bytes()).unwrap().about else {
            panic!("{kind}")
        };
        assert_eq!(object.changed_at.map(|moment| moment.0), Some(changed_at * 1_000_000), "{kind}");
    }
}

#[test]
fn a_thin_event_names_an_object_to_be_read() {
    let thin = |kind: &str, named: &str| {
        json!({
            "id": "evt_test_1", "object": "v2.core.event", "type": kind, "livemode": false, "created": "2026-01-15T12:00:00.123Z",
            "context": null, "related_object": {"id": "x_1", "type": named, "url": "/v1/elsewhere/x_2"},
        })
    };
    let read = |body: &Value| StripeEvent::parse(body.to_string().as_bytes());
    for (kind, named, path) in [
        ("v1.payment_intent.succeeded", "payment_intent", "/v1/payment_intents/x_1"),
        ("v1.charge.refunded", "charge", "/v1/charges/x_1"),
        ("v1.charge.refund.updated", "refund", "/v1/refunds/x_1"),
        ("v1.refund.failed", "refund", "/v1/refunds/x_1"),
        ("v1.charge.dispute.closed", "dispute", "/v1/disputes/x_1"),
        ("v1.checkout.session.completed", "checkout.session", "/v1/checkout/sessions/x_1"),
    ] {
        let event = read(&thin(kind, named)).unwrap();
        assert_eq!(event.created_at.map(|moment| moment.to_rfc3339()), Some("2026-01-15T12:00:00.123000Z".into()));
        let About::Named(object) = event.about else { panic!("{kind}") };
        assert_eq!((object.id.as_str(), object.path().as_str()), ("x_1", path), "{kind}");
        assert_eq!(read(&thin(kind, "customer")), Err(Reason::EventMalformed), "{kind} of another thing");
    }
    for kind in ["v2.core.event_destination.ping", "v1.customer.created", "v1.billing.meter.error_report_triggered"] {
        assert_eq!(read(&thin(kind, "x")).unwrap().about, About::Nothing, "{kind}");
    }
    let mut without = thin("v1.payment_intent.succeeded", "payment_intent");
    without["related_object"] = Value::Null;
    assert_eq!(read(&without), Err(Reason::EventMalformed));

    let About::Named(object) = read(&thin("v1.payment_intent.succeeded", "payment_intent")).unwrap().about else {
        panic!()
    };
    let intent = json!({"id": "x_1", "status": "succeeded", "amount_received": 500, "currency": "usd"});
    let shown = object.object(&intent).unwrap().unwrap();
    assert_eq!(shown.changed_at.map(|moment| moment.to_rfc3339()), Some("2026-01-15T12:00:00.123000Z".into()));
    let another = json!({"id": "x_2", "status": "succeeded", "amount_received": 500, "currency": "usd"});
    assert_eq!(object.object(&another), Err(Reason::EventMalformed), "another object");
}

#[test]
fn an_event_belongs_to_the_account_that_it_names_in_either_way() {
    let account = |parts: Value| {
        let mut event = json!({"id": "evt_1", "type": "customer.created"});
        event.as_object_mut().unwrap().extend(parts.as_object().unwrap().clone());
        StripeEvent::parse(event.to_string().as_bytes()).map(|event| event.account)
    };
    for (parts, expected) in [
        (json!({}), None),
        (json!({"account": null, "context": null}), None),
        (json!({"account": "acct_1"}), Some("acct_1")),
        (json!({"context": "acct_1"}), Some("acct_1")),
        (json!({"context": "org_1/acct_1"}), Some("acct_1")),
        (json!({"account": "acct_1", "context": "acct_1"}), Some("acct_1")),
        (json!({"account": "acct_1", "context": "acct_2"}), Some("acct_1/acct_2")),
    ] {
        assert_eq!(account(parts.clone()), Ok(expected.map(str::to_owned)), "{parts}");
    }
    for parts in [json!({"account": 1}), json!({"context": {}}), json!({"context": ""}), json!({"account": "a b"})] {
        assert_eq!(account(parts.clone()), Err(Reason::EventMalformed), "{parts}");
    }
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
        ("/data/object/amount_received", json!(0)),
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

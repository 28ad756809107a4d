//! PayPal: which resource an event names, and what a resource says.

use commerce::webhook::Reason;
use commerce::webhook::event::paypal::{PayPalEvent, Resource, ResourceKind};
use serde_json::Value;
use serde_json::json;

use super::short;

fn paypal_event(kind: &str, version: &str) -> Value {
    json!({
        "id": "WH-1", "event_type": kind, "resource_version": version, "create_time": "2026-01-15T12:00:00Z",
        "resource": {"id": "R1", "dispute_id": "PP-D-1"},
    })
}

#[test]
fn each_paypal_event_type_names_what_to_read() {
    for (kind, version, path, reversal) in [
        ("PAYMENT.CAPTURE.COMPLETED", "2.0", "/v2/payments/captures/R1", false),
        ("PAYMENT.CAPTURE.PENDING", "2.0", "/v2/payments/captures/R1", false),
        ("PAYMENT.CAPTURE.DENIED", "2.0", "/v2/payments/captures/R1", false),
        ("PAYMENT.CAPTURE.DECLINED", "2.0", "/v2/payments/captures/R1", false),
        ("PAYMENT.CAPTURE.COMPLETED", "", "/v1/payments/capture/R1", false),
        ("PAYMENT.CAPTURE.REFUNDED", "2.0", "/v2/payments/refunds/R1", false),
        ("PAYMENT.CAPTURE.REVERSED", "2.0", "/v2/payments/refunds/R1", true),
        ("PAYMENT.CAPTURE.REFUNDED", "1.0", "/v1/payments/refund/R1", false),
        ("PAYMENT.REFUND.FAILED", "2.0", "/v2/payments/refunds/R1", false),
        ("PAYMENT.SALE.COMPLETED", "", "/v1/payments/sale/R1", false),
        ("PAYMENT.SALE.REFUNDED", "", "/v1/payments/refund/R1", false),
        ("PAYMENT.SALE.REVERSED", "", "/v1/payments/refund/R1", true),
        ("PAYMENT.REFUND.CANCELLED", "2.0", "/v2/payments/refunds/R1", false),
        ("PAYMENT.AUTHORIZATION.CREATED", "2.0", "/v2/payments/authorizations/R1", false),
        ("PAYMENT.AUTHORIZATION.VOIDED", "2.0", "/v2/payments/authorizations/R1", false),
        ("PAYMENT.AUTHORIZATION.PARTIALLY_CAPTURED", "2.0", "/v2/payments/authorizations/R1", false),
        ("PAYMENT.AUTHORIZATION.VOIDED", "", "/v1/payments/authorization/R1", false),
        ("CHECKOUT.ORDER.APPROVED", "2.0", "/v2/checkout/orders/R1", false),
        ("CHECKOUT.ORDER.COMPLETED", "2.0", "/v2/checkout/orders/R1", false),
        ("CUSTOMER.DISPUTE.CREATED", "", "/v1/customer/disputes/PP-D-1", false),
        ("CUSTOMER.DISPUTE.UPDATED", "", "/v1/customer/disputes/PP-D-1", false),
        ("CUSTOMER.DISPUTE.RESOLVED", "", "/v1/customer/disputes/PP-D-1", false),
    ] {
        let event = PayPalEvent::parse(paypal_event(kind, version).to_string().as_bytes()).unwrap();
        let resource = event.resource.unwrap();
        assert_eq!((resource.path().as_str(), resource.reversal), (path, reversal), "{kind} {version}");
        assert!(event.created_at.is_some());
    }
    for kind in ["BILLING.PLAN.CREATED", "PAYMENT.CAPTURE.NEW", "PAYMENTS.PAYMENT.CREATED", "PING", ""] {
        let event = PayPalEvent::parse(paypal_event(kind, "2.0").to_string().as_bytes()).unwrap();
        assert_eq!(event.resource, None, "{kind}");
    }
}

#[test]
fn a_paypal_event_without_its_ids_is_malformed_and_a_nonsense_time_is_none() {
    for change in [
        json!({"id": null}),
        json!({"id": "WH/1"}),
        json!({"id": ""}),
        json!({"id": "W".repeat(129)}),
        json!({"event_type": 1}),
        json!({"resource": null}),
        json!({"resource": {"id": "../../oauth2/token"}}),
        json!({"resource": {"id": "a?b"}}),
    ] {
        let mut event = paypal_event("PAYMENT.CAPTURE.COMPLETED", "2.0");
        event.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        assert_eq!(PayPalEvent::parse(event.to_string().as_bytes()), Err(Reason::EventMalformed), "{change}");
    }
    for body in ["", "[]", "null", "{\"id\":", "\u{feff}{}"] {
        assert_eq!(PayPalEvent::parse(body.as_bytes()), Err(Reason::EventMalformed), "{body}");
    }
    let mut event = paypal_event("PAYMENT.CAPTURE.COMPLETED", "2.0");
    event["create_time"] = json!("2019-19-01T00:00:00Z");
    assert_eq!(PayPalEvent::parse(event.to_string().as_bytes()).unwrap().created_at, None);
}

fn resource(kind: ResourceKind, id: &str) -> Resource {
    Resource { kind, id: id.into(), reversal: false }
}

#[track_caller]
fn reads(resource: &Resource, answer: Value, expected: &[&str]) {
    let objects = resource.objects(&answer).unwrap_or_else(|reason| panic!("{reason}: {answer}"));
    let lines: Vec<_> = objects.iter().map(|object| short(&serde_json::to_value(object).unwrap())).collect();
    assert_eq!(lines, expected);
}

#[test]
fn paypal_payments_are_read_in_their_state() {
    let usd = json!({"currency_code": "USD", "value": "30.00"});
    for (status, state) in [
        ("COMPLETED", "completed USD 30.00"),
        ("PARTIALLY_REFUNDED", "completed USD 30.00"),
        ("REFUNDED", "completed USD 30.00 refunded"),
        ("PENDING", "pending USD 30.00"),
        ("DECLINED", "failed USD 30.00"),
        ("FAILED", "failed USD 30.00"),
    ] {
        let answer = json!({"id": "C1", "status": status, "amount": usd});
        let state_word = state.split(' ').next().unwrap();
        let refunded = if state.ends_with("refunded") { " refunded_total=30.00" } else { "" };
        reads(
            &resource(ResourceKind::Capture, "C1"),
            answer,
            &[&format!("payment C1 {state_word} 30.00 USD{refunded}")],
        );
    }
    let full = json!({
        "id": "C1", "status": "COMPLETED", "amount": usd, "custom_id": "order-1", "payee": {"merchant_id": "M1"},
        "create_time": "2026-01-15T12:00:00Z", "update_time": "2026-01-15T05:00:01-07:00",
    });
    let line = "payment C1 completed 30.00 USD order_reference=order-1 payee=M1 changed_at=2026-01-15T12:00:01.000000Z";
    reads(&resource(ResourceKind::Capture, "C1"), full, &[line]);
    for (link, related, external) in [
        ("https://x/v2/checkout/orders/O1", json!(null), " external_order=O1"),
        ("https://x/v2/payments/authorizations/A1", json!({"order_id": "O2"}), " external_order=O2"),
        ("https://x/v2/payments/authorizations/A1", json!(null), ""),
    ] {
        let answer = json!({
            "id": "C1", "status": "PENDING", "amount": usd, "supplementary_data": {"related_ids": related},
            "links": [{"rel": "up", "href": link}],
        });
        reads(&resource(ResourceKind::Capture, "C1"), answer, &[&format!("payment C1 pending 30.00 USD{external}")]);
    }
    let sale =
        json!({"id": "S1", "state": "completed", "amount": {"total": "0.48", "currency": "USD"}, "custom": "order-1"});
    reads(&resource(ResourceKind::SaleV1, "S1"), sale, &["payment S1 completed 0.48 USD order_reference=order-1"]);
}

#[test]
fn money_that_paypal_holds_is_pending_until_it_is_released() {
    for (state, hold, read) in [
        ("completed", json!("HELD"), "pending"),
        ("COMPLETED", json!("held"), "pending"),
        ("completed", json!("RELEASED"), "completed"),
        ("completed", json!(null), "completed"),
        ("pending", json!("HELD"), "pending"),
        ("denied", json!("HELD"), "failed"),
        ("partially_refunded", json!("HELD"), "completed"),
    ] {
        for kind in [ResourceKind::SaleV1, ResourceKind::CaptureV1] {
            let sale = json!({"id": "S1", "state": state, "payment_hold_status": hold, "amount": {"total": "0.48", "currency": "USD"}});
            reads(&resource(kind, "S1"), sale, &[&format!("payment S1 {read} 0.48 USD")]);
        }
    }
}

#[test]
fn a_currency_that_paypal_took_lately_is_read_all_the_same() {
    let amount = json!({"currency_code": "XCG", "value": "30.00"});
    let capture = json!({"id": "C1", "status": "COMPLETED", "amount": amount});
    reads(&resource(ResourceKind::Capture, "C1"), capture, &["payment C1 completed 30.00 XCG"]);
}

#[test]
fn paypal_refunds_know_their_payment_and_the_cumulative_total() {
    let second = json!({
        "id": "R1", "status": "COMPLETED", "amount": {"currency_code": "USD", "value": "0.99"},
        "seller_payable_breakdown": {"total_refunded_amount": {"currency_code": "USD", "value": "1.98"}},
        "links": [{"rel": "self", "href": "https://x/v2/payments/refunds/R1"}, {"rel": "up", "href": "https://x/v2/payments/captures/C1"}],
    });
    let wanted = resource(ResourceKind::Refund, "R1");
    reads(&wanted, second.clone(), &["refund R1 completed 0.99 USD parent=C1 refunded_total=1.98"]);
    let object = &wanted.objects(&second).unwrap()[0];
    assert_eq!(wanted.payment_of(object).unwrap().path(), "/v2/payments/captures/C1");
    let reversal = Resource { reversal: true, ..wanted.clone() };
    reads(&reversal, second, &["refund R1 completed 0.99 USD parent=C1 refunded_total=1.98 reversal"]);

    let first =
        json!({"id": "R1", "state": "completed", "amount": {"total": "-0.49", "currency": "USD"}, "sale_id": "S1"});
    let wanted = resource(ResourceKind::RefundV1, "R1");
    reads(&wanted, first.clone(), &["refund R1 completed 0.49 USD parent=S1"]);
    let object = &wanted.objects(&first).unwrap()[0];
    assert_eq!(wanted.payment_of(object).unwrap().path(), "/v1/payments/sale/S1");

    for (status, state) in [("PENDING", "pending"), ("FAILED", "failed"), ("CANCELLED", "cancelled")] {
        let answer = json!({
            "id": "R1", "status": status, "amount": {"currency_code": "USD", "value": "1.00"},
            "links": [{"rel": "up", "href": "https://x/a b"}, {"rel": "up"}],
        });
        reads(&resource(ResourceKind::Refund, "R1"), answer, &[&format!("refund R1 {state} 1.00 USD")]);
    }
}

#[test]
fn paypal_authorizations_are_read_in_their_state() {
    for (status, state) in [
        ("CREATED", "authorized"),
        ("authorized", "authorized"),
        ("PARTIALLY_CAPTURED", "authorized"),
        ("PENDING", "pending"),
        ("DENIED", "failed"),
        ("CAPTURED", "cancelled"),
        ("VOIDED", "cancelled"),
        ("EXPIRED", "cancelled"),
    ] {
        let answer = json!({"id": "A1", "status": status, "amount": {"currency_code": "EUR", "value": "5"}});
        for kind in [ResourceKind::Authorization, ResourceKind::AuthorizationV1] {
            reads(&resource(kind, "A1"), answer.clone(), &[&format!("authorization A1 {state} 5.00 EUR")]);
        }
    }
}

#[test]
fn paypal_disputes_are_read_by_stage_outcome_and_what_went_back() {
    let usd = |value: &str| json!({"currency_code": "USD", "value": value});
    for (status, stage, outcome, state) in [
        ("OPEN", json!("CHARGEBACK"), json!(null), "open"),
        ("OPEN", json!(null), json!(null), "open"),
        ("UNDER_REVIEW", json!("PRE_ARBITRATION"), json!(null), "open"),
        ("OPEN", json!("INQUIRY"), json!(null), "inquiry"),
        ("WAITING_FOR_SELLER_RESPONSE", json!("INQUIRY"), json!(null), "inquiry"),
        ("RESOLVED", json!("INQUIRY"), json!({"outcome_code": "CANCELED_BY_BUYER"}), "won"),
        ("RESOLVED", json!("CHARGEBACK"), json!({"outcome_code": "RESOLVED_SELLER_FAVOUR"}), "won"),
        ("RESOLVED", json!("CHARGEBACK"), json!({"outcome_code": "DENIED"}), "won"),
        (
            "RESOLVED",
            json!("CHARGEBACK"),
            json!({"outcome_code": "RESOLVED_WITH_PAYOUT", "amount_refunded": usd("3.00")}),
            "won",
        ),
        ("RESOLVED", json!("CHARGEBACK"), json!({"outcome_code": "RESOLVED_BUYER_FAVOUR"}), "lost 3.00"),
        (
            "RESOLVED",
            json!("CHARGEBACK"),
            json!({"outcome_code": "ACCEPTED", "amount_refunded": usd("1.50")}),
            "lost 1.50",
        ),
        (
            "RESOLVED",
            json!("INQUIRY"),
            json!({"outcome_code": "RESOLVED_BUYER_FAVOUR", "amount_refunded": usd("0.00")}),
            "lost 0.00",
        ),
        ("RESOLVED", json!("CHARGEBACK"), json!({"amount_refunded": usd("1.50")}), "lost 1.50"),
        ("RESOLVED", json!("CHARGEBACK"), json!({"outcome_code": "NONE", "amount_refunded": usd("0.00")}), "undecided"),
        ("RESOLVED", json!("CHARGEBACK"), json!({"outcome_code": "NONE"}), "undecided"),
        ("RESOLVED", json!("CHARGEBACK"), json!({"outcome_code": ""}), "undecided"),
        ("RESOLVED", json!("CHARGEBACK"), json!({"outcome_code": null}), "undecided"),
        ("RESOLVED", json!("CHARGEBACK"), json!({}), "undecided"),
        ("RESOLVED", json!("CHARGEBACK"), json!(null), "undecided"),
    ] {
        let answer = json!({
            "dispute_id": "PP-1", "status": status, "dispute_life_cycle_stage": stage, "dispute_outcome": outcome,
            "dispute_amount": usd("3.00"), "seller_response_due_date": "2026-02-01T00:00:00.000Z",
            "disputed_transactions": [{"seller_transaction_id": "C1", "seller": {"merchant_id": "M1"}}],
        });
        let (state, returned) = state
            .split_once(' ')
            .map_or((state, String::new()), |(state, returned)| (state, format!(" returned={returned}")));
        let line =
            format!("dispute PP-1 {state} 3.00 USD parent=C1{returned} due_at=2026-02-01T00:00:00.000000Z payee=M1");
        let wanted = resource(ResourceKind::Dispute, "PP-1");
        reads(&wanted, answer.clone(), &[&line]);
        let object = &wanted.objects(&answer).unwrap()[0];
        assert_eq!(wanted.payment_of(object).unwrap().path(), "/v2/payments/captures/C1");
    }
    reads(
        &resource(ResourceKind::Dispute, "PP-1"),
        json!({"dispute_id": "PP-1", "status": "OPEN"}),
        &["dispute PP-1 open - -"],
    );
}

#[test]
fn a_checkout_order_is_the_payments_inside_it() {
    let usd = |value: &str| json!({"currency_code": "USD", "value": value});
    let answer = json!({
        "id": "O1", "status": "COMPLETED",
        "purchase_units": [{
            "custom_id": "order-1", "payee": {"merchant_id": "M1"},
            "payments": {
                "captures": [{"id": "C1", "status": "COMPLETED", "amount": usd("30.00"), "custom_id": "own"}],
                "authorizations": [{"id": "A1", "status": "CAPTURED", "amount": usd("30.00")}],
                "refunds": [{"id": "R1", "status": "PENDING", "amount": usd("1.00")}],
            },
        }],
    });
    let order = resource(ResourceKind::Order, "O1");
    reads(
        &order,
        answer,
        &[
            "payment C1 completed 30.00 USD order_reference=own external_order=O1 payee=M1",
            "authorization A1 cancelled 30.00 USD order_reference=order-1 external_order=O1 payee=M1",
            "refund R1 pending 1.00 USD order_reference=order-1 external_order=O1 payee=M1",
        ],
    );
    reads(&order, json!({"id": "O1", "status": "APPROVED", "purchase_units": [{"custom_id": "order-1"}]}), &[]);
    assert_eq!(order.payment_of(&resource_object()), None);
}

fn resource_object() -> commerce::webhook::event::ProviderObject {
    let answer = json!({"id": "C1", "status": "COMPLETED", "amount": {"currency_code": "USD", "value": "1.00"}});
    resource(ResourceKind::Capture, "C1").objects(&answer).unwrap().remove(0)
}

#[test]
fn an_answer_that_is_not_the_resource_is_not_believed() {
    let usd = json!({"currency_code": "USD", "value": "30.00"});
    for (kind, answer) in [
        (ResourceKind::Capture, json!({"id": "other", "status": "COMPLETED", "amount": usd})),
        (ResourceKind::Capture, json!({"status": "COMPLETED", "amount": usd})),
        (ResourceKind::Capture, json!({"id": "X1", "status": "NEW", "amount": usd})),
        (ResourceKind::Capture, json!({"id": "X1", "amount": usd})),
        (ResourceKind::Capture, json!({"id": "X1", "status": "COMPLETED"})),
        (ResourceKind::Capture, json!({"id": "X1", "status": "COMPLETED", "amount": {"value": "30.00"}})),
        (
            ResourceKind::Capture,
            json!({"id": "X1", "status": "COMPLETED", "amount": {"value": 30, "currency_code": "USD"}}),
        ),
        (
            ResourceKind::Capture,
            json!({"id": "X1", "status": "COMPLETED", "amount": {"value": "1.005", "currency_code": "USD"}}),
        ),
        (ResourceKind::Refund, json!({"id": "X1", "status": "NEW", "amount": usd})),
        (ResourceKind::Authorization, json!({"id": "X1", "status": "NEW", "amount": usd})),
        (ResourceKind::Dispute, json!({"id": "X1", "status": "OPEN"})),
        (ResourceKind::Order, json!({"id": "X1", "purchase_units": [{"payments": {"captures": [{}]}}]})),
        (ResourceKind::Order, json!([])),
    ] {
        assert_eq!(resource(kind, "X1").objects(&answer), Err(Reason::EventMalformed), "{kind:?} {answer}");
    }
}

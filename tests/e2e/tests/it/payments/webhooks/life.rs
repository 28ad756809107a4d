//! What becomes of a payment at its provider, told by the provider's own events: holds, refunds
//! that come back, questions and disputes. Each story ends in the state that its money is in.

use e2e::App;
use serde_json::{Value, json};
use standin::{ActionEvents, Complaint, Decision, Payment, Provider};

use super::{PayableOrder, deliver, events, money, order, pay, payment_status, shop};

/// Delivers all of these in the given order, or the other way round. Every answer is 2xx in the
/// end: one that came too early is delivered again.
async fn tell(app: &App, happened: &[&ActionEvents], backwards: bool) {
    let mut ids: Vec<&String> = happened.iter().flat_map(|happened| &happened.events).collect();
    if backwards {
        ids.reverse();
    }
    for _ in 0..2 {
        for id in &ids {
            deliver(&app.client, &app.standin().signed(id)).await;
        }
    }
    for id in ids {
        let (status, told) = deliver(&app.client, &app.standin().signed(id)).await;
        assert_eq!(status, 200, "{}: {told}", app.standin().event(id).kind);
    }
}

/// A payment that has been told: its order, and the provider's id.
async fn paid(app: &App, provider: Provider) -> (PayableOrder, String) {
    let order = order(app).await;
    let event = pay(app, provider, &order);
    assert_eq!(deliver(&app.client, &app.standin().signed(&event.id)).await.0, 200);
    let body: Value = serde_json::from_slice(&event.body).expect("JSON");
    let object = if provider == Provider::PayPal { &body["resource"] } else { &body["data"]["object"] };
    (order, object["id"].as_str().expect("an id").to_owned())
}

/// What readers see of an order's payments.
async fn shown(app: &App, order: &PayableOrder) -> Value {
    app.client.payment_status(&order.id).await.expect(200).json()
}

/// The status of the only dispute, as readers see it, and whether an answer is due.
async fn dispute(app: &App, order: &PayableOrder) -> (String, bool) {
    let shown = shown(app, order).await;
    let disputes = shown["payments"][0]["disputes"].as_array().expect("disputes").clone();
    assert_eq!(disputes.len(), 1, "{shown}");
    (disputes[0]["status"].as_str().expect("a status").to_owned(), disputes[0]["evidenceDueAt"].is_string())
}

#[tokio::test]
async fn a_hold_that_is_released_was_never_paid_in_either_order_of_its_events() {
    let Some(app) = shop().await else { return };
    for provider in Provider::ALL {
        for backwards in [false, true] {
            let order = order(&app).await;
            let held = app.standin().hold(&Payment::new(provider, &order.id, &order.total, &app.sample.currency));
            let released = app.standin().release(&held.id);
            tell(&app, &[&held, &released], backwards).await;
            let status = payment_status(&app, &order).await;
            assert!(["failed", "unpaid"].contains(&status.as_str()), "{provider:?} {backwards}: {status}");
            let read = app.client.order(&order.id).await.expect(200).json();
            assert_eq!(read["externalTransactionId"], Value::Null, "{provider:?}");
            let shown = shown(&app, &order).await;
            assert_eq!((&shown["paidAmount"], &shown["refundedAmount"]), (&json!("0.00"), &json!("0.00")), "{shown}");
        }
    }
    assert!(!events(&app).await.contains("needs_review"), "there is nothing to look at");
}

#[tokio::test]
async fn a_hold_is_authorized_blocks_another_session_and_can_be_captured() {
    let Some(app) = shop().await else { return };
    let order = order(&app).await;
    let held = app.standin().hold(&Payment::new(Provider::Stripe, &order.id, &order.total, &app.sample.currency));
    tell(&app, &[&held], false).await;
    assert_eq!(payment_status(&app, &order).await, "authorized");
    let body = json!({"orderId": order.id, "paymentGateway": "paypal", "returnUrl": format!("{}done", e2e::SHOP)});
    let refused = app.client.begin_session(&body, &crate::new_key()).await.expect_problem(409);
    assert_eq!(refused["current"], "authorized");
    let payment = shown(&app, &order).await["payments"][0]["id"].as_str().expect("an id").to_owned();
    app.operator().capture(&payment, &json!({}), &crate::new_key()).await.expect(200);
    assert_eq!(money(&app, &order).await, format!("paid paid/{}/0.00", order.total));
    for event in app.standin().events() {
        deliver(&app.client, &app.standin().signed(&event.id)).await;
    }
    assert_eq!(money(&app, &order).await, format!("paid paid/{}/0.00", order.total));
}

#[tokio::test]
async fn the_part_of_a_hold_that_is_captured_is_paid_and_the_rest_is_no_refund() {
    let Some(app) = shop().await else { return };
    for provider in Provider::ALL {
        let order = order(&app).await;
        let held = app.standin().hold(&Payment::new(provider, &order.id, &order.total, &app.sample.currency));
        let taken = app.standin().take(&held.id, Some("1.00"));
        tell(&app, &[&held, &taken], true).await;
        assert_eq!(money(&app, &order).await, "partially_paid paid/1.00/0.00", "{provider:?}");
        let back = app.standin().refund(&taken.id, Some("0.40"));
        tell(&app, &[&back], false).await;
        assert_eq!(money(&app, &order).await, "partially_refunded partially_refunded/1.00/0.40", "{provider:?}");
    }
}

#[tokio::test]
async fn a_refund_that_is_cancelled_or_fails_gives_the_payment_back_what_it_took() {
    let Some(app) = shop().await else { return };
    for backwards in [false, true] {
        let (order, payment) = paid(&app, Provider::Stripe).await;
        let back = app.standin().refund(&payment, Some("1.00"));
        let cancelled = app.standin().refund_becomes(&back.id, "canceled");
        tell(&app, &[&back, &cancelled], backwards).await;
        assert_eq!(money(&app, &order).await, format!("paid paid/{}/0.00", order.total), "{backwards}");

        let (order, payment) = paid(&app, Provider::Stripe).await;
        let back = app.standin().refund(&payment, Some("1.00"));
        let failed = app.standin().refund_fails(&back.id);
        tell(&app, &[&back, &failed], backwards).await;
        assert_eq!(money(&app, &order).await, format!("paid paid/{}/0.00", order.total), "{backwards}");
    }
}

#[tokio::test]
async fn a_part_that_paypal_takes_back_leaves_the_rest_to_be_refunded() {
    let Some(app) = shop().await else { return };
    let (order, payment) = paid(&app, Provider::PayPal).await;
    let taken = app.standin().reverse(&payment, Some("1.00"));
    tell(&app, &[&taken], false).await;
    assert_eq!(money(&app, &order).await, format!("partially_refunded partially_refunded/{}/1.00", order.total));
    let shown = shown(&app, &order).await;
    assert_eq!(shown["refundedAmount"], "1.00", "the order says what its payments say");
    let id = shown["payments"][0]["id"].as_str().expect("an id");
    app.operator().refund(id, &json!({"amount": "2.00"}), &crate::new_key()).await.expect(201);
    assert_eq!(money(&app, &order).await, format!("partially_refunded partially_refunded/{}/3.00", order.total));
}

#[tokio::test]
async fn an_inquiry_leaves_the_payment_paid_and_flagged_and_a_refund_works() {
    let Some(app) = shop().await else { return };
    for provider in Provider::ALL {
        let (order, payment) = paid(&app, provider).await;
        // Readers have the order without the inquiry in the cache.
        app.warm(&format!("/orders/{}/payment-status", order.id)).await;
        let asked = app.standin().dispute_with(&payment, &Complaint { inquiry: true, ..Complaint::default() });
        tell(&app, &[&asked], false).await;
        assert_eq!(money(&app, &order).await, format!("paid paid/{}/0.00", order.total), "{provider:?}");
        assert_eq!(dispute(&app, &order).await, ("inquiry".into(), true), "{provider:?}");
        let id = shown(&app, &order).await["payments"][0]["id"].as_str().expect("an id").to_owned();
        app.operator().refund(&id, &json!({"amount": "1.00"}), &crate::new_key()).await.expect(201);

        let escalated = app.standin().escalate(&asked.id);
        tell(&app, &[&escalated], true).await;
        assert_eq!(payment_status(&app, &order).await, "disputed", "{provider:?}");
        let lost = app.standin().resolve_with(&asked.id, &Decision::Won);
        tell(&app, &[&lost], true).await;
        let expected = format!("partially_refunded partially_refunded/{}/1.00", order.total);
        assert_eq!(money(&app, &order).await, expected, "{provider:?}");
        assert_eq!(dispute(&app, &order).await, ("won".into(), false), "{provider:?}");
    }
}

#[tokio::test]
async fn a_dispute_takes_what_was_disputed_and_not_more() {
    let Some(app) = shop().await else { return };
    for provider in Provider::ALL {
        for backwards in [false, true] {
            let (order, payment) = paid(&app, provider).await;
            let opened =
                app.standin().dispute_with(&payment, &Complaint { amount: Some("4.00".into()), inquiry: false });
            let lost = app.standin().resolve_with(&opened.id, &Decision::Lost);
            tell(&app, &[&opened, &lost], backwards).await;
            let expected = format!("partially_refunded partially_refunded/{}/4.00", order.total);
            assert_eq!(money(&app, &order).await, expected, "{provider:?} {backwards}");
            assert_eq!(dispute(&app, &order).await.0, "lost");

            // And back again.
            let won = app.standin().resolve_with(&opened.id, &Decision::Won);
            tell(&app, &[&won], backwards).await;
            let expected = format!("paid paid/{}/0.00", order.total);
            assert_eq!(money(&app, &order).await, expected, "{provider:?} {backwards}");
        }
    }
}

#[tokio::test]
async fn a_dispute_that_is_settled_costs_what_was_refunded_once() {
    let Some(app) = shop().await else { return };
    for (given, expected) in [("1.50", "partially_refunded partially_refunded"), ("0.00", "paid paid")] {
        for backwards in [false, true] {
            let (order, payment) = paid(&app, Provider::PayPal).await;
            let opened = app.standin().dispute(&payment);
            let settled = app.standin().resolve_with(&opened.id, &Decision::Settled(given.into()));
            let refund =
                if given == "0.00" { ActionEvents::default() } else { app.standin().refund(&payment, Some(given)) };
            tell(&app, &[&opened, &settled, &refund], backwards).await;
            let expected = format!("{expected}/{}/{given}", order.total);
            assert_eq!(money(&app, &order).await, expected, "{backwards}");
        }
    }
}

#[tokio::test]
async fn a_dispute_that_is_prevented_or_settled_by_a_refund_is_over_and_takes_nothing() {
    let Some(app) = shop().await else { return };
    for provider in Provider::ALL {
        for decision in [Decision::Prevented, Decision::Settled("0.00".into())] {
            for backwards in [false, true] {
                let (order, payment) = paid(&app, provider).await;
                let opened = app.standin().dispute(&payment);
                let over = app.standin().resolve_with(&opened.id, &decision);
                tell(&app, &[&opened, &over], backwards).await;
                let expected = format!("paid paid/{}/0.00", order.total);
                assert_eq!(money(&app, &order).await, expected, "{provider:?} {decision:?} {backwards}");
            }
        }
    }
    assert!(!events(&app).await.contains("needs_review"));
}

#[tokio::test]
async fn a_dispute_that_ends_without_a_word_costs_nothing_and_is_shown_for_review() {
    let Some(app) = shop().await else { return };
    for provider in Provider::ALL {
        let (order, payment) = paid(&app, provider).await;
        let opened = app.standin().dispute(&payment);
        let over = app.standin().resolve_with(&opened.id, &Decision::Silent);
        tell(&app, &[&opened, &over], false).await;
        assert_eq!(money(&app, &order).await, format!("paid paid/{}/0.00", order.total), "{provider:?}");
        assert_eq!(dispute(&app, &order).await.0, "undecided", "{provider:?}");
        assert!(events(&app).await.contains("needs_review:dispute-undecided"), "{provider:?}");
        // The review is over with the decision.
        let won = app.standin().resolve_with(&opened.id, &Decision::Won);
        tell(&app, &[&won], false).await;
        assert!(!events(&app).await.contains("needs_review"), "{provider:?}: {}", events(&app).await);
    }
}

#[tokio::test]
async fn an_order_that_was_paid_twice_and_refunded_once_is_paid_and_its_review_is_over() {
    let Some(app) = shop().await else { return };
    for provider in Provider::ALL {
        let (order, _) = paid(&app, provider).await;
        let payment = Payment::new(provider, &order.id, &order.total, &app.sample.currency);
        let second = app.standin().pay_directly(&payment);
        let told = super::paid(&app, &second);
        let answer = deliver(&app.client, &app.standin().signed(&told.id)).await;
        assert_eq!(answer, super::ok("needs_review"), "{provider:?}");
        let body: Value = serde_json::from_slice(&told.body).expect("JSON");
        let id = body["resource"]["id"].as_str().or(body["data"]["object"]["id"].as_str()).expect("an id");
        let back = app.standin().refund(id, None);
        tell(&app, &[&back], false).await;
        assert_eq!(payment_status(&app, &order).await, "paid", "{provider:?}");
        assert!(!events(&app).await.contains("needs_review"), "{provider:?}: {}", events(&app).await);
    }
}

#[tokio::test]
async fn a_sale_that_paypal_holds_is_paid_once_it_is_released() {
    let Some(app) = super::shop_like(App::private().variable("paypal_mode", "signature-only")).await else { return };
    let order = order(&app).await;
    let sale = |hold: &str, minute: u8| {
        json!({
            "id": "8EP19342AB1234567", "state": "completed", "payment_hold_status": hold, "custom": order.id,
            "amount": {"total": order.total, "currency": app.sample.currency}, "parent_payment": "PAYID-1",
            "create_time": "2026-01-15T12:00:00Z", "update_time": format!("2026-01-15T12:{minute:02}:00Z"),
        })
    };
    for (hold, minute, status) in [("HELD", 1, "pending"), ("RELEASED", 5, "paid"), ("HELD", 1, "paid")] {
        let told = app.standin().publish(Provider::PayPal, "PAYMENT.SALE.COMPLETED", &sale(hold, minute));
        tell(&app, &[&told], false).await;
        assert_eq!(payment_status(&app, &order).await, status, "{hold}");
    }
}

#[tokio::test]
async fn a_currency_that_iso_took_lately_pays_an_order_in_it() {
    let Some(app) = super::shop_like(App::private().variable("paypal_mode", "signature-only")).await else { return };
    for provider in Provider::ALL {
        let mut request = app.order_request();
        request["currency"] = json!("XCG");
        request["items"][0]["unitPrice"] = json!("50.00");
        let caller = app.as_caller(&app.service().scope("orders:price"));
        let made = caller.create(request, &crate::new_key()).await.expect(201).json();
        let text = |name: &str| made[name].as_str().expect(name).to_owned();
        let order = PayableOrder { id: text("id"), total: text("totalAmount") };
        let (kind, resource) = match provider {
            Provider::PayPal => (
                "PAYMENT.CAPTURE.COMPLETED",
                json!({"id": "3C679366HH908993F", "status": "COMPLETED", "custom_id": order.id,
                    "amount": {"currency_code": "XCG", "value": order.total}}),
            ),
            Provider::Stripe => (
                "payment_intent.succeeded",
                json!({"id": "pi_xcg", "object": "payment_intent", "status": "succeeded", "amount": 10_000,
                    "amount_received": 10_000, "currency": "xcg", "metadata": {"order_id": order.id}}),
            ),
        };
        assert_eq!(order.total, "100.00");
        let told = app.standin().publish(provider, kind, &resource);
        tell(&app, &[&told], false).await;
        assert_eq!(money(&app, &order).await, "paid paid/100.00/0.00", "{provider:?}");
    }
}

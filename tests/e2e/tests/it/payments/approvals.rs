//! A shopper has approved a PayPal order: the money is taken in time, late, or shown to somebody.

use serde_json::{Value, json};
use standin::{Fault, FaultKind, Provider};

use super::shop::{Order, Shop};

/// A session at PayPal: our id, and PayPal's order.
async fn session(shop: &Shop, order: &Order) -> (String, String) {
    let session = shop.ask(order, Provider::PayPal, &crate::new_key()).await.expect(201).json();
    let text = |name: &str| session[name].as_str().expect("a text").to_owned();
    (text("id"), text("externalTransactionId"))
}

/// The shopper approves; the event that says so.
fn approve(shop: &Shop, external: &str) -> String {
    shop.standin.automatic(false);
    let approved = shop.standin.approve(external);
    shop.standin.of_kind(&approved, "CHECKOUT.ORDER.APPROVED").id
}

/// One delivery: the status, and outcome and reason, or the detail.
async fn deliver(shop: &Shop, event: &str) -> (u16, String) {
    let attempt = shop.standin.send(&shop.standin.signed(event)).await;
    let body: Value = serde_json::from_str(&attempt.answer).expect("JSON");
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let told = [text("status"), text("reason")].join(" ");
    (attempt.status.expect("an answer"), if body["detail"].is_string() { text("detail") } else { told })
}

fn captures(shop: &Shop, external: &str) -> usize {
    shop.standin.count(&format!("POST /v2/checkout/orders/{external}/capture"))
}

#[tokio::test]
async fn an_approval_after_its_session_was_over_is_captured_if_the_order_still_fits() {
    let Some(shop) = Shop::open().await else { return };
    for how in ["expired", "cancelled"] {
        let order = shop.order().await;
        let (id, external) = session(&shop, &order).await;
        match how {
            "cancelled" => drop(shop.app.client.cancel_session(&id).await.expect(200)),
            _ => shop.app.psql("UPDATE payment_sessions SET expires_at = now() WHERE status <> 'completed'").await,
        }
        let event = approve(&shop, &external);
        assert_eq!(deliver(&shop, &event).await, (200, "processed ".into()), "{how}");
        assert_eq!(shop.money(&order).await["paymentStatus"], "paid", "{how}");
        assert_eq!(shop.app.client.session(&id).await.json()["status"], "completed", "{how}");
    }
}

#[tokio::test]
async fn an_approval_that_does_not_fit_any_more_takes_no_money_and_is_shown() {
    let Some(shop) = Shop::open().await else { return };
    for reason in ["cancelled", "another-session"] {
        let order = shop.order().await;
        let (id, external) = session(&shop, &order).await;
        shop.app.client.cancel_session(&id).await.expect(200);
        match reason {
            "cancelled" => drop(shop.app.client.patch(&order.id, json!({"status": "cancelled"})).await.expect(200)),
            _ => drop(shop.ask(&order, Provider::Stripe, &crate::new_key()).await.expect(201)),
        }
        let event = approve(&shop, &external);
        assert_eq!(deliver(&shop, &event).await, (200, format!("needs_review approval-{reason}")));
        assert_eq!(captures(&shop, &external), 0);
        assert_eq!(shop.money(&order).await["paymentStatus"], "unpaid");
    }
    assert_eq!(shop.events("needs_review").await, 2);
}

#[tokio::test]
async fn a_capture_that_the_merchants_side_refuses_is_tried_again_and_at_last_shown() {
    let Some(shop) = Shop::open().await else { return };
    for (status, word, reason) in [
        (422, "ORDER_NOT_APPROVED", "order-not-approved"),
        (403, "NOT_AUTHORIZED", "not-authorized"),
        (422, "PAYEE_ACCOUNT_RESTRICTED", "payee-account-restricted"),
        (422, "COMPLIANCE_VIOLATION", "compliance-violation"),
        (422, "SOMETHING_NEW", "something-new"),
    ] {
        let order = shop.order().await;
        let (id, external) = session(&shop, &order).await;
        let event = approve(&shop, &external);
        let capture = format!("/v2/checkout/orders/{external}/capture");
        shop.standin.fail(Fault::new(FaultKind::Refused(status, word)).on(&capture).times(3));
        let (answered, told) = deliver(&shop, &event).await;
        assert_eq!((answered, told.contains(&format!("approval-{reason}"))), (503, true), "{told}");
        assert_eq!(shop.events("received").await, 1, "{word}");
        // Over, and told long ago: nobody waits any more.
        shop.app
            .psql(
                "UPDATE payment_sessions SET expires_at = now() WHERE status <> 'completed';
                UPDATE webhook_events SET received_at = received_at - interval '1 hour' WHERE state = 'received'",
            )
            .await;
        assert_eq!(deliver(&shop, &event).await, (200, format!("needs_review approval-{reason}")));
        // The operator tries, is told why not, mends it and captures.
        let operator = shop.app.operator();
        operator.capture(&id, &json!({}), &format!("a-{word}")).await.expect_problem(422);
        assert_eq!(shop.money(&order).await["paymentStatus"], "unpaid");
        operator.capture(&id, &json!({}), &format!("b-{word}")).await.expect(200);
        assert_eq!(shop.money(&order).await["paymentStatus"], "paid");
        assert_eq!(shop.events("needs_review").await, 0, "its review is settled");
    }
}

#[tokio::test]
async fn a_lagging_replica_delays_a_capture_and_loses_nothing() {
    let Some(shop) = Shop::open().await else { return };
    let order = shop.order().await;
    let (_, external) = session(&shop, &order).await;
    let event = approve(&shop, &external);
    shop.standin.fail(Fault::new(FaultKind::Refused(422, "ORDER_NOT_APPROVED")).on("/capture").times(1));
    assert_eq!(deliver(&shop, &event).await.0, 503);
    shop.app.psql("UPDATE webhook_events SET next_attempt_at = now()").await;
    let taken = shop.app.operator().redrive("").await.expect(200).json();
    assert_eq!(taken["outcomes"]["processed"], 1, "{taken}");
    assert_eq!(shop.money(&order).await["paymentStatus"], "paid");
}

#[tokio::test]
async fn the_payers_refusal_ends_an_approval_and_the_shopper_may_try_again() {
    let Some(shop) = Shop::open().await else { return };
    let order = shop.order().await;
    let (id, external) = session(&shop, &order).await;
    let event = approve(&shop, &external);
    shop.standin.fail(Fault::new(FaultKind::Refused(422, "INSTRUMENT_DECLINED")).on("/capture").times(1));
    assert_eq!(deliver(&shop, &event).await, (200, "processed ".into()));
    assert_eq!(captures(&shop, &external), 1);
    assert_eq!(shop.app.client.session(&id).await.json()["status"], "awaiting_redirect");
    let operator = shop.app.operator();
    operator.capture(&id, &json!({}), "again").await.expect(200);
    shop.becomes(&order, "paid", e2e::SOON).await;
}

#[tokio::test]
async fn a_capture_whose_answer_was_lost_is_answered_to_its_key() {
    let Some(shop) = Shop::open().await else { return };
    let order = shop.order().await;
    let (id, external) = session(&shop, &order).await;
    approve(&shop, &external);
    shop.standin.fail(Fault::new(FaultKind::DoneThenHang).on("/capture"));
    shop.standin.automatic(true);
    let operator = shop.app.operator();
    operator.capture(&id, &json!({}), "key").await.expect_problem(503);
    // The events of the order tell of its money, and the capture itself stays out of reach.
    let events = shop.standin.events();
    let taken = events.iter().find(|event| event.kind == "PAYMENT.CAPTURE.COMPLETED").expect("the money was taken");
    shop.standin.deliver(&taken.id).await;
    shop.becomes(&order, "paid", e2e::SOON).await;
    let answer = operator.capture(&id, &json!({}), "key").await.expect(200).json();
    assert_eq!(
        (&answer["orderPaymentStatus"], &answer["captures"][0]["amount"]),
        (&json!("paid"), &json!(order.total))
    );
    assert_eq!(operator.capture(&id, &json!({}), "key").await.expect(200).json(), answer);
    operator.capture(&id, &json!({}), "other").await.expect_problem(409);
}

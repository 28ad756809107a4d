//! Approvals and their captures, and operators' work with money.

use e2e::{App, Caller, SOON, eventually};
use reqwest::Method;
use serde_json::{Value, json};
use standin::{Fault, FaultKind, Provider};

use super::shop::{Order, Shop};

/// A session of the order at PayPal whose shopper has arrived: our id, and that of PayPal's order.
async fn session(shop: &Shop, order: &Order) -> (String, String) {
    let session = shop.ask(order, Provider::PayPal, &crate::new_key()).await.expect(201).json();
    let text = |name: &str| session[name].as_str().expect("a text").to_owned();
    (text("id"), text("externalTransactionId"))
}

async fn capture(shop: &Shop, id: &str, key: &str, body: &Value) -> e2e::Answer {
    shop.app.operator().capture(id, body, key).await
}

#[tokio::test]
async fn the_event_of_an_approval_takes_the_money_once_however_events_are_made_sure_of() {
    for mode in ["api", "post-back", "signature-only"] {
        let Some(shop) = Shop::like(App::private().variable("paypal_mode", mode)).await else { return };
        takes_the_money_once(&shop).await;
    }
}

async fn takes_the_money_once(shop: &Shop) {
    let order = shop.order().await;
    let (_, external) = session(shop, &order).await;
    shop.standin.automatic(false);
    let approved = shop.standin.approve(&external);
    let event = shop.standin.of_kind(&approved, "CHECKOUT.ORDER.APPROVED").id;
    assert_eq!(shop.money(&order).await["paymentStatus"], "unpaid", "approval is not payment");

    let call = format!("POST /v2/checkout/orders/{external}/capture");
    shop.standin.fail(Fault::new(FaultKind::DoneThenStatus(502)).on("/capture").times(1));
    let deliveries = (0..8).map(|_| shop.standin.deliver(&event));
    futures_util::future::join_all(deliveries).await;
    assert_eq!(shop.money(&order).await["paymentStatus"], "paid");
    assert!(shop.standin.count(&call) >= 2, "the answer to the first was lost");
    assert_eq!(shop.app.psql_value("SELECT count(*)::text FROM payment_objects WHERE kind = 'payment'").await, "1");
    // PayPal's events of the capture say nothing new.
    let version = shop.app.client.order(&order.id).await.version();
    for event in shop.standin.events() {
        shop.standin.deliver(&event.id).await;
    }
    assert_eq!(shop.app.client.order(&order.id).await.version(), version);
    assert_eq!(shop.events("received").await, 0);
}

#[tokio::test]
async fn an_operator_captures_an_approved_order_once() {
    let Some(shop) = Shop::open().await else { return };
    let order = shop.order().await;
    let (id, external) = session(&shop, &order).await;
    let all = json!({});
    let refused = capture(&shop, &id, "too-early", &all).await;
    refused.expect_problem_naming(422, "order-not-approved");
    shop.standin.automatic(false);
    shop.standin.approve(&external);
    // PayPal answers the same to the same request id, so this has to be another one.
    let captured = capture(&shop, &id, "key-1", &all).await.expect(200).json();
    assert_eq!((&captured["orderId"], &captured["orderPaymentStatus"]), (&json!(order.id), &json!("paid")));
    assert_eq!(captured["captures"][0]["amount"], json!(order.total));
    assert_eq!(shop.money(&order).await["paymentStatus"], "paid", "without any event");
    assert_eq!(capture(&shop, &id, "key-1", &all).await.expect(200).json(), captured);
    capture(&shop, &id, "key-1", &json!({"amount": "1.00"})).await.expect_problem_naming(422, "Idempotency-Key");
    capture(&shop, &id, "key-2", &all).await.expect_problem(409);
    let other = uuid::Uuid::now_v7().to_string();
    capture(&shop, &other, "key-3", &all).await.expect_problem(404);
    shop.app.client.capture(&id, &all, "key-4").await.expect_problem(403);
    let no_key = shop.app.operator().request(Method::POST, &format!("/payments/{id}/capture")).json(&all);
    shop.app.client.send(no_key).await.expect_problem_naming(400, "Idempotency-Key");
}

#[tokio::test]
async fn an_operator_refunds_no_more_than_was_paid_and_sees_the_outcome() {
    let Some(shop) = Shop::open().await else { return };
    let order = shop.order().await;
    let (_, external) = session(&shop, &order).await;
    shop.standin.pay(&external);
    shop.becomes(&order, "paid", SOON).await;
    shop.standin.automatic(false);
    let payment = shop.payment(&order).await;

    let sent = shop.refund(&payment, Some("0.01"), "key-1").await.expect(201).json();
    assert_eq!((&sent["status"], &sent["amount"]), (&json!("sent"), &json!("0.01")));
    assert_eq!(shop.money(&order).await["refundedAmount"], "0.01", "without any event");
    assert_eq!(shop.refund(&payment, Some("0.01"), "key-1").await.expect(201).json(), sent);
    shop.refund(&payment, Some("0.02"), "key-1").await.expect_problem_naming(422, "Idempotency-Key");
    shop.refund(&payment, Some(&order.total), "key-2").await.expect_problem_naming(422, "amount");
    shop.refund(&payment, Some("0.00"), "key-3").await.expect_problem_naming(400, "amount");
    shop.refund(&uuid::Uuid::now_v7().to_string(), None, "key-4").await.expect_problem(404);
    shop.app.client.refund(&payment, &json!({}), "key-5").await.expect_problem(403);
    let foreign = shop.app.as_caller(&Caller::operator(&uuid::Uuid::now_v7().to_string()));
    foreign.refund(&payment, &json!({}), "key-6").await.expect_problem(404);

    let listed = shop.app.operator().refunds(&payment).await.expect(200).items();
    assert_eq!(listed, [sent]);
    shop.app.client.refunds(&payment).await.expect_problem(403);
}

#[tokio::test]
async fn refunds_that_wait_are_sent_once_however_many_send_them() {
    let Some(shop) = Shop::like(App::private().variable("payment_breaker_ms", "100")).await else { return };
    let order = shop.order().await;
    let (_, external) = session(&shop, &order).await;
    shop.standin.pay(&external);
    shop.becomes(&order, "paid", SOON).await;
    let payment = shop.payment(&order).await;
    shop.standin.fail(Fault::new(FaultKind::Status(503)).on("/refund"));
    for n in 0..4 {
        let kept = shop.refund(&payment, Some("0.01"), &format!("key-{n}")).await.expect(202).json();
        assert_eq!((&kept["status"], &kept["reason"]), (&json!("queued"), &json!("provider-away")));
    }
    shop.standin.heal();
    shop.app.psql("UPDATE refund_requests SET next_attempt_at = now()").await;
    let sent = || async {
        let operator = shop.app.operator();
        operator.send_refunds().await.expect(200).json()
    };
    let total = eventually("all are sent", SOON, || async {
        // The breaker may still be open. Then the refunds stay queued and are made due again.
        futures_util::future::join_all((0..4).map(|_| sent())).await;
        shop.app.psql("UPDATE refund_requests SET next_attempt_at = now() WHERE state = 'queued'").await;
        let total = shop.app.psql_value("SELECT count(*)::text FROM refund_requests WHERE state = 'sent'").await;
        (total == "4").then_some(total)
    })
    .await;
    assert_eq!(total, "4");
    let refunded = eventually("the refunds count", SOON, || async {
        let money = shop.money(&order).await;
        (money["refundedAmount"] == "0.04").then_some(money)
    })
    .await;
    assert_eq!(refunded["paymentStatus"], "partially_refunded");
    assert_eq!(sent().await, json!({"sent": 0, "queued": 0, "failed": 0}));
}

#[tokio::test]
async fn no_secret_is_written_anywhere_in_any_failure() {
    let private = App::private().variable("limit_customer_hour", "1000").variable("limit_customer_day", "1000");
    let Some(shop) = Shop::like(private).await else { return };
    let mut told = Vec::new();
    for (path, kind) in [
        ("/v1/oauth2/token", FaultKind::Status(401)),
        ("/v2/checkout/orders", FaultKind::Status(400)),
        ("/v2/checkout/orders", FaultKind::Status(302)),
        ("/v1/checkout/sessions", FaultKind::Status(401)),
        ("/v1/checkout/sessions", FaultKind::Status(200)),
    ] {
        shop.standin.expire_tokens(None);
        shop.standin.fail(Fault::new(kind.clone()).on(path));
        let provider = if path.starts_with("/v1/checkout") { Provider::Stripe } else { Provider::PayPal };
        let answer = shop.ask(&shop.order().await, provider, &crate::new_key()).await;
        assert!((400..=599).contains(&answer.status) && answer.status != 429, "{kind:?}: {}", answer.text());
        told.push(answer.text());
        shop.standin.heal();
    }
    for variable in ["paypal_client_secret", "stripe_api_key"] {
        assert!(told.iter().any(|text| text.contains(variable)), "the variable is named: {told:?}");
    }
    let log = shop.app.log();
    let settings = shop.standin.settings();
    for secret in [&settings.paypal_client_secret, &settings.stripe_api_key, &settings.stripe_webhook_secret] {
        assert!(!log.contains(secret.as_str()), "in the log");
        assert!(told.iter().all(|text| !text.contains(secret.as_str())), "in an answer: {told:?}");
    }
    let bearer = |text: &str| text.contains("Bearer ") || text.contains("Basic ");
    assert!(!bearer(&log) && !told.iter().any(|text| bearer(text)));
}

//! A payment that looks like fraud waits for an operator.

use e2e::App;
use standin::{Payment, Provider, Standin};

use super::shopper::{begin, member, session, shopper};
use crate::new_key;

/// A server that holds the fourth session of an hour for review.
async fn wary(standin: &Standin) -> Option<App> {
    let private = App::private().payments(standin).variable("fraud_review_score", "10");
    let app = private.variable("limit_customer_hour", "100").variable("limit_address_hour", "100").spawn().await?;
    for _ in 0..3 {
        begin(&shopper(&app), &app.new_order_id().await, "other").await.expect(201);
    }
    Some(app)
}

#[tokio::test]
async fn a_suspicious_payment_is_held_until_an_operator_lets_it_go_on() {
    let standin = Standin::start().await;
    let Some(app) = wary(&standin).await else { return };
    let (client, order, key) = (shopper(&app), app.new_order_id().await, new_key());
    let held = client.send(session(&client, &order, "stripe", &key)).await.expect(202);
    assert_eq!((member(&held, "status"), member(&held, "reason")), ("needs_review".into(), "review".into()));
    assert!(held.json()["externalTransactionId"].is_null());
    assert!(!held.text().contains("velocity"), "its caller isn't told why");
    assert_eq!(standin.count("POST /v1/checkout/sessions"), 0, "the provider wasn't asked");
    assert_eq!(client.send(session(&client, &order, "stripe", &key)).await.expect(202).body, held.body);
    begin(&client, &order, "stripe").await.expect_problem(409);

    let path = format!("/payments/sessions/{}", member(&held, "id"));
    assert_eq!(app.warm(&path).await.body, held.body);
    client.get(&format!("{path}/redirect")).await.expect_problem(409);
    let listed = app.operator().sessions("status=needs_review").await.expect(200).items();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["review"]["signals"], serde_json::json!(["velocity"]), "{}", listed[0]);
    let shown = client.sessions("status=needs_review").await.expect(200);
    assert_eq!(shown.items().len(), 1);
    assert!(!shown.text().contains("velocity"), "{}", shown.text());

    app.client.post(&format!("{path}/release")).await.expect_problem(403);
    client.post(&format!("{path}/release")).await.expect_problem(403);
    let released = app.operator().post(&format!("{path}/release")).await.expect(200);
    assert_eq!(member(&released, "status"), "awaiting_redirect");
    assert_eq!(standin.count("POST /v1/checkout/sessions"), 1);
    assert_eq!(client.get(&path).await.expect(200).body, released.body, "not the copy of the held one");
    assert_eq!(client.send(session(&client, &order, "stripe", &key)).await.expect(201).body, released.body);
    app.operator().post(&format!("{path}/release")).await.expect_problem(409);
}

#[tokio::test]
async fn a_held_payment_can_be_given_up() {
    let standin = Standin::start().await;
    let Some(app) = wary(&standin).await else { return };
    let (client, order) = (shopper(&app), app.new_order_id().await);
    let held = begin(&client, &order, "paypal").await.expect(202);
    let path = format!("/payments/sessions/{}", member(&held, "id"));
    assert_eq!(member(&client.post(&format!("{path}/cancel")).await.expect(200), "reason"), "cancelled");
    app.operator().post(&format!("{path}/release")).await.expect_problem(409);
    assert_eq!(standin.count("POST /v2/checkout/orders"), 0);
}

#[tokio::test]
async fn a_held_payment_ends_when_the_order_is_paid_otherwise() {
    let standin = Standin::start().await;
    let Some(app) = wary(&standin).await else { return };
    let (client, order) = (shopper(&app), app.new_order_id().await);
    let held = begin(&client, &order, "paypal").await.expect(202);
    let path = format!("/payments/sessions/{}", member(&held, "id"));
    app.warm(&path).await;
    let total = member(&client.order(&order).await.expect(200), "totalAmount");
    standin.pay_directly(&Payment::new(Provider::Stripe, &order, &total, &app.sample.currency));
    let ended = e2e::eventually("the session has ended", kit::SOON, || async {
        let answer = client.get(&path).await.expect(200);
        (member(&answer, "status") != "needs_review").then_some(answer)
    });
    let ended = ended.await;
    assert_eq!((member(&ended, "status"), member(&ended, "reason")), ("failed".into(), "paid-otherwise".into()));
    let listed = app.operator().sessions("status=needs_review").await.expect(200).items();
    assert_eq!(listed, Vec::<serde_json::Value>::new());
}

#[tokio::test]
async fn a_released_payment_whose_provider_is_away_stays_released() {
    let standin = Standin::start().await;
    let Some(app) = wary(&standin).await else { return };
    let (client, order, key) = (shopper(&app), app.new_order_id().await, new_key());
    let held = client.send(session(&client, &order, "stripe", &key)).await.expect(202);
    let path = format!("/payments/sessions/{}", member(&held, "id"));
    standin.fail(standin::Fault::new(standin::FaultKind::Status(503)).on("/v1/checkout/sessions"));
    let away = app.operator().post(&format!("{path}/release")).await.expect_problem(503);
    assert_eq!(away["code"], "requires_retry");
    assert_eq!(member(&client.get(&path).await.expect(200), "status"), "needs_review");
    standin.heal();
    // The shopper's own request may go on as well: it isn't judged again.
    let made = e2e::eventually("the same request goes on", kit::SOON, || async {
        let answer = client.send(session(&client, &order, "stripe", &key)).await;
        (answer.status == 201).then_some(answer)
    })
    .await;
    assert_eq!(member(&made, "status"), "awaiting_redirect");
}

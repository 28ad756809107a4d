//! Money that doesn't fit is recorded as far as it is certain, and an operator is asked to look.

use e2e::App;
use serde_json::json;
use standin::{Payment, Provider, Signing};

use super::{deliver, events, money, ok, order, paid, pay, payment_status, shop, shop_like};

#[tokio::test]
async fn five_cents_dont_pay_an_order() {
    let Some(app) = shop().await else { return };
    for provider in Provider::ALL {
        let order = order(&app).await;
        let payment = Payment::new(provider, &order.id, "0.05", &app.sample.currency);
        let event = paid(&app, &app.standin().pay_directly(&payment));
        assert_eq!(deliver(&app.client, &app.standin().signed(&event.id)).await, ok("needs_review"), "{provider:?}");
        assert_eq!(money(&app, &order).await, "partially_paid paid/0.05/0.00", "{provider:?}");
    }
    assert_eq!(events(&app).await, "needs_review:underpaid needs_review:underpaid");
}

#[tokio::test]
async fn money_for_another_merchant_pays_nothing() {
    let Some(app) = shop().await else { return };
    let order = order(&app).await;
    let whole = Payment::new(Provider::PayPal, &order.id, &order.total, &app.sample.currency);
    let foreign = Payment { payee: Some("STRANGER12345".to_owned()), ..whole };
    let event = paid(&app, &app.standin().pay_directly(&foreign));
    assert_eq!(deliver(&app.client, &app.standin().signed(&event.id)).await, ok("needs_review"));
    assert_eq!(payment_status(&app, &order).await, "unpaid");

    // Our account is not the account of the order's organisation.
    let theirs = super::PayableOrder { id: app.sample.foreign_order.clone(), total: "1.00".to_owned() };
    let before = money(&app, &theirs).await;
    for provider in Provider::ALL {
        let event = pay(&app, provider, &theirs);
        assert_eq!(deliver(&app.client, &app.standin().signed(&event.id)).await, ok("needs_review"), "{provider:?}");
    }
    assert_eq!(money(&app, &theirs).await, before);

    // A connected account that no organisation has.
    let event = pay(&app, Provider::Stripe, &order);
    let mut body: serde_json::Value = serde_json::from_slice(&event.body).expect("JSON");
    (body["account"], body["id"]) = (json!("acct_of_somebody_else"), json!("evt_of_somebody_else"));
    let signed = app.standin().sign(Provider::Stripe, body.to_string().as_bytes(), &Signing::default());
    assert_eq!(deliver(&app.client, &signed).await, ok("needs_review"));
    assert_eq!(payment_status(&app, &order).await, "unpaid");
}

#[tokio::test]
async fn another_currency_and_a_cancelled_order_need_an_operator() {
    let Some(app) = shop().await else { return };
    let other = if app.sample.currency == "USD" { "EUR" } else { "USD" };
    for provider in Provider::ALL {
        let wrong = order(&app).await;
        let event = paid(&app, &app.standin().pay_directly(&Payment::new(provider, &wrong.id, &wrong.total, other)));
        assert_eq!(deliver(&app.client, &app.standin().signed(&event.id)).await, ok("needs_review"), "{provider:?}");
        assert_eq!(payment_status(&app, &wrong).await, "unpaid", "{provider:?}");

        let cancelled = order(&app).await;
        app.client.patch(&cancelled.id, json!({"status": "cancelled"})).await.expect(200);
        let event = pay(&app, provider, &cancelled);
        assert_eq!(deliver(&app.client, &app.standin().signed(&event.id)).await, ok("needs_review"), "{provider:?}");
        let answer = app.client.order(&cancelled.id).await.expect(200).json();
        assert_eq!(
            (&answer["status"], &answer["paymentStatus"]),
            (&json!("cancelled"), &json!("paid")),
            "{provider:?}"
        );
    }
}

#[tokio::test]
async fn an_event_older_than_paypals_retries_waits_for_an_operator() {
    let Some(app) = shop().await else { return };
    let order = order(&app).await;
    let event = pay(&app, Provider::PayPal, &order);
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().expect("now").as_secs()).expect("now");
    let old = Signing { sent_at: Some(now - 5 * 86_400), ..Signing::default() };
    let signed = app.standin().sign(Provider::PayPal, &event.body, &old);
    for _ in 0..2 {
        assert_eq!(deliver(&app.client, &signed).await, ok("needs_review"));
    }
    assert_eq!(events(&app).await, "needs_review:transmission-too-old");
    assert_eq!(payment_status(&app, &order).await, "unpaid");
}

#[tokio::test]
async fn unknown_types_are_kept_and_ignored() {
    let Some(app) = shop().await else { return };
    for (provider, kind) in [(Provider::PayPal, "VAULT.CREDIT-CARD.CREATED"), (Provider::Stripe, "customer.created")] {
        let happened = app.standin().publish(provider, kind, &json!({"id": "X-1"}));
        let signed = app.standin().signed(happened.events.first().expect("an event"));
        for _ in 0..2 {
            assert_eq!(deliver(&app.client, &signed).await, ok("ignored"), "{kind}");
        }
    }
    assert_eq!(events(&app).await, "ignored:unknown-type ignored:unknown-type");
}

#[tokio::test]
async fn a_known_type_that_cant_be_read_is_kept_for_an_operator() {
    let Some(app) = shop().await else { return };
    let order = order(&app).await;
    let event = pay(&app, Provider::Stripe, &order);
    let body =
        String::from_utf8(event.body.clone()).expect("JSON").replace("\"amount_received\":", "\"amount_taken\":");
    let signed = app.standin().sign(Provider::Stripe, body.as_bytes(), &Signing::default());
    assert_eq!(deliver(&app.client, &signed).await, ok("needs_review"));
    assert_eq!(events(&app).await, "needs_review:event-malformed");
}

#[tokio::test]
async fn without_the_api_the_body_is_believed_as_far_as_the_mode_says() {
    for mode in ["signature-only", "post-back"] {
        let Some(app) = shop_like(App::private().variable("paypal_mode", mode)).await else { return };
        let order = order(&app).await;
        let event = pay(&app, Provider::PayPal, &order);
        assert_eq!(deliver(&app.client, &app.standin().signed(&event.id)).await, ok("processed"), "{mode}");
        assert_eq!(payment_status(&app, &order).await, "paid", "{mode}");
        assert_eq!(app.standin().count("GET /v2/payments/captures/"), 0, "{mode}");
        let asked = app.standin().count("POST /v1/notifications/verify-webhook-signature");
        assert_eq!(asked, usize::from(mode == "post-back"), "{mode}");
    }
}

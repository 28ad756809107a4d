//! Payments in the shop's own page: a payment intent of Stripe, PayPal's buttons.

use serde_json::{Value, json};
use standin::Provider;

use super::shop::{Order, Shop};
use crate::new_key;

/// Asks for a session whose shopper stays in the shop's page.
async fn ask(shop: &Shop, order: &Order, provider: Provider, key: &str) -> e2e::Answer {
    let body = json!({"orderId": order.id, "paymentGateway": provider.name(), "flow": "embedded",
        "returnUrl": format!("{}done", e2e::SHOP)});
    shop.app.client.begin_session(&body, key).await
}

#[tokio::test]
async fn a_payment_intents_client_secret_is_given_to_its_key_and_stored_nowhere() {
    let Some(shop) = Shop::open().await else { return };
    let (order, key) = (shop.order().await, new_key());
    let made = ask(&shop, &order, Provider::Stripe, &key).await.expect(201).json();
    let text = |name: &str| made[name].as_str().unwrap_or_default().to_owned();
    let (id, intent, secret) = (text("id"), text("externalTransactionId"), text("clientSecret"));
    assert!(intent.starts_with("pi_") && secret.starts_with(&intent), "{made}");
    assert_eq!(
        (&made["paymentIntentId"], &made["redirectUrl"], &made["redirectLink"]),
        (&json!(intent), &Value::Null, &Value::Null)
    );
    for _ in 0..2 {
        assert_eq!(ask(&shop, &order, Provider::Stripe, &key).await.expect(201).json(), made);
    }
    assert_eq!(shop.standin.count("POST /v1/payment_intents"), 1);
    assert!(shop.app.client.session(&id).await.json()["clientSecret"].is_null());
    let rows = shop.app.psql_value("SELECT string_agg(s::text, ' ') FROM payment_sessions s").await;
    assert!(!rows.contains(&secret) && !shop.app.log().contains(&secret), "it is stored nowhere");

    shop.standin.pay(&intent);
    shop.becomes(&order, "paid", e2e::SOON).await;
    let paid = shop.app.client.session(&id).await.json();
    assert_eq!((&paid["status"], &paid["paymentIntentId"]), (&json!("completed"), &json!(intent)));
    let again = ask(&shop, &order, Provider::Stripe, &key).await.expect(201).json();
    assert!(again["clientSecret"].is_null(), "nothing is left to pay");
}

#[tokio::test]
async fn paypals_buttons_get_the_order_and_the_session_shows_its_capture() {
    let Some(shop) = Shop::open().await else { return };
    let order = shop.order().await;
    let made = ask(&shop, &order, Provider::PayPal, &new_key()).await.expect(201).json();
    let paypals = made["externalTransactionId"].as_str().expect("an order");
    assert!(shop.standin.object(paypals).is_some_and(|order| order["intent"] == "CAPTURE"), "what createOrder returns");
    // The shopper approves in PayPal's window; the approval's event takes the money.
    shop.standin.approve(paypals);
    shop.becomes(&order, "paid", e2e::SOON).await;
    let paid = shop.app.client.session(made["id"].as_str().expect("an id")).await.json();
    let capture =
        shop.app.psql_value(&format!("SELECT external_id FROM payments WHERE order_id = '{}'", order.id)).await;
    assert_eq!((&paid["captureId"], &paid["paymentIntentId"]), (&json!(capture), &Value::Null));
}

#[tokio::test]
async fn a_checkout_session_shows_its_payment_intent_once_it_is_paid() {
    let Some(shop) = Shop::open().await else { return };
    let order = shop.order().await;
    let made = shop.ask(&order, Provider::Stripe, &new_key()).await.expect(201).json();
    assert_eq!((&made["paymentIntentId"], &made["flow"]), (&Value::Null, &json!("redirect")));
    shop.standin.pay(made["externalTransactionId"].as_str().expect("an id"));
    shop.becomes(&order, "paid", e2e::SOON).await;
    let intent =
        shop.app.psql_value(&format!("SELECT external_id FROM payments WHERE order_id = '{}'", order.id)).await;
    // The order is paid by the first of Stripe's events, and a later one names the session.
    e2e::eventually("the session shows its payment intent", e2e::SOON, || async {
        let shown = shop.app.client.session(made["id"].as_str().expect("an id")).await.json();
        (shown["paymentIntentId"] == json!(intent)).then_some(())
    })
    .await;
}

//! Every secret is replaced under load, and nobody is refused: first the new one is known beside
//! the old, then the provider changes, then the old one goes.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use e2e::{Client, SOON, eventually};
use serde_json::{Value, json};
use standin::{Payment, Provider, Settings, Standin};

use super::shop::Shop;
use super::shopper::member;

/// The secrets of payments, each as `paypal_client_secret` and its value.
fn secrets(settings: &Settings, hmac_key: &str) -> Vec<(&'static str, String)> {
    vec![
        ("paypal_client_secret", settings.paypal_client_secret.clone()),
        ("paypal_webhook_id", settings.paypal_webhook_id.clone()),
        ("stripe_api_key", settings.stripe_api_key.clone()),
        ("stripe_webhook_secrets", settings.stripe_webhook_secret.clone()),
        ("hmac_key", hmac_key.to_owned()),
    ]
}

fn borrowed<'a>(changes: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    changes.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// Returns once every event that has happened so far was accepted: PayPal repeats a delivery as it
/// was signed.
async fn drained(standin: &Standin) {
    let events: Vec<String> = standin.events().into_iter().map(|event| event.id).collect();
    eventually("all events so far are accepted", SOON, || async {
        let accepted: HashSet<String> =
            standin.attempts().into_iter().filter(|attempt| attempt.accepted()).map(|attempt| attempt.event).collect();
        events.iter().all(|event| accepted.contains(event)).then_some(())
    })
    .await;
}

/// Pays orders at both providers, one after the other, until it is told to stop. Gives the orders.
async fn load(client: Client, standin: Standin, request: Value, stop: Arc<AtomicBool>) -> Vec<String> {
    let mut orders = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        for provider in Provider::ALL {
            let order = client.create(request.clone(), &crate::new_key()).await.expect(201);
            let (id, total, currency) =
                (member(&order, "id"), member(&order, "totalAmount"), member(&order, "currency"));
            standin.pay_directly(&Payment::new(provider, &id, &total, &currency));
            orders.push(id);
        }
    }
    orders
}

#[tokio::test]
async fn all_secrets_are_replaced_under_load_and_no_genuine_delivery_is_refused() {
    let Some(shop) = Shop::open().await else { return };
    let (app, standin) = (&shop.app, &shop.standin);
    let (old_key, new_key) = (app.setting("hmac_key").to_owned(), format!("{0}{0}", uuid::Uuid::new_v4().simple()));
    let old = secrets(standin.settings(), &old_key);
    let new_settings = Settings::random();
    let new = secrets(&new_settings, &new_key);
    let both: Vec<(&'static str, String)> =
        new.iter().zip(&old).map(|((name, new), (_, old))| (*name, format!("{new} {old}"))).collect();

    // What was given out and put away under the old key.
    let order = app.new_order_id().await;
    let token =
        app.client.send(app.client.request(reqwest::Method::POST, &format!("/orders/{order}/guest-token"))).await;
    let token = member(&token.expect(201), "token");
    let cart = uuid::Uuid::new_v4();
    let body = json!({"customerId": app.sample.customer, "currency": app.sample.currency,
        "items": [{"sku": app.sample.sku, "quantity": 1}]});
    let put = |client: &Client| client.request(reqwest::Method::PUT, &format!("/checkout/sessions/{cart}")).json(&body);
    app.client.send(put(&app.client)).await.expect(201);
    let session = shop.ask(&shop.order().await, Provider::Stripe, &crate::new_key()).await.expect(201).json();
    let link = session["returnLink"].as_str().expect("a link").trim_start_matches("/api/v1").to_owned();

    let stop = Arc::new(AtomicBool::new(false));
    let load = tokio::spawn(load(app.client.clone(), standin.clone(), app.order_request(), Arc::clone(&stop)));

    let opens = async |client: &Client, what: &str| {
        let guest = client.anonymous().request(reqwest::Method::GET, "/guest/order");
        let opened = client.send(guest.header("authorization", format!("Guest {token}"))).await;
        assert_eq!(opened.status, 200, "{what}: the guest token: {}", opened.text());
        let carts = client.get(&format!("/checkout/sessions/{cart}")).await;
        assert_eq!(carts.status, 200, "{what}: the cart: {}", carts.text());
        let page = client.anonymous().get(&link).await;
        assert_eq!(page.status, 200, "{what}: the return page: {}", page.text());
    };
    let (first, during) = app.another_server_with("both", &borrowed(&both)).await;
    standin.webhooks_to(first.base_url());
    opens(&during, "both known").await;
    drained(standin).await;
    standin.replace_secrets(&new_settings);
    opens(&during, "replaced at the providers").await;
    during.send(put(&during)).await.expect(200);

    drained(standin).await;
    let (second, after) = app.another_server_with("new", &borrowed(&new)).await;
    standin.webhooks_to(second.base_url());
    assert_eq!(after.get(&format!("/checkout/sessions/{cart}")).await.status, 200, "the cart under the new key");
    let fresh = after.create(app.order_request(), &crate::new_key()).await.expect(201);
    let asked =
        json!({"orderId": member(&fresh, "id"), "paymentGateway": "paypal", "returnUrl": format!("{}done", e2e::SHOP)});
    after.begin_session(&asked, &crate::new_key()).await.expect(201);

    stop.store(true, Ordering::Relaxed);
    let orders = load.await.expect("the load");
    assert!(orders.len() > 20, "{}", orders.len());
    for order in &orders {
        eventually(&format!("{order} is paid"), SOON, || async {
            (after.payment_status(order).await.expect(200).json()["paymentStatus"] == "paid").then_some(())
        })
        .await;
    }
    let refused: Vec<_> =
        standin.attempts().into_iter().filter(|attempt| matches!(attempt.status, Some(400..=499))).collect();
    assert!(refused.is_empty(), "{refused:?}");
}

#[tokio::test]
async fn attempts_to_pay_go_on_counting_while_the_key_is_replaced() {
    let standin = Standin::start().await;
    let private = e2e::App::private().payments(&standin).variable("limit_customer_hour", "3");
    let Some(app) = private.variable("limit_address_hour", "100").spawn().await else { return };
    let shopper = super::shopper::shopper(&app);
    for _ in 0..2 {
        super::shopper::begin(&shopper, &app.new_order_id().await, "other").await.expect(201);
    }
    let both = format!("{0}{0} {1}", uuid::Uuid::new_v4().simple(), app.setting("hmac_key"));
    let (server, _) = app.another_server_with("both", &[("hmac_key", &both)]).await;
    let customer = e2e::Caller::customer(&app.sample.org, &app.sample.customer);
    let there = Client::new(server.base_url()).with_token(&app.token_of(&customer));
    let third = super::shopper::begin(&there, &app.new_order_id().await, "other").await.expect(201);
    assert!(third.header("ratelimit").contains("\"customer-hour\";r=0"), "{}", third.header("ratelimit"));
    super::shopper::begin(&there, &app.new_order_id().await, "other").await.expect_problem(429);
    super::shopper::begin(&shopper, &app.new_order_id().await, "other").await.expect_problem(429);
}

//! A shopper without an account: one token from cart to order, payment and back.

use e2e::{Answer, App};
use reqwest::Method;
use serde_json::{Value, json};
use standin::Standin;

use super::shopper::{keys, member, session_request, shopper};
use crate::new_key;

const EMAIL: &str = "guest@example.com";

/// A guest of the sample's organisation.
pub fn details(app: &App) -> Value {
    json!({"organizationId": app.sample.org, "customer": {"name": "Ana Pop", "email": EMAIL,
        "address": {"line1": "Strada Lunga 5", "city": "Brasov", "country": "RO"}}})
}

/// A token, and a cart for its holder.
async fn begun(app: &App) -> (String, Value) {
    let begun = app.client.anonymous().begin_guest_checkout(&details(app)).await.expect(201);
    let mut cart = app.order_request();
    cart["customerId"] = json!(member(&begun, "customerId"));
    cart["shippingAddress"] = json!({"line1": "Strada Lunga 5", "city": "Brasov", "country": "RO"});
    (member(&begun, "token"), cart)
}

async fn guests(app: &App) -> String {
    app.psql_value("SELECT count(*)::text FROM customers WHERE guest").await
}

#[tokio::test]
async fn a_guest_goes_from_cart_to_a_paid_order_by_one_token() {
    let standin = Standin::start().await;
    let Some(app) = App::private().payments(&standin).spawn().await else { return };
    standin.webhooks_to(&app.base_url);
    let client = app.client.anonymous();
    let (token, cart) = begun(&app).await;
    client.guest_cart(&token).await.expect_problem(404);
    client.guest_order(&format!("Guest {token}")).await.expect_problem(401);
    client.order_guest_cart(&token).await.expect_problem(404);
    client.put_guest_cart(&token, &cart).await.expect(201);
    client.drop_guest_cart(&token).await.expect(204);
    client.put_guest_cart(&token, &cart).await.expect(201);
    assert_eq!(client.guest_cart(&token).await.expect(200).json()["items"], cart["items"]);
    assert_eq!(guests(&app).await, "0", "a customer comes to be with an order");

    let order = client.order_guest_cart(&token).await.expect(201);
    assert_eq!(order.header("cache-control"), "no-store");
    let id = member(&order, "id");
    for _ in 0..2 {
        assert_eq!(member(&client.order_guest_cart(&token).await.expect(201), "id"), id);
    }
    assert_eq!(guests(&app).await, "1");
    let seen = client.guest_order(&format!("Guest {token}")).await.expect(200).json();
    assert_eq!((&seen["paymentStatus"], &seen["shippingTo"]["city"]), (&json!("unpaid"), &json!("Brasov")));
    for personal in [EMAIL, "Ana Pop", "Strada Lunga"] {
        assert!(!order.text().contains(personal) && !seen.to_string().contains(personal), "{personal}");
    }
    // The shop sees an order of a customer like any other.
    let whole = app.client.order(&id).await.expect(200).json();
    assert_eq!(whole["customerId"], cart["customerId"]);

    let key = new_key();
    let session = client.begin_guest_payment(&token, &session_request(&id, "stripe"), &key).await.expect(201);
    let external = member(&session, "externalTransactionId");
    assert_eq!(session.header("location"), format!("/api/v1/guest/payments/sessions/{}", member(&session, "id")));
    let shown = client.guest_payment(&token, &member(&session, "id")).await.expect(200);
    assert_eq!(member(&shown, "orderId"), id);
    standin.pay(&external);
    e2e::eventually("the guest sees that it has paid", kit::SOON, || async {
        let seen = client.guest_order(&format!("Guest {token}")).await.expect(200).json();
        (seen["paymentStatus"] == "paid").then_some(())
    })
    .await;
    assert!(!app.log().contains(&token) && !app.log().contains(EMAIL));
    assert!(keys(&app, &format!("*{token}*")).await.is_empty());
}

#[tokio::test]
async fn a_guests_token_opens_nothing_of_others_and_nothing_once_it_is_taken_back() {
    let Some(app) = App::private().spawn().await else { return };
    let client = app.client.anonymous();
    let (mine, cart) = begun(&app).await;
    let (theirs, other_cart) = begun(&app).await;
    client.put_guest_cart(&mine, &cart).await.expect(201);
    client.put_guest_cart(&theirs, &cart).await.expect_problem(404);
    client.guest_cart(&theirs).await.expect_problem(404);
    client.put_guest_cart(&theirs, &other_cart).await.expect(201);
    let order = member(&client.order_guest_cart(&mine).await.expect(201), "id");
    let foreign = client.begin_guest_payment(&theirs, &session_request(&order, "other"), &new_key()).await;
    foreign.expect_problem(404);
    let own = client.begin_guest_payment(&theirs, &session_request(&app.sample.order, "other"), &new_key()).await;
    own.expect_problem(404);
    // It is no caller's token, and a caller's or another guest's token is none of a checkout.
    app.client.with_token(&mine).order(&order).await.expect_problem(401);
    let looked = member(&shopper(&app).guest_token(&app.sample.order).await.expect(201), "token");
    for wrong in [looked, app.token().to_owned(), "0".repeat(32)] {
        client.guest_cart(&wrong).await.expect_problem(401);
        let refused = client.begin_guest_payment(&wrong, &session_request(&order, "other"), &new_key()).await;
        refused.expect_problem(401);
    }
    let begun = client.begin_guest_payment(&mine, &session_request(&order, "other"), &new_key()).await.expect(201);
    client.guest_payment(&theirs, &member(&begun, "id")).await.expect_problem(404);
    app.client.revoke_guest_tokens(&order).await.expect(204);
    client.guest_order(&format!("Guest {mine}")).await.expect_problem(401);
    for refused in [
        client.guest_payment(&mine, &member(&begun, "id")).await,
        client.order_guest_cart(&mine).await,
        client.put_guest_cart(&mine, &cart).await,
    ] {
        refused.expect_problem(401);
    }
    app.psql("UPDATE guest_checkouts SET expires_at = now()").await;
    client.guest_cart(&theirs).await.expect_problem(401);
}

#[tokio::test]
async fn an_order_that_cant_be_made_leaves_no_customer_and_an_account_keeps_its_address() {
    let Some(app) = App::private().spawn().await else { return };
    let client = app.client.anonymous();
    let (token, cart) = begun(&app).await;
    let mut unknown = cart.clone();
    unknown["items"][0]["sku"] = json!("NO-SUCH-THING");
    client.put_guest_cart(&token, &unknown).await.expect(201);
    client.order_guest_cart(&token).await.expect_problem_naming(422, "items[0].sku");
    assert_eq!(guests(&app).await, "0");
    client.put_guest_cart(&token, &cart).await.expect(200);
    client.order_guest_cart(&token).await.expect(201);
    // The address of a guest is nobody's: neither another guest's, nor an account's.
    let (second, cart) = begun(&app).await;
    client.put_guest_cart(&second, &cart).await.expect(201);
    client.order_guest_cart(&second).await.expect(201);
    let account = details(&app)["customer"].clone();
    app.client.create_customer(&account, &new_key()).await.expect(201);
    app.client.create_customer(&account, &new_key()).await.expect_problem(409);
    let (third, cart) = begun(&app).await;
    client.put_guest_cart(&third, &cart).await.expect(201);
    client.order_guest_cart(&third).await.expect(201);
    assert_eq!(guests(&app).await, "3");
}

/// Begins from an address behind the declared proxy.
pub async fn begin_from(app: &App, address: &str) -> Answer {
    let guest = app.client.anonymous();
    let request = guest.request(Method::POST, "/guest/checkouts").json(&details(app));
    guest.send(request.header("x-forwarded-for", address)).await
}

#[tokio::test]
async fn checkouts_of_guests_are_limited_by_address_and_may_be_off() {
    let private = App::private().variable("limit_guest_checkout_hour", "3").variable("trusted_proxies", "127.0.0.0/8");
    let Some(app) = private.spawn().await else { return };
    let at_once = futures_util::future::join_all((0..10).map(|_| begin_from(&app, "192.0.2.1"))).await;
    let answered = |status| at_once.iter().filter(|answer| answer.status == status).count();
    assert_eq!((answered(201), answered(429)), (3, 7));
    begin_from(&app, "192.0.2.2").await.expect(201);
    let mut unknown = details(&app);
    unknown["organizationId"] = json!(uuid::Uuid::new_v4());
    app.client.anonymous().begin_guest_checkout(&unknown).await.expect_problem_naming(422, "organizationId");
    unknown["customer"] = json!({"email": "no"});
    app.client.anonymous().begin_guest_checkout(&unknown).await.expect_problem_naming(400, "customer.email");

    let Some(app) = App::private().variable("limit_guest_checkout_hour", "0").spawn().await else { return };
    app.client.anonymous().begin_guest_checkout(&details(&app)).await.expect_problem(403);
}

//! A checkout goes through whole, from the cart to the paid order, whatever becomes of Redis.

use std::time::Duration;

use e2e::{App, RedisProcess, eventually};
use reqwest::Method;
use serde_json::{Value, json};
use standin::{Fault, FaultKind, Provider, Standin};

use super::guest_checkout::{begin_from, details};
use super::shopper::{member, session_request, shopper};
use crate::new_key;

/// The time until a payment is seen, while each write waits for its certificate to end.
const SOON: Duration = Duration::from_secs(60);

/// What becomes of Redis, again before each step.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Trouble {
    Flushed,
    Hung,
    Killed,
}

impl Trouble {
    fn begin(self, redis: &mut RedisProcess) {
        match self {
            Self::Flushed => {}
            Self::Hung => redis.hang(),
            Self::Killed => redis.kill(),
        }
    }

    async fn again(self, app: &App) {
        if self == Self::Flushed {
            app.redis.as_ref().expect("an own Redis").flush().await;
        }
    }

    async fn end(self, redis: &mut RedisProcess) {
        match self {
            Self::Flushed => {}
            Self::Hung => redis.resume(),
            Self::Killed => redis.restart().await,
        }
    }
}

async fn server(standin: &Standin) -> Option<App> {
    let mut private = App::private().own_redis().payments(standin).variable("limit_customer_hour", "1000");
    for (name, value) in standin.user_variables() {
        private = private.variable(name, &value);
    }
    private.spawn().await
}

fn cart_of_user(app: &App) -> Value {
    let order = app.order_request();
    json!({"currency": order["currency"], "items": [{"sku": order["items"][0]["sku"], "quantity": 3}]})
}

/// A customer's way, and the cart that a user-service kept.
async fn customer_buys(app: &App, standin: &Standin, trouble: Trouble) {
    let (client, id, mut cart) = (shopper(app), uuid::Uuid::new_v4().to_string(), app.order_request());
    trouble.again(app).await;
    client.put_cart(&id, &cart).await.expect(201);
    trouble.again(app).await;
    assert_eq!(client.cart(&id).await.expect(200).json()["items"], cart["items"]);
    cart["notes"] = json!(format!("{trouble:?}"));
    client.put_cart(&id, &cart).await.expect(200);
    trouble.again(app).await;
    assert_eq!(client.cart(&id).await.expect(200).json()["notes"], cart["notes"]);

    // The user-service gives a cart, then it is away, too: the kept one counts.
    standin.set_cart(&app.sample.customer, &cart_of_user(app));
    client.fetch_cart(&id, &app.sample.customer).await.expect(200);
    standin.fail(Fault::new(FaultKind::Status(503)).on("/users/cart"));
    trouble.again(app).await;
    let kept = client.fetch_cart(&id, &app.sample.customer).await.expect(200).json();
    assert_eq!((&kept["fromCache"], &kept["items"][0]["quantity"]), (&json!(true), &json!(3)));
    trouble.again(app).await;
    assert_eq!(client.cart(&id).await.expect(200).json(), kept, "{trouble:?}");
    standin.heal();

    trouble.again(app).await;
    let order = client.order_cart(&id).await.expect(201).json();
    assert_eq!(order["items"][0]["quantity"], 3);
    trouble.again(app).await;
    assert_eq!(client.cart(&id).await.expect(200).json()["orderId"], order["id"]);
    let order = order["id"].as_str().expect("an id").to_owned();
    let key = new_key();
    let session = client.begin_session(&session_request(&order, Provider::Stripe.name()), &key).await.expect(201);
    trouble.again(app).await;
    let again = client.begin_session(&session_request(&order, Provider::Stripe.name()), &key).await.expect(201);
    assert_eq!(member(&again, "id"), member(&session, "id"));
    assert_eq!(client.session(&member(&session, "id")).await.expect(200).json()["status"], "awaiting_redirect");
    trouble.again(app).await;
    standin.pay(&member(&session, "externalTransactionId"));
    eventually("the order is paid", SOON, || async {
        (client.payment_status(&order).await.expect(200).json()["paymentStatus"] == "paid").then_some(())
    })
    .await;
    assert_eq!(client.session(&member(&session, "id")).await.expect(200).json()["status"], "completed");
    assert_eq!(member(&client.order_cart(&id).await.expect(201), "id"), order);
}

/// A shopper without an account.
async fn guest_buys(app: &App, standin: &Standin, trouble: Trouble) {
    let client = app.client.anonymous();
    trouble.again(app).await;
    let begun = client.begin_guest_checkout(&details(app)).await.expect(201);
    let (token, mut cart) = (member(&begun, "token"), app.order_request());
    cart["customerId"] = json!(member(&begun, "customerId"));
    client.put_guest_cart(&token, &cart).await.expect(201);
    trouble.again(app).await;
    assert_eq!(client.guest_cart(&token).await.expect(200).json()["items"], cart["items"]);
    client.drop_guest_cart(&token).await.expect(204);
    client.guest_cart(&token).await.expect_problem(404);
    client.put_guest_cart(&token, &cart).await.expect(201);
    trouble.again(app).await;
    let order = member(&client.order_guest_cart(&token).await.expect(201), "id");
    let session = client.begin_guest_payment(&token, &session_request(&order, "stripe"), &new_key()).await.expect(201);
    trouble.again(app).await;
    standin.pay(&member(&session, "externalTransactionId"));
    eventually("the guest's order is paid", SOON, || async {
        let seen = client.send(client.guest_request(Method::GET, "/order", &token)).await.expect(200).json();
        (seen["paymentStatus"] == "paid").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkout_goes_through_whole_while_redis_is_flushed_hung_or_killed() {
    let standin = Standin::start().await;
    let Some(mut app) = server(&standin).await else { return };
    for trouble in [Trouble::Flushed, Trouble::Hung, Trouble::Killed] {
        trouble.begin(app.redis.as_mut().expect("an own Redis"));
        customer_buys(&app, &standin, trouble).await;
        guest_buys(&app, &standin, trouble).await;
        trouble.end(app.redis.as_mut().expect("an own Redis")).await;
    }
}

#[tokio::test]
async fn guests_checkouts_are_limited_by_address_while_redis_is_away() {
    let private = App::private().own_redis().variable("limit_guest_checkout_hour", "2");
    let Some(mut app) = private.variable("trusted_proxies", "127.0.0.0/8").spawn().await else { return };
    app.redis.as_mut().expect("an own Redis").kill();
    for _ in 0..2 {
        begin_from(&app, "192.0.2.1").await.expect(201);
    }
    begin_from(&app, "192.0.2.1").await.expect_problem(429);
    begin_from(&app, "192.0.2.2").await.expect(201);
    // A Redis that comes back empty gives nobody another.
    app.redis.as_mut().expect("an own Redis").restart().await;
    begin_from(&app, "192.0.2.1").await.expect_problem(429);
}

//! Carts that a user-service keeps, and what a shop does without it.

use e2e::{Answer, App, Client, Private};
use serde_json::{Value, json};
use standin::{Fault, FaultKind, Standin};

use super::shopper::{member, other_shopper, shopper};

/// The user-service's path.
const SERVICE: &str = "/users/cart";

fn with_users(standin: &Standin) -> Private {
    let mut private = App::private().variable("user_service_timeout_ms", "2000").variable("ttl_cart", "900");
    for (name, value) in standin.user_variables() {
        private = private.variable(name, &value);
    }
    private
}

fn new_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// A cart as the service keeps it, with a price that isn't ours.
fn cart(app: &App, quantity: u32) -> Value {
    let order = app.order_request();
    json!({"currency": order["currency"], "version": 7,
        "items": [{"sku": order["items"][0]["sku"], "quantity": quantity, "unitPrice": "0.01", "name": "Cheap"}]})
}

#[track_caller]
fn marks(answer: &Answer) -> (bool, bool, bool) {
    let shown = answer.json();
    let is = |name: &str| shown[name].as_bool().unwrap_or_else(|| panic!("no {name} in {shown}"));
    (is("fromCache"), is("requiresVerification"), shown["cartAsOf"].is_string())
}

/// The marks of a cart that isn't a kept one.
const FRESH: (bool, bool, bool) = (false, false, false);

/// The marks that a later read shows.
async fn read_marks(client: &Client, id: &str) -> (bool, bool, bool) {
    marks(&client.cart(id).await.expect(200))
}

#[tokio::test]
async fn a_users_cart_is_taken_at_the_products_prices() {
    let standin = Standin::start().await;
    let Some(app) = with_users(&standin).spawn().await else { return };
    let (client, user, id) = (shopper(&app), app.sample.customer.clone(), new_id());
    standin.set_cart(&user, &cart(&app, 3));
    let fetched = client.fetch_cart(&id, &user).await.expect(201);
    assert_eq!((marks(&fetched), read_marks(&client, &id).await), (FRESH, FRESH));
    assert!(!fetched.text().contains("0.01") && !fetched.text().contains("Cheap"), "{}", fetched.text());
    assert_eq!(client.cart(&id).await.expect(200).json()["items"], fetched.json()["items"]);
    let order = client.order_cart(&id).await.expect(201).json();
    let mut asked = app.order_request();
    asked["items"] = json!([{"sku": asked["items"][0]["sku"], "quantity": 3}]);
    let priced = app.client.create(asked, &crate::new_key()).await.expect(201).json();
    assert_eq!((&order["totalAmount"], &order["customerId"]), (&priced["totalAmount"], &json!(user)));
    client.fetch_cart(&id, &user).await.expect_problem(409);

    // Nobody gets another's cart, and a shop's own program gets each.
    other_shopper(&app).fetch_cart(&new_id(), &user).await.expect_problem(404);
    app.client.fetch_cart(&new_id(), &user).await.expect(201);
    app.client.fetch_cart(&new_id(), "me").await.expect_problem_naming(400, "userId");
    assert!(standin.seen().iter().filter(|call| call.call.contains(SERVICE)).all(|call| call.status == Some(200)));
}

#[tokio::test]
async fn while_the_service_is_away_the_last_good_cart_is_taken_and_marked() {
    let standin = Standin::start().await;
    let Some(app) = with_users(&standin).spawn().await else { return };
    let (client, user) = (shopper(&app), app.sample.customer.clone());
    standin.fail(Fault::new(FaultKind::Status(503)).on(SERVICE));
    let away = client.fetch_cart(&new_id(), &user).await;
    assert!(!away.header("retry-after").is_empty());
    away.expect_problem(503);
    standin.heal();
    standin.set_cart(&user, &cart(&app, 2));
    let id = new_id();
    let good = e2e::eventually("the service is asked again", kit::SOON, || async {
        let answer = client.fetch_cart(&id, &user).await;
        (answer.status != 503).then_some(answer)
    })
    .await;
    assert_eq!(marks(&good.expect(201)), FRESH);

    let left = "SELECT round(extract(epoch FROM expires_at - now()))::text FROM user_carts";
    let left: i64 = app.psql_value(left).await.parse().expect("a number");
    assert!((1..=900).contains(&left), "ttl_cart says how long: {left}");
    let given = app.psql_value("SELECT time_text(given_at) FROM user_carts").await;

    for fault in [FaultKind::Hang, FaultKind::Disconnect, FaultKind::Status(401)] {
        standin.heal();
        standin.fail(Fault::new(fault.clone()).on(SERVICE));
        let kept = client.fetch_cart(&id, &user).await.expect(200);
        assert_eq!(marks(&kept), (true, true, true), "{fault:?}");
        let kept = kept.json();
        assert_eq!((&kept["items"][0]["quantity"], &kept["cartAsOf"]), (&json!(2), &json!(given)));
        // Later reads say so, those from the cache among them.
        for _ in 0..2 {
            assert_eq!(client.cart(&id).await.expect(200).json(), kept);
        }
    }
    // A cart that its shopper has put needs no other look.
    let mut own = app.order_request();
    own["items"] = client.cart(&id).await.expect(200).json()["items"].clone();
    assert_eq!(marks(&client.put_cart(&id, &own).await.expect(200)), FRESH);
    assert_eq!(read_marks(&client, &id).await, FRESH);
    assert_eq!(marks(&client.fetch_cart(&id, &user).await.expect(200)), (true, true, true));
    // The service is back: its cart is fresh.
    standin.heal();
    e2e::eventually("the service is asked again", kit::SOON, || async {
        (marks(&client.fetch_cart(&id, &user).await.expect(200)) == FRESH).then_some(())
    })
    .await;
    assert_eq!(read_marks(&client, &id).await, FRESH);
    standin.fail(Fault::new(FaultKind::Status(503)).on(SERVICE));
    assert_eq!(marks(&client.fetch_cart(&id, &user).await.expect(200)), (true, true, true));
    let session = client.cart(&id).await.expect(200).json();
    assert_eq!(session["items"][0]["quantity"], 2);
    member(&client.order_cart(&id).await.expect(201), "id");

    // The kept one is no cart of another user, and ends with its time.
    other_shopper(&app).fetch_cart(&new_id(), &app.sample.other_customer).await.expect_problem(503);
    app.psql("UPDATE user_carts SET expires_at = now()").await;
    client.fetch_cart(&new_id(), &user).await.expect_problem(503);
    assert_eq!(app.operator().prune("").await.expect(200).json()["userCarts"], 1);
}

#[tokio::test]
async fn an_empty_cart_is_refused_and_drops_the_kept_one() {
    let standin = Standin::start().await;
    let Some(app) = with_users(&standin).spawn().await else { return };
    let (client, user) = (shopper(&app), app.sample.customer.clone());
    client.fetch_cart(&new_id(), &user).await.expect_problem_naming(422, "userId");
    standin.set_cart(&user, &cart(&app, 1));
    client.fetch_cart(&new_id(), &user).await.expect(201);
    assert_eq!(kept(&app).await, "1");
    standin.set_cart(&user, &json!({"items": []}));
    client.fetch_cart(&new_id(), &user).await.expect_problem_naming(422, "userId");
    assert_eq!(kept(&app).await, "0");
}

async fn kept(app: &App) -> String {
    app.psql_value("SELECT count(*)::text FROM user_carts").await
}

#[tokio::test]
async fn without_a_user_service_its_route_names_the_variable() {
    let Some(app) = App::private().spawn().await else { return };
    let refused = shopper(&app).fetch_cart(&new_id(), &app.sample.customer).await.expect_problem(503);
    assert!(refused.to_string().contains("user_service_url"), "{refused}");
}

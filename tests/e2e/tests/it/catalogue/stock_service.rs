//! Stock that a product-service keeps: an order has its pieces, or was let through and is verified,
//! and whatever becomes of it the service is told of once.

use e2e::{App, Caller, Private, SOON, eventually};
use serde_json::{Value, json};
use standin::{Fault, FaultKind, Standin};

use crate::jobs::{only, ticked};
use crate::new_key;
use crate::payments::guest_checkout::details;

/// The service's path.
const SERVICE: &str = "/stock/holds";

pub fn at_service(standin: &Standin) -> Private {
    let mut private = App::private().variable("product_service_timeout_ms", "2000");
    for (name, value) in standin.stock_variables() {
        private = private.variable(name, &value);
    }
    private
}

/// A request for so many pieces of the sample's article.
fn pieces(app: &App, quantity: u32) -> Value {
    let mut order = app.order_request();
    order["items"][0]["quantity"] = json!(quantity);
    order
}

/// Places an order, and gives its id.
pub async fn placed(app: &App, quantity: u32) -> String {
    let order = app.client.create(pieces(app, quantity), &new_key()).await.expect(201).json();
    order["id"].as_str().expect("an id").to_owned()
}

/// What is held for an order, as staff sees it.
async fn hold(app: &App, order: &str) -> Value {
    app.client.order_stock(order).await.expect(200).json()["hold"].clone()
}

/// "reserve 1, release 1": how often messages of each kind took effect for a hold.
fn effects(standin: &Standin, hold: &Value) -> String {
    let id = hold["id"].as_str().expect("a hold");
    let effects = standin.stock_effects();
    let of = |kind: &str| effects.iter().filter(|effect| **effect == format!("{kind} {id}")).count();
    let told = ["reserve", "release", "deduct"].map(|kind| (kind, of(kind)));
    let told: Vec<String> =
        told.iter().filter(|(_, times)| *times > 0).map(|(kind, times)| format!("{kind} {times}")).collect();
    told.join(", ")
}

/// Makes every hold that waits due, and lets the job work, twice at once.
async fn settle(app: &App) {
    app.psql("UPDATE stock_holds SET next_attempt_at = now() WHERE request_key IS NULL").await;
    only(app, "stock-holds").await;
    tokio::join!(ticked(app, "product-catalog"), ticked(app, "product-catalog"));
}

/// Lets the job work until the hold of this order is in this state.
pub async fn becomes(app: &App, order: &str, state: &str) -> Value {
    eventually(&format!("the hold becomes {state}"), SOON, || async {
        settle(app).await;
        let hold = hold(app, order).await;
        (hold["state"] == state).then_some(hold)
    })
    .await
}

/// What an order's own document says of its stock.
async fn lacks(app: &App, order: &str) -> Value {
    app.client.order(order).await.expect(200).json()["stockState"].clone()
}

async fn listed(app: &App, state: &str) -> Vec<Value> {
    app.client.stock_holds(&format!("?state={state}")).await.expect(200).items()
}

#[tokio::test]
async fn an_order_holds_its_pieces_at_the_service_or_is_not_placed() {
    let standin = Standin::start().await;
    let Some(app) = at_service(&standin).spawn().await else { return };
    let sku = app.sample.sku.clone();
    standin.set_pieces(&sku, 5);
    let key = new_key();
    let first = app.client.create(pieces(&app, 3), &key).await.expect(201);
    let order = first.json()["id"].as_str().expect("an id").to_owned();
    assert_eq!(app.client.create(pieces(&app, 3), &key).await.expect(201).body, first.body);
    let held = hold(&app, &order).await;
    assert_eq!((&held["state"], &held["requiresVerification"]), (&json!("reserved"), &json!(false)));
    assert_eq!(held["reservationId"], format!("res-{}", held["id"].as_str().expect("an id")));
    assert_eq!((effects(&standin, &held), standin.pieces(&sku)), ("reserve 1".to_owned(), Some(2)));
    let refused = app.client.create(pieces(&app, 3), &new_key()).await.expect_problem(409);
    assert_eq!(refused["detail"], format!("items: 2 of {sku} can be had"), "{refused}");
    assert_eq!(app.psql_value("SELECT count(*)::text FROM stock_holds").await, "1", "a refusal leaves nothing");

    app.client.patch(&order, json!({"status": "cancelled"})).await.expect(200);
    let held = becomes(&app, &order, "released").await;
    settle(&app).await;
    assert_eq!((effects(&standin, &held), standin.pieces(&sku)), ("reserve 1, release 1".to_owned(), Some(5)));

    let order = placed(&app, 4).await;
    for status in ["confirmed", "processing", "shipped"] {
        app.client.patch(&order, json!({"status": status})).await.expect(200);
    }
    let held = becomes(&app, &order, "deducted").await;
    settle(&app).await;
    app.client.patch(&order, json!({"status": "delivered"})).await.expect(200);
    settle(&app).await;
    assert_eq!((effects(&standin, &held), standin.pieces(&sku)), ("reserve 1, deduct 1".to_owned(), Some(1)));
    let seen = standin.seen();
    assert!(seen.iter().filter(|call| call.call.contains(SERVICE)).all(|call| call.status != Some(401)), "{seen:?}");
}

#[tokio::test]
async fn while_the_service_is_away_orders_are_let_through_and_verified_once() {
    let standin = Standin::start().await;
    let Some(app) = at_service(&standin).spawn().await else { return };
    let sku = app.sample.sku.clone();
    standin.set_pieces(&sku, 100);
    let mut orders = Vec::new();
    for fault in [FaultKind::DoneThenHang, FaultKind::Hang, FaultKind::Disconnect, FaultKind::Status(503)] {
        standin.heal();
        standin.fail(Fault::new(fault).on(SERVICE));
        let order = placed(&app, 2).await;
        let held = hold(&app, &order).await;
        assert_eq!((&held["state"], &held["requiresVerification"]), (&json!("optimistic"), &json!(true)), "{held}");
        assert!(held["reservationId"].as_str().is_some_and(|name| name.starts_with("optimistic_")), "{held}");
        assert_eq!(lacks(&app, &order).await, "optimistic", "and it is cached");
        orders.push(order);
    }
    assert_eq!(listed(&app, "optimistic").await.len(), orders.len());
    settle(&app).await;
    assert_eq!(listed(&app, "optimistic").await.len(), orders.len(), "it is still away");
    standin.heal();
    for order in &orders {
        let held = becomes(&app, order, "reserved").await;
        assert!(held["reservationId"].as_str().is_some_and(|name| name.starts_with("res-")), "{held}");
        assert_eq!(effects(&standin, &held), "reserve 1");
        assert_eq!(lacks(&app, order).await, Value::Null);
    }
    settle(&app).await;
    assert_eq!((standin.stock_effects().len(), standin.pieces(&sku)), (4, Some(92)), "each is held once");
}

#[tokio::test]
async fn an_order_whose_pieces_are_missing_is_listed_until_somebody_decides() {
    let standin = Standin::start().await;
    let Some(app) = at_service(&standin).spawn().await else { return };
    standin.set_pieces(&app.sample.sku, 3);
    standin.fail(Fault::new(FaultKind::Status(500)).on(SERVICE));
    let (first, second) = (placed(&app, 2).await, placed(&app, 2).await);
    standin.heal();
    // Nobody says which of both comes first.
    let missing = eventually("one hold lacks its pieces", SOON, || async {
        settle(&app).await;
        listed(&app, "stock_missing").await.first().map(|hold| hold["orderId"].clone())
    })
    .await;
    let (first, second) = if missing == json!(second) { (first, second) } else { (second, first) };
    becomes(&app, &first, "reserved").await;
    let missing = app.client.stock_holds("").await.expect(200).items();
    assert_eq!((missing.len(), &missing[0]["orderId"]), (1, &json!(second)));
    assert_eq!((lacks(&app, &first).await, lacks(&app, &second).await), (Value::Null, json!("stock_missing")));
    // The shopper is content with one piece.
    let items = json!({"items": [{"sku": app.sample.sku, "quantity": 1}]});
    app.client.patch(&second, items).await.expect(200);
    assert_eq!(
        (hold(&app, &second).await["state"].take(), lacks(&app, &second).await),
        (json!("reserved"), Value::Null)
    );
    assert!(listed(&app, "stock_missing").await.is_empty());
    assert_eq!(standin.pieces(&app.sample.sku), Some(0));

    let customer = app.as_caller(&Caller::customer(&app.sample.org, &app.sample.customer));
    customer.stock_holds("").await.expect_problem(403);
    customer.send_stock_holds().await.expect_problem(403);
    app.client.send_stock_holds().await.expect_problem(403);
    app.client.stock_holds("?state=reserved").await.expect_problem_naming(400, "state");
    let sent = app.operator().send_stock_holds().await.expect(200).json();
    assert_eq!(sent["more"], false, "{sent}");
}

#[tokio::test]
async fn every_way_to_an_order_asks_the_service() {
    let standin = Standin::start().await;
    let Some(app) = at_service(&standin).variable("hmac_key", &"k".repeat(32)).spawn().await else { return };
    let sku = app.sample.sku.clone();
    standin.set_pieces(&sku, 4);
    // A cart that wants too much stays a cart.
    let cart = uuid::Uuid::now_v7().to_string();
    app.client.put_cart(&cart, &pieces(&app, 5)).await.expect(201);
    app.client.order_cart(&cart).await.expect_problem(409);
    app.client.put_cart(&cart, &pieces(&app, 2)).await.expect(200);
    let order = app.client.order_cart(&cart).await.expect(201).json();
    let order = order["id"].as_str().expect("an id");
    app.client.order_cart(&cart).await.expect(201);
    assert_eq!(standin.pieces(&sku), Some(2));
    // A guest.
    let anonymous = app.client.anonymous();
    let begun = anonymous.begin_guest_checkout(&details(&app)).await.expect(201).json();
    let token = begun["token"].as_str().expect("a token");
    let mut wanted = pieces(&app, 3);
    wanted["customerId"] = begun["customerId"].clone();
    anonymous.put_guest_cart(token, &wanted).await.expect(201);
    anonymous.order_guest_cart(token).await.expect_problem(409);
    wanted["items"][0]["quantity"] = json!(2);
    anonymous.put_guest_cart(token, &wanted).await.expect(200);
    anonymous.order_guest_cart(token).await.expect(201);
    anonymous.order_guest_cart(token).await.expect(201);
    assert_eq!(standin.pieces(&sku), Some(0));
    // Other items: what is held for the old ones counts as free, and is let go.
    let old = hold(&app, order).await;
    let items = |quantity: u32| json!({"items": [{"sku": sku, "quantity": quantity}]});
    app.client.patch(order, items(3)).await.expect_problem(409);
    assert_eq!(hold(&app, order).await, old, "nothing has changed");
    app.client.patch(order, items(1)).await.expect(200);
    settle(&app).await;
    assert_eq!(effects(&standin, &old), "reserve 1, release 1");
    assert_eq!(standin.pieces(&sku), Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_is_killed_on_the_way_holds_nothing_twice_and_nothing_for_ever() {
    let standin = Standin::start().await;
    let private = at_service(&standin).variable("product_service_timeout_ms", "10000");
    let Some(mut app) = private.spawn().await else { return };
    let sku = app.sample.sku.clone();
    standin.set_pieces(&sku, 10);
    let (kept, lost) = (new_key(), new_key());
    for key in [&kept, &lost] {
        // The service holds the pieces, and the server dies before it hears so.
        standin.fail(Fault::new(FaultKind::DoneThenHang).on(SERVICE).times(1));
        let before = standin.stock_effects().len();
        let request = app.client.request(reqwest::Method::POST, "/orders").header("idempotency-key", key);
        let (client, request) = (app.client.clone(), request.json(&pieces(&app, 2)));
        let made = tokio::spawn(async move { client.try_send(request).await.is_ok() });
        eventually("the service has it", SOON, || async { (standin.stock_effects().len() > before).then_some(()) })
            .await;
        app.server.as_mut().expect("its own server").kill();
        assert!(!made.await.expect("the request ended"), "its server was killed");
        app.server.as_mut().expect("its own server").restart().await;
    }
    assert_eq!(standin.pieces(&sku), Some(6));
    let order = app.client.create(pieces(&app, 2), &kept).await.expect(201).json();
    let held = hold(&app, order["id"].as_str().expect("an id")).await;
    assert_eq!((effects(&standin, &held), standin.pieces(&sku)), ("reserve 1".to_owned(), Some(6)));
    // Nobody comes back for the other one.
    only(&app, "stock-holds").await;
    ticked(&app, "product-catalog").await;
    assert_eq!(standin.pieces(&sku), Some(6), "somebody still may");
    app.psql("UPDATE stock_holds SET next_attempt_at = next_attempt_at - interval '5 minutes'").await;
    settle(&app).await;
    assert_eq!(standin.pieces(&sku), Some(8));
    assert_eq!(app.psql_value("SELECT count(*)::text FROM stock_holds").await, "1");

    // It tells the service of an end, and dies before it hears that it was told.
    app.client.patch(order["id"].as_str().expect("an id"), json!({"status": "cancelled"})).await.expect(200);
    standin.fail(Fault::new(FaultKind::DoneThenHang).on(SERVICE).times(1));
    only(&app, "stock-holds").await;
    let tick = app.client.anonymous().request(reqwest::Method::POST, "/jobs/product-catalog/tick");
    let client = app.client.clone();
    let told = tokio::spawn(async move { client.try_send(tick).await.is_ok() });
    eventually("the service is told", SOON, || async { (standin.pieces(&sku) == Some(10)).then_some(()) }).await;
    app.server.as_mut().expect("its own server").kill();
    assert!(!told.await.expect("the tick ended"), "its server was killed");
    app.server.as_mut().expect("its own server").restart().await;
    becomes(&app, order["id"].as_str().expect("an id"), "released").await;
    assert_eq!((effects(&standin, &held), standin.pieces(&sku)), ("reserve 1, release 1".to_owned(), Some(10)));
}

#[tokio::test]
async fn without_its_settings_nothing_is_ordered_and_the_variable_is_named() {
    let Some(app) = App::private().variable("inventory_mode", "service").spawn().await else { return };
    let refused = app.client.create(pieces(&app, 1), &new_key()).await.expect_problem(503);
    assert!(refused.to_string().contains("product_service_url"), "{refused}");
    let health = app.client.health().await.expect(200).json();
    assert!(health["configuration"].to_string().contains("product_service_url"), "{health}");
    app.operator().send_stock_holds().await.expect_problem(503);
}

//! Stock over HTTP: pieces are sold once, and what is shown is never what was.

use e2e::{App, Caller};
use serde_json::{Value, json};

use crate::new_key;

async fn own() -> Option<App> {
    App::private().variable("inventory_mode", "own").spawn().await
}

/// "on hand/reserved/available" as the app shows it.
async fn shown(app: &App) -> String {
    let stock = app.client.stock(&app.sample.product).await.expect(200).json();
    format!("{}/{}/{}", stock["onHand"], stock["reserved"], stock["available"])
}

/// A request for so many pieces of the sample's product.
fn pieces(app: &App, quantity: u32) -> Value {
    let mut order = app.order_request();
    order["items"][0]["quantity"] = json!(quantity);
    order
}

#[tokio::test]
async fn orders_reserve_and_the_stock_that_is_shown_is_never_what_was() {
    let Some(app) = own().await else { return };
    let (product, client) = (&app.sample.product, &app.client);
    assert_eq!(shown(&app).await, "null/null/null", "nobody has counted it");
    client.create(pieces(&app, 900), &new_key()).await.expect(201);
    client.count_stock(product, &json!({"onHand": 10})).await.expect(200);
    assert_eq!(shown(&app).await, "10/0/10", "orders that were placed before hold nothing");
    let order = client.create(pieces(&app, 7), &new_key()).await.expect(201).json();
    let order = order["id"].as_str().expect("an id");
    assert_eq!(shown(&app).await, "10/7/3");
    let refused = client.create(pieces(&app, 4), &new_key()).await.expect_problem(409);
    assert!(refused["detail"].as_str().is_some_and(|told| told.starts_with("items[0].quantity: 3 of ")), "{refused}");
    let held = client.order_stock(order).await.expect(200).items();
    assert_eq!((&held[0]["state"], &held[0]["quantity"]), (&json!("reserved"), &json!(7)));
    client.patch(order, json!({"status": "cancelled"})).await.expect(200);
    assert_eq!(shown(&app).await, "10/0/10");
    let shipped = client.create(pieces(&app, 4), &new_key()).await.expect(201).json();
    let shipped = shipped["id"].as_str().expect("an id");
    for status in ["confirmed", "processing", "shipped"] {
        client.patch(shipped, json!({"status": status})).await.expect(200);
    }
    assert_eq!(shown(&app).await, "6/0/6");
    let movements = client.stock_movements(product, "?limit=1").await.expect(200).json();
    assert_eq!(movements["items"][0]["orderId"], shipped, "{movements}");
    let after = movements["next"].as_str().expect("another page");
    let first = client.stock_movements(product, &format!("?after={after}")).await.expect(200).items();
    assert_eq!((&first[0]["reason"], first.len()), (&json!("count"), 1));
}

#[tokio::test]
async fn stock_is_changed_by_staff_and_seen_by_customers() {
    let Some(app) = own().await else { return };
    let product = &app.sample.product;
    let customer = app.as_caller(&Caller::customer(&app.sample.org, &app.sample.customer));
    app.client.count_stock(product, &json!({"onHand": 2})).await.expect(200);
    assert_eq!(customer.stock(product).await.expect(200).json()["available"], 2);
    let loss = json!({"change": -1, "reason": "loss"});
    customer.count_stock(product, &json!({"onHand": 9})).await.expect_problem(403);
    customer.book_stock(product, &loss, &new_key()).await.expect_problem(403);
    customer.stock_movements(product, "").await.expect_problem(403);
    customer.forget_stock(product).await.expect_problem(403);
    app.client.expire_stock().await.expect_problem(403);
    let key = new_key();
    let first = app.client.book_stock(product, &loss, &key).await.expect(201);
    assert_eq!(app.client.book_stock(product, &loss, &key).await.expect(201).body, first.body);
    let other = json!({"change": -2, "reason": "loss"});
    app.client.book_stock(product, &other, &key).await.expect_problem_naming(422, "Idempotency-Key");
    app.client.book_stock(product, &other, &new_key()).await.expect_problem(409);
    app.client
        .book_stock(product, &json!({"change": 1, "reason": "loss"}), &new_key())
        .await
        .expect_problem_naming(400, "change");
    assert_eq!(shown(&app).await, "1/0/1");
    let foreign = &app.sample.foreign_product;
    app.client.stock(foreign).await.expect_problem(404);
    app.client.count_stock(foreign, &json!({"onHand": 1})).await.expect_problem(404);
    app.client.stock_movements(foreign, "").await.expect_problem(404);
    app.client.order_stock(&app.sample.foreign_order).await.expect_problem(404);
    app.client.forget_stock(product).await.expect(204);
    app.client.forget_stock(product).await.expect(204);
    assert_eq!(shown(&app).await, "null/null/null");
}

#[tokio::test]
async fn without_a_mode_of_its_own_no_order_of_the_app_reserves() {
    let Some(app) = App::private().spawn().await else { return };
    app.client.count_stock(&app.sample.product, &json!({"onHand": 1})).await.expect(200);
    app.client.create(pieces(&app, 5), &new_key()).await.expect(201);
    assert_eq!(shown(&app).await, "1/0/1");
}

#[tokio::test]
async fn a_cart_that_holds_too_much_stays_a_cart_and_an_unpaid_order_ends() {
    let Some(app) = own().await else { return };
    app.client.count_stock(&app.sample.product, &json!({"onHand": 5})).await.expect(200);
    let cart = uuid::Uuid::now_v7().to_string();
    app.client.put_cart(&cart, &pieces(&app, 6)).await.expect(201);
    app.client.order_cart(&cart).await.expect_problem(409);
    app.client.put_cart(&cart, &pieces(&app, 5)).await.expect(200);
    let order = app.client.order_cart(&cart).await.expect(201).json();
    let order = order["id"].as_str().expect("an id");
    assert_eq!(shown(&app).await, "5/5/0");
    assert_eq!(app.operator().expire_stock().await.expect(200).json(), json!({"expired": 0, "more": false}));
    app.psql("UPDATE stock_reservations SET held_since = now() - interval '1 hour'").await;
    assert_eq!(app.operator().expire_stock().await.expect(200).json()["expired"], 1);
    assert_eq!(app.client.order(order).await.expect(200).json()["status"], "cancelled");
    assert_eq!(shown(&app).await, "5/0/5");
}

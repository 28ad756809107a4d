//! The items of an order, changed while nothing hangs on them.

use e2e::{App, Caller, SHOP};
use serde_json::{Value, json};
use standin::Standin;

use crate::new_key;

fn items(app: &App, quantity: u32) -> Value {
    json!({"items": [{"sku": app.sample.sku, "quantity": quantity}]})
}

fn cents(amount: &Value) -> i64 {
    amount.as_str().expect("money as text").replace('.', "").parse().expect("digits")
}

#[tokio::test]
async fn new_items_have_the_products_prices_and_no_later_read_shows_the_old() {
    let app = App::spawn_alone().await;
    let order = app.new_order_id().await;
    for view in ["", "/summary"] {
        app.warm(&format!("/orders/{order}{view}")).await;
    }
    let changed = app.client.patch(&order, items(&app, 5)).await.expect(200);
    let body = changed.json();
    assert_eq!((changed.version(), &body["items"][0]["quantity"]), (2, &json!(5)));
    assert_eq!(cents(&body["totalAmount"]), 5 * cents(&body["items"][0]["unitPrice"]));
    assert_eq!(app.client.order(&order).await.expect(200).body, changed.body);
    assert_eq!(app.client.summary(&order).await.expect(200).json()["totalAmount"], body["totalAmount"]);
    app.client.patch_if(&order, "\"1\"", items(&app, 6)).await.expect_problem(412);
    let both = json!({"notes": "more", "items": [{"sku": app.sample.sku, "quantity": 1}], "status": "confirmed"});
    let body = app.client.patch(&order, both).await.expect(200).json();
    assert_eq!((&body["notes"], &body["status"], &body["version"]), (&json!("more"), &json!("confirmed"), &json!(3)));
}

#[tokio::test]
async fn items_that_cannot_be_ordered_are_named() {
    let app = App::spawn().await;
    let order = app.new_order_id().await;
    for (items, status, field) in [
        (json!([]), 400, "items"),
        (json!([{"sku": "A", "quantity": 0}]), 400, "items[0].quantity"),
        (json!([{"sku": "A", "quantity": 1, "price": "1"}]), 400, "items[0].price"),
        (json!([{"sku": "NO-SUCH-SKU", "quantity": 1}]), 422, "items[0].sku"),
    ] {
        app.client.patch(&order, json!({ "items": items })).await.expect_problem_naming(status, field);
    }
    assert_eq!(app.client.order(&order).await.expect(200).version(), 1);
}

#[tokio::test]
async fn prices_need_their_scope_and_customers_change_pending_orders_of_their_own() {
    let Some(app) = App::spawn_with_callers().await else { return };
    let order = app.new_order_id().await;
    let priced = json!({"items": [{"sku": app.sample.sku, "quantity": 2, "unitPrice": "0.01"}]});
    app.client.patch(&order, priced.clone()).await.expect_problem(403);
    let shop = app.as_caller(&app.service().scope("orders:price"));
    assert_eq!(shop.patch(&order, priced).await.expect(200).json()["totalAmount"], "0.02");
    let finer = json!({"items": [{"sku": app.sample.sku, "quantity": 2, "unitPrice": "0.001"}]});
    shop.patch(&order, finer).await.expect_problem_naming(422, "items[0].unitPrice");
    let owner = app.as_caller(&Caller::customer(&app.sample.org, &app.sample.customer));
    let stranger = app.as_caller(&Caller::customer(&app.sample.org, &app.sample.other_customer));
    owner.patch(&order, items(&app, 3)).await.expect(200);
    stranger.patch(&order, items(&app, 3)).await.expect_problem(404);
    app.client.patch(&order, json!({"status": "confirmed"})).await.expect(200);
    owner.patch(&order, items(&app, 4)).await.expect_problem(409);
    app.client.patch(&order, items(&app, 4)).await.expect(200);
}

#[tokio::test]
async fn items_with_a_session_or_with_money_on_them_stay_and_the_reason_is_told() {
    let standin = Standin::start().await;
    let Some(app) = App::private().payments(&standin).spawn().await else { return };
    let order = app.new_order_id().await;
    let wanted = json!({"orderId": order, "paymentGateway": "paypal", "returnUrl": SHOP});
    let begun = app.client.begin_session(&wanted, &new_key()).await.expect(201).json();
    let refused = app.client.patch(&order, items(&app, 3)).await.expect_problem(409);
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("session")), "{refused}");
    app.client.cancel_session(begun["id"].as_str().expect("an id")).await.expect(200);
    app.client.patch(&order, items(&app, 3)).await.expect(200);
    app.operator().record_payment(&order, &json!({"reference": "cash 7"}), &new_key()).await.expect(201);
    let refused = app.client.patch(&order, items(&app, 4)).await.expect_problem(409);
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("money")), "{refused}");
}

//! A change made by any other program in the database is seen within a second.

use std::time::{Duration, Instant};

use e2e::App;
use serde_json::json;

/// Reads `path` until `shows` accepts it. A read that began a second after the commit must be
/// accepted.
async fn shows_within_a_second(app: &App, path: &str, committed: Instant, shows: impl Fn(&serde_json::Value) -> bool) {
    loop {
        let began = committed.elapsed();
        let answer = app.client.get(path).await.expect(200);
        if shows(&answer.json()) {
            return;
        }
        assert!(began < Duration::from_secs(1), "{path} still shows the old state after {began:?}: {}", answer.text());
    }
}

#[tokio::test]
async fn an_update_typed_into_psql_shows_in_order_list_and_statistics() {
    let app = App::spawn().await;
    let created = app.new_order().await;
    let (order, number) = (created.json()["id"].clone(), created.json()["orderNumber"].clone());
    let (order, number) = (order.as_str().expect("an id"), number.as_str().expect("a number"));
    let one = format!("/orders/{order}");
    let list = format!("/orders?search={number}");
    for status in ["confirmed", "processing", "shipped"] {
        let before = app.warm("/orders/stats").await.json()["ordersByStatus"][status].as_i64().unwrap_or(0);
        app.warm(&one).await;
        app.warm(&list).await;
        app.psql(&format!("UPDATE orders SET status = '{status}' WHERE id = '{order}'")).await;
        let committed = Instant::now();
        shows_within_a_second(&app, &one, committed, |body| body["status"] == status).await;
        shows_within_a_second(&app, &list, committed, |body| body["items"][0]["status"] == status).await;
        shows_within_a_second(&app, "/orders/stats", committed, |body| {
            body["ordersByStatus"][status] == json!(before + 1)
        })
        .await;
    }
}

#[tokio::test]
async fn a_change_of_a_child_row_shows_in_the_order_and_its_view() {
    let app = App::spawn().await;
    let order = &app.sample.order;
    let (one, payment) = (format!("/orders/{order}"), format!("/orders/{order}/payment-status"));
    let version = app.warm(&one).await.version();
    let tag = app.warm(&payment).await.header("etag").to_owned();
    app.psql(&format!("DELETE FROM payments WHERE order_id = '{order}'")).await;
    let committed = Instant::now();
    shows_within_a_second(&app, &one, committed, |body| body["version"].as_i64() > Some(version)).await;
    assert_ne!(app.client.get(&payment).await.expect(200).header("etag"), tag);
}

#[tokio::test]
async fn a_change_of_many_rows_shows_everywhere() {
    let app = App::spawn().await;
    let one = format!("/orders/{}", app.sample.order);
    app.warm(&one).await;
    app.psql("UPDATE orders SET notes = 'for all'").await;
    shows_within_a_second(&app, &one, Instant::now(), |body| body["notes"] == "for all").await;
}

#[tokio::test]
async fn statistics_stay_cached_while_no_number_of_orders_moves() {
    let app = App::spawn().await;
    let path = "/orders/stats";
    app.warm(path).await;
    for round in 0..5 {
        app.client.patch(&app.sample.order, json!({ "notes": format!("round {round}") })).await.expect(200);
        let answer = app.client.get(path).await.expect(200);
        assert!(!answer.header("cache-status").contains("fwd=miss"), "{}", answer.header("cache-status"));
    }
    app.new_order_id().await;
    assert!(!app.client.get(path).await.expect(200).is_hit(), "one order more");
}

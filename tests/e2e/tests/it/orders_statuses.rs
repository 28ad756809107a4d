//! Statuses, summaries and tracking of many orders at once.

use e2e::App;
use serde_json::{Value, json};
use uuid::Uuid;

#[tokio::test]
async fn a_bulk_read_names_missing_orders() {
    let app = App::spawn().await;
    let (order, unknown) = (app.new_order().await.json(), Uuid::now_v7().to_string());
    let id = order["id"].as_str().expect("an id");
    let read = app.client.statuses(&[id, &unknown, &app.sample.foreign_order]).await.expect(200).json();
    assert_eq!(read["items"].as_array().map(Vec::len), Some(1), "{read}");
    for field in ["id", "status", "paymentStatus", "version", "updatedAt"] {
        assert_eq!(read["items"][0][field], order[field], "{field}");
    }
    assert_eq!(read["missing"], json!([unknown, app.sample.foreign_order]));
}

#[tokio::test]
async fn a_view_of_many_orders_is_byte_by_byte_that_of_each() {
    let app = App::spawn().await;
    let (fresh, unknown) = (app.new_order_id().await, Uuid::now_v7().to_string());
    let ids = [&*app.sample.order, &*unknown, &*fresh, &*app.sample.foreign_order];
    for _ in ["uncached", "cached"] {
        let of = async |view: &str| {
            let (first, second) = (format!("/orders/{}/{view}", ids[0]), format!("/orders/{fresh}/{view}"));
            let (first, second) = (app.client.get(&first).await.expect(200), app.client.get(&second).await.expect(200));
            format!(
                "{{\"items\":[{},{}],\"missing\":[\"{unknown}\",\"{}\"]}}",
                first.text(),
                second.text(),
                app.sample.foreign_order
            )
        };
        assert_eq!(app.client.summaries(&ids).await.expect(200).text(), of("summary").await);
        assert_eq!(app.client.trackings(&ids).await.expect(200).text(), of("tracking").await);
    }
    app.client.patch(&fresh, json!({"status": "confirmed"})).await.expect(200);
    assert_eq!(app.client.summaries(&[&fresh]).await.expect(200).json()["items"][0]["status"], "confirmed");
    assert_eq!(app.client.trackings(&[&fresh]).await.expect(200).json()["items"][0]["status"], "confirmed");
}

#[tokio::test]
async fn a_customers_bulk_reads_name_the_orders_of_others_as_missing() {
    let Some(app) = App::spawn_with_callers().await else { return };
    let stranger = app.as_caller(&e2e::Caller::customer(&app.sample.org, &app.sample.other_customer));
    let missing = json!({"items": [], "missing": [app.sample.order]});
    for _ in ["uncached", "cached"] {
        assert_eq!(stranger.summaries(&[&app.sample.order]).await.expect(200).json(), missing);
        assert_eq!(stranger.trackings(&[&app.sample.order]).await.expect(200).json(), missing);
        app.client.summaries(&[&app.sample.order]).await.expect(200);
        app.client.trackings(&[&app.sample.order]).await.expect(200);
    }
}

#[tokio::test]
async fn many_orders_are_cancelled_at_once_each_by_the_table() {
    let app = App::spawn().await;
    let (pending, cancelled, shipped) = (app.new_order_id().await, app.new_order_id().await, app.new_order_id().await);
    app.client.patch(&cancelled, json!({"status": "cancelled"})).await.expect(200);
    app.psql(&format!("UPDATE orders SET status = 'shipped' WHERE id = '{shipped}'")).await;
    let changed = app.client.set_statuses(&[&pending, &cancelled, &shipped], "cancelled").await.expect(200).json();
    let outcomes: Vec<_> = changed["items"].as_array().expect("items").iter().map(|item| &item["outcome"]).collect();
    assert_eq!(outcomes, ["updated", "unchanged", "not_allowed"]);
}

#[tokio::test]
async fn a_bulk_change_answers_for_each_order() {
    let app = App::spawn().await;
    let (fresh, cancelled) = (app.new_order_id().await, app.new_order_id().await);
    app.client.patch(&cancelled, json!({"status": "cancelled"})).await.expect(200);
    let unknown = Uuid::now_v7().to_string();
    let changed = app.client.set_statuses(&[&fresh, &cancelled, &unknown], "confirmed").await.expect(200).text();
    for id in [&fresh, &cancelled, &unknown] {
        assert!(changed.contains(id.as_str()), "nothing is said of {id}: {changed}");
    }
    assert_eq!(app.client.order(&fresh).await.expect(200).json()["status"], "confirmed");
    assert_eq!(app.client.order(&cancelled).await.expect(200).json()["status"], "cancelled");
}

#[tokio::test]
async fn two_hundred_ids_are_taken_and_one_more_is_not() {
    let app = App::spawn().await;
    let ids: Vec<String> = (0..201).map(|_| Uuid::now_v7().to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let read = app.client.statuses(&ids[..200]).await.expect(200).json();
    assert_eq!(read["missing"].as_array().map(Vec::len), Some(200));
    app.client.statuses(&ids).await.expect_problem_naming(400, "ids");
    app.client.summaries(&ids).await.expect_problem_naming(400, "ids");
    app.client.trackings(&ids).await.expect_problem_naming(400, "ids");
    app.client.set_statuses(&ids, "confirmed").await.expect_problem_naming(400, "ids");
}

#[tokio::test]
async fn an_id_given_twice_is_answered_once_or_refused() {
    let app = App::spawn().await;
    let id = app.new_order_id().await;
    let answer = app.client.statuses(&[&id, &id]).await;
    match answer.status {
        200 => assert_eq!(answer.json()["items"].as_array().map(|items: &Vec<Value>| items.len()), Some(1)),
        _ => answer.expect_problem_naming(400, "ids"),
    }
}

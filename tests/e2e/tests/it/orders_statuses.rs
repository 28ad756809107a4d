//! Statuses in bulk.

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

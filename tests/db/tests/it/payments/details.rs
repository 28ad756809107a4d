//! What is known of one event.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Event, capture, database, place};
use crate::database::Database;

async fn details(db: &Database, event: Uuid) -> Value {
    serde_json::from_str(&db.text(&format!("SELECT body FROM webhook_get('{event}')")).await).unwrap()
}

/// The history as `attempts status reason`.
fn history(details: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let items = details["history"].as_array().unwrap().iter();
    items.map(|item| format!("{} {} {}", item["attempts"], text(&item["status"]), text(&item["reason"]))).collect()
}

#[tokio::test]
async fn each_attempt_and_each_new_verdict_leaves_a_trace() {
    let db = database().await;
    let order = Uuid::now_v7();
    let paid = Event::new(vec![capture(order, "C1", "completed", "90.00", 1)]);
    let event: Uuid = paid.record(&db.client).await.get("event");
    assert_eq!(history(&details(&db, event).await), Vec::<String>::new());
    db.run(&format!("SELECT webhook_postpone('{event}', 'provider-away')")).await;
    assert_eq!(paid.apply(&db.client, event).await, "waiting:order-unknown");
    place(&db.client, order, "100.00").await;
    db.run(&format!("SELECT webhook_dismiss('{event}', 'operator:me', 'a gift')")).await;
    let rest = Event::new(vec![capture(order, "C2", "completed", "10.00", 2)]);
    assert_eq!(rest.deliver(&db.client).await, "applied");
    let shown = details(&db, event).await;
    assert_eq!(
        history(&shown),
        [
            "1 received provider-away",
            "2 received order-unknown",
            "2 needs_review underpaid",
            "2 dismissed underpaid",
            "2 applied -"
        ]
    );
    assert_eq!((&shown["status"], &shown["orderId"]), (&json!("applied"), &json!(order)));
    assert_eq!(shown["decisions"][0]["by"], "operator:me");
    assert_eq!(shown["decisions"][0]["after"], json!({"state": "dismissed", "reason": "underpaid", "note": "a gift"}));
    let objects = json!([{"kind": "payment", "id": "C1", "status": "completed", "amount": "90.00", "currency": "EUR",
        "orderId": order, "refused": null}]);
    assert_eq!(shown["objects"], objects);
}

#[tokio::test]
async fn changes_show_what_differs_and_nothing_else() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    let pending = Event::new(vec![capture(order, "C1", "pending", "100.00", 1)]);
    assert_eq!(pending.deliver(&db.client).await, "applied");
    let paid = Event::new(vec![capture(order, "C1", "completed", "100.00", 2)]);
    let event: Uuid = paid.record(&db.client).await.get("event");
    assert_eq!(paid.apply(&db.client, event).await, "applied");
    let shown = details(&db, event).await;
    let payment = shown["changes"].as_array().unwrap().iter().find(|change| change["relation"] == "payments").unwrap();
    let names: Vec<&String> = payment["after"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["captured_at", "status"]);
    assert_eq!((&payment["before"]["status"], &payment["after"]["status"]), (&json!("pending"), &json!("paid")));
}

#[tokio::test]
async fn a_body_that_is_read_is_written_down() {
    let db = database().await;
    let event: Uuid =
        Event::new(vec![capture(Uuid::now_v7(), "C1", "completed", "1.00", 1)]).record(&db.client).await.get("event");
    let read =
        async |event: Uuid| db.text(&format!("SELECT outcome FROM webhook_body('{event}', 'operator:me')")).await;
    assert_eq!(read(event).await, "read");
    let noted = "SELECT string_agg(actor || ' ' || (after ->> 'read'), ' ') FROM payment_audit WHERE relation = 'webhook_events'";
    assert_eq!(db.text(noted).await, "operator:me body");
    db.run("UPDATE webhook_events SET body = NULL").await;
    assert_eq!((read(event).await, read(Uuid::now_v7()).await), ("without_body".into(), "not_found".into()));
    assert_eq!(db.text("SELECT count(*) FROM payment_audit WHERE relation = 'webhook_events'").await, "1");
}

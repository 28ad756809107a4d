//! shipment_create and shipment_patch.

use serde_json::{Value, json};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::database::{CUSTOMER, Database, ORG, OTHER_ORG, STRANGER, call, tags_of_no_number, vouched};

async fn create(db: &Database, order: Uuid, request: &Value, key: &str) -> Row {
    let hash = request.to_string();
    db.client
        .query_one(&call("shipment_create", 7), &[&ORG, &order, request, &"somebody", &key, &hash, &Uuid::now_v7()])
        .await
        .unwrap()
}

async fn patch(db: &Database, order: Uuid, id: Uuid, changes: Value, from: &[&str]) -> Row {
    db.client.query_one(&call("shipment_patch", 6), &[&ORG, &order, &id, &changes, &from, &"somebody"]).await.unwrap()
}

fn outcome(row: &Row) -> &str {
    row.get("outcome")
}

fn body(row: &Row) -> Value {
    serde_json::from_str(row.get("body")).unwrap()
}

fn told(row: &Row) -> Vec<String> {
    let mut told: Vec<String> = row.get("tags");
    told.sort();
    told
}

fn parcel(number: &str, status: &str) -> Value {
    json!({"carrier": "DHL", "trackingNumber": number, "status": status})
}

fn id_of(row: &Row) -> Uuid {
    body(row)["id"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_shipment_is_made_once_per_key_and_shown_in_the_tracking() {
    let db = Database::new().await;
    let order = db.order().await;
    let first = create(&db, order, &parcel("1", "pending"), "k").await;
    assert_eq!((outcome(&first), told(&first)), ("created", tags_of_no_number(order, &[CUSTOMER], &["pending"])));
    assert_eq!(db.version(order).await, 2);
    db.announced().await;
    let again = create(&db, order, &parcel("1", "pending"), "k").await;
    assert_eq!((outcome(&again), again.get::<_, &str>("body")), ("replay", first.get::<_, &str>("body")));
    assert_eq!(told(&again), vouched(order, &[CUSTOMER], &["pending"]), "an answer that it is there vouches for it");
    assert_eq!(outcome(&create(&db, order, &parcel("2", "pending"), "k").await), "mismatch");
    assert!(db.announced().await.is_empty());
    let tracking = db.client.query_one(&call("order_tracking", 2), &[&ORG, &order]).await.unwrap();
    let (shown, mut made) = (body(&tracking)["shipments"][0].clone(), body(&first));
    for beside in ["orderId", "createdAt"] {
        made.as_object_mut().unwrap().remove(beside);
    }
    assert_eq!(shown, made);
    assert_eq!(db.text(&format!("SELECT status FROM orders WHERE id = '{order}'")).await, "pending", "the order stays");
}

#[tokio::test]
async fn a_status_has_its_times_and_those_that_are_not_named_are_now() {
    let db = Database::new().await;
    let order = db.order().await;
    let times = |row: &Row| {
        let made = body(row);
        (made["shippedAt"].is_string(), made["deliveredAt"].is_string())
    };
    for (status, expected) in [
        ("pending", (false, false)),
        ("in_transit", (true, false)),
        ("failed", (true, false)),
        ("delivered", (true, true)),
    ] {
        assert_eq!(times(&create(&db, order, &parcel(status, status), status).await), expected, "{status}");
    }
    let mut early = parcel("early", "delivered");
    early["shippedAt"] = json!("2026-01-02T00:00:00Z");
    early["deliveredAt"] = json!("2026-01-01T00:00:00Z");
    assert_eq!(outcome(&create(&db, order, &early, "early").await), "bad_times");
    early["deliveredAt"] = json!("2026-01-03T00:00:00Z");
    assert_eq!(body(&create(&db, order, &early, "early").await)["deliveredAt"], "2026-01-03T00:00:00.000000Z");
}

#[tokio::test]
async fn what_may_not_be_shipped_leaves_nothing() {
    let db = Database::new().await;
    let (order, cancelled, hidden) = (db.order().await, db.order().await, db.order().await);
    db.run(&format!("UPDATE orders SET status = 'cancelled' WHERE id = '{cancelled}'; UPDATE orders SET deleted_at = now() WHERE id = '{hidden}'")).await;
    create(&db, order, &parcel("1", "pending"), "a").await;
    db.announced().await;
    for (order, expected) in
        [(cancelled, "cancelled"), (hidden, "not_found"), (Uuid::nil(), "not_found"), (order, "tracking_taken")]
    {
        assert_eq!(outcome(&create(&db, order, &parcel("1", "pending"), "b").await), expected);
    }
    assert_eq!(
        db.text("SELECT count(*) || ' ' || (SELECT count(*) FROM idempotency_keys WHERE key = 'b') FROM shipments")
            .await,
        "1 0"
    );
    assert!(db.announced().await.is_empty());
    // Another organisation may have the same number, and learns nothing of ours.
    let theirs = Uuid::now_v7();
    db.run(&format!("INSERT INTO orders (id, organization_id, customer_id, currency, total_amount) VALUES ('{theirs}', '{OTHER_ORG}', '{STRANGER}', 'EUR', 0)")).await;
    let request = parcel("1", "pending");
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
        [&OTHER_ORG, &theirs, &request, &"somebody", &"c", &"h", &Uuid::now_v7()];
    assert_eq!(outcome(&db.client.query_one(&call("shipment_create", 7), &params).await.unwrap()), "created");
}

#[tokio::test]
async fn a_shipment_moves_from_where_it_may_and_its_times_with_it() {
    let db = Database::new().await;
    let order = db.order().await;
    let id = id_of(&create(&db, order, &parcel("1", "pending"), "k").await);
    db.announced().await;
    let row = patch(&db, order, id, json!({"status": "delivered"}), &["failed"]).await;
    assert_eq!((outcome(&row), row.get::<_, &str>("status")), ("not_allowed", "pending"));
    let row = patch(&db, order, id, json!({"status": "in_transit"}), &["pending", "in_transit"]).await;
    assert_eq!((outcome(&row), told(&row)), ("updated", tags_of_no_number(order, &[CUSTOMER], &["pending"])));
    let shipped = body(&row)["shippedAt"].clone();
    let row =
        patch(&db, order, id, json!({"status": "delivered", "trackingUrl": "https://dhl.example/1"}), &["in_transit"])
            .await;
    let moved = body(&row);
    assert_eq!((&moved["status"], &moved["shippedAt"]), (&json!("delivered"), &shipped), "{moved}");
    assert!(moved["deliveredAt"].is_string() && moved["trackingUrl"] == "https://dhl.example/1");
    let row = patch(
        &db,
        order,
        id,
        json!({"trackingNumber": null, "trackingUrl": null, "estimatedDelivery": "2026-01-02"}),
        &[],
    )
    .await;
    let cleared = body(&row);
    assert_eq!((&cleared["trackingNumber"], &cleared["trackingUrl"]), (&Value::Null, &Value::Null));
    assert_eq!(cleared["estimatedDelivery"], "2026-01-02");
    assert_eq!(db.version(order).await, 5);
}

#[tokio::test]
async fn a_change_that_may_not_be_changes_nothing() {
    let db = Database::new().await;
    let (order, other) = (db.order().await, db.order().await);
    let id = id_of(&create(&db, order, &parcel("1", "pending"), "a").await);
    create(&db, other, &parcel("2", "pending"), "b").await;
    db.announced().await;
    for (order, changes, expected) in [
        (other, json!({"carrier": "x"}), "not_found"),
        (Uuid::nil(), json!({"carrier": "x"}), "not_found"),
        (order, json!({"trackingNumber": "2"}), "tracking_taken"),
        (order, json!({"shippedAt": "2026-01-01T00:00:00Z"}), "bad_times"),
        (order, json!({"deliveredAt": "2026-01-01T00:00:00Z"}), "bad_times"),
    ] {
        assert_eq!(outcome(&patch(&db, order, id, changes.clone(), &[]).await), expected, "{changes}");
    }
    assert!(db.announced().await.is_empty());
    assert_eq!(db.version(order).await, 2);
}

#[tokio::test]
async fn the_statuses_of_the_table_are_those_of_the_application() {
    let db = Database::new().await;
    let check = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'shipments_status_check'";
    let check = db.text(check).await;
    let listed: Vec<&str> = check.split('\'').skip(1).step_by(2).collect();
    let known: Vec<&str> = commerce::shipment::ShipmentStatus::ALL.iter().map(|status| status.as_str()).collect();
    assert_eq!(listed, known);
}

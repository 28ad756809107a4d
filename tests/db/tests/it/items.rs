//! order_patch with items: another sum only while nothing hangs on it.

use serde_json::{Value, json};
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use crate::database::{CUSTOMER, Database, ORG, call, tags};
use crate::payments::{Event, capture, database};

const PATCH: &str =
    "SELECT * FROM order_patch($1, $2, NULL, NULL, NULL, '{}', false, NULL, NULL, false, NULL, '{}', NULL, $3,
    '{pending,confirmed}')";

async fn replace(client: &Client, id: Uuid, items: &Value) -> Row {
    client.query_one(PATCH, &[&ORG, &id, items]).await.unwrap()
}

async fn outcome(db: &Database, id: Uuid, items: &Value) -> String {
    replace(&db.client, id, items).await.get("outcome")
}

fn jug() -> Value {
    json!([{"sku": "JUG", "quantity": 2}])
}

/// The lines and the total of an order, and its payment status.
async fn contents(db: &Database, id: Uuid) -> String {
    db.text(&format!(
        "SELECT concat_ws(' ', (SELECT string_agg(position || ':' || sku || '*' || quantity || '=' || unit_price::numeric(15, 2), ',' ORDER BY position)
            FROM order_items WHERE order_id = o.id), total_amount::numeric(15, 2), payment_status, version) FROM orders o WHERE id = '{id}'"
    ))
    .await
}

#[tokio::test]
async fn new_items_are_priced_anew_and_are_one_change() {
    let db = Database::new().await;
    let id = db.order().await;
    let items = json!([{"sku": "JUG", "quantity": 2}, {"sku": "CUP", "quantity": 1, "unitPrice": "7.5"}]);
    let row = replace(&db.client, id, &items).await;
    assert_eq!((row.get::<_, &str>("outcome"), row.get::<_, i64>("version")), ("updated", 2));
    assert_eq!(contents(&db, id).await, "1:JUG*2=20.00,2:CUP*1=7.50 47.50 unpaid 2");
    let read = db.client.query_one(&call("order_get", 2), &[&ORG, &id]).await.unwrap();
    assert_eq!(row.get::<_, &str>("body"), read.get::<_, &str>("body"));
    let mut told: Vec<String> = row.get("tags");
    told.sort();
    assert_eq!(told, tags(id, &[CUSTOMER], &["pending"]));
    assert!(db.announced().await.iter().all(|announced| announced.iter().all(|tag| told.contains(tag))));
    db.run("UPDATE products SET price = 25 WHERE sku = 'JUG'").await;
    assert_eq!(outcome(&db, id, &jug()).await, "updated");
    assert_eq!(contents(&db, id).await, "1:JUG*2=25.00 50.00 unpaid 3");
}

#[tokio::test]
async fn free_items_want_no_payment_and_dear_ones_do_again() {
    let db = Database::new().await;
    let id = db.order().await;
    assert_eq!(outcome(&db, id, &json!([{"sku": "GIFT", "quantity": 1}])).await, "updated");
    assert_eq!(contents(&db, id).await, "1:GIFT*1=0.00 0.00 none_required 2");
    assert_eq!(outcome(&db, id, &jug()).await, "updated");
    assert_eq!(contents(&db, id).await, "1:JUG*2=20.00 40.00 unpaid 3");
}

#[tokio::test]
async fn items_that_cannot_be_ordered_are_named_and_change_nothing() {
    let db = Database::new().await;
    let id = db.order().await;
    let before = contents(&db, id).await;
    for (items, expected) in [
        (json!([{"sku": "CUP", "quantity": 1}, {"sku": "HAT", "quantity": 1}]), "unknown_sku:1"),
        (json!([{"sku": "OLD", "quantity": 1}]), "unknown_sku:0"),
        (json!([{"sku": "CUP", "quantity": 1, "unitPrice": "1.005"}]), "bad_price:0"),
        (json!([{"sku": "CUP", "quantity": 2, "unitPrice": "999999999999"}]), "total_too_large"),
    ] {
        assert_eq!(outcome(&db, id, &items).await, expected);
    }
    let yen = db
        .create(
            &json!({"customerId": CUSTOMER, "currency": "JPY", "items": [{"sku": "CUP", "quantity": 1}]}),
            "yen",
            Uuid::now_v7(),
        )
        .await;
    let yen: Value = serde_json::from_str(yen.get("body")).unwrap();
    let yen = yen["id"].as_str().unwrap().parse().unwrap();
    db.announced().await;
    assert_eq!(outcome(&db, yen, &jug()).await, "no_price:0");
    assert_eq!(contents(&db, id).await, before);
    assert!(db.announced().await.is_empty());
}

#[tokio::test]
async fn items_stay_once_money_a_session_an_invoice_or_a_parcel_hangs_on_them() {
    let keys = |id: Uuid| format!("'{id}', '{ORG}', '{CUSTOMER}'");
    let session = |id: Uuid, status: &str, ends: &str| {
        format!(
            "INSERT INTO payment_sessions (id, order_id, organization_id, customer_id, gateway, status, amount, currency, principal,
                idempotency_key, body_hash, return_url, external_id, leased_until, expires_at)
            VALUES (gen_random_uuid(), {}, 'paypal', '{status}', 9.99, 'EUR', 'p', gen_random_uuid(), 'h', 'https://x/', gen_random_uuid(),
                now(), {ends})",
            keys(id)
        )
    };
    let payment = |id: Uuid, status: &str, currency: &str| {
        format!(
            "INSERT INTO payments (order_id, organization_id, customer_id, provider, account, external_id, status, currency, amount)
            VALUES ({}, 'stripe', 'a', '{id}', '{status}', '{currency}', 1)",
            keys(id)
        )
    };
    let object = |id: Uuid, state: &str| {
        format!(
            "INSERT INTO payment_objects (provider, account, kind, object_id, state, amount, currency, changed_at, order_id)
            VALUES ('paypal', 'MERCHANT1', 'authorization', '{id}', '{state}', 9.99, 'EUR', now(), '{id}')"
        )
    };
    let db = database().await;
    let cases: [(&str, &dyn Fn(Uuid) -> String); 13] = [
        ("items_status", &|id| format!("UPDATE orders SET status = 'processing' WHERE id = '{id}'")),
        ("items_status", &|id| format!("UPDATE orders SET status = 'cancelled' WHERE id = '{id}'")),
        ("updated", &|id| format!("UPDATE orders SET status = 'confirmed' WHERE id = '{id}'")),
        ("items_paid", &|id| payment(id, "pending", "EUR")),
        ("items_paid", &|id| payment(id, "pending", "USD")),
        ("updated", &|id| payment(id, "failed", "EUR")),
        ("items_paid", &|id| object(id, "authorized")),
        ("updated", &|id| object(id, "cancelled")),
        ("items_session", &|id| session(id, "awaiting_callback", "now() + interval '1 hour'")),
        ("items_session", &|id| session(id, "needs_review", "now() + interval '1 hour'")),
        ("updated", &|id| session(id, "awaiting_callback", "now()")),
        ("updated", &|id| session(id, "failed", "now() + interval '1 hour'")),
        ("items_shipped", &|id| {
            format!(
                "INSERT INTO shipments (order_id, organization_id, customer_id, carrier) VALUES ({}, 'DHL')",
                keys(id)
            )
        }),
    ];
    for (expected, before) in cases {
        let id = db.order().await;
        let sql = before(id);
        db.run(&sql).await;
        assert_eq!(outcome(&db, id, &jug()).await, expected, "{sql}");
    }
}

#[tokio::test]
async fn a_payment_that_comes_at_the_same_moment_finds_old_items_or_new_ones() {
    let db = database().await;
    for round in 0..6 {
        let id = db.order().await;
        let (one, other) = (db.connect().await, db.connect().await);
        let paid = Event::new(vec![capture(id, &format!("C{round}"), "completed", "9.99", 1)]);
        let items = jug();
        let (row, _) = tokio::join!(replace(&one, id, &items), paid.deliver(&other));
        let contents = contents(&db, id).await;
        match row.get::<_, &str>("outcome") {
            "updated" => assert!(contents.starts_with("1:JUG*2=20.00 40.00 partially_paid"), "{contents}"),
            "items_paid" => assert!(contents.starts_with("1:CUP*1=9.99 9.99 paid"), "{contents}"),
            other => panic!("{other}"),
        }
    }
}

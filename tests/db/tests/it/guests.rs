//! Checkouts without an account.

use serde_json::{Value, json};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::database::{Database, ORG, call, tags};

const TOKEN: &str = "abababababababababababababababababababababababababababababababab";
const GUEST: Uuid = Uuid::from_u128(0xcccccccc_0000_7000_8000_000000000001);

async fn begin(db: &Database, hmac: &str, customer: Uuid) {
    let details =
        json!({"name": "Ana", "email": "ana@example.com", "address": {"line1": "a", "city": "b", "country": "RO"}});
    let begun =
        db.client.query_one(&call("guest_checkout_begin", 5), &[&hmac, &ORG, &customer, &details, &3600i64]).await;
    assert_eq!(begun.unwrap().get::<_, &str>("outcome"), "begun");
}

async fn order(db: &Database, sku: Option<&str>) -> Row {
    let none: Vec<String> = vec![];
    let request =
        sku.map(|sku| json!({"customerId": GUEST, "currency": "EUR", "items": [{"sku": sku, "quantity": 1}]}));
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 5] = [&TOKEN, &none, &"guest", &request, &Uuid::now_v7()];
    db.client.query_one(&call("guest_checkout_order", 5), &params).await.unwrap()
}

async fn guests(db: &Database) -> String {
    db.text("SELECT count(*) || '/' || (SELECT count(*) FROM guest_tokens) FROM customers WHERE guest").await
}

#[tokio::test]
async fn a_guests_customer_and_token_come_to_be_with_its_order() {
    let db = Database::new().await;
    begin(&db, TOKEN, GUEST).await;
    for (sku, outcome) in [(None, "no_cart"), (Some("NO"), "unknown_sku:0")] {
        let refused = order(&db, sku).await;
        assert_eq!((refused.get::<_, &str>("outcome"), guests(&db).await.as_str()), (outcome, "0/0"));
    }
    db.announced().await;
    let made = order(&db, Some("CUP")).await;
    let shown: Value = serde_json::from_str(made.get("body")).unwrap();
    let id: Uuid = shown["id"].as_str().unwrap().parse().unwrap();
    let mut told: Vec<String> = made.get("tags");
    told.sort();
    assert_eq!((made.get("outcome"), made.get::<_, i64>("version")), ("created", 1));
    assert_eq!(
        (told, db.announced().await),
        (tags(id, &[GUEST], &["pending"]), vec![tags(id, &[GUEST], &["pending"])])
    );
    assert_eq!((shown["totalAmount"].as_str(), guests(&db).await.as_str()), (Some("9.99"), "1/1"));
    let again = order(&db, None).await;
    assert_eq!((again.get::<_, &str>("outcome"), again.get::<_, &str>("body")), ("replay", made.get("body")));
    db.run("UPDATE guest_tokens SET revoked_at = now()").await;
    assert_eq!(order(&db, None).await.get::<_, &str>("outcome"), "gone");
    assert_eq!(guests(&db).await, "1/1");
}

#[tokio::test]
async fn checkouts_that_have_expired_are_forgotten_a_few_at_a_time() {
    let db = Database::new().await;
    for number in 0..12 {
        begin(&db, &format!("{number:064x}"), Uuid::now_v7()).await;
    }
    db.run("UPDATE guest_checkouts SET expires_at = now()").await;
    begin(&db, TOKEN, GUEST).await;
    assert_eq!(db.text("SELECT count(*) FROM guest_checkouts").await, "3", "ten of twelve are gone, one is new");
}

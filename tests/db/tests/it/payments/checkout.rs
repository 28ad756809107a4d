//! A checkout session becomes one order.

use serde_json::{Value, json};
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use super::database;
use crate::database::{CUSTOMER, Database, ORG, OTHER_CUSTOMER, call};

fn cart(quantity: i32) -> Option<Value> {
    Some(json!({"customerId": CUSTOMER, "currency": "EUR", "items": [{"sku": "CUP", "quantity": quantity}]}))
}

async fn order(client: &Client, who: &str, checkout: Uuid, customer: Option<Uuid>, cart: &Option<Value>) -> Row {
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
        [&ORG, &who, &checkout, &customer, cart, &Uuid::now_v7()];
    client.query_one(&call("checkout_order", 6), &params).await.unwrap()
}

fn outcome(row: &Row) -> String {
    row.get("outcome")
}

fn id(row: &Row) -> String {
    let body: Value = serde_json::from_str(row.get("body")).unwrap();
    body["id"].as_str().unwrap().to_owned()
}

async fn count(db: &Database) -> String {
    db.text("SELECT count(*) FROM orders").await
}

#[tokio::test]
async fn many_who_order_at_once_get_one_order() {
    let db = database().await;
    let checkout = Uuid::new_v4();
    let mut tasks = Vec::new();
    for n in 0..10 {
        let client = db.connect().await;
        // The cart was changed meanwhile: it is too late for that.
        tasks.push(tokio::spawn(async move { id(&order(&client, "me", checkout, None, &cart(1 + n % 2)).await) }));
    }
    let mut ids = Vec::new();
    for task in tasks {
        ids.push(task.await.unwrap());
    }
    ids.dedup();
    assert_eq!((ids.len(), count(&db).await), (1, "1".to_owned()));
}

#[tokio::test]
async fn the_same_session_gives_the_same_order_for_ever() {
    let db = database().await;
    let checkout = Uuid::new_v4();
    assert_eq!(outcome(&order(&db.client, "me", checkout, None, &None).await), "no_cart");
    let made = order(&db.client, "me", checkout, Some(CUSTOMER), &cart(2)).await;
    assert_eq!(outcome(&made), "created");
    assert!(made.get::<_, Option<&str>>("xid").is_some());
    db.run("DELETE FROM idempotency_keys").await;
    for cart in [None, cart(2), cart(3)] {
        let again = order(&db.client, "me", checkout, Some(CUSTOMER), &cart).await;
        assert_eq!((outcome(&again), id(&again)), ("replay".to_owned(), id(&made)));
        assert!(again.get::<_, Vec<String>>("tags").contains(&format!("order:{ORG}/{}", id(&made))));
    }
    db.run("UPDATE orders SET notes = 'later'").await;
    let again = order(&db.client, "me", checkout, None, &None).await;
    assert!(again.get::<_, &str>("body").contains("later"), "as it is now");
    assert_eq!(outcome(&order(&db.client, "me", checkout, Some(OTHER_CUSTOMER), &None).await), "gone");
    db.run("UPDATE orders SET deleted_at = now()").await;
    assert_eq!(outcome(&order(&db.client, "me", checkout, None, &cart(2)).await), "gone");
    assert_eq!(outcome(&order(&db.client, "somebody else", checkout, None, &cart(2)).await), "created");
    assert_eq!(count(&db).await, "2");
}

#[tokio::test]
async fn a_cart_that_can_t_be_ordered_leaves_the_session_free() {
    let db = database().await;
    let checkout = Uuid::new_v4();
    let unknown =
        Some(json!({"customerId": CUSTOMER, "currency": "EUR", "items": [{"sku": "NOTHING", "quantity": 1}]}));
    assert_eq!(outcome(&order(&db.client, "me", checkout, None, &unknown).await), "unknown_sku:0");
    assert_eq!(count(&db).await, "0");
    assert_eq!(outcome(&order(&db.client, "me", checkout, None, &cart(1)).await), "created");
}

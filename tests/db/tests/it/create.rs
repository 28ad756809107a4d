//! order_create: prices from products, once per key.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::database::{CUSTOMER, Database, ORG, OTHER_ORG, STRANGER, call, create, tags, vouched};

fn request(items: Value) -> Value {
    json!({"customerId": CUSTOMER, "currency": "EUR", "items": items, "notes": "ring \"twice\"", "shippingAddress": {"city": "Iași"}})
}

fn cup() -> Value {
    request(json!([{"sku": "CUP", "quantity": 2}, {"sku": "JUG", "quantity": 1}]))
}

async fn outcome(db: &Database, request: &Value) -> String {
    db.create(request, &Uuid::now_v7().to_string(), Uuid::now_v7()).await.get("outcome")
}

#[tokio::test]
async fn names_prices_and_the_total_come_from_the_products() {
    let db = Database::new().await;
    let id = Uuid::now_v7();
    let row = db.create(&cup(), "k", id).await;
    assert_eq!((row.get::<_, &str>("outcome"), row.get::<_, i64>("version")), ("created", 1));
    let body: Value = serde_json::from_str(row.get("body")).unwrap();
    assert_eq!(body["id"], json!(id));
    assert_eq!(
        (&body["status"], &body["paymentStatus"], &body["totalAmount"]),
        (&json!("pending"), &json!("unpaid"), &json!("39.98"))
    );
    assert_eq!(
        body["items"][0],
        json!({"sku": "CUP", "name": "Cup", "quantity": 2, "unitPrice": "9.99", "lineTotal": "19.98"})
    );
    assert_eq!((&body["notes"], &body["shippingAddress"]), (&json!("ring \"twice\""), &json!({"city": "Iași"})));
    assert_eq!(body["orderNumber"], "EO-00000001");
    let read = db.client.query_one(&call("order_get", 2), &[&ORG, &id]).await.unwrap();
    assert_eq!(read.get::<_, &str>("body"), row.get::<_, &str>("body"), "a read gives the same bytes");
}

#[tokio::test]
async fn the_answer_names_its_transaction_and_all_that_it_announced() {
    let db = Database::new().await;
    let id = Uuid::now_v7();
    let row = db.create(&cup(), "k", id).await;
    let mut announced: Vec<String> = row.get("tags");
    announced.sort();
    assert_eq!(announced, tags(id, &[CUSTOMER], &["pending"]));
    assert_eq!(db.text("SELECT string_agg(xid::text, ',') FROM cache_invalidations").await, row.get::<_, &str>("xid"));
}

#[tokio::test]
async fn prices_are_in_the_orders_currency_and_a_given_one_goes_first() {
    let db = Database::new().await;
    let total = async |request: Value| {
        let row = db.create(&request, &Uuid::now_v7().to_string(), Uuid::now_v7()).await;
        let body: Value = serde_json::from_str(row.get("body")).unwrap();
        (body["totalAmount"].as_str().unwrap().to_owned(), body["paymentStatus"].as_str().unwrap().to_owned())
    };
    let yen = json!({"customerId": CUSTOMER, "currency": "JPY", "items": [{"sku": "CUP", "quantity": 3}]});
    assert_eq!(total(yen).await, ("4500".to_owned(), "unpaid".to_owned()));
    let given = request(json!([{"sku": "CUP", "quantity": 3, "unitPrice": "1.50"}, {"sku": "CUP", "quantity": 1}]));
    assert_eq!(total(given).await, ("14.49".to_owned(), "unpaid".to_owned()), "the same article twice is two lines");
    let elsewhere =
        json!({"customerId": CUSTOMER, "currency": "USD", "items": [{"sku": "JUG", "quantity": 1, "unitPrice": "3"}]});
    assert_eq!(total(elsewhere).await, ("3.00".to_owned(), "unpaid".to_owned()), "no price in USD is needed");
    let free = request(json!([{"sku": "GIFT", "quantity": 1}]));
    assert_eq!(total(free).await, ("0.00".to_owned(), "none_required".to_owned()));
}

#[tokio::test]
async fn what_cannot_be_ordered_is_named_and_leaves_nothing() {
    let db = Database::new().await;
    let mut stranger = cup();
    stranger["customerId"] = json!(STRANGER);
    let mut nobody = cup();
    nobody["customerId"] = json!(Uuid::nil());
    let cases = [
        (stranger, "unknown_customer"),
        (nobody, "unknown_customer"),
        (request(json!([{"sku": "CUP", "quantity": 1}, {"sku": "HAT", "quantity": 1}])), "unknown_sku:1"),
        (request(json!([{"sku": "OLD", "quantity": 1}])), "unknown_sku:0"),
        (
            json!({"customerId": CUSTOMER, "currency": "JPY", "items": [{"sku": "CUP", "quantity": 1}, {"sku": "JUG", "quantity": 1}]}),
            "no_price:1",
        ),
        (request(json!([{"sku": "CUP", "quantity": 1_000_000, "unitPrice": "999999999999.99"}])), "total_too_large"),
        (request(json!([{"sku": "CUP", "quantity": 2, "unitPrice": "500000000000.00"}])), "total_too_large"),
    ];
    for (request, expected) in cases {
        assert_eq!(outcome(&db, &request).await, expected, "{request}");
    }
    let left = "SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM idempotency_keys) + (SELECT count(*) FROM cache_invalidations)";
    assert_eq!(db.text(left).await, "0");
    assert_eq!(
        outcome(&db, &request(json!([{"sku": "CUP", "quantity": 1, "unitPrice": "999999999999.99"}]))).await,
        "created",
        "the largest"
    );
}

#[tokio::test]
async fn a_key_gives_one_order_and_the_same_answer_for_24_hours() {
    let db = Database::new().await;
    let first = db.create(&cup(), "k", Uuid::now_v7()).await;
    db.run("UPDATE orders SET notes = 'changed meanwhile'").await;
    db.announced().await;
    let again = db.create(&cup(), "k", Uuid::now_v7()).await;
    assert_eq!(again.get::<_, &str>("outcome"), "replay");
    assert_eq!(again.get::<_, &str>("body"), first.get::<_, &str>("body"));
    assert_eq!((again.get::<_, i64>("version"), again.get::<_, Option<&str>>("xid")), (1, None));
    // The first answer may have been lost before anything was invalidated: the second one vouches
    // for the order just the same.
    let mut told: Vec<String> = again.get("tags");
    told.sort();
    let id =
        Uuid::parse_str(serde_json::from_str::<Value>(first.get("body")).unwrap()["id"].as_str().unwrap()).unwrap();
    assert_eq!(told, vouched(id, &[CUSTOMER], &["pending"]));
    assert!(db.announced().await.is_empty());
    let other = db.create(&request(json!([{"sku": "CUP", "quantity": 9}])), "k", Uuid::now_v7()).await;
    assert_eq!((other.get::<_, &str>("outcome"), other.get::<_, Option<&str>>("body")), ("mismatch", None));
    db.run("UPDATE idempotency_keys SET expires_at = now()").await;
    assert_eq!(
        db.create(&request(json!([{"sku": "CUP", "quantity": 9}])), "k", Uuid::now_v7())
            .await
            .get::<_, &str>("outcome"),
        "created"
    );
    assert_eq!(db.text("SELECT count(*) FROM orders").await, "2");
}

#[tokio::test]
async fn a_key_belongs_to_its_principal_and_organisation() {
    let db = Database::new().await;
    let call = async |org: Uuid, request: Value, principal: &str| {
        let row = db
            .client
            .query_one(&call("order_create", 6), &[&org, &request, &principal, &"k", &"hash", &Uuid::now_v7()])
            .await
            .unwrap();
        row.get::<_, String>("outcome")
    };
    let hat = json!({"customerId": STRANGER, "currency": "EUR", "items": [{"sku": "HAT", "quantity": 1}]});
    assert_eq!(call(ORG, cup(), "a").await, "created");
    assert_eq!(call(ORG, cup(), "b").await, "created");
    assert_eq!(call(OTHER_ORG, hat, "a").await, "created");
    assert_eq!(call(ORG, cup(), "a").await, "replay");
}

#[tokio::test]
async fn a_refusal_leaves_the_key_free() {
    let db = Database::new().await;
    let refused = db.create(&request(json!([{"sku": "NONE", "quantity": 1}])), "k", Uuid::now_v7()).await;
    assert_eq!(refused.get::<_, &str>("outcome"), "unknown_sku:0");
    assert_eq!(db.create(&cup(), "k", Uuid::now_v7()).await.get::<_, &str>("outcome"), "created");
}

#[tokio::test]
async fn expired_keys_are_cleared_by_later_ones() {
    let db = Database::new().await;
    for key in ["a", "b", "c"] {
        db.create(&cup(), key, Uuid::now_v7()).await;
    }
    db.run("UPDATE idempotency_keys SET expires_at = now() - interval '1 hour'").await;
    db.create(&cup(), "d", Uuid::now_v7()).await;
    assert_eq!(db.text("SELECT string_agg(key, ',') FROM idempotency_keys").await, "d");
}

#[tokio::test]
async fn of_many_at_once_with_one_key_one_creates_and_the_rest_replay() {
    let db = Database::new().await;
    let mut tasks = Vec::new();
    for _ in 0..8 {
        let client = db.connect().await;
        tasks.push(tokio::spawn(async move {
            let row = create(&client, &cup(), "k", Uuid::now_v7()).await;
            (row.get::<_, String>("outcome"), row.get::<_, String>("body"))
        }));
    }
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    assert_eq!(answers.iter().filter(|(outcome, _)| outcome == "created").count(), 1);
    assert_eq!(answers.iter().filter(|(outcome, _)| outcome == "replay").count(), 7);
    assert!(answers.iter().all(|(_, body)| *body == answers[0].1));
    assert_eq!(db.text("SELECT count(*) FROM orders").await, "1");
}

#[tokio::test]
async fn the_second_of_two_waits_and_creates_where_the_first_fails() {
    let db = Database::new().await;
    let first = db.connect().await;
    first.batch_execute("BEGIN").await.unwrap();
    assert_eq!(create(&first, &cup(), "k", Uuid::now_v7()).await.get::<_, &str>("outcome"), "created");
    let second = db.connect().await;
    let waiting =
        tokio::spawn(async move { create(&second, &cup(), "k", Uuid::now_v7()).await.get::<_, String>("outcome") });
    db.wait_for_a_lock().await;
    first.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(waiting.await.unwrap(), "created");
    assert_eq!(db.text("SELECT count(*) FROM orders").await, "1");
}

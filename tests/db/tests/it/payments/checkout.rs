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

/// Orders a session ten times at once, each call with the cart that `cart_of` gives it.
async fn ten_orders_are_one(db: &Database, checkout: Uuid, cart_of: impl Fn(i32) -> Option<Value>) {
    let mut tasks = Vec::new();
    for n in 0..10 {
        let (client, cart) = (db.connect().await, cart_of(n));
        tasks.push(tokio::spawn(async move { id(&order(&client, "me", checkout, None, &cart).await) }));
    }
    let mut ids = Vec::new();
    for task in tasks {
        ids.push(task.await.unwrap());
    }
    ids.dedup();
    assert_eq!((ids.len(), count(db).await), (1, "1".to_owned()));
}

#[tokio::test]
async fn many_who_order_at_once_get_one_order() {
    let db = database().await;
    let checkout = Uuid::new_v4();
    // The cart was changed meanwhile: it is too late for that.
    ten_orders_are_one(&db, checkout, |n| cart(1 + n % 2)).await;
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

async fn put(client: &Client, who: &str, checkout: Uuid, quantity: i32) -> Row {
    let (cart, valid) = (cart(quantity), 1_800_i64);
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 5] = [&ORG, &who, &checkout, &cart, &valid];
    client.query_one(&call("checkout_put", 5), &params).await.unwrap()
}

/// The cart as it is shown.
async fn shown(db: &Database, who: &str, checkout: Uuid) -> Option<Value> {
    let row = db.client.query_opt(&call("checkout_get", 3), &[&ORG, &who, &checkout]).await.unwrap();
    row.map(|row| serde_json::from_str(row.get("body")).unwrap())
}

#[tokio::test]
async fn a_cart_is_put_replaced_and_dropped_and_each_step_announces_it() {
    let db = database().await;
    let (checkout, tag) = (Uuid::new_v4(), |checkout| format!("checkout:{ORG}/{checkout}"));
    db.announced().await;
    for (expected, quantity) in [("created", 1), ("replaced", 2)] {
        let row = put(&db.client, "me", checkout, quantity).await;
        assert_eq!((outcome(&row).as_str(), row.get::<_, Vec<String>>("tags")), (expected, vec![tag(checkout)]));
        assert_eq!(db.announced().await, [[tag(checkout)]]);
        let body: Value = serde_json::from_str(row.get("body")).unwrap();
        assert_eq!(shown(&db, "me", checkout).await, Some(body.clone()));
        assert_eq!((&body["status"], &body["items"][0]["quantity"]), (&json!("open"), &json!(quantity)));
    }
    assert_eq!(shown(&db, "somebody else", checkout).await, None);
    for announced in [vec![vec![tag(checkout)]], vec![]] {
        let row = db.client.query_one(&call("checkout_delete", 3), &[&ORG, &"me", &checkout]).await.unwrap();
        assert_eq!(row.get::<_, Vec<String>>("tags"), [tag(checkout)], "also if another call dropped it");
        assert_eq!(db.announced().await, announced);
        assert_eq!(shown(&db, "me", checkout).await, None);
    }
}

#[tokio::test]
async fn a_cart_is_gone_when_its_time_is_over_and_pruned_by_name() {
    let db = database().await;
    let (checkout, other) = (Uuid::new_v4(), Uuid::new_v4());
    put(&db.client, "me", checkout, 1).await;
    put(&db.client, "me", other, 1).await;
    db.run(&format!("UPDATE checkout_sessions SET expires_at = now() WHERE checkout_id = '{checkout}'")).await;
    assert_eq!(shown(&db, "me", checkout).await, None);
    assert_eq!(outcome(&order(&db.client, "me", checkout, None, &None).await), "no_cart");
    db.announced().await;
    assert_eq!(db.text("SELECT pruned FROM prune_carts(9)").await, "1");
    assert_eq!(db.announced().await, [[format!("checkout:{ORG}/{checkout}")]]);
    assert_eq!(outcome(&put(&db.client, "me", checkout, 1).await), "created");
    assert!(shown(&db, "me", other).await.is_some());
}

#[tokio::test]
async fn an_order_is_that_of_the_cart_that_stays() {
    let db = database().await;
    let checkout = Uuid::new_v4();
    put(&db.client, "me", checkout, 1).await;
    put(&db.client, "me", checkout, 2).await;
    assert_eq!(outcome(&order(&db.client, "somebody else", checkout, None, &None).await), "no_cart");
    assert_eq!(outcome(&order(&db.client, "me", checkout, Some(OTHER_CUSTOMER), &None).await), "no_cart");
    assert_eq!(count(&db).await, "0");
    let made = order(&db.client, "me", checkout, Some(CUSTOMER), &None).await;
    assert_eq!((outcome(&made), made.get::<_, &str>("currency")), ("created".to_owned(), "EUR"));
    assert!(made.get::<_, Vec<String>>("tags").contains(&format!("checkout:{ORG}/{checkout}")));
    let late = put(&db.client, "me", checkout, 3).await;
    assert_eq!((outcome(&late), late.get::<_, String>("became")), ("ordered".to_owned(), id(&made)));
    let cart = shown(&db, "me", checkout).await.unwrap();
    assert_eq!((&cart["status"], &cart["orderId"]), (&json!("ordered"), &json!(id(&made))));
    assert_eq!(cart["items"][0]["quantity"], 2);
}

#[tokio::test]
async fn a_cart_that_is_put_while_it_is_ordered_waits_and_comes_too_late() {
    let db = database().await;
    let (checkout, orderer) = (Uuid::new_v4(), db.connect().await);
    put(&db.client, "me", checkout, 1).await;
    orderer.batch_execute("BEGIN").await.unwrap();
    let made = id(&order(&orderer, "me", checkout, None, &None).await);
    let putter = db.connect().await;
    let late = tokio::spawn(async move { put(&putter, "me", checkout, 2).await });
    db.wait_for_a_lock().await;
    orderer.batch_execute("COMMIT").await.unwrap();
    let late = late.await.unwrap();
    assert_eq!((outcome(&late), late.get::<_, String>("became")), ("ordered".to_owned(), made));
}

#[tokio::test]
async fn an_order_waits_for_a_cart_that_is_being_put_and_is_that_carts() {
    let db = database().await;
    let (checkout, putter, orderer) = (Uuid::new_v4(), db.connect().await, db.connect().await);
    put(&db.client, "me", checkout, 1).await;
    putter.batch_execute("BEGIN").await.unwrap();
    put(&putter, "me", checkout, 2).await;
    let made = tokio::spawn(async move { order(&orderer, "me", checkout, None, &None).await });
    db.wait_for_a_lock().await;
    putter.batch_execute("COMMIT").await.unwrap();
    let made: Value = serde_json::from_str(made.await.unwrap().get("body")).unwrap();
    assert_eq!(made["items"][0]["quantity"], 2);
    assert_eq!(shown(&db, "me", checkout).await.unwrap()["items"][0]["quantity"], 2);
}

#[tokio::test]
async fn many_calls_that_order_one_cart_get_one_order() {
    let db = database().await;
    let checkout = Uuid::new_v4();
    put(&db.client, "me", checkout, 1).await;
    ten_orders_are_one(&db, checkout, |_| None).await;
}

#[tokio::test]
async fn a_cart_with_prices_is_ordered_by_callers_that_may_set_them() {
    let db = database().await;
    let checkout = Uuid::new_v4();
    put(&db.client, "me", checkout, 1).await;
    let items = json!([{"sku": "CUP", "quantity": 1, "unitPrice": "0.50"}]);
    db.run(&format!("UPDATE checkout_sessions SET request = request || jsonb_build_object('items', '{items}'::jsonb)"))
        .await;
    for (priced, expected) in [(false, "priced"), (true, "created")] {
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 8] =
            [&ORG, &"me", &checkout, &CUSTOMER, &None::<Value>, &Uuid::now_v7(), &"off", &priced];
        let row = db.client.query_one(&call("checkout_order", 8), &params).await.unwrap();
        assert_eq!(outcome(&row), expected);
    }
}

async fn put_kept(db: &Database, checkout: Uuid, user: Uuid) -> Row {
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 5] = [&ORG, &"me", &checkout, &user, &1_800_i64];
    db.client.query_one(&call("checkout_put_kept", 5), &params).await.unwrap()
}

/// What a cart says of whether it is a kept one, and since when.
fn marks(cart: &Value) -> (bool, bool, Option<&str>) {
    let is = |name: &str| cart[name].as_bool().unwrap();
    (is("fromCache"), is("requiresVerification"), cart["cartAsOf"].as_str())
}

#[tokio::test]
async fn a_kept_cart_is_marked_until_another_is_put_and_also_when_it_was_ordered() {
    let db = database().await;
    let (checkout, fresh) = (Uuid::new_v4(), (false, false, None));
    assert_eq!(marks(&serde_json::from_str(put(&db.client, "me", checkout, 1).await.get("body")).unwrap()), fresh);
    let take = async || {
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
            [&ORG, &"me", &checkout, &cart(2), &1_800_i64, &CUSTOMER, &60_i64];
        db.client.query_one(&call("checkout_put", 7), &params).await.unwrap()
    };
    assert_eq!(marks(&serde_json::from_str(take().await.get("body")).unwrap()), fresh);
    for own in [true, false] {
        let kept = put_kept(&db, checkout, CUSTOMER).await;
        let as_of: &str = kept.get("as_of");
        assert_eq!(marks(&serde_json::from_str(kept.get("body")).unwrap()), (true, true, Some(as_of)));
        assert_eq!(marks(&shown(&db, "me", checkout).await.unwrap()), (true, true, Some(as_of)));
        drop(if own { put(&db.client, "me", checkout, 3).await } else { take().await });
        assert_eq!(marks(&shown(&db, "me", checkout).await.unwrap()), fresh, "own: {own}");
    }
    put_kept(&db, checkout, CUSTOMER).await;
    assert_eq!(outcome(&order(&db.client, "me", checkout, None, &None).await), "created");
    let ordered = shown(&db, "me", checkout).await.unwrap();
    assert_eq!((&ordered["status"], marks(&ordered).1), (&json!("ordered"), true));
}

#[tokio::test]
async fn the_last_good_cart_of_a_user_is_kept_put_dropped_and_pruned() {
    let db = database().await;
    let (first, second) = (Uuid::new_v4(), Uuid::new_v4());
    assert_eq!(outcome(&put_kept(&db, first, CUSTOMER).await), "none");
    for quantity in [1, 2] {
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
            [&ORG, &"me", &first, &cart(quantity), &1_800_i64, &CUSTOMER, &60_i64];
        db.client.query_one(&call("checkout_put", 7), &params).await.unwrap();
    }
    assert_eq!(outcome(&put_kept(&db, second, OTHER_CUSTOMER).await), "none", "another user's is none");
    let kept = put_kept(&db, second, CUSTOMER).await;
    assert_eq!(outcome(&kept), "created");
    assert_eq!(kept.get::<_, Vec<String>>("tags"), [format!("checkout:{ORG}/{second}")]);
    assert_eq!(
        kept.get::<_, String>("as_of"),
        db.text("SELECT time_text(given_at) FROM user_carts").await,
        "when the service gave it"
    );
    let taken = shown(&db, "me", second).await.unwrap();
    assert_eq!((&taken["items"][0]["quantity"], marks(&taken)), (&json!(2), (true, true, Some(kept.get("as_of")))));
    // Its time is over, though nobody has pruned it.
    db.run("UPDATE user_carts SET expires_at = now()").await;
    assert_eq!(outcome(&put_kept(&db, second, CUSTOMER).await), "none");
    assert_eq!(db.text("SELECT pruned FROM prune_user_carts(9)").await, "1");
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
        [&ORG, &"me", &first, &cart(1), &1_800_i64, &CUSTOMER, &60_i64];
    db.client.query_one(&call("checkout_put", 7), &params).await.unwrap();
    assert_eq!(db.text(&format!("SELECT dropped FROM cart_drop('{ORG}', '{CUSTOMER}')")).await, "1");
    assert_eq!(outcome(&put_kept(&db, second, CUSTOMER).await), "none");
}

#[tokio::test]
async fn many_carts_of_a_statement_are_announced_by_their_organisations() {
    let db = database().await;
    db.run(&format!(
        "INSERT INTO checkout_sessions (organization_id, principal, checkout_id, request, expires_at)
        SELECT '{ORG}', 'p', gen_random_uuid(), '{{}}', now() FROM generate_series(1, 201)"
    ))
    .await;
    let announced = db.announced().await.concat();
    assert!(announced.len() <= 2 && !announced.iter().any(|tag| tag.starts_with("checkout:")), "{announced:?}");
    assert_eq!(db.text("SELECT pruned FROM prune_carts(1000)").await, "200", "as many as are announced by name");
}

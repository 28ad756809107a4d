//! Events that come before what they are about.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Event, capture, database, open_events, place, refund, state};
use crate::database::{CUSTOMER, Database, ORG};

const PAID: &str = "paid 100.00 0.00 C1=paid/100.00/0.00";

#[tokio::test]
async fn an_event_before_its_order_waits_and_is_applied_when_the_order_appears() {
    let db = database().await;
    let order = Uuid::now_v7();
    let outcome = Event::new(vec![capture(order, "C1", "completed", "9.99", 1)]).deliver(&db.client).await;
    assert_eq!(outcome, "waiting:order-unknown");
    assert_eq!(open_events(&db.client).await, ["received:order-unknown"]);
    let request = json!({"customerId": CUSTOMER, "currency": "EUR", "items": [{"sku": "CUP", "quantity": 1}]});
    let row = db.create(&request, "k", order).await;
    assert_eq!(row.get::<_, &str>("outcome"), "created");
    let body: Value = serde_json::from_str(row.get("body")).unwrap();
    assert_eq!(
        (&body["paymentStatus"], &body["externalTransactionId"]),
        (&json!("paid"), &json!("C1")),
        "the answer shows it already"
    );
    assert_eq!(open_events(&db.client).await, [""; 0]);
}

#[tokio::test]
async fn orders_and_their_events_at_the_same_moment_find_each_other() {
    let db = database().await;
    let (placing, delivering) = (db.connect().await, db.connect().await);
    for round in 0..50 {
        let order = Uuid::now_v7();
        let event = Event::new(vec![capture(order, &format!("C1.{round}"), "completed", "100.00", 1)]);
        tokio::join!(place(&placing, order, "100.00"), event.deliver(&delivering));
        assert_eq!(state(&db.client, order).await, PAID, "round {round}");
    }
    assert_eq!(open_events(&db.client).await, [""; 0]);
}

#[tokio::test]
async fn many_orders_placed_by_one_statement_find_their_events() {
    let db = database().await;
    let orders: Vec<_> = (0..150).map(|_| Uuid::now_v7()).collect();
    for order in [orders[0], orders[149]] {
        Event::new(vec![capture(order, &format!("C1.{order}"), "completed", "100.00", 1)]).deliver(&db.client).await;
    }
    let insert = format!(
        "WITH placed AS (INSERT INTO orders (id, organization_id, customer_id, currency, total_amount)
            SELECT unnest($1::uuid[]), '{ORG}', '{CUSTOMER}', 'EUR', 100 RETURNING id)
        INSERT INTO order_items (order_id, organization_id, customer_id, position, sku, name, quantity, currency, unit_price)
        SELECT id, '{ORG}', '{CUSTOMER}', 1, 'CUP', 'Cup', 1, 'EUR', 100 FROM placed"
    );
    db.client.execute(&insert, &[&orders]).await.unwrap();
    for order in [orders[0], orders[149]] {
        assert_eq!(state(&db.client, order).await, PAID);
    }
    assert_eq!(state(&db.client, orders[1]).await, "unpaid 0.00 0.00");
    assert_eq!(open_events(&db.client).await, [""; 0]);
}

#[tokio::test]
async fn an_import_of_any_size_holds_few_locks_and_does_not_wait_for_another() {
    let db = database().await;
    let (one, two) = (db.connect().await, db.connect().await);
    let import = format!(
        "DO $$ BEGIN
            FOR n IN 1..2000 LOOP
                INSERT INTO orders (organization_id, customer_id, currency, total_amount, payment_status)
                VALUES ('{ORG}', '{CUSTOMER}', 'EUR', 0, 'none_required');
            END LOOP;
        END $$"
    );
    for client in [&one, &two] {
        client.batch_execute(&format!("BEGIN; SET LOCAL lock_timeout = '5s'; {import}")).await.unwrap();
    }
    let held = db
        .text("SELECT max(n) FROM (SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' GROUP BY pid) AS l")
        .await;
    assert!(held.parse::<i64>().unwrap() <= 512, "{held}");
    for client in [&one, &two] {
        client.batch_execute("COMMIT").await.unwrap();
    }
}

#[tokio::test]
async fn a_refund_before_its_payment_waits_for_it() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    let early = Event::new(vec![refund("C1", "R1", "completed", "30.00", None, 2)]).deliver(&db.client).await;
    assert_eq!(early, "waiting:payment-unknown");
    Event::new(vec![capture(order, "C1", "completed", "100.00", 1)]).deliver(&db.client).await;
    assert_eq!(state(&db.client, order).await, "partially_refunded 100.00 30.00 C1=partially_refunded/100.00/30.00");
    assert_eq!(open_events(&db.client).await, [""; 0]);
}

/// A session of an order with its id at the provider.
async fn session(db: &Database, order: Uuid, external: &str) {
    db.run(&format!(
        "INSERT INTO payment_sessions (id, organization_id, customer_id, order_id, gateway, status, amount, currency, principal,
            idempotency_key, body_hash, return_url, external_id, leased_until, expires_at)
        VALUES ('{}', '{ORG}', '{CUSTOMER}', '{order}', 'paypal', 'awaiting_callback', 100, 'EUR', 'somebody', '{order}', 'h', 'https://x',
            '{external}', now(), now() + interval '30 minutes')",
        Uuid::now_v7()
    ))
    .await;
}

#[tokio::test]
async fn a_payment_without_our_reference_is_found_through_the_session_that_opened_it() {
    for session_first in [true, false] {
        let db = database().await;
        let order = Uuid::now_v7();
        place(&db.client, order, "100.00").await;
        let mut object = capture(order, "C1", "completed", "100.00", 1);
        object["order_reference"] = Value::Null;
        object["external_order"] = "O1".into();
        let event = Event::new(vec![object]);
        if session_first {
            session(&db, order, "O1").await;
            assert_eq!(event.deliver(&db.client).await, "applied");
        } else {
            assert_eq!(event.deliver(&db.client).await, "waiting:order-unknown");
            session(&db, order, "O1").await;
        }
        assert_eq!(state(&db.client, order).await, PAID, "session first: {session_first}");
        assert_eq!(open_events(&db.client).await, [""; 0]);
        assert_eq!(db.text("SELECT status FROM payment_sessions").await, "completed", "session first: {session_first}");
    }
}

#[tokio::test]
async fn stripe_objects_find_their_payment_by_intent_or_charge() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    let stripe = |object: Value| Event { provider: "stripe", account: "acct_1", ..Event::new(vec![object]) };
    let mut intent = capture(order, "pi_1", "completed", "100.00", 1);
    intent["payee"] = Value::Null;
    // The dispute names only the charge, and comes before anybody knows whose charge it is.
    let dispute = super::dispute("ch_1", "dp_1", "open", 3);
    assert_eq!(stripe(dispute).deliver(&db.client).await, "waiting:payment-unknown");
    assert_eq!(stripe(intent.clone()).deliver(&db.client).await, "applied");
    intent["alias"] = "ch_1".into();
    intent["refunded_total"] = "10.00".into();
    assert_eq!(stripe(intent).deliver(&db.client).await, "applied");
    assert!(state(&db.client, order).await.starts_with("disputed 100.00 10.00"));
    assert_eq!(open_events(&db.client).await, [""; 0]);
}

#[tokio::test]
async fn a_reference_that_is_no_order_of_ours_waits_without_harm() {
    let db = database().await;
    for reference in [json!("not-a-uuid"), json!("'; DROP TABLE orders; --"), json!(""), Value::Null] {
        let mut object = capture(Uuid::now_v7(), "C1", "completed", "100.00", 1);
        object["order_reference"] = reference;
        assert_eq!(Event::new(vec![object]).deliver(&db.client).await, "waiting:order-unknown");
    }
}

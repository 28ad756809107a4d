//! An event that its own body proves is stored and takes effect in one statement.

use uuid::Uuid;

use super::{Event, capture, database, place, state};

#[tokio::test]
async fn a_new_event_takes_effect_in_the_statement_that_stores_it_and_a_known_one_does_not() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    let event = Event::new(vec![capture(order, "C1", "completed", "100.00", 1)]);
    let (stored, outcome) = event.store_and_apply(&db.client).await;
    assert_eq!(outcome, "applied");
    assert_eq!(state(&db.client, order).await, "paid 100.00 0.00 C1=paid/100.00/0.00");
    assert_eq!(event.store_and_apply(&db.client).await, (stored, String::new()));

    // It was only stored before. Its row is locked now, so it isn't the time to lock an order.
    let other = Event::new(vec![capture(order, "C1", "completed", "100.00", 2)]);
    other.record(&db.client).await;
    let (stored, outcome) = other.store_and_apply(&db.client).await;
    assert_eq!(outcome, "");
    assert_eq!(db.text(&format!("SELECT state FROM webhook_events WHERE id = '{stored}'")).await, "received");
    assert_eq!(other.apply(&db.client, stored).await, "applied");
}

#[tokio::test]
async fn the_row_tells_the_tags_of_what_it_changed() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    let sql = format!(
        "SELECT tags @> ARRAY['order:{}/{order}'] AND xid <> '' FROM webhook_deliver('paypal', '{}', 'WH-TAGS', 'TEST',
            repeat('a', 64), NULL, '{{}}', '\\x7b7d', now()::text, 86400, '[{}]')",
        super::ORG,
        super::ACCOUNT,
        capture(order, "C1", "completed", "100.00", 1)
    );
    assert_eq!(db.text(&sql).await, "true");
}

#[tokio::test]
async fn what_is_stored_stays_if_it_cannot_take_effect() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    let told = |id: Uuid| format!("SELECT state || ' ' || attempts FROM webhook_events WHERE id = '{id}'");

    // No object of the provider's says this.
    let wrong = Event::new(vec![capture(order, "C1", "completed", "much", 1)]);
    let (stored, outcome) = wrong.store_and_apply(&db.client).await;
    assert_eq!((outcome.as_str(), db.text(&told(stored)).await.as_str()), ("", "received 0"));

    // Somebody has locked the order for longer than a statement may take.
    let other = db.holder_of(order).await;
    db.run("SET statement_timeout = '200ms'").await;
    let event = Event::new(vec![capture(order, "C1", "completed", "100.00", 1)]);
    let (stored, outcome) = event.store_and_apply(&db.client).await;
    assert_eq!(outcome, "");
    other.batch_execute("ROLLBACK").await.unwrap();
    db.run("RESET statement_timeout").await;
    assert_eq!(db.text(&told(stored)).await, "received 0");
    assert_eq!(event.apply(&db.client, stored).await, "applied");
    assert_eq!(state(&db.client, order).await, "paid 100.00 0.00 C1=paid/100.00/0.00");
}

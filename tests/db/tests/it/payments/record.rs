//! What has been told is stored once, and nothing that conflicts is believed.

use std::sync::Arc;

use tokio_postgres::Row;
use uuid::Uuid;

use super::{Event, capture, database, place, state};

fn stored(row: &Row) -> (String, String, bool) {
    (row.get("outcome"), row.get("state"), row.get("conflict"))
}

#[tokio::test]
async fn one_event_delivered_by_many_at_once_is_stored_once_and_takes_effect_once() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    let version = db.version(order).await;
    let event = Arc::new(Event::new(vec![capture(order, "C1", "completed", "100.00", 1)]));
    let mut tasks = Vec::new();
    for _ in 0..30 {
        let (client, event) = (db.connect().await, event.clone());
        tasks.push(tokio::spawn(async move {
            let mut outcomes = Vec::new();
            for _ in 0..5 {
                outcomes.push(event.deliver(&client).await);
            }
            outcomes
        }));
    }
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.extend(task.await.unwrap());
    }
    outcomes.sort();
    let mut expected = vec!["already_applied"; 149];
    expected.push("applied");
    assert_eq!(outcomes, expected);
    assert_eq!(state(&db.client, order).await, "paid 100.00 0.00 C1=paid/100.00/0.00");
    assert_eq!(db.version(order).await, version + 1, "one change of the order");
    assert_eq!(db.text("SELECT count(*) || ' ' || max(deliveries) FROM webhook_events").await, "1 150");
    assert_eq!(db.text("SELECT count(*) FROM payment_audit WHERE relation = 'payments'").await, "1");
}

#[tokio::test]
async fn the_same_event_is_known_again_and_with_another_body_it_is_another() {
    let db = database().await;
    let event = Event::new(vec![]);
    assert_eq!(stored(&event.record(&db.client).await), ("recorded".into(), "received".into(), false));
    assert_eq!(stored(&event.record(&db.client).await), ("known".into(), "received".into(), false));
    let other_body = Event { objects: vec![1.into()], ..event.clone() };
    assert_eq!(stored(&other_body.record(&db.client).await), ("recorded".into(), "received".into(), false));
    let other_account = Event { account: "MERCHANT2", ..event.clone() };
    assert_eq!(stored(&other_account.record(&db.client).await), ("recorded".into(), "received".into(), false));
    let retransmitted = Event { transmission: Some("t1".into()), ..event };
    assert_eq!(stored(&retransmitted.record(&db.client).await), ("known".into(), "received".into(), false));
}

#[tokio::test]
async fn two_bodies_of_one_transmission_conflict_and_only_the_api_is_believed() {
    // The forged body has the genuine one's CRC and signature, another event id and another amount.
    for forged_first in [false, true] {
        for trusted in [true, false] {
            let db = database().await;
            let order = Uuid::now_v7();
            place(&db.client, order, "100.00").await;
            let transmission = Some("t1".to_owned());
            let genuine =
                Event { transmission, trusted, ..Event::new(vec![capture(order, "C1", "completed", "100.00", 1)]) };
            // Through the API the forged event shows the same capture as it is; by its own body it claims more.
            let claimed = if trusted { "100.00" } else { "9999.00" };
            let forged = Event {
                id: "WH-FORGED".into(),
                objects: vec![capture(order, "C1", "completed", claimed, 9)],
                ..genuine.clone()
            };
            let (first, second) = if forged_first { (&forged, &genuine) } else { (&genuine, &forged) };

            let one = first.record(&db.client).await;
            if !forged_first {
                assert_eq!(first.apply(&db.client, one.get("event")).await, "applied");
            }
            let two = second.record(&db.client).await;
            assert!(two.get::<_, bool>("conflict"), "forged first: {forged_first}");
            let outcome = second.apply(&db.client, two.get("event")).await;
            assert_eq!(outcome, "needs_review:transmission-conflict", "forged first: {forged_first}");
            if forged_first {
                assert_eq!(first.apply(&db.client, one.get("event")).await, "needs_review:transmission-conflict");
            }
            let paid = trusted || !forged_first;
            let expected = if paid { "paid 100.00 0.00 C1=paid/100.00/0.00" } else { "unpaid 0.00 0.00" };
            assert_eq!(state(&db.client, order).await, expected, "forged first: {forged_first}, trusted: {trusted}");
        }
    }
}

#[tokio::test]
async fn conflicting_bodies_at_the_same_moment_see_each_other() {
    let db = database().await;
    for round in 0..20 {
        let event = |n: u32| Event { transmission: Some(format!("t{round}")), ..Event::new(vec![n.into()]) };
        let (one, two) = (db.connect().await, db.connect().await);
        let (first, second) = (event(1), event(2));
        tokio::join!(first.record(&one), second.record(&two));
    }
    let unmarked = db.text("SELECT count(*) FROM webhook_events WHERE NOT conflict").await;
    assert_eq!(unmarked, "0", "both of each pair are marked");
}

#[tokio::test]
async fn an_event_that_is_not_for_us_is_kept_and_has_no_effect() {
    let db = database().await;
    db.run("SELECT payment_event_record('paypal', 'MERCHANT1', 'e', 'PING', repeat('0', 64), NULL, '{}', 'x', NULL, 'ignored', NULL, interval '1 day')").await;
    let event = "SELECT outcome FROM payment_event_apply((SELECT id FROM webhook_events), '[]', true)";
    assert_eq!(db.text(event).await, "ignored");
    assert_eq!(
        db.text("SELECT outcome FROM payment_event_apply(gen_random_uuid(), '[]', true)").await,
        "unknown_event"
    );
}

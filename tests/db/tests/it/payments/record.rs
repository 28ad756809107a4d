//! An event is stored once, and one that conflicts with it isn't believed.

use std::sync::Arc;

use serde_json::json;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use super::{Event, capture, database, place, refund, reversal, state};
use crate::database::Database;

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
async fn an_event_of_stripe_is_known_by_its_id_whatever_its_bytes() {
    let db = database().await;
    let event = Event { provider: "stripe", account: "acct_1", ..Event::new(vec![]) };
    assert_eq!(stored(&event.record(&db.client).await), ("recorded".into(), "received".into(), false));
    let other_bytes = Event { objects: vec![1.into()], ..event.clone() };
    assert_eq!(stored(&other_bytes.record(&db.client).await), ("known".into(), "received".into(), false));
    let other_account = Event { account: "acct_2", ..event.clone() };
    assert_eq!(stored(&other_account.record(&db.client).await), ("recorded".into(), "received".into(), false));
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
            // Through the API the forged event shows the same capture as it is; by its own body it
            // claims more.
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
    db.run("SELECT webhook_record('paypal', 'MERCHANT1', 'e', 'PING', repeat('0', 64), NULL, '{}', 'x', NULL, 'ignored', NULL, 86400)").await;
    let event = "SELECT outcome FROM payment_event_apply((SELECT id FROM webhook_events), '[]', true)";
    assert_eq!(db.text(event).await, "ignored");
    assert_eq!(
        db.text("SELECT outcome FROM payment_event_apply(gen_random_uuid(), '[]', true)").await,
        "unknown_event"
    );
}

/// An event that agrees with what the API shows of a resource, delivered.
async fn agreeing(client: &Client, event: &Event, resource: &str, agrees: bool) -> String {
    let id: Uuid = event.record(client).await.get("event");
    judged(client, event, id, resource, agrees).await
}

async fn judged(client: &Client, event: &Event, id: Uuid, resource: &str, agrees: bool) -> String {
    let sql = "SELECT concat_ws(':', outcome, reason) FROM payment_event_apply($1, $2, true, $3, $4)";
    client.query_one(sql, &[&id, &json!(event.objects), &resource, &agrees]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_conflict_over_one_resource_is_over_where_the_api_shows_what_the_body_says() {
    const CONFLICT: &str = "needs_review:transmission-conflict";
    // The second event's resource and kind, whether it agrees, and the status that it gets.
    for (resource, kind, agrees, expected) in [
        ("captures/C1", "TEST", true, "applied"),
        ("captures/C1", "TEST", false, CONFLICT),
        ("captures/C2", "TEST", true, CONFLICT),
        ("captures/C1", "OTHER", true, CONFLICT),
    ] {
        let db = database().await;
        let order = Uuid::now_v7();
        place(&db.client, order, "100.00").await;
        let of = |id: &str| Event {
            id: id.into(),
            transmission: Some("t1".into()),
            ..Event::new(vec![capture(order, "C1", "completed", "100.00", 1)])
        };
        let (first, second) = (of("WH-1"), of("WH-2"));
        assert_eq!(agreeing(&db.client, &first, "captures/C1", false).await, "applied", "there is no conflict yet");
        let id: Uuid = second.record(&db.client).await.get("event");
        db.run(&format!("UPDATE webhook_events SET kind = '{kind}' WHERE id = '{id}'")).await;
        assert_eq!(judged(&db.client, &second, id, resource, agrees).await, expected, "{resource} {kind} {agrees}");
        assert_eq!(state(&db.client, order).await, "paid 100.00 0.00 C1=paid/100.00/0.00");
    }
}

#[tokio::test]
async fn the_genuine_one_of_a_pair_that_was_looked_up_before_the_other_is_settled_with_it() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    let of = |id: &str| Event {
        id: id.into(),
        transmission: Some("t1".into()),
        ..Event::new(vec![capture(order, "C1", "completed", "100.00", 1)])
    };
    let (genuine, forged) = (of("WH-GENUINE"), of("WH-FORGED"));
    let ids: [Uuid; 2] = [genuine.record(&db.client).await.get("event"), forged.record(&db.client).await.get("event")];
    let first = judged(&db.client, &genuine, ids[0], "captures/C1", true).await;
    assert_eq!(first, "needs_review:transmission-conflict", "nobody knows what the other one names");
    let second = judged(&db.client, &forged, ids[1], "captures/C1", false).await;
    assert_eq!(second, "needs_review:transmission-conflict");
    let states = "SELECT string_agg(event_id || '=' || state, ' ' ORDER BY event_id) FROM webhook_events";
    assert_eq!(db.text(states).await, "WH-FORGED=needs_review WH-GENUINE=applied");
}

/// One of many bodies of a transmission.
fn body(n: u32, transmission: &str) -> Event {
    Event { id: format!("WH-{n}"), transmission: Some(transmission.into()), ..Event::new(vec![n.into()]) }
}

/// How many of these bodies were stored; they come one after the other.
async fn stored_of(db: &Database, bodies: std::ops::Range<u32>) -> usize {
    let mut stored = 0;
    for n in bodies {
        let row = body(n, "t1").record(&db.client).await;
        let outcome: &str = row.get("outcome");
        assert!(matches!(outcome, "recorded" | "too_many"), "{outcome}");
        assert_eq!(row.get::<_, Option<Uuid>>("event").is_some(), outcome == "recorded");
        stored += usize::from(outcome == "recorded");
    }
    stored
}

#[tokio::test]
async fn one_transmission_brings_some_bodies_an_hour_and_not_any_number() {
    let db = database().await;
    assert_eq!(stored_of(&db, 0..40).await, 25);
    assert_eq!(body(2, "t1").record(&db.client).await.get::<_, &str>("outcome"), "known", "it is one of them");
    assert_eq!(body(40, "t2").record(&db.client).await.get::<_, &str>("outcome"), "recorded", "another transmission");
    for hour in 1..6 {
        db.run("UPDATE webhook_transmission_floods SET since = since - interval '61 minutes'").await;
        let stored = stored_of(&db, 1000 * hour..1000 * hour + 30).await;
        assert_eq!(stored, [20, 20, 20, 15, 0][hour as usize - 1], "hour {hour}");
    }
    assert_eq!(db.text("SELECT count(*) FROM webhook_transmissions WHERE transmission_id = 't1'").await, "100");

    let mut tasks = Vec::new();
    for n in 100..150 {
        let (client, event) = (db.connect().await, body(n, "t3"));
        tasks.push(tokio::spawn(async move { event.record(&client).await.get::<_, String>("outcome") }));
    }
    let mut recorded = 0;
    for task in tasks {
        recorded += usize::from(task.await.unwrap() == "recorded");
    }
    assert_eq!(recorded, 25, "at the same moment, too");
}

#[tokio::test]
async fn a_new_body_takes_the_place_of_the_oldest_that_is_of_no_use() {
    let db = database().await;
    stored_of(&db, 0..5).await;
    for (n, change) in [
        (0, "state = 'applied', applied_at = now()"),
        (1, "state = 'needs_review', reason = 'transmission-conflict', resource = 'captures/C1', agreed = true"),
        (2, "state = 'needs_review', reason = 'underpaid'"),
        (3, "state = 'needs_review', reason = 'transmission-conflict', resource = 'captures/C1'"),
        (4, "reason = 'resource-unknown'"),
    ] {
        db.run(&format!("UPDATE webhook_events SET {change} WHERE event_id = 'WH-{n}'")).await;
    }
    let kept = "SELECT string_agg(event_id, ' ' ORDER BY event_id) FROM webhook_events";
    for (n, expected) in [
        (5, "WH-0 WH-1 WH-2 WH-4 WH-5"),
        (6, "WH-0 WH-1 WH-2 WH-5 WH-6"),
        // Nothing is known of the others: they stay.
        (7, "WH-0 WH-1 WH-2 WH-5 WH-6 WH-7"),
    ] {
        assert_eq!(stored_of(&db, n..n + 1).await, 1);
        assert_eq!(db.text(kept).await, expected);
    }
}

#[tokio::test]
async fn a_forged_type_makes_no_reversal_of_a_refund() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    Event::new(vec![capture(order, "C1", "completed", "100.00", 1)]).deliver(&db.client).await;
    let of = |id: &str, object| Event { id: id.into(), transmission: Some("t1".into()), ..Event::new(vec![object]) };
    let genuine = of("WH-GENUINE", refund("C1", "R1", "completed", "10.00", Some("10.00"), 2));
    let forged = of("WH-FORGED", reversal("C1", "R1", "10.00", 2));
    assert_eq!(agreeing(&db.client, &genuine, "refunds/R1", true).await, "applied");
    let id: Uuid = forged.record(&db.client).await.get("event");
    db.run(&format!("UPDATE webhook_events SET kind = 'REVERSED' WHERE id = '{id}'")).await;
    let outcome = judged(&db.client, &forged, id, "refunds/R1", true).await;
    assert_eq!(outcome, "needs_review:transmission-conflict");
    assert_eq!(state(&db.client, order).await, "partially_refunded 100.00 10.00 C1=partially_refunded/100.00/10.00");

    // Two events that agree leave no doubt.
    let again = of("WH-AGAIN", reversal("C1", "R2", "90.00", 3));
    let same = of("WH-SAME", reversal("C1", "R2", "90.00", 3));
    for (event, transmission) in [(again, "t2"), (same, "t2")] {
        let event = Event { transmission: Some(transmission.into()), ..event };
        assert_eq!(agreeing(&db.client, &event, "refunds/R2", true).await, "applied");
    }
    assert!(state(&db.client, order).await.starts_with("reversed"));
}

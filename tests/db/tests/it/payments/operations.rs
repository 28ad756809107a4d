//! Operators and schedulers list, repeat and dismiss events.

use uuid::Uuid;

use super::{ACCOUNT, Event, capture, database, place, state};
use crate::database::{Database, ORG, OTHER_ORG};

async fn claimed(db: &Database) -> i64 {
    db.client.query_one("SELECT count(*) FROM webhook_claim(100, 60)", &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn what_waits_is_tried_again_by_one_at_a_time_later_and_later() {
    let db = database().await;
    let event = Event::new(vec![capture(Uuid::now_v7(), "C1", "completed", "1.00", 1)]);
    let id: Uuid = event.record(&db.client).await.get("event");
    assert_eq!((claimed(&db).await, claimed(&db).await), (1, 0));
    let mut pauses = Vec::new();
    for _ in 0..12 {
        assert_eq!(event.apply(&db.client, id).await, "waiting:order-unknown");
        pauses.push(
            db.text("SELECT extract(epoch FROM next_attempt_at - now())::integer / 10 FROM webhook_events").await,
        );
        assert_eq!(claimed(&db).await, 0);
        db.run("UPDATE webhook_events SET next_attempt_at = now()").await;
    }
    let pauses: Vec<i32> = pauses.iter().map(|pause| pause.parse().unwrap()).collect();
    assert!(pauses.windows(2).all(|pair| pair[0] <= pair[1]) && pauses[11] <= 360, "{pauses:?}");
    assert_eq!(claimed(&db).await, 1);
}

#[tokio::test]
async fn what_waits_for_long_is_tried_seldom_and_not_for_ever() {
    let db = database().await;
    let pause = "SELECT extract(epoch FROM webhook_pause(20, now() - interval '%'))::integer / 60";
    for (age, minutes) in
        [("1 hour", "60"), ("4 hours", "60"), ("8 hours", "120"), ("4 days", "1440"), ("20 days", "1440")]
    {
        assert_eq!(db.text(&pause.replace('%', age)).await, minutes, "{age}");
    }
    // As a scheduler does that comes every minute for a year, its clock moved.
    let event = Event::new(vec![]);
    let id: Uuid = event.record(&db.client).await.get("event");
    let mut tries = 0;
    while tries < 1000 {
        db.run("UPDATE webhook_events SET received_at = received_at - (next_attempt_at - now()), body_expires_at = body_expires_at - (next_attempt_at - now()), next_attempt_at = now() WHERE next_attempt_at > now()").await;
        if claimed(&db).await == 0 {
            break;
        }
        tries += 1;
        db.run(&format!("SELECT webhook_postpone('{id}', 'resource-unknown')")).await;
    }
    assert!((10..80).contains(&tries), "{tries} tries");
    assert_eq!(db.text("SELECT state || ':' || reason FROM webhook_events").await, "needs_review:resource-unknown");
}

#[tokio::test]
async fn what_is_tried_no_more_still_finds_its_order() {
    let db = database().await;
    let order = Uuid::now_v7();
    Event::new(vec![capture(order, "C1", "completed", "100.00", 1)]).deliver(&db.client).await;
    db.run("UPDATE webhook_events SET body_expires_at = now(), next_attempt_at = now()").await;
    assert_eq!(claimed(&db).await, 0);
    assert_eq!(db.text("SELECT state || ':' || reason FROM webhook_events").await, "needs_review:order-unknown");
    place(&db.client, order, "100.00").await;
    assert!(state(&db.client, order).await.starts_with("paid"));
    assert_eq!(db.text("SELECT state FROM webhook_events").await, "applied");
}

#[tokio::test]
async fn a_providers_answer_holds_no_row_while_it_waits_for_a_fold() {
    // A fold of the payment changes the event's row in the end: were it held by somebody who waits
    // for the fold, they would wait in a circle.
    let db = database().await;
    let objects = serde_json::json!([{"kind": "refund", "id": "R1", "parent": "C1", "state": "completed", "amount": "1.00", "currency": "EUR"}]);
    let observe = "SELECT outcome FROM payment_observed('paypal', 'NOBODY', 'request-1', 'api.test', $1)";
    let outcome: String = db.client.query_one(observe, &[&objects]).await.unwrap().get(0);
    assert_eq!(outcome, "needs_review");
    let answering = db.connect().await;
    db.run("BEGIN").await;
    db.client.query("SELECT payment_lock_objects('paypal', 'NOBODY', $1)", &[&objects]).await.unwrap();
    let again = objects.clone();
    let waiting =
        tokio::spawn(async move { answering.query_one(observe, &[&again]).await.map(|row| row.get::<_, String>(0)) });
    db.wait_for_a_lock().await;
    db.run("SET lock_timeout = '5s'; UPDATE webhook_events SET reason = reason; COMMIT").await;
    assert_eq!(waiting.await.unwrap().unwrap(), "needs_review");
}

#[tokio::test]
async fn a_replay_makes_an_event_due_unless_it_took_effect() {
    let db = database().await;
    let order = Uuid::now_v7();
    let event = Event {
        account: "NEW",
        ..Event::new(vec![{
            let mut object = capture(order, "C1", "completed", "100.00", 1);
            object["payee"] = "NEW".into();
            object
        }])
    };
    place(&db.client, order, "100.00").await;
    let id: Uuid = event.record(&db.client).await.get("event");
    assert_eq!(event.apply(&db.client, id).await, "needs_review:unknown-account");
    let replay = |org: &str| format!("SELECT outcome FROM webhook_replay({org}, '{id}', 'operator', 0)");
    assert_eq!(db.text(&replay(&format!("'{ORG}'"))).await, "not_found", "it isn't that organisation's");
    assert_eq!(db.text(&replay("NULL")).await, "replayed");
    assert_eq!(claimed(&db).await, 1);
    db.run(&format!("INSERT INTO provider_accounts VALUES ('paypal', 'NEW', '{ORG}')")).await;
    assert_eq!(event.apply(&db.client, id).await, "applied");
    assert!(state(&db.client, order).await.starts_with("paid"));
    assert_eq!(db.text(&replay("NULL")).await, "applied");
    let trace = "SELECT actor || ' ' || (before ->> 'state') || ' ' || (after ->> 'state') FROM payment_audit WHERE relation = 'webhook_events'";
    assert_eq!(db.text(trace).await, "operator needs_review received");
}

#[tokio::test]
async fn events_are_counted_by_age_and_listed_without_bodies() {
    let db = database().await;
    for _ in 0..3 {
        Event::new(vec![capture(Uuid::now_v7(), &Uuid::now_v7().to_string(), "completed", "1.00", 1)])
            .deliver(&db.client)
            .await;
    }
    db.run("UPDATE webhook_events SET received_at = now() - interval '1 hour' WHERE id = (SELECT min(id::text)::uuid FROM webhook_events)").await;
    let counts = "SELECT string_agg(concat_ws(' ', state, reason, events, oldest_seconds::integer), ', ') FROM webhook_event_counts";
    assert_eq!(db.text(counts).await, "received order-unknown 3 3600");
    for (org, state, total) in
        [(format!("'{ORG}'"), "'received'", 3), (format!("'{OTHER_ORG}'"), "NULL", 0), ("NULL".into(), "'applied'", 0)]
    {
        let page = db.text(&format!("SELECT body FROM webhook_list({org}, {state}, 2, 0)")).await;
        let page: serde_json::Value = serde_json::from_str(&page).unwrap();
        assert_eq!(page["total"], total, "{org} {state}");
        assert_eq!(page["items"].as_array().unwrap().len() as i64, i64::from(total).min(2), "{org} {state}");
        assert!(!page.to_string().contains("body"), "{page}");
    }
}

#[tokio::test]
async fn an_event_is_there_only_if_it_is_the_same_by_hash_or_by_type_and_resource() {
    let db = database().await;
    let event = Event::new(vec![]);
    let id: uuid::Uuid = event.record(&db.client).await.get("event");
    let hash = db.text("SELECT body_sha256 FROM webhook_events").await;
    for (stored, kind, resource, fingerprint, missing) in [
        ("state = 'received'", "TEST", "", "other", false),
        ("state = 'received'", "TEST", "/captures/C1", "other", true),
        ("state = 'received'", "TEST", "/captures/C1", hash.as_str(), false),
        ("resource = '/captures/C1'", "TEST", "/captures/C1", "other", false),
        ("resource = '/captures/C1'", "TEST", "/captures/C2", "other", true),
        ("resource = '/captures/C1'", "OTHER", "/captures/C1", "other", true),
        ("conflict = true", "TEST", "/captures/C1", "other", true),
        ("state = 'applied', applied_at = now()", "TEST", "/captures/C1", "other", false),
    ] {
        db.run(&format!("UPDATE webhook_events SET {stored} WHERE id = '{id}'")).await;
        let found = db
            .text(&format!(
                "SELECT count(*) FROM webhook_missing('paypal', '{ACCOUNT}', ARRAY['{}'], ARRAY['{kind}'], ARRAY['{resource}'],
                    ARRAY['{fingerprint}'])",
                event.id
            ))
            .await;
        assert_eq!(found == "1", missing, "{stored}: {kind} {resource} {fingerprint}");
    }
}

#[tokio::test]
async fn what_never_arrived_is_found() {
    let db = database().await;
    let event = Event::new(vec![]);
    event.record(&db.client).await;
    let missing = format!(
        "SELECT string_agg(event_id, ' ') FROM webhook_missing('paypal', 'MERCHANT1', ARRAY['WH-B', '{}', 'WH-A', 'WH-A'])",
        event.id
    );
    assert_eq!(db.text(&missing).await, "WH-A WH-B");
}

#[tokio::test]
async fn bodies_are_forgotten_in_time_but_not_before_they_took_effect() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    Event::new(vec![capture(order, "C1", "completed", "100.00", 1)]).deliver(&db.client).await;
    Event::new(vec![capture(Uuid::now_v7(), "C2", "completed", "1.00", 1)]).deliver(&db.client).await;
    assert_eq!(db.text("SELECT webhook_sweep(100)").await, "0", "not yet");
    db.run("UPDATE webhook_events SET body_expires_at = now()").await;
    assert_eq!(db.text("SELECT webhook_sweep(100)").await, "1");
    let kept = "SELECT string_agg(state || ' ' || (body IS NOT NULL) || ' ' || (headers IS NOT NULL), ', ' ORDER BY state) FROM webhook_events";
    assert_eq!(db.text(kept).await, "applied false false, received true true");
}

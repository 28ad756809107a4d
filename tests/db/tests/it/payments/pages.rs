//! Stored events take effect many at a time: as each would alone, and each once.

use serde_json::{Value, json};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error};
use uuid::Uuid;

use super::{ACCOUNT, Event, capture, database, dispute, place, refund, state};
use crate::database::{Database, ORG};

/// Stores events, which wait.
async fn stored(client: &Client, events: &[Event]) -> Vec<Uuid> {
    let mut ids = Vec::new();
    for event in events {
        ids.push(event.record(client).await.get("event"));
    }
    ids
}

/// One statement for all of these events: outcome and reason of each that it has a row for.
async fn page(client: &Client, ids: &[Uuid], events: &[Event]) -> Result<Vec<(Uuid, String)>, Error> {
    let texts: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    let objects: Vec<&Value> = events.iter().map(|event| &event.objects[0]).collect();
    let sql = "SELECT event::uuid, concat_ws(':', outcome, reason)
        FROM webhook_replay_page('paypal', $1, $2, $3, 'operator:test')";
    let rows = client.query(sql, &[&ACCOUNT, &texts, &json!(objects)]).await?;
    let mut told: Vec<(Uuid, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    told.sort_by_key(|(id, _)| ids.iter().position(|other| other == id));
    Ok(told)
}

/// The same, until nothing is late. Gives how many statements that took.
async fn pages(client: &Client, ids: &[Uuid], events: &[Event]) -> usize {
    let (mut ids, mut events, mut statements) = (ids.to_vec(), events.to_vec(), 0);
    while !ids.is_empty() {
        let told = page(client, &ids, &events).await.unwrap();
        let late = |id: &Uuid| told.iter().any(|(other, outcome)| other == id && outcome == "later");
        assert!(!late(&ids[0]), "the first one is never late");
        events = ids.iter().zip(events).filter(|(id, _)| late(id)).map(|(_, event)| event).collect();
        ids.retain(late);
        statements += 1;
    }
    statements
}

fn outcomes(told: &[(Uuid, String)]) -> Vec<&str> {
    told.iter().map(|(_, outcome)| outcome.as_str()).collect()
}

/// So many orders of ORG, and an event for each that pays it.
async fn paid(db: &Database, count: u32) -> (Vec<Uuid>, Vec<Event>) {
    let (mut orders, mut events) = (Vec::new(), Vec::new());
    for n in 0..count {
        let order = Uuid::now_v7();
        place(&db.client, order, "100.00").await;
        events.push(Event::new(vec![capture(order, &format!("C{n}"), "completed", "100.00", 1)]));
        orders.push(order);
    }
    (orders, events)
}

#[tokio::test]
async fn events_of_a_page_take_effect_each_once_and_each_in_its_own_name() {
    let db = database().await;
    let (orders, events) = paid(&db, 5).await;
    let ids = stored(&db.client, &events).await;
    let versions = "SELECT string_agg(version::text, ' ' ORDER BY id) FROM orders";
    let before = db.text(versions).await;
    let sql = format!(
        "SELECT every(tags @> ARRAY(SELECT 'order:{ORG}/' || id FROM orders)) FILTER (WHERE tags <> '{{}}')
            || ' ' || count(*) FILTER (WHERE tags <> '{{}}') || ' ' || count(DISTINCT customer) || ' ' || count(customer)
        FROM webhook_replay_page('paypal', '{ACCOUNT}', ARRAY(SELECT i::text FROM unnest('{{{}}}'::text[]) AS i), '{}', 'operator:test')",
        ids.iter().map(Uuid::to_string).collect::<Vec<_>>().join(","),
        json!(events.iter().map(|event| &event.objects[0]).collect::<Vec<_>>())
    );
    assert_eq!(db.text(&sql).await, "true 1 1 5", "one row has all that was announced");
    for (n, (order, id)) in orders.iter().zip(&ids).enumerate() {
        assert_eq!(state(&db.client, *order).await, format!("paid 100.00 0.00 C{n}=paid/100.00/0.00"));
        for audit in ["payment_audit", "order_audit"] {
            let actors = format!(
                "SELECT string_agg(DISTINCT actor, ' ') FROM {audit}
                WHERE order_id = '{order}' AND actor NOT LIKE 'user:%' AND relation <> 'webhook_events'"
            );
            assert_eq!(db.text(&actors).await, format!("event:{id}"), "{audit}");
        }
        let event: String = db
            .client
            .query_one("SELECT concat_ws(' ', state, attempts, order_id) FROM webhook_events WHERE id = $1", &[id])
            .await
            .unwrap()
            .get(0);
        assert_eq!(event, format!("applied 1 {order}"));
    }
    let raised: Vec<u32> = before.split(' ').map(|version| version.parse::<u32>().unwrap() + 1).collect();
    let after: Vec<u32> = db.text(versions).await.split(' ').map(|version| version.parse().unwrap()).collect();
    assert_eq!(after, raised, "each order is written once");
    let trace = "SELECT count(DISTINCT before ->> 'event') || ' ' || min(actor) FROM payment_audit WHERE relation = 'webhook_events'";
    assert_eq!(db.text(trace).await, "5 operator:test");
    assert_eq!(db.text("SELECT count(*) FROM payment_transactions").await, "5");

    // Again: they have taken effect, so there is nothing to do.
    assert_eq!(page(&db.client, &ids, &events).await.unwrap(), []);
    assert_eq!(db.text("SELECT count(*) FROM payment_transactions").await, "5");
}

#[tokio::test]
async fn a_page_comes_to_what_its_events_come_to_one_by_one() {
    let mut ends = Vec::new();
    for whole in [true, false] {
        let db = database().await;
        let mut events = Vec::new();
        for n in 0..6_u128 {
            let order = Uuid::from_u128(n + 1);
            if n != 4 {
                place(&db.client, order, "100.00").await;
            }
            let payment = format!("C{n}");
            events.push(capture(order, &payment, "completed", "100.00", 1));
            match n {
                1 => events.push(refund(&payment, "R1", "completed", "30.00", None, 2)),
                2 => events.push(dispute(&payment, "D2", "open", 2)),
                3 => events.push(capture(order, "C3B", "completed", "100.00", 3)),
                _ => {}
            }
        }
        // The refund of a payment that nobody has heard of.
        events.push(refund("C-NONE", "R9", "completed", "1.00", None, 1));
        let events: Vec<Event> = events.into_iter().map(|object| Event::new(vec![object])).collect();
        let ids = stored(&db.client, &events).await;
        if whole {
            assert_eq!(pages(&db.client, &ids, &events).await, 2);
        } else {
            for (id, event) in ids.iter().zip(&events) {
                event.apply(&db.client, *id).await;
            }
        }
        let mut end = Vec::new();
        for n in 0..6_u128 {
            end.push(match n {
                4 => String::new(),
                _ => state(&db.client, Uuid::from_u128(n + 1)).await,
            });
        }
        for told in [
            "SELECT string_agg(concat_ws(' ', state, reason, attempts, order_id), ', ' ORDER BY length(event_id), event_id) FROM webhook_events",
            "SELECT string_agg(concat_ws(' ', order_id, type, amount), ', ' ORDER BY order_id, type, amount) FROM payment_transactions",
            "SELECT string_agg(concat_ws(' ', object_id, state, order_id), ', ' ORDER BY object_id) FROM payment_objects",
            "SELECT string_agg(concat_ws(' ', relation, order_id, before ->> 'status', after ->> 'status'), ', ' ORDER BY relation, order_id, id)
                FROM payment_audit WHERE relation = 'payments'",
        ] {
            end.push(db.text(told).await);
        }
        ends.push(end);
    }
    assert_eq!(ends[0], ends[1]);
    assert!(ends[0][1].starts_with("partially_refunded") && ends[0][2].starts_with("disputed"), "{ends:?}");
}

#[tokio::test]
async fn of_events_that_speak_of_one_order_the_first_is_taken_and_the_others_later() {
    let db = database().await;
    let (orders, mut events) = paid(&db, 2).await;
    events.insert(1, Event::new(vec![refund("C0", "R1", "completed", "30.00", None, 2)]));
    let ids = stored(&db.client, &events).await;
    let told = page(&db.client, &ids, &events).await.unwrap();
    assert_eq!(outcomes(&told), ["applied", "later", "applied"]);
    assert!(state(&db.client, orders[0]).await.starts_with("paid 100.00 0.00"));
    assert_eq!(outcomes(&page(&db.client, &ids, &events).await.unwrap()), ["applied"]);
    assert!(state(&db.client, orders[0]).await.starts_with("partially_refunded 100.00 30.00"));
}

#[tokio::test]
async fn what_cannot_take_effect_yet_waits_and_what_is_doubtful_is_left_out() {
    let db = database().await;
    let order = Uuid::now_v7();
    let (_, mut events) = paid(&db, 1).await;
    events.push(Event::new(vec![capture(order, "C8", "completed", "100.00", 1)]));
    events.push(Event::new(vec![{
        let mut object = capture(order, "C9", "completed", "100.00", 1);
        object["payee"] = json!("STRANGER");
        object["order_reference"] = Value::Null;
        object
    }]));
    events.push(Event::new(vec![capture(order, "C7", "completed", "100.00", 1)]));
    let ids = stored(&db.client, &events).await;
    db.run(&format!("UPDATE webhook_events SET conflict = true WHERE id = '{}'", ids[3])).await;
    let told = page(&db.client, &ids, &events).await.unwrap();
    assert_eq!(outcomes(&told), ["applied", "waiting:order-unknown", "needs_review:unknown-account"]);
    place(&db.client, order, "100.00").await;
    assert!(state(&db.client, order).await.starts_with("paid 100.00"));
    let found = format!("SELECT state FROM webhook_events WHERE id = '{}'", ids[1]);
    assert_eq!(db.text(&found).await, "applied");
}

#[tokio::test]
async fn a_page_with_a_bad_event_in_its_middle_changes_nothing() {
    let db = database().await;
    let (orders, mut events) = paid(&db, 4).await;
    events[2].objects[0]["amount"] = json!("much");
    let ids = stored(&db.client, &events).await;
    let failed = page(&db.client, &ids, &events).await.unwrap_err();
    assert_eq!(failed.code(), Some(&SqlState::INVALID_TEXT_REPRESENTATION), "{failed}");
    for order in &orders {
        assert!(state(&db.client, *order).await.starts_with("unpaid"));
    }
    assert_eq!(
        db.text("SELECT count(*) || ' ' || sum(attempts) FROM webhook_events WHERE state = 'received'").await,
        "4 0"
    );
    assert_eq!(db.text("SELECT count(*) FROM payment_audit WHERE actor LIKE 'operator:%'").await, "0");
}

#[tokio::test]
async fn a_page_that_is_killed_in_the_middle_is_taken_again_and_each_event_counts_once() {
    let db = database().await;
    let (orders, events) = paid(&db, 4).await;
    let ids = stored(&db.client, &events).await;
    let (holder, worker) = (db.holder_of(orders[2]).await, db.connect().await);
    let process: i32 = worker.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
    let (asked, told) = (ids.clone(), events.clone());
    let killed = tokio::spawn(async move { page(&worker, &asked, &told).await });
    db.wait_for_a_lock().await;
    db.run(&format!("SELECT pg_terminate_backend({process})")).await;
    killed.await.unwrap().unwrap_err();
    holder.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(db.text("SELECT count(*) FROM webhook_events WHERE state = 'received'").await, "4");
    assert_eq!(outcomes(&page(&db.client, &ids, &events).await.unwrap()), ["applied"; 4]);
    assert_eq!(db.text("SELECT count(*) || ' ' || sum(amount)::integer FROM payment_transactions").await, "4 400");
}

#[tokio::test]
async fn a_page_waits_for_others_only_shortly() {
    let db = database().await;
    let (orders, events) = paid(&db, 3).await;
    let ids = stored(&db.client, &events).await;
    let holder = db.holder_of(orders[1]).await;
    // Else it would wait for ever.
    db.run("SET statement_timeout = '20s'").await;
    let failed = page(&db.client, &ids, &events).await.unwrap_err();
    assert_eq!(failed.code(), Some(&SqlState::LOCK_NOT_AVAILABLE), "{failed}");
    assert_eq!(db.text("SELECT current_setting('lock_timeout')").await, "0");
    holder.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(outcomes(&page(&db.client, &ids, &events).await.unwrap()), ["applied"; 3]);
}

#[tokio::test]
async fn pages_that_speak_of_the_same_orders_at_the_same_time_count_each_event_once() {
    let db = database().await;
    let (orders, events) = paid(&db, 12).await;
    let ids = stored(&db.client, &events).await;
    let mut running = Vec::new();
    for turned in [false, true, false, true] {
        let (client, mut asked, mut told) = (db.connect().await, ids.clone(), events.clone());
        if turned {
            asked.reverse();
            told.reverse();
        }
        running.push(tokio::spawn(async move {
            // One that had to wait for too long is sent again.
            while let Err(error) = page(&client, &asked, &told).await {
                assert_eq!(error.code(), Some(&SqlState::LOCK_NOT_AVAILABLE), "{error}");
            }
        }));
    }
    for one in running {
        one.await.unwrap();
    }
    for order in orders {
        assert!(state(&db.client, order).await.starts_with("paid 100.00 0.00"));
    }
    assert_eq!(db.text("SELECT count(*) FROM payment_transactions").await, "12");
    assert_eq!(db.text("SELECT sum(attempts) FROM webhook_events").await, "12");
}

//! What is kept how long, and what stays whatever its age.

use uuid::Uuid;

use super::{ACCOUNT, Event, capture, database, open_events, place, state};
use crate::database::{CUSTOMER, Database, ORG, STRANGER};

/// Ten days, in seconds.
const KEEP: u32 = 864_000;

/// The number that a step gives.
async fn prune(db: &Database, kind: &str, limit: u32) -> String {
    db.text(&format!("SELECT pruned FROM prune_{kind}({limit}, {KEEP})")).await
}

/// An event in some state, received some days ago.
async fn event(db: &Database, id: &str, state: &str, dismissed: bool, days: u32) {
    db.run(&format!(
        "INSERT INTO webhook_events (provider, account, event_id, kind, body_sha256, state, reason, organization_id,
            headers, body, body_expires_at, received_at, applied_at, dismissed_at)
        SELECT 'paypal', '{ACCOUNT}', '{id}', 'TEST', repeat('ab', 32), '{state}',
            CASE WHEN '{state}' <> 'applied' THEN 'overpaid' END, '{ORG}', '{{}}', '{{}}', at + interval '1 day', at,
            CASE WHEN '{state}' = 'applied' THEN at END, CASE WHEN {dismissed} THEN at END
        FROM (SELECT now() - make_interval(days => {days}) AS at) AS received"
    ))
    .await;
}

async fn left(db: &Database, table: &str, column: &str) -> String {
    db.text(&format!("SELECT coalesce(string_agg({column}, ' ' ORDER BY {column}), '') FROM {table}")).await
}

#[tokio::test]
async fn events_end_unless_somebody_still_has_to_see_to_them() {
    let db = database().await;
    for (state, dismissed) in
        [("applied", false), ("ignored", false), ("received", false), ("needs_review", false), ("needs_review", true)]
    {
        for days in [9, 11] {
            event(&db, &format!("{state}-{dismissed}-{days}"), state, dismissed, days).await;
        }
    }
    db.run(&format!(
        "INSERT INTO webhook_transmissions SELECT 'paypal', '{ACCOUNT}', event_id, repeat('ab', 32), id FROM webhook_events;
        INSERT INTO webhook_transmission_floods VALUES ('paypal', '{ACCOUNT}', 'old', now() - interval '2 days', 1),
            ('paypal', '{ACCOUNT}', 'new', now(), 1)"
    ))
    .await;
    assert_eq!(prune(&db, "events", 2).await, "2", "no more than it is told");
    assert_eq!(prune(&db, "events", 2).await, "1");
    assert_eq!(prune(&db, "events", 2).await, "0");
    let kept = "applied-false-9 ignored-false-9 needs_review-false-11 needs_review-false-9 needs_review-true-9 \
        received-false-11 received-false-9";
    assert_eq!(left(&db, "webhook_events", "event_id").await, kept);
    assert_eq!(left(&db, "webhook_transmissions", "transmission_id").await, kept, "with their events");
    assert_eq!(left(&db, "webhook_transmission_floods", "transmission_id").await, "new");
}

#[tokio::test]
async fn headers_and_bodies_end_even_if_nobody_looks_at_the_event() {
    let db = database().await;
    event(&db, "applied", "applied", false, 2).await;
    event(&db, "review", "needs_review", false, 11).await;
    event(&db, "waiting", "received", false, 11).await;
    event(&db, "new review", "needs_review", false, 9).await;
    let bodies = "(SELECT event_id FROM webhook_events WHERE body IS NOT NULL AND headers IS NOT NULL) AS with_body";
    db.run("SELECT webhook_sweep(10)").await;
    assert_eq!(left(&db, bodies, "event_id").await, "new review review waiting", "a redrive leaves these");
    assert_eq!(db.text(&format!("SELECT forgotten FROM webhook_sweep(1, {KEEP})")).await, "1");
    db.run(&format!("SELECT webhook_sweep(10, {KEEP})")).await;
    assert_eq!(left(&db, bodies, "event_id").await, "new review");
    // It is still there to be seen, and nobody waits for it for ever.
    assert_eq!(db.text("SELECT count(*) FROM webhook_claim(10, 60)").await, "0");
    assert!(open_events(&db.client).await.iter().all(|event| event == "needs_review:overpaid"));
}

#[tokio::test]
async fn what_an_order_was_paid_by_outlives_the_events_that_told_of_it() {
    let db = database().await;
    let (order, unknown) = (Uuid::now_v7(), Uuid::now_v7());
    place(&db.client, order, "100.00").await;
    let paid = Event::new(vec![capture(order, "C1", "completed", "100.00", 1)]);
    assert_eq!(paid.deliver(&db.client).await, "applied");
    let lost = Event::new(vec![capture(unknown, "C2", "completed", "5.00", 1)]);
    assert_eq!(lost.deliver(&db.client).await, "waiting:order-unknown");
    db.run(
        "UPDATE webhook_events SET received_at = now() - interval '11 days';
        UPDATE payment_objects SET updated_at = now() - interval '11 days'",
    )
    .await;
    assert_eq!((prune(&db, "events", 10).await, prune(&db, "objects", 10).await), ("1".into(), "0".into()));
    assert_eq!(left(&db, "payment_objects", "object_id").await, "C1 C2", "an event still speaks of C2");
    db.run("UPDATE webhook_events SET state = 'needs_review', dismissed_at = now()").await;
    assert_eq!((prune(&db, "events", 10).await, prune(&db, "objects", 10).await), ("1".into(), "1".into()));
    assert_eq!(left(&db, "payment_objects", "object_id").await, "C1");
    // A resend of the event that was forgotten changes nothing.
    let before = state(&db.client, order).await;
    assert_eq!(paid.deliver(&db.client).await, "applied");
    assert_eq!(state(&db.client, order).await, before);
    assert!(before.starts_with("paid 100.00"));
}

#[tokio::test]
async fn the_audit_lets_go_of_old_rows_only_and_only_to_retention() {
    let db = database().await;
    db.run(
        "INSERT INTO payment_audit (at, actor, relation)
        SELECT now() - years * interval '370 days', 'years-' || years, 'payments' FROM unnest('{3, 2, 1, 0}'::int[]) AS years",
    )
    .await;
    assert!(db.client.batch_execute("DELETE FROM payment_audit").await.is_err());
    assert_eq!(db.text("SELECT pruned FROM prune_audit(1, 1)").await, "1");
    // However short the setting, a year is kept.
    assert_eq!(db.text("SELECT pruned FROM prune_audit(10, 1)").await, "2");
    assert_eq!(left(&db, "payment_audit", "actor").await, "years-0");
    let young = "BEGIN; SET LOCAL payments.prune = 'on'; DELETE FROM payment_audit; COMMIT";
    assert!(db.client.batch_execute(young).await.is_err());
}

#[tokio::test]
async fn sessions_end_when_no_money_can_come_through_them_and_caches_are_told() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    db.run(&format!(
        "INSERT INTO payment_sessions (id, organization_id, customer_id, order_id, gateway, account, status, amount, currency,
            principal, idempotency_key, body_hash, return_url, external_id, leased_until, expires_at, created_at)
        SELECT gen_random_uuid(), '{ORG}', '{CUSTOMER}', '{order}', gateway, '{ACCOUNT}', status, 100, 'EUR', 'somebody', key, 'h',
            '', external, at, at + interval '1 hour' + open * interval '60 days', at
        FROM (VALUES ('paid', 'paypal', 'completed', 'O1', 40, 0), ('expired', 'paypal', 'failed', 'O2', 40, 0),
            ('may still be paid', 'paypal', 'failed', 'O3', 20, 0), ('new', 'other', 'failed', NULL, 9, 0),
            ('open', 'other', 'awaiting_redirect', NULL, 40, 1), ('by hand', 'other', 'failed', NULL, 11, 0))
            AS s (key, gateway, status, external, days, open), LATERAL (SELECT now() - make_interval(days => days) AS at) AS t"
    ))
    .await;
    db.announced().await;
    let row = db.client.query_one(&format!("SELECT pruned, tags FROM prune_sessions(10, {KEEP})"), &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>("pruned"), 3);
    assert_eq!(left(&db, "payment_sessions", "idempotency_key").await, "may still be paid new open");
    let mut told: Vec<String> = row.get("tags");
    told.sort();
    assert_eq!((told.len(), vec![told]), (3, db.announced().await));
}

#[tokio::test]
async fn refunds_and_carts_end_and_open_requests_stay() {
    let db = database().await;
    db.run(&format!(
        "SET session_replication_role = replica;
        INSERT INTO refund_requests (id, organization_id, order_id, payment_id, amount, currency, principal, idempotency_key,
            body_hash, state, external_id, created_at)
        SELECT gen_random_uuid(), '{ORG}', gen_random_uuid(), gen_random_uuid(), 1, 'EUR', 'p', state || days, 'h', state,
            CASE state WHEN 'sent' THEN 'R' END, now() - make_interval(days => days)
        FROM unnest('{{queued, sent, failed, needs_review}}'::text[]) AS state, unnest('{{9, 11}}'::int[]) AS days;
        INSERT INTO checkout_orders SELECT '{ORG}', 'days-' || days, gen_random_uuid(), '{STRANGER}', now() - make_interval(days => days)
        FROM unnest('{{9, 11}}'::int[]) AS days;
        SET session_replication_role = DEFAULT"
    ))
    .await;
    assert_eq!((prune(&db, "refunds", 1).await, prune(&db, "refunds", 9).await), ("1".into(), "1".into()));
    let kept = "failed9 needs_review11 needs_review9 queued11 queued9 sent9";
    assert_eq!(left(&db, "refund_requests", "idempotency_key").await, kept);
    assert_eq!(db.text("SELECT count(*) FROM payment_audit WHERE actor = 'retention'").await, "2");
    assert_eq!(
        (prune(&db, "checkouts", 9).await, left(&db, "checkout_orders", "principal").await),
        ("1".into(), "days-9".into())
    );
}

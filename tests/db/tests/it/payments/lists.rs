//! Operators' lists: complete, the newest first, and going on where the last page ended.

use serde_json::Value;
use uuid::Uuid;

use super::{ACCOUNT, database};
use crate::database::{CUSTOMER, Database, ORG};

/// The answer to a call that gives one body.
async fn body(db: &Database, call: &str) -> Value {
    serde_json::from_str(&db.text(&format!("SELECT body FROM {call}")).await).unwrap()
}

/// The ids of a list, page by page. `page` is the call, with `{after}` where the place stands.
async fn walk(db: &Database, page: &str) -> Vec<Vec<String>> {
    let (mut pages, mut after) = (Vec::new(), "NULL".to_owned());
    loop {
        let body = body(db, &page.replace("{after}", &after)).await;
        let items = body["items"].as_array().unwrap().iter();
        pages.push(items.map(|item| item["id"].as_str().unwrap().to_owned()).collect());
        match body["next"].as_str() {
            Some(next) => after = format!("'{next}'"),
            None => return pages,
        }
        assert!(pages.len() < 100, "it ends");
    }
}

/// Rows in tens that share a moment: the id decides between them.
const MOMENT: &str = "now() - (n / 10) * interval '1 hour'";

async fn events(db: &Database, count: u32, state: &str, kind: &str) {
    db.run(&format!(
        "INSERT INTO webhook_events (provider, account, event_id, kind, body_sha256, state, reason, organization_id,
            body_expires_at, received_at)
        SELECT 'paypal', '{ACCOUNT}', '{kind}-' || n, '{kind}', repeat('ab', 32), '{state}',
            CASE WHEN '{state}' = 'needs_review' THEN 'overpaid' END, '{ORG}', now(), {MOMENT}
        FROM generate_series(1, {count}) AS n"
    ))
    .await;
}

async fn naive(db: &Database, table: &str, filter: &str, time: &str) -> Vec<String> {
    let sql = format!("SELECT id::text FROM {table} WHERE {filter} ORDER BY {time} DESC, id DESC");
    db.client.query(&sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn pages_meet_without_gap_or_overlap_and_end() {
    let db = database().await;
    events(&db, 30, "ignored", "A").await;
    events(&db, 25, "needs_review", "B").await;
    db.run(&format!(
        "SET session_replication_role = replica;
        INSERT INTO payments (order_id, organization_id, customer_id, provider, account, external_id, status, currency, amount, captured_at)
        SELECT gen_random_uuid(), '{ORG}', '{CUSTOMER}', 'paypal', '{ACCOUNT}', 'C-' || n, 'paid', 'EUR', 10, {MOMENT}
        FROM generate_series(1, 30) AS n;
        INSERT INTO refund_requests (id, organization_id, order_id, payment_id, amount, currency, principal, idempotency_key, body_hash, created_at)
        SELECT gen_random_uuid(), '{ORG}', gen_random_uuid(), gen_random_uuid(), 1, 'EUR', 'p', n::text, 'h', {MOMENT}
        FROM generate_series(1, 30) AS n;
        INSERT INTO payment_sessions (id, organization_id, customer_id, order_id, gateway, status, amount, currency, principal,
            idempotency_key, body_hash, return_url, leased_until, expires_at, created_at)
        SELECT gen_random_uuid(), '{ORG}', '{CUSTOMER}', gen_random_uuid(), 'other',
            (ARRAY['failed', 'awaiting_callback', 'completed'])[1 + n % 3], 1, 'EUR', 'p', n::text, 'h', '', now(),
            now() + (n % 2 - 0.5) * interval '1 hour', {MOMENT}
        FROM generate_series(1, 60) AS n;
        SET session_replication_role = DEFAULT"
    ))
    .await;
    let failed = "status = 'failed' OR status = 'awaiting_callback' AND expires_at <= now()";
    for (page, table, filter, time) in [
        ("webhook_list(NULL, NULL, 10, 0, p_after => {after})", "webhook_events", "true", "received_at"),
        (
            "webhook_list(NULL, 'needs_review', 10, 0, p_after => {after})",
            "webhook_events",
            "state = 'needs_review'",
            "received_at",
        ),
        (
            "webhook_list(NULL, NULL, 10, 0, p_kind => 'A', p_after => {after})",
            "webhook_events",
            "kind = 'A'",
            "received_at",
        ),
        ("capture_search('{ORG}', NULL, NULL, NULL, NULL, 10, {after})", "payments", "true", "captured_at"),
        ("refund_search('{ORG}', 'queued', 10, {after})", "refund_requests", "true", "created_at"),
        ("payment_differences('{ORG}', 'paypal', NULL, NULL, 10, {after})", "payments", "true", "created_at"),
        ("session_list('{ORG}', NULL, NULL, NULL, 10, true, {after})", "payment_sessions", "true", "created_at"),
        ("session_list('{ORG}', NULL, NULL, 'failed', 10, true, {after})", "payment_sessions", failed, "created_at"),
        (
            "session_list('{ORG}', '{CUSTOMER}', NULL, 'failed', 10, true, {after})",
            "payment_sessions",
            failed,
            "created_at",
        ),
    ] {
        let page = page.replace("{ORG}", &ORG.to_string()).replace("{CUSTOMER}", &CUSTOMER.to_string());
        let pages = walk(&db, &page).await;
        assert!(pages.iter().all(|page| page.len() <= 10), "{page}");
        let expected = naive(&db, table, filter, time).await;
        assert!(expected.len() > 20, "{page}");
        assert_eq!(pages.concat(), expected, "{page}");
        assert_eq!(pages.len(), expected.len().div_ceil(10), "{page}: no page is empty");
    }
}

#[tokio::test]
async fn a_search_goes_on_where_it_has_looked_at_enough() {
    let db = database().await;
    events(&db, 20_500, "ignored", "A").await;
    db.run("UPDATE webhook_events SET kind = 'B' WHERE event_id IN ('A-5', 'A-20400')").await;
    let pages = walk(&db, "webhook_list(NULL, NULL, 10, 0, p_kind => 'B', p_after => {after})").await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [1, 0, 1]);
    assert_eq!(pages.concat(), naive(&db, "webhook_events", "kind = 'B'", "received_at").await);
    let first = body(&db, "webhook_list(NULL, NULL, 10, 0)").await;
    assert_eq!((first["total"].as_u64(), first["page"].as_u64()), (Some(10_000), Some(1)));
    let next = first["next"].as_str().unwrap();
    assert_eq!(body(&db, &format!("webhook_list(NULL, NULL, 10, 0, p_after => '{next}')")).await["total"], Value::Null);
}

#[tokio::test]
async fn every_filter_of_events_narrows_alone_and_together() {
    let db = database().await;
    events(&db, 10, "ignored", "A").await;
    events(&db, 10, "needs_review", "B").await;
    let order = Uuid::now_v7();
    db.run(&format!(
        "UPDATE webhook_events SET order_id = '{order}', organization_id = NULL WHERE event_id IN ('A-1', 'B-1', 'B-2');
        UPDATE webhook_events SET dismissed_at = now() WHERE event_id = 'B-2';
        UPDATE webhook_events SET provider = 'stripe', account = 'acct_1' WHERE event_id = 'A-2';
        INSERT INTO webhook_transmissions SELECT 'paypal', '{ACCOUNT}', 'T-1', repeat('ab', 32), id FROM webhook_events
        WHERE event_id = 'B-1'"
    ))
    .await;
    for (filter, expected) in [
        (format!("NULL, NULL, 100, 0, p_order => '{order}'"), "order_id IS NOT NULL"),
        (format!("'{ORG}', NULL, 100, 0"), "organization_id IS NOT NULL"),
        (format!("'{ORG}', 'needs_review', 100, 0"), "organization_id IS NOT NULL AND state = 'needs_review'"),
        ("NULL, 'dismissed', 100, 0".into(), "event_id = 'B-2'"),
        (format!("NULL, 'needs_review', 100, 0, p_order => '{order}'"), "event_id = 'B-1'"),
        ("NULL, NULL, 100, 0, p_provider => 'stripe'".into(), "event_id = 'A-2'"),
        ("NULL, NULL, 100, 0, p_account => 'acct_1'".into(), "event_id = 'A-2'"),
        ("NULL, NULL, 100, 0, p_kind => 'B'".into(), "kind = 'B'"),
        ("NULL, NULL, 100, 0, p_reason => 'overpaid'".into(), "kind = 'B'"),
        ("NULL, NULL, 100, 0, p_transmission => 'T-1'".into(), "event_id = 'B-1'"),
        (format!("'{ORG}', NULL, 100, 0, p_transmission => 'T-1'"), "false"),
        (format!("NULL, NULL, 100, 0, p_order => '{order}', p_transmission => 'T-1'"), "event_id = 'B-1'"),
        (
            "NULL, NULL, 100, 0, p_from => (now() - interval '90 minutes')::text, p_to => (now() - interval '30 minutes')::text"
                .into(),
            "event_id IN ('A-10', 'B-10')",
        ),
    ] {
        let pages = walk(&db, &format!("webhook_list({filter})")).await.concat();
        assert_eq!(pages, naive(&db, "webhook_events", expected, "received_at").await, "{filter}");
        let count = format!("SELECT events FROM webhook_count({})", filter.replace(", 100, 0", ""));
        assert_eq!(db.text(&count).await, pages.len().to_string(), "{filter}");
    }
}

//! An approved order of PayPal is captured if our order still wants its money, and shown if not.

use uuid::Uuid;

use super::{Event, capture, database, place, reprice};
use crate::database::{CUSTOMER, Database, ORG};

/// An order over 100.00 with a session at PayPal whose order is `external`.
async fn approved(db: &Database, external: &str) -> (Uuid, Uuid) {
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    (order, session(db, order, "paypal", external, "awaiting_callback").await)
}

async fn session(db: &Database, order: Uuid, gateway: &str, external: &str, status: &str) -> Uuid {
    let id = Uuid::now_v7();
    db.run(&format!(
        "INSERT INTO payment_sessions (id, organization_id, customer_id, order_id, gateway, status, amount, currency, principal,
            idempotency_key, body_hash, return_url, external_id, leased_until, expires_at)
        VALUES ('{id}', '{ORG}', '{CUSTOMER}', '{order}', '{gateway}', '{status}', 100, 'EUR', 'p', '{external}', 'h',
            'https://shop.example/', '{external}', now(), now() + interval '30 minutes')"
    ))
    .await;
    id
}

/// An event of an approval, stored.
async fn event(db: &Database) -> Uuid {
    Event::new(vec![]).record(&db.client).await.get("event")
}

async fn begin(db: &Database, external: &str, event: Uuid) -> String {
    let sql = "SELECT concat_ws(' ', outcome, reason, refusals) FROM approval_begin('paypal', $1, $2, 60)";
    db.client.query_one(sql, &[&external, &event]).await.unwrap().get(0)
}

async fn refused(db: &Database, external: &str, event: Uuid, reason: &str, ends: bool) -> String {
    let sql = "SELECT concat_ws(' ', outcome, reason) FROM approval_refused('paypal', $1, 0, $2, $3, $4)";
    db.client.query_one(sql, &[&external, &event, &reason, &ends]).await.unwrap().get(0)
}

async fn shown(db: &Database, event: Uuid) -> String {
    db.text(&format!(
        "SELECT concat_ws(' ', state, reason, order_id IS NOT NULL) FROM webhook_events WHERE id = '{event}'"
    ))
    .await
}

/// Ends a session as time or its shopper does.
async fn end(db: &Database, session: Uuid, how: &str) {
    let how = match how {
        "swept" => "status = 'failed', reason = 'expired', expires_at = now()",
        "cancelled" => "status = 'failed', reason = 'cancelled'",
        _ => "expires_at = now()",
    };
    db.run(&format!("UPDATE payment_sessions SET {how} WHERE id = '{session}'")).await;
}

/// Makes an event old.
async fn age(db: &Database, event: Uuid) {
    db.run(&format!("UPDATE webhook_events SET received_at = now() - interval '1 hour' WHERE id = '{event}'")).await;
}

#[tokio::test]
async fn an_approval_is_captured_in_time_and_after_its_session_was_over() {
    let db = database().await;
    assert_eq!(begin(&db, "5O0", event(&db).await).await, "nothing", "no session of ours");
    for how in ["open", "late", "swept", "cancelled"] {
        let (_, session) = approved(&db, how).await;
        if how != "open" {
            end(&db, session, how).await;
        }
        let event = event(&db).await;
        age(&db, event).await;
        assert_eq!(begin(&db, how, event).await, "capture 0", "{how}");
        assert_eq!(begin(&db, how, event).await, "capture 0", "{how}: another delivery asks under the same request id");
    }
}

#[tokio::test]
async fn an_approval_that_no_longer_fits_is_shown_and_never_captured() {
    let db = database().await;
    for (n, (change, expected)) in [
        ("UPDATE orders SET status = 'cancelled'", "needs_review approval-cancelled"),
        ("UPDATE orders SET deleted_at = now()", "needs_review approval-deleted"),
        ("", "needs_review approval-order-changed"),
        ("UPDATE orders SET payment_status = 'pending'", "needs_review approval-pending"),
        ("UPDATE orders SET payment_status = 'paid'", "nothing"),
        ("UPDATE orders SET payment_status = 'refunded'", "nothing"),
        ("UPDATE orders SET payment_status = 'authorized'", "nothing"),
    ]
    .into_iter()
    .enumerate()
    {
        let external = format!("5O{n}");
        let (order, session) = approved(&db, &external).await;
        end(&db, session, "late").await;
        match change {
            "" => reprice(&db, order, "90.00").await,
            sql => db.run(&format!("{sql} WHERE id = '{order}'")).await,
        }
        let event = event(&db).await;
        if expected.ends_with("pending") {
            assert_eq!(begin(&db, &external, event).await, "waiting approval-pending", "for a while");
        }
        age(&db, event).await;
        assert_eq!(begin(&db, &external, event).await, expected);
        let state = if expected == "nothing" { "received f".to_owned() } else { format!("{expected} t") };
        assert_eq!(shown(&db, event).await, state, "{change}");
    }
}

#[tokio::test]
async fn an_approval_is_not_captured_beside_another_session_of_its_order() {
    let db = database().await;
    for (status, expected) in [
        ("awaiting_redirect", "needs_review approval-another-session"),
        ("needs_review", "needs_review approval-another-session"),
        ("completed", "needs_review approval-another-session"),
        ("failed", "capture 0"),
    ] {
        let (order, late) = approved(&db, status).await;
        end(&db, late, "swept").await;
        session(&db, order, "stripe", &format!("cs_{status}"), status).await;
        assert_eq!(begin(&db, status, event(&db).await).await, expected, "{status}");
    }
}

#[tokio::test]
async fn while_an_approval_is_captured_no_other_session_is_begun_or_captured() {
    let db = database().await;
    let (order, late) = approved(&db, "5O1").await;
    end(&db, late, "swept").await;
    let other = session(&db, order, "paypal", "5O2", "failed").await;
    assert_eq!(begin(&db, "5O1", event(&db).await).await, "capture 0");
    assert_eq!(begin(&db, "5O2", event(&db).await).await, "waiting approval-another-capture");
    let operator = "SELECT concat_ws(' ', outcome, status) FROM capture_begin($1, $2, 'operator', 'k', 'h')";
    let captured: String = db.client.query_one(operator, &[&ORG, &other]).await.unwrap().get(0);
    assert_eq!(captured, "not_capturable another-capture");
    let begun = "SELECT concat_ws(' ', outcome, session = $3::text) FROM session_begin($1, NULL, $2, 'other', NULL,
        'https://shop.example/', 'p', 'new', 'h', gen_random_uuid(), 1800, 15)";
    let outcome: String = db.client.query_one(begun, &[&ORG, &order, &late.to_string()]).await.unwrap().get(0);
    assert_eq!(outcome, "open_session t", "the one that is captured is named");
    assert_eq!(
        refused(&db, "5O1", event(&db).await, "instrument-declined", true).await,
        "ended approval-instrument-declined"
    );
    let outcome: String = db.client.query_one(begun, &[&ORG, &order, &late.to_string()]).await.unwrap().get(0);
    assert_eq!(outcome, "started f", "a refusal makes room");
}

#[tokio::test]
async fn two_late_approvals_at_once_give_one_capture() {
    let db = database().await;
    let (order, first) = approved(&db, "5O1").await;
    end(&db, first, "swept").await;
    session(&db, order, "paypal", "5O2", "failed").await;
    let mut tasks = Vec::new();
    for n in 0..8 {
        let (client, event) = (db.connect().await, event(&db).await);
        let external = format!("5O{}", n % 2 + 1);
        tasks.push(tokio::spawn(async move {
            let sql = "SELECT outcome FROM approval_begin('paypal', $1, $2, 60)";
            (external.clone(), client.query_one(sql, &[&external, &event]).await.unwrap().get::<_, String>(0))
        }));
    }
    let mut captured = Vec::new();
    for task in tasks {
        let (external, outcome) = task.await.unwrap();
        assert!(matches!(outcome.as_str(), "capture" | "waiting"), "{outcome}");
        captured.extend((outcome == "capture").then_some(external));
    }
    captured.dedup();
    assert_eq!(captured.len(), 1, "{captured:?}");
}

#[tokio::test]
async fn only_the_payers_refusal_ends_an_approval_and_all_else_waits_then_is_shown() {
    let db = database().await;
    let (_, session) = approved(&db, "5O1").await;
    let old = event(&db).await;
    age(&db, old).await;
    assert_eq!(refused(&db, "5O1", old, "instrument-declined", true).await, "ended approval-instrument-declined");
    assert_eq!(refused(&db, "5O1", old, "not-authorized", false).await, "waiting approval-not-authorized");
    assert_eq!(shown(&db, old).await, "received f");
    end(&db, session, "late").await;
    let fresh = event(&db).await;
    assert_eq!(refused(&db, "5O1", fresh, "order-not-approved", false).await, "waiting approval-order-not-approved");
    assert_eq!(refused(&db, "5O1", old, "not-authorized", false).await, "needs_review approval-not-authorized");
    assert_eq!(shown(&db, old).await, "needs_review approval-not-authorized t");
}

#[tokio::test]
async fn a_payment_settles_the_review_of_an_approval() {
    let db = database().await;
    let (order, late) = approved(&db, "5O1").await;
    end(&db, late, "swept").await;
    let event = event(&db).await;
    age(&db, event).await;
    refused(&db, "5O1", event, "payee-account-restricted", false).await;
    assert_eq!(shown(&db, event).await, "needs_review approval-payee-account-restricted t");
    let operator = "SELECT concat_ws(' ', outcome, what) FROM capture_begin($1, $2, 'operator', 'k', 'h')";
    let captured: String = db.client.query_one(operator, &[&ORG, &late]).await.unwrap().get(0);
    assert_eq!(captured, "capture paypal_order", "an operator can capture it");
    let mut object = capture(order, "C1", "completed", "100.00", 1);
    object["external_order"] = "5O1".into();
    Event::new(vec![object]).deliver(&db.client).await;
    assert_eq!(shown(&db, event).await, "applied t");
    assert_eq!(db.text("SELECT status FROM payment_sessions").await, "completed");
}

//! Refunds to be sent: asked for once, sent once, never more than there is.

use std::sync::Arc;

use tokio_postgres::Client;
use uuid::Uuid;

use super::{Event, capture, database, place, refund, state};
use crate::database::{Database, ORG, OTHER_ORG};

/// A database with an order that was paid 100.00, and the payment's id.
async fn paid() -> (Database, Uuid, Uuid) {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    Event::new(vec![capture(order, "C1", "completed", "100.00", 1)]).deliver(&db.client).await;
    let payment = db.client.query_one("SELECT id FROM payments", &[]).await.unwrap().get(0);
    (db, order, payment)
}

/// Asks for a refund with a key; the body's hash is the amount.
async fn ask(client: &Client, org: Uuid, payment: Uuid, amount: Option<&str>, key: &str) -> String {
    let sql = "SELECT outcome, request::uuid FROM refund_request($1, $2, $3, 'sorry', 'operator', $4, $5, $6)";
    let hash = amount.unwrap_or("all");
    let asked = client.query_one(sql, &[&org, &payment, &amount, &key, &hash, &Uuid::now_v7()]).await.unwrap();
    let (outcome, request): (String, Option<Uuid>) = (asked.get(0), asked.get(1));
    let stands = "SELECT concat_ws(' ', $1::text, money_text(r.amount, r.currency), r.state)
        FROM (SELECT) AS one LEFT JOIN refund_requests r ON r.id = $2";
    client.query_one(stands, &[&outcome, &request]).await.unwrap().get(0)
}

/// Claims everything that is due, as id and lease.
async fn claim(client: &Client) -> Vec<(Uuid, Uuid)> {
    let rows =
        client.query("SELECT request::uuid, lease::uuid FROM refund_claim(100, '1 minute', NULL)", &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

async fn done(client: &Client, claimed: (Uuid, Uuid), external: Option<&str>, retry: Option<&str>) -> bool {
    let sql = "SELECT done::boolean FROM refund_done($1, $2, $3, 'because', $4)";
    client.query_one(sql, &[&claimed.0, &claimed.1, &external, &retry]).await.unwrap().get(0)
}

#[tokio::test]
async fn no_more_is_asked_for_than_there_is() {
    let (db, order, payment) = paid().await;
    for (amount, key, expected) in [
        (Some("0"), "zero", "too_much"),
        (Some("-1"), "minus", "too_much"),
        (Some("0.001"), "fine", "too_much"),
        (Some("100.01"), "more", "too_much"),
        (Some("60.00"), "a", "queued 60.00 queued"),
        (Some("60.00"), "a", "replay 60.00 queued"),
        (Some("50.00"), "a", "mismatch 60.00 queued"),
        (Some("40.01"), "b", "too_much"),
        (None, "c", "queued 40.00 queued"),
        (None, "d", "too_much"),
    ] {
        assert_eq!(ask(&db.client, ORG, payment, amount, key).await, expected, "{amount:?} {key}");
    }
    assert_eq!(ask(&db.client, OTHER_ORG, payment, None, "e").await, "not_found");
    assert_eq!(ask(&db.client, ORG, order, None, "e").await, "not_found");
    db.run("UPDATE payments SET status = 'disputed'").await;
    assert_eq!(ask(&db.client, ORG, payment, None, "f").await, "not_refundable");
}

#[tokio::test]
async fn many_who_ask_at_once_do_not_get_more_than_there_is() {
    let (db, _, payment) = paid().await;
    let mut tasks = Vec::new();
    for n in 0..12 {
        let client = db.connect().await;
        tasks
            .push(tokio::spawn(async move { ask(&client, ORG, payment, Some("30.00"), &format!("k{}", n / 2)).await }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(db.text("SELECT count(*) || ' ' || sum(amount)::numeric(15, 2) FROM refund_requests").await, "3 90.00");
}

#[tokio::test]
async fn each_is_sent_by_one_and_reported_by_whoever_holds_it() {
    let (db, order, payment) = paid().await;
    for key in ["a", "b", "c", "d"] {
        ask(&db.client, ORG, payment, Some("10.00"), key).await;
    }
    let mut tasks = Vec::new();
    for _ in 0..6 {
        let client = db.connect().await;
        tasks.push(tokio::spawn(async move { claim(&client).await }));
    }
    let mut claimed = Vec::new();
    for task in tasks {
        claimed.extend(task.await.unwrap());
    }
    assert_eq!(claimed.len(), 4, "each was claimed by one");

    assert!(done(&db.client, claimed[0], Some("R1"), None).await);
    assert!(!done(&db.client, claimed[0], None, None).await, "it isn't anybody's any more");
    assert!(!done(&db.client, (claimed[1].0, Uuid::now_v7()), Some("R9"), None).await, "another's lease");
    assert!(done(&db.client, claimed[1], None, Some("0 s")).await);
    assert!(done(&db.client, claimed[2], None, None).await);
    // The holder of the fourth has died: its lease runs out.
    assert_eq!(claim(&db.client).await.len(), 1, "the one to be tried again");
    db.run("UPDATE refund_requests SET leased_until = now() WHERE leased_until IS NOT NULL").await;
    assert_eq!(claim(&db.client).await.len(), 2, "what was held by the dead is due");
    let states = "SELECT string_agg(state, ' ' ORDER BY state) FROM refund_requests";
    assert_eq!(db.text(states).await, "failed queued queued sent");

    // The provider's event about what was sent takes it off only once.
    assert_eq!(ask(&db.client, ORG, payment, None, "rest").await, "queued 70.00 queued");
    Event::new(vec![refund("C1", "R1", "completed", "10.00", None, 2)]).deliver(&db.client).await;
    assert_eq!(state(&db.client, order).await, "partially_refunded 100.00 10.00 C1=partially_refunded/100.00/10.00");
    assert_eq!(ask(&db.client, ORG, payment, None, "more").await, "too_much");
}

#[tokio::test]
async fn a_refund_that_is_pending_at_the_provider_is_kept_back_until_it_is_decided() {
    for (state, left) in [("completed", "40.00"), ("failed", "100.00"), ("cancelled", "100.00")] {
        let (db, _, payment) = paid().await;
        ask(&db.client, ORG, payment, Some("60.00"), "a").await;
        let claimed = claim(&db.client).await;
        assert!(done(&db.client, claimed[0], Some("R1"), None).await);
        Event::new(vec![refund("C1", "R1", "pending", "60.00", None, 2)]).deliver(&db.client).await;
        assert_eq!(ask(&db.client, ORG, payment, Some("40.01"), "b").await, "too_much", "{state}");
        Event::new(vec![refund("C1", "R1", state, "60.00", None, 3)]).deliver(&db.client).await;
        assert_eq!(ask(&db.client, ORG, payment, None, "c").await, format!("queued {left} queued"), "{state}");
    }
}

#[tokio::test]
async fn what_the_provider_may_have_forgotten_is_not_sent_again() {
    let (db, _, payment) = paid().await;
    ask(&db.client, ORG, payment, Some("10.00"), "a").await;
    assert_eq!(claim(&db.client).await.len(), 1);
    for (hours, state) in [("4 hours", "queued"), ("6 hours", "needs_review")] {
        let past =
            format!("UPDATE refund_requests SET first_attempt_at = now() - interval '{hours}', leased_until = now()");
        db.run(&past).await;
        let claimed = claim(&db.client).await;
        assert_eq!(claimed.is_empty(), state == "needs_review", "{hours}");
        assert_eq!(db.text("SELECT state FROM refund_requests").await, state, "{hours}");
    }
    assert_eq!(ask(&db.client, ORG, payment, None, "b").await, "queued 90.00 queued", "its money is kept back");
}

#[tokio::test]
async fn a_queue_that_many_work_at_sends_everything_once() {
    let (db, _, payment) = paid().await;
    for n in 0..40 {
        ask(&db.client, ORG, payment, Some("1.00"), &n.to_string()).await;
    }
    let sent = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut tasks = Vec::new();
    for _ in 0..4 {
        let (client, sent) = (db.connect().await, sent.clone());
        tasks.push(tokio::spawn(async move {
            loop {
                let rows = client
                    .query("SELECT request::uuid, lease::uuid FROM refund_claim(3, '1 minute', NULL)", &[])
                    .await
                    .unwrap();
                if rows.is_empty() {
                    break;
                }
                for row in rows {
                    let id: Uuid = row.get(0);
                    sent.lock().unwrap().push(id);
                    assert!(done(&client, (id, row.get(1)), Some(&format!("R{id}")), None).await);
                }
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let mut sent = sent.lock().unwrap().clone();
    sent.sort();
    sent.dedup();
    assert_eq!(sent.len(), 40);
    assert_eq!(db.text("SELECT count(*) FROM refund_requests WHERE state = 'sent' AND attempts = 1").await, "40");
}

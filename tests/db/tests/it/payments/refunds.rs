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
async fn each_is_sent_by_one_and_reported_by_its_holder() {
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

/// A refund that names the request that it answers.
fn answering(request: Uuid, id: &str, state: &str, amount: &str, at: u32) -> serde_json::Value {
    let mut object = refund("C1", id, state, amount, None, at);
    object["request"] = request.to_string().into();
    object
}

#[tokio::test]
async fn the_event_of_a_refund_of_unknown_fate_settles_it_and_its_money_counts_once() {
    for (made, left) in [("completed", "40.00"), ("failed", "100.00")] {
        for before in ["queued", "needs_review", "failed"] {
            let (db, order, payment) = paid().await;
            ask(&db.client, ORG, payment, Some("60.00"), "a").await;
            let claimed = claim(&db.client).await;
            db.run(&format!(
                "UPDATE refund_requests SET state = '{before}', reason = 'fate-unknown', lease = NULL, leased_until = NULL"
            ))
            .await;
            Event::new(vec![answering(claimed[0].0, "R1", made, "60.00", 2)]).deliver(&db.client).await;
            let settled = "SELECT concat_ws(' ', state, external_id, reason) FROM refund_requests";
            assert_eq!(db.text(settled).await, "sent R1", "{before} {made}");
            assert_eq!(ask(&db.client, ORG, payment, None, "b").await, format!("queued {left} queued"));
            let refunded = state(&db.client, order).await.contains("60.00");
            assert_eq!(refunded, made == "completed", "{before} {made}");
        }
    }
}

#[tokio::test]
async fn a_refund_that_its_answer_has_settled_is_reported_as_done() {
    let (db, _, payment) = paid().await;
    ask(&db.client, ORG, payment, Some("10.00"), "a").await;
    let claimed = claim(&db.client).await[0];
    Event::new(vec![answering(claimed.0, "R1", "completed", "10.00", 2)]).deliver(&db.client).await;
    assert!(done(&db.client, claimed, Some("R1"), None).await, "by its holder");
    assert!(!done(&db.client, claimed, Some("R2"), None).await, "nobody tells of another one");
    let foreign = answering(claimed.0, "R1", "completed", "10.00", 2);
    let other = Event { account: super::OTHER_ACCOUNT, ..Event::new(vec![foreign]) };
    db.run("UPDATE refund_requests SET state = 'queued', external_id = NULL").await;
    other.deliver(&db.client).await;
    assert_eq!(db.text("SELECT state FROM refund_requests").await, "queued", "another account's event settles nothing");
}

#[tokio::test]
async fn an_attempt_that_was_never_sent_does_not_start_the_clock() {
    let (db, _, payment) = paid().await;
    ask(&db.client, ORG, payment, Some("10.00"), "a").await;
    let started = "SELECT first_attempt_at IS NOT NULL FROM refund_requests";
    for (unsent, clock) in [(true, "false"), (false, "true"), (true, "true")] {
        let claimed = claim(&db.client).await[0];
        let sql = "SELECT done FROM refund_done($1, $2, NULL, 'provider-away', '0 s', $3)";
        db.client.query_one(sql, &[&claimed.0, &claimed.1, &unsent]).await.unwrap();
        assert_eq!(db.text(started).await, clock, "once in doubt, always in doubt");
    }
}

#[tokio::test]
async fn an_operator_settles_a_refund_once_and_is_written_down() {
    let (db, _, payment) = paid().await;
    let settle = async |id: Uuid, external: Option<&str>| -> String {
        let sql = "SELECT concat_ws(' ', outcome, status) FROM refund_settle($1, $2, 'operator:eve', $3, 'seen there')";
        db.client.query_one(sql, &[&ORG, &id, &external]).await.unwrap().get(0)
    };
    let mut ids = Vec::new();
    for key in ["a", "b", "c"] {
        ask(&db.client, ORG, payment, Some("10.00"), key).await;
        ids.push(claim(&db.client).await[0].0);
    }
    assert_eq!(settle(ids[0], None).await, "in_work queued");
    db.run("UPDATE refund_requests SET state = 'needs_review', lease = NULL, leased_until = NULL").await;
    assert_eq!(settle(Uuid::now_v7(), None).await, "not_found");
    assert_eq!(settle(ids[0], Some("R1")).await, "another_refund needs_review", "nobody has seen that refund");
    Event::new(vec![
        refund("C1", "R1", "completed", "10.00", None, 2),
        refund("C1", "R2", "completed", "11.00", None, 2),
    ])
    .deliver(&db.client)
    .await;
    assert_eq!(settle(ids[0], Some("R2")).await, "another_refund needs_review", "of another sum");
    for _ in 0..2 {
        assert_eq!(settle(ids[0], Some("R1")).await, "settled sent");
    }
    assert_eq!(settle(ids[1], Some("R1")).await, "another_refund needs_review", "it answers another request");
    for _ in 0..2 {
        assert_eq!(settle(ids[1], None).await, "settled failed");
    }
    assert_eq!(settle(ids[1], Some("R1")).await, "not_open failed");
    assert_eq!(ask(&db.client, ORG, payment, None, "rest").await, "queued 69.00 queued", "100 - 10 - 11 - 10");
    let notes = "SELECT string_agg(concat_ws(' ', actor, before ->> 'state', after ->> 'state', after ->> 'note'), ', ' ORDER BY id)
        FROM payment_audit WHERE relation = 'refund_settlements'";
    assert_eq!(
        db.text(notes).await,
        "operator:eve needs_review sent seen there, operator:eve needs_review failed seen there"
    );
}

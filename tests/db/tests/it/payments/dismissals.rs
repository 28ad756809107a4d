//! Events that an operator has put aside: out of sight for as long as they stay what somebody has
//! looked at.

use serde_json::Value;
use uuid::Uuid;

use super::{Event, capture, database, place, reprice, state};
use crate::database::{Database, ORG};

async fn dismiss(db: &Database, event: Uuid, note: &str) -> String {
    let sql = "SELECT concat_ws(' ', outcome, state, reason) FROM webhook_dismiss($1, 'operator:eva', nullif($2, ''))";
    db.client.query_one(sql, &[&event, &note]).await.unwrap().get(0)
}

/// The list in this state: status and reason of each event, and how many there are.
async fn listed(db: &Database, state: &str) -> Vec<String> {
    let page = db.text(&format!("SELECT body FROM webhook_list(NULL, {state}, 20, 0)")).await;
    let page: Value = serde_json::from_str(&page).unwrap();
    let items = page["items"].as_array().unwrap();
    assert_eq!(page["total"], items.len(), "{page}");
    for item in items {
        assert_eq!(item["dismissedAt"].is_string(), item["status"] == "dismissed", "{item}");
    }
    let word = |item: &Value, name: &str| item[name].as_str().unwrap_or("-").to_owned();
    items.iter().map(|item| format!("{} {}", word(item, "status"), word(item, "reason"))).collect()
}

async fn counted(db: &Database) -> String {
    db.text("SELECT coalesce(string_agg(concat_ws(' ', state, reason, events), ', ' ORDER BY reason), '') FROM webhook_event_counts").await
}

/// An order of 100.00 of which 5 cents were paid, and the event that said so.
async fn underpaid(db: &Database) -> (Uuid, Event, Uuid) {
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    let event = Event::new(vec![capture(order, &format!("C.{order}"), "completed", "0.05", 1)]);
    let id = event.record(&db.client).await.get("event");
    assert_eq!(event.apply(&db.client, id).await, "needs_review:underpaid");
    (order, event, id)
}

#[tokio::test]
async fn what_was_put_aside_is_neither_listed_for_review_nor_counted() {
    let db = database().await;
    let (order, event, id) = underpaid(&db).await;
    let (_, _, other) = underpaid(&db).await;
    let before = state(&db.client, order).await;
    let aside = "dismissed needs_review underpaid";
    assert_eq!(dismiss(&db, id, "refunded at the till").await, aside);
    assert_eq!(dismiss(&db, id, "again").await, aside, "twice is once");
    assert_eq!(listed(&db, "'needs_review'").await, ["needs_review underpaid"]);
    assert_eq!(listed(&db, "'dismissed'").await, ["dismissed underpaid"]);
    assert_eq!(listed(&db, "NULL").await.len(), 2);
    assert_eq!(counted(&db).await, "needs_review underpaid 1");
    // The provider comes again: nothing new.
    assert_eq!(event.deliver(&db.client).await, "needs_review:underpaid");
    assert_eq!(counted(&db).await, "needs_review underpaid 1");
    dismiss(&db, other, "").await;
    assert_eq!(counted(&db).await, "");
    assert_eq!(state(&db.client, order).await, before, "no money moved");
    let trace = "SELECT string_agg(concat_ws(' ', actor, organization_id, order_id, before ->> 'state', after ->> 'state', after ->> 'reason',
            coalesce(after ->> 'note', '-')), ', ' ORDER BY id) FROM payment_audit WHERE relation = 'webhook_events'";
    let trace = db.text(trace).await;
    let rows: Vec<&str> = trace.split(", ").collect();
    assert_eq!(rows.len(), 2, "{trace}");
    let row = format!("operator:eva {ORG} {order} needs_review dismissed underpaid refunded at the till");
    assert_eq!(rows[0], row);
    assert!(rows[1].ends_with("dismissed underpaid -"), "{trace}");
}

#[tokio::test]
async fn what_comes_to_something_else_is_in_review_again_or_takes_effect() {
    let db = database().await;
    let (order, _, id) = underpaid(&db).await;
    dismiss(&db, id, "").await;
    // Too much now, so each of its payments is to be looked at.
    let more = Event::new(vec![capture(order, "C2", "completed", "150.00", 2)]);
    assert_eq!(more.deliver(&db.client).await, "needs_review:overpaid");
    assert_eq!(listed(&db, "'needs_review'").await, ["needs_review overpaid"; 2]);
    assert_eq!(counted(&db).await, "needs_review overpaid 2");
    dismiss(&db, id, "").await;
    reprice(&db, order, "150.05").await;
    // Whatever folds the order next.
    Event::new(vec![capture(order, "C3", "failed", "1.00", 3)]).deliver(&db.client).await;
    assert_eq!(listed(&db, "NULL").await, ["applied -"; 3]);
    assert_eq!(counted(&db).await, "");
}

#[tokio::test]
async fn one_that_comes_back_to_the_same_reason_is_to_be_looked_at_again() {
    let db = database().await;
    let (order, _, id) = underpaid(&db).await;
    dismiss(&db, id, "").await;
    let fold = async |capture_id: &str, total: &str| {
        reprice(&db, order, total).await;
        Event::new(vec![capture(order, capture_id, "failed", "1.00", 3)]).deliver(&db.client).await;
    };
    fold("F1", "0.04").await;
    assert_eq!(listed(&db, "'needs_review'").await, ["needs_review overpaid"]);
    dismiss(&db, id, "").await;
    fold("F2", "100.00").await;
    assert_eq!(listed(&db, "'needs_review'").await, ["needs_review underpaid"]);
    assert_eq!(listed(&db, "'dismissed'").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_replay_takes_up_what_was_put_aside() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    let mut object = capture(order, "C1", "completed", "100.00", 1);
    object["payee"] = "NEW".into();
    let event = Event { account: "NEW", ..Event::new(vec![object]) };
    let id: Uuid = event.record(&db.client).await.get("event");
    assert_eq!(event.apply(&db.client, id).await, "needs_review:unknown-account");
    dismiss(&db, id, "").await;
    let replay = format!("SELECT outcome FROM webhook_replay(NULL, '{id}', 'operator:eva', 0)");
    assert_eq!(db.text(&replay).await, "replayed");
    assert_eq!(event.apply(&db.client, id).await, "needs_review:unknown-account");
    assert_eq!(
        listed(&db, "'needs_review'").await,
        ["needs_review unknown-account"],
        "an operator that replays wants to know"
    );
    dismiss(&db, id, "").await;
    db.run(&format!("INSERT INTO provider_accounts VALUES ('paypal', 'NEW', '{ORG}')")).await;
    assert_eq!(db.text(&replay).await, "replayed");
    assert_eq!(event.apply(&db.client, id).await, "applied");
    assert!(state(&db.client, order).await.starts_with("paid"));
}

#[tokio::test]
async fn only_what_is_in_review_can_be_put_aside() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    assert_eq!(dismiss(&db, Uuid::now_v7(), "").await, "not_found");
    let paid = Event::new(vec![capture(order, "C1", "completed", "100.00", 1)]);
    let id: Uuid = paid.record(&db.client).await.get("event");
    assert_eq!(dismiss(&db, id, "").await, "not_in_review received");
    paid.apply(&db.client, id).await;
    assert_eq!(dismiss(&db, id, "").await, "not_in_review applied");
    assert_eq!(db.text("SELECT count(*) FROM payment_audit WHERE relation = 'webhook_events'").await, "0");
}

#[tokio::test]
async fn the_body_of_what_was_put_aside_is_forgotten_in_time() {
    let db = database().await;
    let (_, _, aside) = underpaid(&db).await;
    underpaid(&db).await;
    dismiss(&db, aside, "").await;
    assert_eq!(db.text("SELECT webhook_sweep(100)").await, "0", "not yet");
    db.run("UPDATE webhook_events SET body_expires_at = now()").await;
    assert_eq!(db.text("SELECT webhook_sweep(100)").await, "1");
    let kept = "SELECT string_agg((dismissed_at IS NOT NULL) || ' ' || (body IS NOT NULL), ', ' ORDER BY dismissed_at) FROM webhook_events";
    assert_eq!(db.text(kept).await, "true false, false true");
    let again = format!("SELECT outcome FROM webhook_replay(NULL, '{aside}', 'operator:eva', 60)");
    assert_eq!(db.text(&again).await, "without_body");
    assert_eq!(listed(&db, "'dismissed'").await.len(), 1, "a replay that can't be made changes nothing");
}

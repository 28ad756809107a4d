//! Payment sessions: one open per order, begun once per key, over when their time is.

use tokio_postgres::{Client, Row};
use uuid::Uuid;

use super::{ACCOUNT, Event, capture, database, place, reprice, state};
use crate::database::{CUSTOMER, Database, ORG, OTHER_CUSTOMER, OTHER_ORG};

/// Begins a session with a key; outcome and what goes with it.
async fn begin(client: &Client, customer: Option<Uuid>, order: Uuid, key: &str, hash: &str, id: Uuid) -> String {
    let sql = "SELECT concat_ws(' ', outcome, CASE WHEN outcome = 'started' THEN session = $6::text::uuid::text END, amount, reason)
        FROM session_begin($1, $2, $3, 'paypal', $7, 'https://shop.example/back', 'somebody', $4, $5, $6::text::uuid,
            1800, 10)";
    client.query_one(sql, &[&ORG, &customer, &order, &key, &hash, &id.to_string(), &ACCOUNT]).await.unwrap().get(0)
}

/// The whole row, for an order of nobody in particular.
async fn begun(client: &Client, order: Uuid, key: &str, id: Uuid) -> Row {
    let sql =
        "SELECT * FROM session_begin($1, NULL, $2, 'paypal', $3, 'https://shop.example/back', 'somebody', $4, 'h', $5,
            1800, 10)";
    client.query_one(sql, &[&ORG, &order, &ACCOUNT, &key, &id]).await.unwrap()
}

async fn created(client: &Client, id: Uuid, external: &str) -> Option<String> {
    let sql = "SELECT body::json ->> 'status' FROM session_created($2, $3, 'https://paypal.example/go', $1)";
    client.query_opt(sql, &[&ORG, &id, &external]).await.unwrap().and_then(|row| row.get(0))
}

async fn moved(client: &Client, id: Uuid, from: &[&str], to: &str) -> String {
    let sql = "SELECT concat_ws(' ', outcome, status) FROM session_move($1, $2, NULL, $3, $4, 'cancelled')";
    client.query_one(sql, &[&ORG, &id, &from, &to]).await.unwrap().get(0)
}

async fn shown(db: &Database, id: Uuid) -> String {
    let sql = format!(
        "SELECT concat_ws(' ', body::json ->> 'status', body::json ->> 'reason', body::json ->> 'externalTransactionId')
        FROM session_get('{ORG}', '{id}')"
    );
    db.client.query_opt(&sql, &[]).await.unwrap().map_or("none".into(), |row| row.get(0))
}

async fn with_order() -> (Database, Uuid) {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    (db, order)
}

#[tokio::test]
async fn a_key_begins_one_session_and_is_resumed_when_its_maker_died() {
    let (db, order) = with_order().await;
    let (first, second) = (Uuid::now_v7(), Uuid::now_v7());
    assert_eq!(begin(&db.client, None, order, "k", "h", first).await, "started t 100.00");
    assert_eq!(begin(&db.client, None, order, "k", "h", second).await, "in_progress");
    assert_eq!(begin(&db.client, None, order, "k", "other", second).await, "mismatch");
    assert_eq!(shown(&db, first).await, "none", "not before the provider has made its part");
    // The request that began it has died: the next one asks the provider under the same id.
    db.run("UPDATE payment_sessions SET leased_until = now()").await;
    assert_eq!(begin(&db.client, None, order, "k", "h", second).await, "started f 100.00");
    db.client.execute("SELECT session_postpone($2, $1)", &[&ORG, &first]).await.unwrap();
    assert_eq!(begin(&db.client, None, order, "k", "h", second).await, "started f 100.00");
    assert_eq!(created(&db.client, first, "O1").await.as_deref(), Some("awaiting_redirect"));
    assert_eq!(created(&db.client, first, "O2").await, None, "only once");
    assert_eq!(begin(&db.client, None, order, "k", "h", second).await, "replay");
    assert_eq!(shown(&db, first).await, "awaiting_redirect O1");
}

#[tokio::test]
async fn only_a_payable_order_of_ones_own_gets_a_session() {
    let (db, order) = with_order().await;
    let id = Uuid::now_v7;
    assert_eq!(begin(&db.client, Some(OTHER_CUSTOMER), order, "a", "h", id()).await, "unknown_order");
    assert_eq!(begin(&db.client, None, id(), "b", "h", id()).await, "unknown_order");
    assert_eq!(begin(&db.client, Some(CUSTOMER), order, "c", "h", id()).await, "started t 100.00");
    assert_eq!(begin(&db.client, None, order, "d", "h", id()).await, "open_session");
    db.run("UPDATE payment_sessions SET expires_at = now()").await;
    assert_eq!(
        begin(&db.client, None, order, "e", "h", id()).await,
        "started t 100.00",
        "an expired one is in nobody's way"
    );
    db.run(
        "UPDATE payment_sessions SET status = 'failed', reason = 'cancelled'; UPDATE orders SET status = 'cancelled'",
    )
    .await;
    assert_eq!(begin(&db.client, None, order, "f", "h", id()).await, "not_payable cancelled");
    db.run("UPDATE orders SET status = 'pending', payment_status = 'paid'").await;
    assert_eq!(begin(&db.client, None, order, "g", "h", id()).await, "not_payable paid");
    db.run("UPDATE orders SET payment_status = 'pending'").await;
    assert_eq!(begin(&db.client, None, order, "p", "h", id()).await, "not_payable pending", "it may still be paid");
    db.run("UPDATE orders SET deleted_at = now()").await;
    assert_eq!(begin(&db.client, None, order, "h", "h", id()).await, "unknown_order");
}

#[tokio::test]
async fn many_who_begin_at_once_get_one_session() {
    let (db, order) = with_order().await;
    for same_key in [true, false] {
        let mut tasks = Vec::new();
        for n in 0..10 {
            let client = db.connect().await;
            let key = if same_key { "same".to_owned() } else { format!("k{n}") };
            tasks.push(tokio::spawn(async move { begin(&client, None, order, &key, "h", Uuid::now_v7()).await }));
        }
        let mut outcomes = Vec::new();
        for task in tasks {
            outcomes.push(task.await.unwrap());
        }
        let started = outcomes.iter().filter(|outcome| outcome.starts_with("started")).count();
        assert_eq!(started, 1, "same key: {same_key}: {outcomes:?}");
        db.run("UPDATE payment_sessions SET status = 'failed', reason = 'cancelled'").await;
    }
}

#[tokio::test]
async fn a_repetition_at_the_same_moment_is_told_that_the_first_is_in_work() {
    let (db, order) = with_order().await;
    let (first, other) = (db.connect().await, db.connect().await);
    first.batch_execute("BEGIN").await.unwrap();
    assert_eq!(begin(&first, None, order, "k", "h", Uuid::now_v7()).await, "started t 100.00");
    let again = tokio::spawn(async move { begin(&other, None, order, "k", "h", Uuid::now_v7()).await });
    db.wait_for_a_lock().await;
    first.batch_execute("COMMIT").await.unwrap();
    assert_eq!(again.await.unwrap(), "in_progress", "its own session isn't in its way");
}

#[tokio::test]
async fn a_session_moves_only_along_its_way() {
    let (db, order) = with_order().await;
    let id = Uuid::now_v7();
    begin(&db.client, None, order, "k", "h", id).await;
    assert_eq!(
        moved(&db.client, id, &["awaiting_redirect"], "awaiting_callback").await,
        "not_found",
        "it isn't there yet"
    );
    created(&db.client, id, "O1").await;
    let open = ["awaiting_redirect", "awaiting_callback"];
    assert_eq!(moved(&db.client, id, &["awaiting_callback"], "completed").await, "not_allowed awaiting_redirect");
    assert_eq!(moved(&db.client, id, &["awaiting_redirect"], "awaiting_callback").await, "moved awaiting_callback");
    assert_eq!(moved(&db.client, id, &["awaiting_redirect"], "awaiting_callback").await, "unchanged awaiting_callback");
    assert_eq!(moved(&db.client, id, &open, "failed").await, "moved failed");
    assert_eq!(moved(&db.client, id, &open, "completed").await, "not_allowed failed");
    assert_eq!(shown(&db, id).await, "failed cancelled O1");
    let foreign =
        format!("SELECT outcome FROM session_move('{OTHER_ORG}', '{id}', NULL, '{{failed}}', 'completed', NULL)");
    assert_eq!(db.text(&foreign).await, "not_found");
}

#[tokio::test]
async fn an_expired_session_has_failed_swept_or_not() {
    let (db, order) = with_order().await;
    let id = Uuid::now_v7();
    begin(&db.client, None, order, "k", "h", id).await;
    created(&db.client, id, "O1").await;
    db.run("UPDATE payment_sessions SET expires_at = now()").await;
    assert_eq!(shown(&db, id).await, "failed expired O1");
    assert_eq!(moved(&db.client, id, &["awaiting_redirect"], "awaiting_callback").await, "not_allowed failed");
    assert_eq!(db.text("SELECT status FROM payment_sessions").await, "awaiting_redirect", "nobody has written it yet");
    assert_eq!(db.text("SELECT swept FROM session_sweep(100)").await, "1");
    assert_eq!(db.text("SELECT swept FROM session_sweep(100)").await, "0");
    assert_eq!(shown(&db, id).await, "failed expired O1");
}

#[tokio::test]
async fn a_failed_attempt_leaves_the_session_open_and_completed_beats_failed() {
    for expired in [false, true] {
        let (db, order) = with_order().await;
        let id = Uuid::now_v7();
        begin(&db.client, None, order, "k", "h", id).await;
        created(&db.client, id, "O1").await;
        let attempt = |capture_id: &str, state: &str| {
            let mut object = capture(order, capture_id, state, "100.00", 1);
            object["external_order"] = "O1".into();
            Event::new(vec![object])
        };
        attempt("C1", "failed").deliver(&db.client).await;
        assert_eq!(shown(&db, id).await, "awaiting_redirect O1");
        if expired {
            db.run("UPDATE payment_sessions SET expires_at = now(); SELECT session_sweep(1)").await;
            assert_eq!(shown(&db, id).await, "failed expired O1");
        }
        assert_eq!(attempt("C2", "completed").deliver(&db.client).await, "applied");
        assert_eq!(shown(&db, id).await, "completed O1", "expired: {expired}");
        assert!(state(&db.client, order).await.starts_with("paid 100.00"));
    }
}

#[tokio::test]
async fn a_session_over_another_sum_gives_its_place_to_a_new_one_and_is_still_paid_through() {
    let (db, order) = with_order().await;
    let (old, new) = (Uuid::now_v7(), Uuid::now_v7());
    begin(&db.client, None, order, "old", "h", old).await;
    created(&db.client, old, "O1").await;
    assert_eq!(begin(&db.client, None, order, "new", "h", new).await, "open_session");
    reprice(&db, order, "90.00").await;
    db.announced().await;
    let row = begun(&db.client, order, "new", new).await;
    assert_eq!((row.get("outcome"), row.get("amount")), ("started", "90.00"));
    assert_eq!(row.get::<_, Vec<String>>("tags"), [format!("session:{ORG}/{old}")]);
    assert_eq!(db.announced().await, [[format!("session:{ORG}/{old}")]]);
    assert_eq!(shown(&db, old).await, "failed superseded O1");
    assert_eq!(begin(&db.client, None, order, "third", "h", Uuid::now_v7()).await, "open_session", "one at a time");
    let begun = "SELECT outcome FROM approval_begin('paypal', 'O1', gen_random_uuid(), 60)";
    assert_eq!(db.text(begun).await, "needs_review", "nobody captures it");

    // The shopper had already paid the old sum. It is recorded, and shown for somebody to look at.
    let mut paid = capture(order, "C1", "completed", "100.00", 1);
    paid["external_order"] = "O1".into();
    assert_eq!(Event::new(vec![paid]).deliver(&db.client).await, "needs_review:overpaid");
    assert_eq!(state(&db.client, order).await, "paid 100.00 0.00 C1=paid/100.00/0.00");
    assert_eq!(shown(&db, old).await, "completed O1");
}

#[tokio::test]
async fn a_session_whose_sum_has_changed_while_its_provider_was_asked_is_not_shown_as_open() {
    let (db, order) = with_order().await;
    let (old, new) = (Uuid::now_v7(), Uuid::now_v7());
    begin(&db.client, None, order, "old", "h", old).await;
    reprice(&db, order, "90.00").await;
    assert_eq!(begin(&db.client, None, order, "new", "h", new).await, "started t 90.00");
    assert_eq!(created(&db.client, old, "O1").await, None);
    assert_eq!(created(&db.client, new, "O2").await.as_deref(), Some("awaiting_redirect"));
}

#[tokio::test]
async fn a_session_that_nothing_came_of_gives_its_place_to_another_key_but_not_while_somebody_is_at_it() {
    let (db, order) = with_order().await;
    let (old, new) = (Uuid::now_v7(), Uuid::now_v7());
    begin(&db.client, None, order, "old", "h", old).await;
    assert_eq!(begin(&db.client, None, order, "new", "h", new).await, "open_session");
    db.run(&format!("SELECT session_postpone('{old}', '{ORG}')")).await;
    assert_eq!(begin(&db.client, None, order, "new", "h", new).await, "started t 100.00");
    assert_eq!(created(&db.client, old, "O1").await, None);
    assert_eq!(begin(&db.client, None, order, "old", "h", old).await, "replay");
    assert_eq!(shown(&db, old).await, "failed superseded");
    // One that was let go on is shown as held: it stays.
    db.run("UPDATE payment_sessions SET released_at = now(), leased_until = now() WHERE status = 'creating'").await;
    assert_eq!(begin(&db.client, None, order, "third", "h", Uuid::now_v7()).await, "open_session");
}

#[tokio::test]
async fn nobody_changes_a_session_of_another_organisation() {
    let (db, order) = with_order().await;
    let id = Uuid::now_v7();
    begin(&db.client, None, order, "k", "h", id).await;
    let before = db.text("SELECT to_jsonb(s) FROM payment_sessions s").await;
    for call in [
        format!("session_created('{id}', 'O1', 'https://paypal.example/go', '{OTHER_ORG}')"),
        format!("session_postpone('{id}', '{OTHER_ORG}')"),
        format!("session_abandon('{id}', '{OTHER_ORG}')"),
        format!("session_hold('{id}', 80, '{{}}', 'https://shop.example/', 3600, '{OTHER_ORG}')"),
    ] {
        db.run(&format!("SELECT {call}")).await;
        assert_eq!(db.text("SELECT to_jsonb(s) FROM payment_sessions s").await, before, "{call}");
    }
}

#[tokio::test]
async fn a_call_that_ends_sessions_says_what_to_forget() {
    let (db, order) = with_order().await;
    let (id, next) = (Uuid::now_v7(), Uuid::now_v7());
    begin(&db.client, None, order, "k", "h", id).await;
    created(&db.client, id, "O1").await;
    let tags = format!("{{session:{ORG}/{id}}}");
    db.run("UPDATE payment_sessions SET expires_at = now()").await;
    assert_eq!(db.text("SELECT tags FROM session_sweep(100)").await, tags);
    db.run("UPDATE payment_sessions SET status = 'awaiting_redirect', reason = NULL; DELETE FROM cache_invalidations")
        .await;
    assert_eq!(
        begun(&db.client, order, "next", next).await.get::<_, Vec<String>>("tags"),
        [format!("session:{ORG}/{id}")]
    );
    db.run(&format!("UPDATE payment_sessions SET released_at = now() WHERE id = '{next}'")).await;
    let released = format!("SELECT tags FROM session_postpone('{next}', '{ORG}')");
    assert_eq!(db.text(&released).await, format!("{{session:{ORG}/{next}}}"), "one that was let go on was shown");
}

#[tokio::test]
async fn nobody_is_sent_to_pay_what_can_t_be_paid_any_more_as_it_was_asked_for() {
    for (change, back, reason) in [
        ("status = 'cancelled'", "status = 'pending'", "cancelled"),
        ("deleted_at = now()", "deleted_at = NULL", "deleted"),
    ] {
        let (db, order) = with_order().await;
        let id = Uuid::now_v7();
        begin(&db.client, None, order, "k", "h", id).await;
        created(&db.client, id, "O1").await;
        let go = async || moved(&db.client, id, &["awaiting_redirect"], "awaiting_callback").await;
        db.run(&format!("UPDATE orders SET {change}")).await;
        assert_eq!(go().await, format!("not_payable {reason}"));
        db.run(&format!("UPDATE orders SET {back}")).await;
        reprice(&db, order, "90.00").await;
        assert_eq!(go().await, "not_payable order-changed");
        reprice(&db, order, "100.00").await;
        assert_eq!(go().await, "moved awaiting_callback");
        assert_eq!(go().await, "unchanged awaiting_callback");
        db.run(&format!("UPDATE orders SET {change}")).await;
        assert_eq!(go().await, format!("not_payable {reason}"), "nor once more");
        assert_eq!(moved(&db.client, id, &["awaiting_callback"], "failed").await, "moved failed", "it can be given up");
    }
    // Nor to pay all of it once more, where some of it was paid otherwise.
    for (paid, expected) in [("pending", "moved awaiting_callback"), ("completed", "not_payable partially_paid")] {
        let (db, order) = with_order().await;
        let id = Uuid::now_v7();
        begin(&db.client, None, order, "k", "h", id).await;
        created(&db.client, id, "O1").await;
        Event::new(vec![capture(order, "C1", paid, "10.00", 1)]).deliver(&db.client).await;
        assert_eq!(moved(&db.client, id, &["awaiting_redirect"], "awaiting_callback").await, expected);
    }
}

#[tokio::test]
async fn an_instance_learns_with_its_own_statement_that_a_provider_is_left_alone() {
    let db = database().await;
    let begin = async |key: &str| -> i64 {
        let order = Uuid::now_v7();
        place(&db.client, order, "100.00").await;
        let sql =
            "SELECT resting_ms FROM session_begin($1, NULL, $2, 'stripe', 'acct_1', 'https://shop.example/', 'p', $3,
            'h', gen_random_uuid(), 1800, 15)";
        db.client.query_one(sql, &[&ORG, &order, &key]).await.unwrap().get(0)
    };
    assert_eq!(begin("a").await, 0);
    db.run(&format!("SELECT session_postpone(s.id, '{ORG}', '{{\"stripe\": 10000}}') FROM payment_sessions s")).await;
    assert!((1..=10_000).contains(&begin("b").await));
    assert_eq!(db.text("SELECT provider_resting('paypal')").await, "0", "the other one works");
    // A shorter rest doesn't end a longer one; time does.
    db.run("SELECT provider_rest('{\"stripe\": 1}')").await;
    assert!(begin("c").await > 1_000);
    db.run("UPDATE provider_rests SET until = now()").await;
    assert_eq!(begin("d").await, 0);
}

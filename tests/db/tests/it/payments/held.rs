//! Payments that are held, what a score is made of, and what is announced of sessions.

use uuid::Uuid;

use super::{ACCOUNT, Event, OTHER_ACCOUNT, capture, database, place, reprice};
use crate::database::{CUSTOMER, Database, ORG, OTHER_CUSTOMER, OTHER_ORG, call};

async fn begin(db: &Database, order: Uuid, key: &str) -> (String, Uuid) {
    begin_into(db, "paypal", Some(ACCOUNT), order, key).await
}

/// With the account that is configured.
async fn begin_into(db: &Database, gateway: &str, account: Option<&str>, order: Uuid, key: &str) -> (String, Uuid) {
    let (nobody, id): (Option<Uuid>, Uuid) = (None, Uuid::now_v7());
    let row = db
        .client
        .query_one(
            &call("session_begin", 12),
            &[
                &ORG,
                &nobody,
                &order,
                &gateway,
                &account,
                &"https://shop.example/",
                &"somebody",
                &key,
                &"hash",
                &id,
                &1800_i64,
                &20_i64,
            ],
        )
        .await
        .unwrap();
    (row.get("outcome"), id)
}

async fn hold(db: &Database, session: Uuid) -> bool {
    let signals = vec!["velocity"];
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
        [&session, &80_i32, &signals, &"https://shop.example/cart", &3600_i64, &ORG];
    db.client.query_opt(&call("session_hold", 6), &params).await.unwrap().is_some()
}

async fn approve(db: &Database, org: Uuid, session: Uuid) -> String {
    approve_into(db, org, ACCOUNT, session).await
}

async fn approve_into(db: &Database, org: Uuid, account: &str, session: Uuid) -> String {
    let accounts = serde_json::json!({ "paypal": account, "stripe": "acct_1" }).to_string();
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
        [&org, &session, &accounts, &"operator", &1800_i64, &20_i64];
    db.client.query_one(&call("session_approve", 6), &params).await.unwrap().get("outcome")
}

async fn shown(db: &Database, session: Uuid) -> String {
    let sql = format!(
        "SELECT concat_ws(' ', body::json ->> 'status', body::json ->> 'reason') FROM session_get('{ORG}', '{session}')"
    );
    db.client.query_opt(&sql, &[]).await.unwrap().map_or("none".into(), |row| row.get(0))
}

async fn held() -> (Database, Uuid, Uuid) {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    let (outcome, session) = begin(&db, order, "k").await;
    assert_eq!(outcome, "started");
    assert!(hold(&db, session).await);
    (db, order, session)
}

#[tokio::test]
async fn a_held_session_takes_the_orders_place_until_it_ends() {
    let (db, order, session) = held().await;
    assert_eq!(shown(&db, session).await, "needs_review review");
    assert_eq!(begin(&db, order, "k").await.0, "replay");
    assert_eq!(begin(&db, order, "other").await.0, "open_session");
    db.run("UPDATE payment_sessions SET expires_at = now()").await;
    assert_eq!(shown(&db, session).await, "failed expired");
    assert_eq!(approve(&db, ORG, session).await, "not_allowed");
    assert_eq!(begin(&db, order, "other").await.0, "started");
}

#[tokio::test]
async fn a_released_session_is_shown_as_held_until_the_provider_has_made_it() {
    let (db, order, session) = held().await;
    assert_eq!(approve(&db, OTHER_ORG, session).await, "not_found");
    assert_eq!(approve(&db, ORG, session).await, "started");
    assert_eq!(shown(&db, session).await, "needs_review review");
    assert_eq!(approve(&db, ORG, session).await, "in_progress");
    assert_eq!(begin(&db, order, "k").await.0, "in_progress");
    // The request that asked the provider has died: the operator or the shopper may ask again.
    db.run("UPDATE payment_sessions SET leased_until = now()").await;
    assert_eq!(approve(&db, ORG, session).await, "started");
    db.run(&format!("SELECT session_postpone('{session}', '{ORG}')")).await;
    assert_eq!(begin(&db, order, "k").await.0, "started");
    db.run(&format!("SELECT session_created('{session}', 'O1', 'https://paypal.example/go', '{ORG}')")).await;
    assert_eq!(shown(&db, session).await, "awaiting_redirect");
    assert_eq!(approve(&db, ORG, session).await, "not_allowed");
    assert!(!hold(&db, session).await, "only what is being created can be held");
}

#[tokio::test]
async fn a_refusal_of_the_provider_frees_key_and_order_and_ends_what_was_shown() {
    let (db, order, session) = held().await;
    approve(&db, ORG, session).await;
    db.run(&format!("SELECT session_abandon('{session}', '{ORG}')")).await;
    assert_eq!(shown(&db, session).await, "failed refused");
    let (outcome, second) = begin(&db, order, "second").await;
    assert_eq!(outcome, "started");
    db.run(&format!("SELECT session_abandon('{second}', '{ORG}')")).await;
    assert_eq!(shown(&db, second).await, "none");
    assert_eq!(begin(&db, order, "second").await.0, "started");
}

#[tokio::test]
async fn nothing_goes_on_for_an_order_that_can_t_be_paid_any_more() {
    for change in
        ["status = 'cancelled'", "payment_status = 'paid'", "payment_status = 'pending'", "deleted_at = now()"]
    {
        let (db, order, session) = held().await;
        db.run(&format!("UPDATE orders SET {change}")).await;
        assert_eq!(approve(&db, ORG, session).await, "not_payable", "{change}");
        db.run("UPDATE payment_sessions SET status = 'creating', leased_until = now()").await;
        assert_eq!(begin(&db, order, "k").await.0, "not_payable", "{change}");
    }
}

#[tokio::test]
async fn a_held_session_ends_where_its_order_is_paid_otherwise() {
    let (db, order, session) = held().await;
    db.announced().await;
    let pay = async |id: &str, state: &str, amount: &str| {
        Event::new(vec![capture(order, id, state, amount, 1)]).deliver(&db.client).await
    };
    assert_eq!(pay("C1", "failed", "100.00").await, "applied");
    assert_eq!(pay("C2", "completed", "40.00").await, "needs_review:underpaid");
    assert_eq!(shown(&db, session).await, "needs_review review", "something is still to be paid");
    db.announced().await;
    assert_eq!(pay("C3", "completed", "60.00").await, "applied");
    assert_eq!(shown(&db, session).await, "failed paid-otherwise");
    assert!(db.announced().await.concat().contains(&format!("session:{ORG}/{session}")));
    assert_eq!(approve(&db, ORG, session).await, "not_allowed");
    let listed =
        format!("SELECT body::json ->> 'items' FROM session_list('{ORG}', NULL, NULL, 'needs_review', 9, true)");
    assert_eq!(db.text(&listed).await, "[]");
}

#[tokio::test]
async fn one_that_was_let_go_on_is_not_ended_while_its_provider_is_asked() {
    let (db, order, session) = held().await;
    assert_eq!(approve(&db, ORG, session).await, "started");
    Event::new(vec![capture(order, "C1", "completed", "100.00", 1)]).deliver(&db.client).await;
    assert_eq!(db.text("SELECT status FROM payment_sessions").await, "creating");
    db.run(&format!("SELECT session_created('{session}', 'O1', 'https://paypal.example/go', '{ORG}')")).await;
    assert_eq!(shown(&db, session).await, "awaiting_redirect");
}

#[tokio::test]
async fn nothing_goes_on_over_a_sum_that_is_not_the_orders_any_more() {
    let (db, order, session) = held().await;
    reprice(&db, order, "90.00").await;
    assert_eq!(approve(&db, ORG, session).await, "not_payable");
    let sql = format!("SELECT status FROM session_approve('{ORG}', '{session}', '{{}}', 'p', 3600, 60)");
    assert_eq!(db.text(&sql).await, "order-changed");
    db.run("UPDATE payment_sessions SET status = 'creating', leased_until = now()").await;
    assert_eq!(begin(&db, order, "k").await.0, "not_payable");
    reprice(&db, order, "100.00").await;
    assert_eq!(begin(&db, order, "k").await.0, "started");
}

#[tokio::test]
async fn the_money_goes_to_an_account_of_the_orders_organisation_or_nothing_begins() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    for (gateway, account) in
        [("paypal", Some(OTHER_ACCOUNT)), ("paypal", Some("NOBODY")), ("stripe", Some(ACCOUNT)), ("paypal", None)]
    {
        assert_eq!(begin_into(&db, gateway, account, order, "k").await.0, "foreign_account", "{gateway} {account:?}");
    }
    assert_eq!(db.text("SELECT count(*) FROM payment_sessions").await, "0");
    let (outcome, session) = begin(&db, order, "k").await;
    assert_eq!(outcome, "started");
    assert_eq!(db.text("SELECT account FROM payment_sessions").await, ACCOUNT);

    // Neither resumed nor let go on into another account, be it one of the organisation's, nor into
    // one that has been taken away.
    let own = format!("INSERT INTO provider_accounts VALUES ('paypal', 'SECOND', '{ORG}')");
    let lost = format!("UPDATE provider_accounts SET organization_id = '{OTHER_ORG}' WHERE account = '{ACCOUNT}'");
    db.run(&format!("{own}; UPDATE payment_sessions SET leased_until = now()")).await;
    for account in ["SECOND", OTHER_ACCOUNT] {
        assert_eq!(begin_into(&db, "paypal", Some(account), order, "k").await.0, "foreign_account", "{account}");
    }
    assert!(hold(&db, session).await);
    for account in ["SECOND", OTHER_ACCOUNT] {
        assert_eq!(approve_into(&db, ORG, account, session).await, "foreign_account", "{account}");
    }
    db.run(&lost).await;
    assert_eq!(approve(&db, ORG, session).await, "foreign_account");
    db.run("UPDATE payment_sessions SET status = 'creating'").await;
    assert_eq!(begin(&db, order, "k").await.0, "foreign_account");

    db.run("DELETE FROM payment_sessions").await;
    let (outcome, session) = begin_into(&db, "other", None, order, "o").await;
    assert_eq!(outcome, "started", "gateway other has no accounts");
    assert!(hold(&db, session).await);
    assert_eq!(approve(&db, ORG, session).await, "started");
}

#[tokio::test]
async fn a_session_is_released_if_its_account_is_among_those_with_credentials() {
    let (db, _, session) = held().await;
    let release = async |accounts: &str| {
        let sql = format!(
            "SELECT concat_ws(' ', outcome, account) FROM session_approve('{ORG}', '{session}', '{accounts}', 'p', 3600, 60)"
        );
        db.text(&sql).await
    };
    for none in ["{}", r#"{"paypal": []}"#, r#"{"paypal": ["SECOND"], "stripe": ["acct_1"]}"#] {
        assert_eq!(release(none).await, format!("foreign_account {ACCOUNT}"), "{none}");
    }
    let several = format!(r#"{{"paypal": ["SECOND", "{ACCOUNT}"]}}"#);
    assert_eq!(release(&several).await, format!("started {ACCOUNT}"));
}

#[tokio::test]
async fn a_released_session_can_be_cancelled_while_its_provider_is_away() {
    let (db, order, session) = held().await;
    approve(&db, ORG, session).await;
    db.run(&format!("SELECT session_postpone('{session}', '{ORG}')")).await;
    let to = async |from: &str, to: &str| {
        let sql = format!(
            "SELECT concat_ws(' ', outcome, status) FROM session_move('{ORG}', '{session}', NULL, '{{{from}}}', '{to}', 'cancelled')"
        );
        db.text(&sql).await
    };
    assert_eq!(to("awaiting_redirect", "awaiting_callback").await, "not_allowed needs_review");
    assert_eq!(to("needs_review,awaiting_redirect", "failed").await, "moved failed");
    assert_eq!(shown(&db, session).await, "failed cancelled");
    assert_eq!(begin(&db, order, "next").await.0, "started");
}

#[tokio::test]
async fn a_sweep_marks_no_more_than_it_announces_by_name() {
    let db = database().await;
    db.run(&format!(
        "WITH made AS (
            INSERT INTO orders (organization_id, customer_id, currency, total_amount)
            SELECT '{ORG}', '{CUSTOMER}', 'EUR', 0 FROM generate_series(1, 201) RETURNING id
        )
        INSERT INTO payment_sessions (id, organization_id, customer_id, order_id, gateway, status, amount, currency, principal,
            idempotency_key, body_hash, return_url, leased_until, expires_at)
        SELECT gen_random_uuid(), '{ORG}', '{CUSTOMER}', id, 'other', 'awaiting_redirect', 0, 'EUR', 'p', id::text, 'h',
            'https://shop.example/', now(), now() FROM made"
    ))
    .await;
    db.announced().await;
    for expected in [200_i64, 1] {
        let row = db.client.query_one(&call("session_sweep", 1), &[&1000_i32]).await.unwrap();
        assert_eq!(row.get::<_, i64>("swept"), expected);
        let announced: Vec<String> = db.announced().await.concat();
        assert_eq!(announced.len() as i64, expected);
        assert!(announced.iter().all(|tag| tag.starts_with("session:")), "{announced:?}");
    }
}

#[tokio::test]
async fn held_sessions_are_counted_and_failed_refunds_for_a_day() {
    let (db, order, _) = held().await;
    let backlog = async |part: &str| -> String {
        let sql = format!("SELECT (b.body::json -> '{part}')::text FROM ({}) AS b", &call("payment_backlog", 0));
        db.client.query_one(&sql, &[]).await.unwrap().get(0)
    };
    db.run("UPDATE payment_sessions SET created_at = now() - interval '10 minutes'").await;
    let mut sessions: serde_json::Value = serde_json::from_str(&backlog("sessions").await).unwrap();
    let age = sessions[0]["oldestSeconds"].take().as_f64().unwrap();
    assert!((600.0..660.0).contains(&age), "{age}");
    let held = serde_json::json!({"gateway": "paypal", "status": "needs_review", "count": 1, "oldestSeconds": null});
    assert_eq!(sessions, serde_json::json!([held]));
    db.run(&format!(
        "INSERT INTO payments (order_id, organization_id, customer_id, provider, account, external_id, status, currency, amount, captured_at)
        VALUES ('{order}', '{ORG}', '{CUSTOMER}', 'paypal', '{ACCOUNT}', 'C1', 'paid', 'EUR', 100, now());
        INSERT INTO refund_requests (id, organization_id, order_id, payment_id, amount, currency, principal, idempotency_key, body_hash, state)
        SELECT gen_random_uuid(), '{ORG}', '{order}', p.id, 1, 'EUR', 'p', s, 'h', s FROM payments p, unnest('{{queued,failed}}'::text[]) AS s"
    ))
    .await;
    for (hours, states) in [(23, ["failed", "queued"].as_slice()), (25, &["queued"])] {
        db.run(&format!("UPDATE refund_requests SET updated_at = now() - interval '{hours} hours'")).await;
        let refunds: Vec<serde_json::Value> = serde_json::from_str(&backlog("refunds").await).unwrap();
        assert_eq!(refunds.iter().map(|one| one["state"].clone()).collect::<Vec<_>>(), states, "{hours}");
    }
}

#[tokio::test]
async fn the_facts_are_the_customers_own_and_in_the_orders_currency() {
    let (db, order, session) = held().await;
    let facts = format!(
        "SELECT concat_ws(' ', c.customer, sessions_last_hour, failed_last_day, paid_before, percent_of_largest)
        FROM session_customer('{ORG}', '{order}') AS c, session_facts('{ORG}', '{order}', NULL, NULL)"
    );
    assert_eq!(db.text(&facts).await, format!("{CUSTOMER} 1 0 0"));
    let payment = |customer: Uuid, id: &str, status: &str, currency: &str, amount: &str, captured: &str| {
        format!(
            "INSERT INTO orders (id, organization_id, customer_id, currency, total_amount) VALUES (gen_random_uuid(), '{ORG}', '{customer}', '{currency}', 0);
            INSERT INTO payments (order_id, organization_id, customer_id, provider, account, external_id, status, currency, amount, captured_at)
            SELECT o.id, o.organization_id, o.customer_id, 'stripe', 'acct_1', '{id}', '{status}', '{currency}', {amount}, {captured}
            FROM orders o WHERE o.customer_id = '{customer}' AND o.currency = '{currency}' ORDER BY o.created_at DESC, o.id DESC LIMIT 1"
        )
    };
    db.run(&payment(CUSTOMER, "p1", "paid", "EUR", "20.00", "now()")).await;
    db.run(&payment(CUSTOMER, "p2", "paid", "EUR", "30.00", "now()")).await;
    db.run(&payment(CUSTOMER, "p3", "failed", "EUR", "900.00", "NULL")).await;
    db.run(&payment(CUSTOMER, "p4", "paid", "JPY", "9000", "now()")).await;
    db.run(&payment(OTHER_CUSTOMER, "p5", "paid", "EUR", "900.00", "now()")).await;
    assert_eq!(db.text(&facts).await, format!("{CUSTOMER} 1 1 2 333"));
    assert_eq!(
        db.text(&facts.replace("NULL, NULL", &format!("NULL, '{session}'"))).await,
        format!("{CUSTOMER} 0 1 2 333")
    );
    db.run("UPDATE payment_sessions SET created_at = now() - interval '61 minutes'; UPDATE payments SET updated_at = now() - interval '25 hours'").await;
    assert_eq!(db.text(&facts).await, format!("{CUSTOMER} 0 0 2 333"));
    let foreign = facts.replace("NULL, NULL", &format!("'{OTHER_CUSTOMER}', NULL"));
    assert!(db.client.query_opt(&foreign, &[]).await.unwrap().is_none());
}

#[tokio::test]
async fn every_change_of_a_session_that_was_shown_is_announced() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    db.announced().await;
    let (_, session) = begin(&db, order, "k").await;
    db.run(&format!("SELECT session_postpone('{session}', '{ORG}')")).await;
    db.run(&format!("SELECT session_created('{session}', 'O1', 'https://paypal.example/go', '{ORG}')")).await;
    assert!(db.announced().await.is_empty(), "nobody has seen it");
    let announced = vec![vec![format!("session:{ORG}/{session}")]];
    for change in [
        format!("SELECT session_move('{ORG}', '{session}', NULL, '{{awaiting_redirect}}', 'awaiting_callback', NULL)"),
        "UPDATE payment_sessions SET expires_at = now()".to_owned(),
        "SELECT session_sweep(10)".to_owned(),
        "DELETE FROM payment_sessions".to_owned(),
    ] {
        db.run(&change).await;
        assert_eq!(db.announced().await, announced, "{change}");
    }
    db.run("SELECT session_sweep(10)").await;
    assert!(db.announced().await.is_empty(), "nothing has changed");
    db.run("TRUNCATE payment_sessions").await;
    assert_eq!(db.announced().await, [["*"]]);
}

#[tokio::test]
async fn what_a_check_has_said_is_kept_and_a_denied_session_frees_the_order_but_not_its_key() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    let (_, allowed) = begin(&db, order, "k").await;
    let judged =
        format!("SELECT count(*)::text FROM session_judged('{allowed}', '{ORG}', '{{\"decision\": \"allow\"}}')");
    assert_eq!(db.text(&judged).await, "1");
    assert_eq!(db.text(&judged).await, "0", "it is judged once");
    db.run(&format!("SELECT session_postpone('{allowed}', '{ORG}')")).await;
    let again = format!(
        "SELECT fraud FROM session_begin('{ORG}', NULL, '{order}', 'paypal', '{ACCOUNT}', 'https://shop.example/',
            'somebody', 'k', 'hash', '{}', 1800, 20)",
        Uuid::now_v7()
    );
    assert_eq!(db.text(&again).await, "{\"decision\": \"allow\"}");

    let (_, denied) = begin(&db, order, "other").await;
    assert_eq!(shown(&db, denied).await, "none", "the first has the place");
    db.run(&format!("SELECT session_abandon('{allowed}', '{ORG}')")).await;
    let (outcome, denied) = begin(&db, order, "other").await;
    assert_eq!(outcome, "started");
    db.run(&format!("SELECT session_deny('{denied}', '{ORG}', '{{\"decision\": \"deny\"}}')")).await;
    assert_eq!(shown(&db, denied).await, "failed denied");
    assert_eq!(begin(&db, order, "other").await.0, "replay");
    assert_eq!(begin(&db, order, "third").await.0, "started");
    let staff = db
        .text(&format!(
            "SELECT coalesce(string_agg(i ->> 'reason' || (i #>> '{{fraudCheck,decision}}'), ' '), 'none')
        FROM session_list('{ORG}', NULL, NULL, NULL, 5, true), json_array_elements(body::json -> 'items') AS i"
        ))
        .await;
    assert_eq!(staff, "denieddeny");
    let theirs = db
        .text(&format!("SELECT (body ~ 'fraudCheck')::text FROM session_list('{ORG}', NULL, NULL, NULL, 5, false)"))
        .await;
    assert_eq!(theirs, "false");
}

//! Captures and what a provider answers to an operator's request.

use serde_json::{Value, json};
use tokio_postgres::Client;
use uuid::Uuid;

use super::{ACCOUNT, Event, capture, database, open_events, place, refund, reprice, state, time};
use crate::database::{CUSTOMER, Database, ORG, OTHER_ORG};

/// The answer to an operator's capture: outcome, the other way if there is one, the amount.
async fn begin(client: &Client, org: Uuid, id: Uuid, key: &str, hash: &str) -> String {
    let sql = "SELECT concat_ws(' ', outcome, status, what, account, external_id, currency, body) FROM capture_begin($1, $2, 'operator', $3, $4)";
    client.query_one(sql, &[&org, &id, &key, &hash]).await.unwrap().get(0)
}

async fn observed(client: &Client, provider: &str, account: &str, source: &str, objects: &[Value]) -> String {
    let sql = "SELECT concat_ws(' ', outcome, reason, payment_status, array_length(tags, 1) > 0) FROM payment_observed($1, $2, $3, 'api.test', $4)";
    client.query_one(sql, &[&provider, &account, &source, &json!(objects)]).await.unwrap().get(0)
}

/// A session of the order at a provider.
async fn session(db: &Database, order: Uuid, gateway: &str, external: &str) -> Uuid {
    let id = Uuid::now_v7();
    db.run(&format!(
        "INSERT INTO payment_sessions (id, organization_id, customer_id, order_id, gateway, status, amount, currency, principal,
            idempotency_key, body_hash, return_url, external_id, leased_until, expires_at)
        VALUES ('{id}', '{ORG}', '{CUSTOMER}', '{order}', '{gateway}', 'awaiting_callback', 100, 'EUR', 'p', '{external}', 'h',
            'https://shop.example/', '{external}', now(), now() + interval '30 minutes')"
    ))
    .await;
    id
}

#[tokio::test]
async fn an_approved_order_is_captured_by_its_session_and_not_once_it_is_paid() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    let session = session(&db, order, "paypal", "5O1").await;
    assert_eq!(begin(&db.client, OTHER_ORG, session, "a", "h").await, "not_found");
    assert_eq!(begin(&db.client, ORG, Uuid::now_v7(), "a", "h").await, "not_found");
    let planned = "capture paypal_order 5O1 EUR";
    assert_eq!(begin(&db.client, ORG, session, "a", "h").await, planned);
    assert_eq!(
        begin(&db.client, ORG, session, "a", "h").await,
        planned,
        "nothing was answered yet: the provider is asked again"
    );
    assert_eq!(begin(&db.client, ORG, session, "a", "other").await, "mismatch");

    let object = capture(order, "C1", "completed", "100.00", 1);
    assert_eq!(
        observed(&db.client, "paypal", ACCOUNT, "capture-5O1", std::slice::from_ref(&object)).await,
        "applied paid t"
    );
    db.run(&format!("SELECT capture_done('{ORG}', '{session}', 'operator', 'a', '{{\"done\":1}}')")).await;
    assert_eq!(begin(&db.client, ORG, session, "a", "h").await, "replay {\"done\":1}");
    assert_eq!(begin(&db.client, ORG, session, "b", "h").await, "not_capturable completed EUR");
    assert_eq!(db.text("SELECT count(*) FROM idempotency_keys").await, "1", "a refused request frees its key");
    // It frees no other key: neither another's, nor the same one's for something else.
    db.run(&format!(
        "INSERT INTO idempotency_keys (organization_id, principal, route, key, body_hash)
        VALUES ('{ORG}', 'operator', 'POST /orders', 'c', 'h'), ('{ORG}', 'operator', 'POST /payments/x/capture', 'c', 'h')"
    ))
    .await;
    assert_eq!(begin(&db.client, ORG, session, "c", "h").await, "not_capturable completed EUR");
    assert_eq!(db.text("SELECT count(*) FROM idempotency_keys").await, "3", "requests that aren't answered yet stay");

    // The event that says the same comes later.
    assert_eq!(Event::new(vec![object]).deliver(&db.client).await, "applied");
    assert_eq!(state(&db.client, order).await, "paid 100.00 0.00 C1=paid/100.00/0.00");
}

#[tokio::test]
async fn what_is_reserved_is_captured_by_payment_or_session() {
    let db = database().await;
    let (stripe, paypal) = (Uuid::now_v7(), Uuid::now_v7());
    for order in [stripe, paypal] {
        place(&db.client, order, "100.00").await;
    }
    let intent = json!({"kind": "payment", "id": "pi_1", "state": "authorized", "amount": "100.00", "currency": "EUR",
        "order_reference": stripe, "external_order": "cs_1", "changed_at": time(1)});
    assert_eq!(observed(&db.client, "stripe", "acct_1", "s", &[intent]).await, "applied authorized t");
    let authorization = json!({"kind": "authorization", "id": "9A", "state": "authorized", "amount": "100.00", "currency": "EUR",
        "order_reference": paypal, "external_order": "5O2", "changed_at": time(1)});
    assert_eq!(observed(&db.client, "paypal", ACCOUNT, "p", &[authorization]).await, "applied authorized t");

    let payment = db.client.query_one("SELECT id FROM payments WHERE provider = 'stripe'", &[]).await.unwrap().get(0);
    let planned = "capture stripe_payment_intent acct_1 pi_1 EUR";
    assert_eq!(begin(&db.client, ORG, payment, "a", "h").await, planned);
    let by_session = session(&db, stripe, "stripe", "cs_1").await;
    assert_eq!(begin(&db.client, ORG, by_session, "a", "h").await, planned);
    let by_session = session(&db, paypal, "paypal", "5O2").await;
    assert_eq!(
        begin(&db.client, ORG, by_session, "a", "h").await,
        format!("capture paypal_authorization {ACCOUNT} 9A EUR")
    );
}

#[tokio::test]
async fn nothing_is_captured_for_an_order_that_is_gone_or_costs_another_sum() {
    let db = database().await;
    let orders = [Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7()];
    let [approved, stripe, paypal, without] = orders;
    for order in orders {
        place(&db.client, order, "100.00").await;
    }
    for (order, id, outside) in [(stripe, "pi_1", "cs_1"), (without, "pi_2", "cs_2")] {
        let intent = json!({"kind": "payment", "id": id, "state": "authorized", "amount": "100.00", "currency": "EUR",
            "order_reference": order, "external_order": outside, "changed_at": time(1)});
        assert_eq!(observed(&db.client, "stripe", "acct_1", id, &[intent]).await, "applied authorized t");
    }
    let authorization = json!({"kind": "authorization", "id": "9A", "state": "authorized", "amount": "100.00", "currency": "EUR",
        "order_reference": paypal, "external_order": "5O2", "changed_at": time(1)});
    assert_eq!(observed(&db.client, "paypal", ACCOUNT, "p", &[authorization]).await, "applied authorized t");
    let payment = async |id: &str| -> Uuid {
        db.client.query_one("SELECT id FROM payments WHERE external_id = $1", &[&id]).await.unwrap().get(0)
    };
    let captured = [
        (approved, session(&db, approved, "paypal", "5O1").await),
        (stripe, session(&db, stripe, "stripe", "cs_1").await),
        (stripe, payment("pi_1").await),
        (paypal, session(&db, paypal, "paypal", "5O2").await),
        (without, payment("pi_2").await),
    ];
    for (n, (order, id)) in captured.into_iter().enumerate() {
        let outcome = async |key: &str| -> String {
            let outcome = begin(&db.client, ORG, id, &format!("{key}{n}"), "h").await;
            outcome.split(' ').take(2).collect::<Vec<_>>().join(" ")
        };
        for (change, back, reason) in [
            ("status = 'cancelled'", "status = 'pending'", "cancelled"),
            ("deleted_at = now()", "deleted_at = NULL", "deleted"),
        ] {
            db.run(&format!("UPDATE orders SET {change} WHERE id = '{order}'")).await;
            assert_eq!(outcome("a").await, format!("not_capturable {reason}"), "{n}");
            db.run(&format!("UPDATE orders SET {back} WHERE id = '{order}'")).await;
        }
        reprice(&db, order, "90.00").await;
        assert_eq!(outcome("a").await, "not_capturable order-changed", "{n}");
        reprice(&db, order, "100.00").await;
        assert!(outcome("a").await.starts_with("capture "), "{n}: a refused request frees its key");
    }
    db.run(&format!("UPDATE orders SET payment_status = 'pending' WHERE id = '{approved}'")).await;
    assert_eq!(begin(&db.client, ORG, captured[0].1, "b", "h").await, "not_capturable pending paypal_order 5O1 EUR");
}

#[tokio::test]
async fn an_answer_takes_effect_once_and_leaves_nothing_that_waits() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    Event::new(vec![capture(order, "C1", "completed", "100.00", 1)]).deliver(&db.client).await;
    let back = [refund("C1", "R1", "completed", "10.00", Some("10.00"), 2)];
    assert_eq!(observed(&db.client, "paypal", ACCOUNT, "request-1", &back).await, "applied partially_refunded t");
    assert_eq!(observed(&db.client, "paypal", ACCOUNT, "request-1", &back).await, "already_applied");
    assert_eq!(Event::new(back.to_vec()).deliver(&db.client).await, "applied");
    assert_eq!(state(&db.client, order).await, "partially_refunded 100.00 10.00 C1=partially_refunded/100.00/10.00");

    let of_unknown = [refund("C9", "R9", "completed", "10.00", None, 2)];
    assert_eq!(observed(&db.client, "paypal", ACCOUNT, "request-9", &of_unknown).await, "waiting payment-unknown");
    assert_eq!(open_events(&db.client).await, Vec::<String>::new(), "nothing without a body is left to be tried again");
    assert_eq!(observed(&db.client, "paypal", "NOBODY", "request-8", &back).await, "needs_review unknown-account");
}

#[tokio::test]
async fn a_refund_that_is_named_is_taken_before_it_is_due_and_shown() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    Event::new(vec![capture(order, "C1", "completed", "100.00", 1)]).deliver(&db.client).await;
    let payment: Uuid = db.client.query_one("SELECT id FROM payments", &[]).await.unwrap().get(0);
    let (one, other) = (Uuid::now_v7(), Uuid::now_v7());
    for id in [one, other] {
        let sql = "SELECT outcome FROM refund_request($1, $2, '10', NULL, 'operator', $3, 'h', $4)";
        db.client.query_one(sql, &[&ORG, &payment, &id.to_string(), &id]).await.unwrap();
    }
    db.run("UPDATE refund_requests SET next_attempt_at = now() + interval '1 hour'").await;
    let claim = async |only: Option<Uuid>| {
        let sql = "SELECT request::uuid, attempts FROM refund_claim(10, '1 minute', $1)";
        let rows = db.client.query(sql, &[&only]).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect::<Vec<(Uuid, i32)>>()
    };
    assert_eq!(claim(None).await, [], "not due");
    assert_eq!(claim(Some(one)).await, [(one, 1)]);
    assert_eq!(claim(Some(one)).await, [], "somebody is at it");
    assert_eq!(claim(Some(Uuid::now_v7())).await, []);

    let shown = db.client.query_one("SELECT body::jsonb, state FROM refund_get($1, $2)", &[&ORG, &one]).await.unwrap();
    let body: Value = shown.get(0);
    assert_eq!((&body["amount"], &body["status"], shown.get("state")), (&json!("10.00"), &json!("queued"), "queued"));
    assert!(db.client.query_opt("SELECT FROM refund_get($1, $2)", &[&OTHER_ORG, &one]).await.unwrap().is_none());
    let list = "SELECT body::jsonb FROM refund_list($1, $2)";
    let body: Value = db.client.query_one(list, &[&ORG, &payment]).await.unwrap().get(0);
    assert_eq!(body["items"].as_array().map(Vec::len), Some(2));
    assert!(db.client.query_opt(list, &[&OTHER_ORG, &payment]).await.unwrap().is_none());
}

#[tokio::test]
async fn a_capture_that_was_refused_is_the_next_time_another_request() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    let session = session(&db, order, "paypal", "5O1").await;
    let refusals = async || {
        let begun = "SELECT refusals FROM approval_begin('paypal', '5O1', gen_random_uuid(), 60)";
        let approval = db.text(begun).await;
        let key = Uuid::now_v7().to_string();
        let sql = "SELECT refusals::text FROM capture_begin($1, $2, 'operator', $3, 'h')";
        let operator: String = db.client.query_one(sql, &[&ORG, &session, &key]).await.unwrap().get(0);
        assert_eq!(approval, operator, "both ask the same");
        approval
    };
    assert_eq!(refusals().await, "0");
    db.announced().await;
    // Two were told of the same refusal.
    for _ in 0..2 {
        db.run("SELECT capture_refused('paypal', '5O1', 0)").await;
    }
    assert_eq!(db.announced().await, [[format!("session:{ORG}/{session}")]]);
    assert_eq!(refusals().await, "1");
    db.run("SELECT capture_refused('paypal', '5O1', 1)").await;
    assert_eq!(refusals().await, "2");
}

#[tokio::test]
async fn a_capture_that_was_done_and_never_answered_gives_its_answer_to_its_key() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    let session = session(&db, order, "paypal", "5O1").await;
    assert!(begin(&db.client, ORG, session, "a", "h").await.starts_with("capture "));
    // The caller died, and the provider's event told of the money.
    let mut object = capture(order, "C1", "completed", "100.00", 1);
    object["external_order"] = "5O1".into();
    Event::new(vec![object]).deliver(&db.client).await;
    let sql = "SELECT outcome, body::jsonb FROM capture_begin($1, $2, 'operator', $3, $4, $5)";
    let again = async |key: &str, hash: &str, amount: Option<&str>| {
        let row = db.client.query_one(sql, &[&ORG, &session, &key, &hash, &amount]).await.unwrap();
        (row.get::<_, String>(0), row.get::<_, Option<Value>>(1))
    };
    let (outcome, first) = again("a", "h", None).await;
    let answer = json!({"id": session, "orderId": order, "orderPaymentStatus": "paid", "captures": [
        {"externalTransactionId": "C1", "status": "completed", "amount": "100.00", "currency": "EUR"}]});
    assert_eq!((outcome.as_str(), first.as_ref()), ("replay", Some(&answer)));
    Event::new(vec![refund("C1", "R1", "completed", "10.00", None, 2)]).deliver(&db.client).await;
    assert_eq!(again("a", "h", None).await, (outcome, first), "the answer stays");
    assert_eq!(again("a", "other", None).await.0, "mismatch");
    assert_eq!(again("b", "h", None).await.0, "not_capturable", "another key has captured nothing");
}

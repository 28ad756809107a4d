//! The ledger: only added to, and always what the payments say.

use uuid::Uuid;

use super::{ACCOUNT, Event, capture, database, place, refund, reversal, time};
use crate::database::{Database, ORG};

/// The ledger of an order, as `type amount`, in the order in which it was written.
async fn ledger(db: &Database, order: Uuid) -> String {
    db.text(&format!(
        "SELECT coalesce(string_agg(type || ' ' || amount::numeric(15, 2), ', ' ORDER BY xid, type, amount), '')
        FROM payment_transactions WHERE order_id = '{order}'"
    ))
    .await
}

/// The number of payments whose ledger doesn't come to what they say.
pub const WRONG: &str = "SELECT count(*) FROM payments p, LATERAL (
        SELECT coalesce(sum(t.amount) FILTER (WHERE t.type NOT IN ('authorization', 'fee')), 0) AS moved,
            coalesce(sum(t.amount) FILTER (WHERE t.type = 'authorization'), 0) AS reserved
        FROM payment_transactions t WHERE t.payment_id = p.id) AS l
    WHERE (l.moved, l.reserved) IS DISTINCT FROM
        (CASE WHEN p.captured_at IS NOT NULL THEN p.amount ELSE 0 END - p.refunded_amount,
        CASE p.status WHEN 'authorized' THEN p.amount ELSE 0 END)";

#[tokio::test]
async fn every_movement_is_booked_once_and_the_ledger_comes_to_what_the_payment_says() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    let story = [
        capture(order, "C1", "pending", "100.00", 1),
        capture(order, "C1", "completed", "100.00", 2),
        refund("C1", "R1", "completed", "30.00", None, 3),
        refund("C1", "R1", "failed", "30.00", None, 4),
        refund("C1", "R2", "completed", "20.00", None, 5),
        reversal("C1", "R3", "80.00", 6),
    ];
    for object in story {
        let event = Event::new(vec![object]);
        event.deliver(&db.client).await;
        event.deliver(&db.client).await;
        assert_eq!(db.text(WRONG).await, "0");
    }
    let booked = "capture 100.00, refund -30.00, refund 30.00, refund -20.00, reversal -80.00";
    assert_eq!(ledger(&db, order).await, booked);
}

#[tokio::test]
async fn what_is_reserved_and_set_free_is_booked() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    let reserved = |state: &str, at| {
        serde_json::json!({"kind": "authorization", "id": "A1", "state": state, "amount": "100.00", "currency": "EUR",
            "order_reference": order, "payee": ACCOUNT, "changed_at": time(at)})
    };
    Event::new(vec![reserved("authorized", 1)]).deliver(&db.client).await;
    Event::new(vec![reserved("cancelled", 2)]).deliver(&db.client).await;
    assert_eq!(ledger(&db, order).await, "authorization 100.00, authorization -100.00");
}

#[tokio::test]
async fn payments_of_other_programs_are_booked_and_the_ledger_is_only_added_to() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    db.run(&format!(
        "INSERT INTO payments (order_id, organization_id, customer_id, provider, account, external_id, status, currency, amount, captured_at)
        SELECT id, organization_id, customer_id, 'manual', 'cash', 'till', 'paid', 'EUR', 40, now() FROM orders WHERE id = '{order}'"
    ))
    .await;
    db.run("UPDATE payments SET amount = 45").await;
    db.run("UPDATE payments SET external_order_id = 'x'").await;
    assert_eq!((ledger(&db, order).await.as_str(), db.text(WRONG).await.as_str()), ("manual 40.00, manual 5.00", "0"));
    db.run("DELETE FROM payments").await;
    assert_eq!(ledger(&db, order).await, "manual 40.00, manual 5.00, manual -45.00");
    for change in [
        "UPDATE payment_transactions SET amount = 1",
        "DELETE FROM payment_transactions",
        "TRUNCATE payment_transactions",
    ] {
        assert!(db.client.batch_execute(change).await.is_err(), "{change}");
    }
    let page = db
        .text(&format!(
            "SELECT body::json ->> 'items' FROM transaction_search('{ORG}', 'manual', NULL, NULL, NULL, 2, NULL)"
        ))
        .await;
    assert_eq!(serde_json::from_str::<serde_json::Value>(&page).unwrap().as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn payments_of_a_bulk_load_are_booked_by_a_call() {
    let db = Database::seeded().await;
    let captured = db.text("SELECT count(*) FROM payments WHERE captured_at IS NOT NULL").await;
    assert_eq!(
        db.text("SELECT count(*) FROM payment_transactions WHERE type = 'capture' OR type = 'manual'").await,
        captured
    );
    assert_eq!((db.text(WRONG).await.as_str(), db.text("SELECT transaction_book_all()").await.as_str()), ("0", "0"));
}

/// A capture that tells its fee.
fn with_fee(order: Uuid, fee: &str, at: u32) -> serde_json::Value {
    let mut object = capture(order, "C1", "completed", "100.00", at);
    object["fee"] = fee.into();
    object["fee_currency"] = "USD".into();
    object
}

#[tokio::test]
async fn a_fee_is_booked_in_its_own_currency_once_and_whatever_order_it_is_told_in() {
    let told = |order| {
        [with_fee(order, "3.20", 1), capture(order, "C1", "completed", "100.00", 2), with_fee(order, "3.45", 3)]
    };
    let sums = "SELECT string_agg(type || ' ' || amount || ' ' || currency, ', ' ORDER BY type) FROM (
        SELECT type, sum(amount)::numeric(15, 2) AS amount, currency FROM payment_transactions
        WHERE type <> 'authorization' GROUP BY type, currency HAVING sum(amount) <> 0) AS s";
    for sequence in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0], [0, 2, 1], [2, 0, 1]] {
        let db = database().await;
        let order = Uuid::now_v7();
        place(&db.client, order, "100.00").await;
        for index in sequence {
            let event = Event::new(vec![told(order)[index].clone()]);
            event.deliver(&db.client).await;
            event.deliver(&db.client).await;
        }
        assert_eq!(db.text(sums).await, "capture 100.00 EUR, fee -3.45 USD", "{sequence:?}");
        assert_eq!(db.text(WRONG).await, "0");
        let fee = format!("SELECT body::json ->> 'fee' FROM payment_get('{ORG}', NULL, (SELECT id FROM payments))");
        assert_eq!(db.text(&fee).await, r#"{"amount" : "3.45", "currency" : "USD"}"#);
    }
}

#[tokio::test]
async fn a_payment_that_was_never_taken_has_no_fee() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    let mut pending = with_fee(order, "3.20", 1);
    pending["state"] = "pending".into();
    Event::new(vec![pending]).deliver(&db.client).await;
    assert_eq!(db.text("SELECT count(*) FROM payment_transactions WHERE type = 'fee'").await, "0");
    Event::new(vec![capture(order, "C1", "completed", "100.00", 2)]).deliver(&db.client).await;
    assert_eq!(ledger(&db, order).await, "capture 100.00, fee -3.20");
}

#[tokio::test]
async fn an_export_is_refused_after_a_restore_until_its_rows_are_renumbered() {
    let db = database().await;
    let begin = |after: &str| format!("SELECT outcome FROM transaction_export_begin('{ORG}', {after})");
    assert_eq!(db.text(&begin("NULL")).await, "begun");
    let next = db.text(&format!("SELECT next FROM transaction_export_begin('{ORG}', NULL)")).await;
    assert_eq!(db.text(&begin(&format!("'{next}'"))).await, "begun");
    assert_eq!(db.text(&begin("'5_000000000000'")).await, "another_history");
    // As a restore into a new cluster leaves them.
    db.run(&format!(
        "INSERT INTO payment_transactions (organization_id, order_id, provider, account, external_id, type, amount, currency, xid)
        SELECT '{ORG}', gen_random_uuid(), 'paypal', 'M', 'C', 'capture', 1, 'EUR', '9000000000' FROM generate_series(1, 3)"
    ))
    .await;
    assert_eq!(db.text(&begin("NULL")).await, "renumber");
    assert_eq!(db.text("SELECT transaction_renumber()").await, "3");
    assert_eq!(db.text(&begin("NULL")).await, "begun");
    let rows = format!(
        "SELECT rows::text FROM transaction_export_begin('{ORG}', NULL) AS b,
            transaction_export_page('{ORG}', 'ndjson', b.from_xid, b.until_xid, NULL, NULL, 10)"
    );
    // Transactions of other databases of the server hold the end back, too.
    let found = kit::eventually("the rows are exported", kit::SOON, || async {
        let found = db.text(&rows).await;
        (found == "3").then_some(found)
    });
    assert_eq!(found.await, "3");
    assert!(db.client.batch_execute("UPDATE payment_transactions SET amount = 2").await.is_err());
}

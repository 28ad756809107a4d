//! Money that doesn't fit: recorded where it is certain, never silently taken, never somebody
//! else's.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{ACCOUNT, Event, OTHER_ACCOUNT, capture, database, place, state};

const PAID: &str = "paid 100.00 0.00 C1=paid/100.00/0.00";

#[tokio::test]
async fn five_cents_do_not_pay_and_the_rest_settles_it() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "237.75").await;
    let outcome = Event::new(vec![capture(order, "C1", "completed", "0.05", 1)]).deliver(&db.client).await;
    assert_eq!(outcome, "needs_review:underpaid");
    assert_eq!(state(&db.client, order).await, "partially_paid 0.05 0.00 C1=paid/0.05/0.00");
    let rest = Event::new(vec![capture(order, "C2", "completed", "237.70", 2)]).deliver(&db.client).await;
    assert_eq!(rest, "applied");
    assert_eq!(state(&db.client, order).await, "paid 237.75 0.00 C1=paid/0.05/0.00 C2=paid/237.70/0.00");
    assert_eq!(
        db.text("SELECT count(*) FROM webhook_events WHERE state = 'applied'").await,
        "2",
        "nothing is left to review"
    );
}

#[tokio::test]
async fn more_than_the_total_is_paid_and_reviewed() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    assert_eq!(Event::new(vec![capture(order, "C1", "completed", "100.00", 1)]).deliver(&db.client).await, "applied");
    let second = Event::new(vec![capture(order, "C2", "completed", "100.00", 2)]).deliver(&db.client).await;
    assert_eq!(second, "needs_review:overpaid");
    assert!(state(&db.client, order).await.starts_with("paid 200.00 0.00"));
}

#[tokio::test]
async fn what_does_not_fit_the_order_is_reviewed() {
    let good = |order: Uuid| capture(order, "C1", "completed", "100.00", 1);
    let with = |order: Uuid, key: &str, value: Value| {
        let mut object = good(order);
        object[key] = value;
        object
    };
    let orders: Vec<_> = (0..9).map(|_| Uuid::now_v7()).collect();
    let cancel = "UPDATE orders SET status = 'cancelled'";
    let hide = "UPDATE orders SET deleted_at = now()";
    for (n, (what, object, account, before, outcome, expected)) in [
        ("good", good(orders[0]), ACCOUNT, "", "applied", PAID),
        (
            "another currency",
            with(orders[1], "currency", json!("USD")),
            ACCOUNT,
            "",
            "needs_review:wrong-currency",
            "unpaid 0.00 0.00 C1=paid/100.00/0.00",
        ),
        (
            "an account that nobody has",
            good(orders[2]),
            "NOBODY",
            "",
            "needs_review:unknown-account",
            "unpaid 0.00 0.00",
        ),
        (
            "another organisation's account",
            with(orders[3], "payee", json!(OTHER_ACCOUNT)),
            OTHER_ACCOUNT,
            "",
            "needs_review:foreign-order",
            "unpaid 0.00 0.00",
        ),
        (
            "money to somebody else",
            with(orders[4], "payee", json!("STRANGER")),
            ACCOUNT,
            "",
            "needs_review:unknown-account",
            "unpaid 0.00 0.00",
        ),
        (
            "money to another organisation",
            with(orders[5], "payee", json!(OTHER_ACCOUNT)),
            ACCOUNT,
            "",
            "needs_review:unknown-account",
            "unpaid 0.00 0.00",
        ),
        ("a cancelled order", good(orders[6]), ACCOUNT, cancel, "needs_review:paid-after-cancellation", PAID),
        ("a deleted order", good(orders[7]), ACCOUNT, hide, "needs_review:paid-after-deletion", PAID),
        ("a payee that isn't said", with(orders[8], "payee", Value::Null), ACCOUNT, "", "applied", PAID),
    ]
    .into_iter()
    .enumerate()
    {
        let db = database().await;
        place(&db.client, orders[n], "100.00").await;
        db.run(before).await;
        let event = Event { account, ..Event::new(vec![object]) };
        assert_eq!(event.deliver(&db.client).await, outcome, "{what}");
        assert_eq!(state(&db.client, orders[n]).await, expected, "{what}");
        // Its state can be told again and again.
        assert!(event.deliver(&db.client).await.ends_with(outcome), "{what}, again");
        assert_eq!(state(&db.client, orders[n]).await, expected, "{what}, again");
        if before == cancel {
            assert_eq!(db.text("SELECT status FROM orders").await, "cancelled", "{what}");
        }
    }
}

#[tokio::test]
async fn a_foreign_payment_stays_foreign_when_the_order_comes_later() {
    let db = database().await;
    let order = Uuid::now_v7();
    let mut object = capture(order, "C1", "completed", "100.00", 1);
    object["payee"] = Value::Null;
    let event = Event { account: OTHER_ACCOUNT, ..Event::new(vec![object]) };
    assert_eq!(event.deliver(&db.client).await, "waiting:order-unknown");
    place(&db.client, order, "100.00").await;
    assert_eq!(state(&db.client, order).await, "unpaid 0.00 0.00");
    assert_eq!(db.text("SELECT state || ':' || reason FROM webhook_events").await, "needs_review:foreign-order");
}

#[tokio::test]
async fn one_capture_credits_one_order() {
    let db = database().await;
    let (first, second) = (Uuid::now_v7(), Uuid::now_v7());
    place(&db.client, first, "100.00").await;
    place(&db.client, second, "100.00").await;
    assert_eq!(Event::new(vec![capture(first, "C1", "completed", "100.00", 1)]).deliver(&db.client).await, "applied");
    let stolen = Event::new(vec![capture(second, "C1", "completed", "100.00", 2)]).deliver(&db.client).await;
    assert_eq!(stolen, "needs_review:order-changed");
    assert_eq!(state(&db.client, first).await, PAID);
    assert_eq!(state(&db.client, second).await, "unpaid 0.00 0.00");
}

#[tokio::test]
async fn an_account_that_becomes_known_makes_a_replay_count() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    let mut object = capture(order, "C1", "completed", "100.00", 1);
    object["payee"] = "NEW".into();
    let event = Event { account: "NEW", ..Event::new(vec![object]) };
    assert_eq!(event.deliver(&db.client).await, "needs_review:unknown-account");
    db.run(&format!("INSERT INTO provider_accounts VALUES ('paypal', 'NEW', '{}')", crate::database::ORG)).await;
    assert_eq!(event.deliver(&db.client).await, "applied");
    assert_eq!(state(&db.client, order).await, PAID);
}

#[tokio::test]
async fn payments_recorded_by_hand_count_with_the_others() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    let org = crate::database::ORG;
    let customer = crate::database::CUSTOMER;
    db.run(&format!(
        "INSERT INTO payments (order_id, organization_id, customer_id, provider, account, external_id, status, currency, amount, captured_at)
        VALUES ('{order}', '{org}', '{customer}', 'manual', 'bank', 'B1', 'paid', 'EUR', 60, now())"
    ))
    .await;
    assert_eq!(Event::new(vec![capture(order, "C1", "completed", "40.00", 1)]).deliver(&db.client).await, "applied");
    assert_eq!(state(&db.client, order).await, "paid 100.00 0.00 B1=paid/60.00/0.00 C1=paid/40.00/0.00");
}

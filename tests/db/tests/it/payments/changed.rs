//! An order whose total, currency or fate another program changes after it was paid is judged anew.

use serde_json::Value;
use uuid::Uuid;

use super::{Event, capture, database, open_events, place, refund, reprice, state};

#[tokio::test]
async fn another_total_is_another_verdict_at_once() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "10.00").await;
    Event::new(vec![capture(order, "C1", "completed", "10.00", 1)]).deliver(&db.client).await;
    for (total, expected) in
        [("100.00", "partially_paid"), ("10.00", "paid"), ("4.00", "paid"), ("10.01", "partially_paid")]
    {
        reprice(&db, order, total).await;
        assert_eq!(state(&db.client, order).await, format!("{expected} 10.00 0.00 C1=paid/10.00/0.00"), "{total}");
    }
}

#[tokio::test]
async fn an_order_without_payments_keeps_the_status_that_somebody_gave_it() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "10.00").await;
    db.run(&format!("UPDATE orders SET payment_status = 'paid' WHERE id = '{order}'")).await;
    reprice(&db, order, "12.00").await;
    assert_eq!(state(&db.client, order).await, "paid 0.00 0.00");
}

#[tokio::test]
async fn a_review_is_over_when_what_was_wrong_is_right_again() {
    let change = |sql: &str, order: Uuid| sql.replace("ORDER", &order.to_string());
    for (total, before, reason, after) in [
        ("10.00", "", "overpaid", "REPRICE 100.00"),
        ("200.00", "", "underpaid", "REPRICE 100.00"),
        (
            "100.00",
            "UPDATE orders SET status = 'cancelled' WHERE id = 'ORDER'",
            "paid-after-cancellation",
            "UPDATE orders SET status = 'pending' WHERE id = 'ORDER'",
        ),
        (
            "100.00",
            "UPDATE orders SET deleted_at = now() WHERE id = 'ORDER'",
            "paid-after-deletion",
            "UPDATE orders SET deleted_at = NULL WHERE id = 'ORDER'",
        ),
        ("10.00", "", "overpaid", "REFUND 90.00"),
        ("10.00", "", "overpaid", "REFUND 100.00"),
        (
            "100.00",
            "UPDATE orders SET status = 'cancelled' WHERE id = 'ORDER'",
            "paid-after-cancellation",
            "REFUND 100.00",
        ),
    ] {
        let db = database().await;
        let order = Uuid::now_v7();
        place(&db.client, order, total).await;
        db.run(&change(before, order)).await;
        let outcome = Event::new(vec![capture(order, "C1", "completed", "100.00", 1)]).deliver(&db.client).await;
        assert_eq!(outcome, format!("needs_review:{reason}"));
        match after.split_once(' ') {
            Some(("REPRICE", total)) => reprice(&db, order, total).await,
            Some(("REFUND", amount)) => {
                Event::new(vec![refund("C1", "R1", "completed", amount, None, 2)]).deliver(&db.client).await;
            }
            _ => db.run(&change(after, order)).await,
        }
        assert_eq!(open_events(&db.client).await, [""; 0], "{reason}, {after}");
    }
}

#[tokio::test]
async fn money_in_another_currency_needs_no_look_once_it_went_back() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    let dollars = |mut object: Value| {
        object["currency"] = "USD".into();
        object
    };
    let paid = Event::new(vec![dollars(capture(order, "C1", "completed", "100.00", 1))]);
    assert_eq!(paid.deliver(&db.client).await, "needs_review:wrong-currency");
    let half = Event::new(vec![dollars(refund("C1", "R1", "completed", "50.00", None, 2))]);
    assert_eq!(half.deliver(&db.client).await, "applied", "a refund in its payment's currency is in order");
    assert_eq!(open_events(&db.client).await, ["needs_review:wrong-currency"]);
    Event::new(vec![dollars(refund("C1", "R2", "completed", "50.00", None, 3))]).deliver(&db.client).await;
    assert_eq!(open_events(&db.client).await, [""; 0]);
    assert_eq!(state(&db.client, order).await, "unpaid 0.00 0.00 C1=refunded/100.00/100.00");
}

#[tokio::test]
async fn a_total_that_changes_while_its_payment_is_told_is_the_one_that_counts() {
    let db = database().await;
    let other = db.connect().await;
    for round in 0..60 {
        let order = Uuid::now_v7();
        place(&db.client, order, "100.00").await;
        let event = Event::new(vec![capture(order, &format!("C1.{round}"), "completed", "100.00", 1)]);
        let stored = event.record(&db.client).await.get("event");
        let change = format!(
            "BEGIN; UPDATE order_items SET unit_price = 150 WHERE order_id = '{order}';
            UPDATE orders SET total_amount = 150 WHERE id = '{order}'; COMMIT"
        );
        let (_, changed) = tokio::join!(event.apply(&db.client, stored), other.batch_execute(&change));
        changed.expect("nobody waits in a circle");
        assert_eq!(state(&db.client, order).await, "partially_paid 100.00 0.00 C1=paid/100.00/0.00", "round {round}");
        let state = format!("SELECT concat_ws(':', state, reason) FROM webhook_events WHERE id = '{stored}'");
        assert!(["needs_review:underpaid", "applied"].contains(&db.text(&state).await.as_str()), "round {round}");
    }
}

//! Payments that were made otherwise than by a provider.

use e2e::App;
use serde_json::{Value, json};

use super::shopper::{begin, member};
use crate::new_key;

async fn money(app: &App, order: &str) -> Value {
    app.client.payment_status(order).await.expect(200).json()
}

#[tokio::test]
async fn an_operator_records_a_payment_once_and_it_counts_at_once() {
    let Some(app) = App::private().spawn().await else { return };
    let order = app.new_order().await.json();
    let id = order["id"].as_str().expect("an id");
    let session = member(&begin(&app.client, id, "other").await.expect(201), "id");
    assert_eq!(money(&app, id).await["paymentStatus"], "unpaid");
    let (operator, cash) = (app.operator(), json!({"note": "cash", "reference": "till 7"}));
    app.client.record_payment(id, &cash, "key").await.expect_problem(403);
    operator.record_payment(&new_key(), &cash, "key").await.expect_problem(404);
    let paid = operator.record_payment(id, &cash, "key").await.expect(201).json();
    assert_eq!((&paid["amount"], &paid["orderPaymentStatus"]), (&order["totalAmount"], &json!("paid")));
    assert_eq!(money(&app, id).await["paymentStatus"], "paid");
    assert_eq!(app.client.session(&session).await.json()["status"], "completed");
    assert_eq!(operator.record_payment(id, &cash, "key").await.expect(201).json(), paid);
    operator.record_payment(id, &json!({"note": "x"}), "key").await.expect_problem_naming(422, "Idempotency-Key");
    operator.record_payment(id, &cash, "other").await.expect_problem_naming(422, "amount");
    let more = json!({"amount": "1.00", "reference": "till 7"});
    operator.record_payment(id, &more, "other").await.expect_problem_naming(422, "reference");
    let audit =
        "SELECT count(*)::text FROM payment_audit WHERE relation = 'manual_payments' AND after ->> 'note' = 'cash'";
    assert_eq!(app.psql_value(audit).await, "1");
}

#[tokio::test]
async fn a_recorded_payment_is_corrected_and_refunded_and_never_below_what_went_back() {
    let Some(app) = App::private().spawn().await else { return };
    let order = app.new_order().await.json();
    let id = order["id"].as_str().expect("an id");
    let operator = app.operator();
    let paid = operator.record_payment(id, &json!({}), "key").await.expect(201).json();
    let payment = paid["id"].as_str().expect("an id");
    let correct =
        async |amount: &str| operator.correct_payment(payment, &json!({"amount": amount, "note": "why"})).await;
    app.client.correct_payment(payment, &json!({"amount": "1", "note": "why"})).await.expect_problem(403);
    assert_eq!(correct("1.00").await.expect(200).json()["orderPaymentStatus"], "partially_paid");
    assert_eq!(money(&app, id).await["paymentStatus"], "partially_paid");
    assert_eq!(correct("0.00").await.expect(200).json()["status"], "failed");
    assert_eq!(money(&app, id).await["paymentStatus"], "failed");
    let total = order["totalAmount"].as_str().expect("a sum");
    assert_eq!(correct(total).await.expect(200).json()["orderPaymentStatus"], "paid");

    let refund = json!({"amount": "1.00"});
    let sent = operator.refund(payment, &refund, "refund").await.expect(201).json();
    assert_eq!(sent["status"], "sent");
    assert_eq!(operator.refund(payment, &refund, "refund").await.expect(201).json(), sent);
    let shown = money(&app, id).await;
    assert_eq!((&shown["paymentStatus"], &shown["refundedAmount"]), (&json!("partially_refunded"), &json!("1.00")));
    correct("0.99").await.expect_problem_naming(422, "amount");
    operator.refund(payment, &json!({}), "rest").await.expect(201);
    assert_eq!(money(&app, id).await["paymentStatus"], "refunded");
    operator.refund(payment, &refund, "more").await.expect_problem(409);
    assert_eq!(operator.send_refunds().await.expect(200).json()["sent"], 0, "nobody is called for them");
}

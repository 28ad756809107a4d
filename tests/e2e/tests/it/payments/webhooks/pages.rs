//! Many waiting events of Stripe come home by one command, many in one statement.

use std::time::Duration;

use e2e::App;
use reqwest::Method;
use serde_json::{Value, json};
use standin::Provider;

use super::{PayableOrder, deliver, ok, order, pay, payment_status, shop};

/// More than one statement has.
const MANY: usize = 60;
/// The command.
const WAITING: &str = "status=needs_review&provider=stripe&reason=unknown-account";

/// Orders whose events wait, since their account wasn't known when they came. Now it is.
async fn waiting(app: &App) -> Vec<PayableOrder> {
    app.psql("CREATE TABLE put_aside AS SELECT * FROM provider_accounts WHERE provider = 'stripe'").await;
    app.psql("DELETE FROM provider_accounts WHERE provider = 'stripe'").await;
    let mut orders = Vec::new();
    for _ in 0..MANY {
        let order = order(app).await;
        let signed = app.standin().signed(&pay(app, Provider::Stripe, &order).id);
        assert_eq!(deliver(&app.client, &signed).await, ok("needs_review"));
        orders.push(order);
    }
    app.psql("INSERT INTO provider_accounts SELECT * FROM put_aside").await;
    orders
}

async fn matching(app: &App, filter: &str) -> Value {
    app.operator().replay_all(&format!("{filter}&dryRun=true")).await.expect(200).json()["matching"].clone()
}

/// Payments that came to be and captures that were booked.
async fn booked(app: &App) -> String {
    app.psql_value(
        "SELECT (SELECT count(*) FROM payment_audit WHERE relation = 'payments' AND before IS NULL) || ' '
            || (SELECT count(*) FROM payment_transactions WHERE type = 'capture'
                AND order_id IN (SELECT order_id FROM webhook_events))",
    )
    .await
}

#[tokio::test]
async fn a_bad_event_among_many_keeps_none_of_the_others_waiting() {
    let Some(app) = shop().await else { return };
    let orders = waiting(&app).await;
    assert_eq!(matching(&app, WAITING).await, json!(MANY));
    // What is read before it takes effect is in the cache, and is not shown after it.
    assert_eq!(payment_status(&app, &orders[7]).await, "unpaid");
    let bad = &orders[MANY / 2];
    app.psql(&format!("ALTER TABLE payments ADD CONSTRAINT not_this_one CHECK (order_id <> '{}') NOT VALID", bad.id))
        .await;
    let answer = app.operator().replay_all(WAITING).await.expect(200).json();
    assert_eq!((&answer["taken"], &answer["next"]), (&json!(MANY), &Value::Null), "{answer}");
    let outcomes = &answer["outcomes"];
    assert_eq!((&outcomes["processed"], &outcomes["failed"]), (&json!(MANY - 1), &json!(1)), "{answer}");
    for order in &orders {
        let expected = if order.id == bad.id { "unpaid" } else { "paid" };
        assert_eq!(payment_status(&app, order).await, expected);
    }
    let left = "status=received&provider=stripe&reason=not-stored";
    assert_eq!(matching(&app, left).await, json!(1), "it waits with its reason");
    app.psql("ALTER TABLE payments DROP CONSTRAINT not_this_one").await;
    let answer = app.operator().replay_all(left).await.expect(200).json();
    assert_eq!(answer["outcomes"]["processed"], json!(1), "{answer}");
    assert_eq!(payment_status(&app, bad).await, "paid");
    assert_eq!(booked(&app).await, format!("{MANY} {MANY}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_is_killed_in_the_middle_and_sent_again_takes_each_event_once() {
    let Some(mut app) = shop().await else { return };
    let orders = waiting(&app).await;
    for _ in 0..3 {
        let command = app.operator().request(Method::POST, &format!("/webhooks/events/replay?{WAITING}"));
        let command = tokio::spawn(async move { command.send().await.is_ok() });
        // Another time in every run, so the kill comes at any moment of the command.
        let drawn = uuid::Uuid::new_v4().as_u128() % 100;
        tokio::time::sleep(Duration::from_millis(u64::try_from(drawn).expect("few"))).await;
        let server = app.server.as_mut().expect("an own server");
        server.kill();
        let _ = command.await;
        server.restart().await;
    }
    let left = matching(&app, WAITING).await;
    let answer = app.operator().replay_all(WAITING).await.expect(200).json();
    assert_eq!((&answer["taken"], &answer["next"]), (&left, &Value::Null), "the dry run is exact: {answer}");
    assert_eq!(matching(&app, WAITING).await, json!(0));
    for order in &orders {
        assert_eq!(payment_status(&app, order).await, "paid");
    }
    assert_eq!(booked(&app).await, format!("{MANY} {MANY}"));
}

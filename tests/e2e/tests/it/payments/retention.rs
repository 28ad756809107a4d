//! What is past its time is forgotten by a scheduler's call.

use std::time::Duration;

use e2e::App;
use serde_json::{Value, json};
use standin::Provider;

use super::shop::Shop;

#[tokio::test]
async fn a_step_forgets_what_is_past_its_time_and_leaves_the_order_as_it_was() {
    let Some(shop) = Shop::like(App::private().variable("event_keep_seconds", "5184000")).await else { return };
    let order = shop.order().await;
    let session = shop.ask(&order, Provider::PayPal, &crate::new_key()).await.expect(201).json();
    let id = session["id"].as_str().expect("an id");
    shop.standin.pay(session["externalTransactionId"].as_str().expect("an id"));
    let money = shop.becomes(&order, "paid", Duration::from_secs(10)).await;
    let operator = shop.app.operator();
    let nothing = json!({"bodies": 0, "events": 0, "objects": 0, "audit": 0, "orderAudit": 0, "sessions": 0, "carts": 0, "userCarts": 0, "userSessions": 0,
        "checkouts": 0, "attempts": 0, "refunds": 0, "more": false});
    assert_eq!(operator.prune("").await.expect(200).json(), nothing);

    let path = format!("/payments/sessions/{id}");
    assert!(shop.app.warm(&path).await.is_hit());
    shop.app.psql("UPDATE webhook_events SET received_at = received_at - interval '61 days'").await;
    shop.app.psql("UPDATE payment_sessions SET created_at = created_at - interval '181 days'").await;
    let step = operator.prune("limit=1").await.expect(200).json();
    assert_eq!((&step["events"], &step["sessions"], &step["more"]), (&json!(1), &json!(1), &json!(true)));
    shop.app.client.get(&path).await.expect_problem(404);
    while operator.prune("").await.expect(200).json()["more"] == true {}
    let left = operator.events(&format!("orderId={}", order.id)).await.expect(200).items();
    assert_eq!((left, operator.prune("").await.expect(200).json()), (Vec::<Value>::new(), nothing));
    assert_eq!(shop.money(&order).await, money);
    // Its money still has its order.
    operator.delete_hard(&order.id).await.expect_problem(409);
}

#[tokio::test]
async fn only_operators_forget() {
    let Some(shop) = Shop::open().await else { return };
    shop.app.client.prune("").await.expect_problem(403);
    shop.app.client.anonymous().prune("").await.expect_problem(401);
    shop.app.operator().prune("limit=201").await.expect_problem_naming(400, "limit");
}

#[tokio::test]
async fn an_order_whose_session_may_still_be_paid_is_not_deleted_for_good() {
    let Some(shop) = Shop::open().await else { return };
    let order = shop.order().await;
    let session = shop.ask(&order, Provider::Stripe, &crate::new_key()).await.expect(201).json();
    shop.app.client.cancel_session(session["id"].as_str().expect("an id")).await.expect(200);
    let operator = shop.app.operator();
    operator.delete_hard(&order.id).await.expect_problem(409);
    // The shopper's page was open, and he has paid: his money finds its order.
    shop.standin.pay(session["externalTransactionId"].as_str().expect("an id"));
    shop.becomes(&order, "paid", Duration::from_secs(10)).await;
}

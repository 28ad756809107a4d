//! A setting that is wrong stops its area, and no webhook that doesn't need it.

use e2e::App;
use standin::{Payment, Provider};

use super::{PayableOrder, deliver, money, ok, paid, shop_like};

#[tokio::test]
async fn wrong_keys_of_tokens_and_another_providers_mistake_stop_no_signed_webhook() {
    let wrong = App::private().variable("jwt_keys", "{").variable("paypal_trust_anchors", "no certificate");
    let Some(app) = shop_like(wrong).await else { return };
    let unpaid = "FROM orders WHERE payment_status = 'unpaid' AND status = 'pending' AND currency = 'EUR'
        AND deleted_at IS NULL AND organization_id";
    let find = |what: &str| format!("SELECT {what} {unpaid} = '{}' ORDER BY id LIMIT 1", app.sample.org);
    let order = PayableOrder {
        id: app.psql_value(&find("id::text")).await,
        total: app.psql_value(&find("total_amount::numeric(15, 2)::text")).await,
    };
    let pay = |provider| {
        let payment = Payment::new(provider, &order.id, &order.total, "EUR");
        app.standin().signed(&paid(&app, &app.standin().pay_directly(&payment)).id)
    };
    assert_eq!(deliver(&app.client, &pay(Provider::Stripe)).await, ok("processed"));
    assert_eq!(money(&app, &order).await, format!("paid paid/{}/0.00", order.total));
    let (status, title) = deliver(&app.client, &pay(Provider::PayPal)).await;
    assert_eq!((status, title.as_str()), (503, "The server is misconfigured"));
    let refused = app.client.order(&order.id).await.expect_problem(503);
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("jwt_keys")), "{refused}");
    let health = app.client.anonymous().health().await.expect(503).json()["configuration"].to_string();
    assert!(health.contains("jwt_keys") && health.contains("paypal_trust_anchors"), "{health}");
}

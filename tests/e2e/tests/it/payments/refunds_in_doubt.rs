//! Refunds whose fate isn't known: their event settles them, or an operator does.

use e2e::{App, SOON, eventually};
use serde_json::json;
use standin::{Fault, FaultKind, Provider};

use super::shop::{Order, Shop};

/// A shop whose breakers rest for no time that counts.
async fn shop() -> Option<Shop> {
    Shop::like(App::private().variable("payment_breaker_ms", "1")).await
}

/// A paid order and our id of its payment; from here on events are delivered by hand.
pub async fn paid(shop: &Shop, provider: Provider) -> (Order, String) {
    shop.standin.automatic(true);
    let order = shop.order().await;
    let session = shop.ask(&order, provider, &crate::new_key()).await.expect(201).json();
    shop.standin.pay(session["externalTransactionId"].as_str().expect("an id"));
    shop.becomes(&order, "paid", SOON).await;
    // An event that is still on its way would read a refund from the provider, and settle it.
    eventually("every event has arrived", SOON, || async {
        let attempts = shop.standin.attempts();
        let arrived = |id: &str| attempts.iter().any(|attempt| attempt.event == id && attempt.accepted());
        shop.standin.events().iter().all(|event| arrived(&event.id)).then_some(())
    })
    .await;
    shop.standin.automatic(false);
    let payment = shop.payment(&order).await;
    (order, payment)
}

/// Makes every refund's doubt older than any provider's memory.
pub const LONG_AGO: &str = "UPDATE refund_requests SET first_attempt_at = first_attempt_at - interval '2 days',
    next_attempt_at = now() WHERE state = 'queued'";

#[tokio::test]
async fn a_refund_of_unknown_fate_is_settled_by_its_event_and_counted_once() {
    let Some(shop) = shop().await else { return };
    let (order, payment) = paid(&shop, Provider::PayPal).await;
    shop.standin.fail(Fault::new(FaultKind::DoneThenStatus(503)).on("/refund"));
    let kept = shop.refund(&payment, Some("0.01"), "key-1").await.expect(202).json();
    assert_eq!(kept["status"], "queued");
    shop.app.psql(LONG_AGO).await;
    shop.app.operator().send_refunds().await.expect(200);
    assert_eq!(shop.refund(&payment, Some("0.01"), "key-1").await.expect(202).json()["status"], "needs_review");
    let events = shop.standin.events();
    let refunded: Vec<_> = events.iter().filter(|event| event.kind == "PAYMENT.CAPTURE.REFUNDED").collect();
    assert_eq!(refunded.len(), 1, "PayPal has made it once");
    shop.standin.heal();
    shop.standin.deliver(&refunded[0].id).await;
    let settled = shop.refund(&payment, Some("0.01"), "key-1").await.expect(201).json();
    assert_eq!((&settled["status"], settled["externalRefundId"].is_string()), (&json!("sent"), true));
    assert_eq!(shop.money(&order).await["refundedAmount"], "0.01");
    // All that is left is there for another refund.
    let rest = shop.refund(&payment, None, "key-2").await.expect(201).json();
    assert_ne!(rest["amount"], order.total.as_str());
    assert_eq!(shop.money(&order).await["paymentStatus"], "refunded");
}

#[tokio::test]
async fn an_operator_settles_a_refund_as_made_or_not_made() {
    for provider in Provider::ALL {
        let Some(shop) = shop().await else { return };
        let (order, payment) = paid(&shop, provider).await;
        let (path, operator) =
            (if provider == Provider::PayPal { "/refund" } else { "/v1/refunds" }, shop.app.operator());
        shop.standin.fail(Fault::new(FaultKind::DoneThenStatus(503)).on(path));
        let made = shop.refund(&payment, Some("0.01"), "made").await.expect(202).json();
        shop.standin.heal();
        shop.standin.fail(Fault::new(FaultKind::Status(503)).on(path));
        let lost = shop.refund(&payment, Some("0.02"), "lost").await.expect(202).json();
        shop.app.psql(LONG_AGO).await;
        operator.send_refunds().await.expect(200);
        shop.standin.heal();
        let (made, lost) = (made["id"].as_str().expect("an id"), lost["id"].as_str().expect("an id"));

        let not_made = json!({"outcome": "not_made", "note": "nothing there"});
        shop.app.client.settle_refund(lost, &not_made).await.expect_problem(403);
        operator.settle_refund(&crate::new_key(), &not_made).await.expect_problem(404);
        let settled = operator.settle_refund(lost, &not_made).await.expect(200).json();
        assert_eq!((&settled["status"], &settled["reason"]), (&json!("failed"), &json!("settled-by-operator")));

        let kinds = ["PAYMENT.CAPTURE.REFUNDED", "refund.created"];
        let event = shop.standin.events().into_iter().find(|event| kinds.contains(&event.kind.as_str()));
        let body: serde_json::Value = serde_json::from_slice(&event.expect("it was made").body).expect("JSON");
        let external = [&body["resource"]["id"], &body["data"]["object"]["id"]].into_iter().find_map(|id| id.as_str());
        let as_made = |id: &str| json!({"outcome": "made", "externalRefundId": id});
        operator.settle_refund(made, &as_made("NOSUCH")).await.expect_problem_naming(422, "externalRefundId");
        let settled = operator.settle_refund(made, &as_made(external.expect("an id"))).await.expect(200).json();
        assert_eq!((&settled["status"], &settled["externalRefundId"]), (&json!("sent"), &json!(external)));
        assert_eq!(shop.money(&order).await["refundedAmount"], "0.01", "its money counts");
        operator.settle_refund(made, &not_made).await.expect_problem(409);
        let audit = "SELECT count(*)::text FROM payment_audit WHERE relation = 'refund_settlements'";
        assert!(shop.app.psql_value(audit).await.parse::<i64>().expect("a number") >= 1, "it is written down");
    }
}

#[tokio::test]
async fn a_provider_that_is_not_configured_does_not_start_the_clock_of_a_refund() {
    let Some(shop) = Shop::like(App::private().variable("stripe_account", "acct_other")).await else { return };
    let order = shop.order().await;
    shop.app
        .psql(&format!(
            "INSERT INTO payments (order_id, organization_id, customer_id, provider, account, external_id, status, currency, amount, captured_at)
            SELECT id, organization_id, customer_id, 'stripe', 'acct_former', 'pi_1', 'paid', currency, total_amount, now()
            FROM orders WHERE id = '{}'",
            order.id
        ))
        .await;
    let payment = shop.app.psql_value("SELECT id::text FROM payments WHERE external_id = 'pi_1'").await;
    let kept = shop.refund(&payment, Some("0.01"), "key").await.expect(202).json();
    assert_eq!((&kept["status"], &kept["reason"]), (&json!("queued"), &json!("provider-not-configured")));
    assert_eq!(shop.app.psql_value("SELECT count(first_attempt_at)::text FROM refund_requests").await, "0");
    shop.app.psql(LONG_AGO).await;
    shop.app.operator().send_refunds().await.expect(200);
    assert_eq!(shop.refund(&payment, Some("0.01"), "key").await.expect(202).json()["status"], "queued");
}

#[tokio::test]
async fn a_refund_whose_failure_stripe_keeps_is_shown_at_once_and_not_sent_blindly() {
    let Some(shop) = shop().await else { return };
    let (_, payment) = paid(&shop, Provider::Stripe).await;
    shop.standin.fail(Fault::new(FaultKind::Kept(500)).on("/v1/refunds").times(1));
    let kept = shop.refund(&payment, Some("0.01"), "key").await.expect(202).json();
    assert_eq!((&kept["status"], &kept["reason"]), (&json!("needs_review"), &json!("provider-keeps-failure")));
    shop.app.operator().send_refunds().await.expect(200);
    assert_eq!(shop.refund(&payment, Some("0.01"), "key").await.expect(202).json()["status"], "needs_review");
    assert_eq!(shop.standin.count("POST /v1/refunds"), 1);
}

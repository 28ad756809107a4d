//! The provider is away, slow or inconsistent, or the server dies. Nothing is done twice, nothing
//! is lost.

use e2e::{App, SOON, eventually};
use reqwest::Method;
use serde_json::json;
use standin::{Fault, FaultKind, Payment, Provider};

use super::shop::Shop;

/// A shop whose server doesn't wait long for its providers and asks them again soon.
async fn impatient() -> Option<Shop> {
    let private = App::private().variable("payment_timeout_ms", "300").variable("payment_breaker_ms", "100");
    Shop::like(private).await
}

#[tokio::test]
async fn with_the_provider_away_the_order_stands_and_the_session_begins_later() {
    let Some(shop) = impatient().await else { return };
    for provider in Provider::ALL {
        for kind in [FaultKind::Disconnect, FaultKind::Status(503), FaultKind::Hang] {
            let (order, key) = (shop.order().await, crate::new_key());
            shop.standin.fail(Fault::new(kind.clone()));
            let refused = shop.ask(&order, provider, &key).await;
            assert!(!refused.header("retry-after").is_empty(), "{kind:?}: {}", refused.text());
            refused.expect_problem(503);
            assert_eq!(shop.money(&order).await["paymentStatus"], "unpaid");
            shop.standin.heal();
            let session = eventually("the provider is asked again", SOON, || async {
                let answer = shop.ask(&order, provider, &key).await;
                (answer.status == 201).then(|| answer.json())
            })
            .await;
            assert_eq!(session["orderId"], json!(order.id));
            let (external, again) = (&session["externalTransactionId"], shop.ask(&order, provider, &key).await.json());
            assert_eq!(&again["externalTransactionId"], external, "one session at the provider");
            shop.app.client.send(cancel(&shop, &session)).await.expect(200);
        }
    }
}

fn cancel(shop: &Shop, session: &serde_json::Value) -> reqwest::RequestBuilder {
    let id = session["id"].as_str().expect("an id");
    shop.app.client.request(Method::POST, &format!("/payments/sessions/{id}/cancel"))
}

#[tokio::test]
async fn an_answer_that_was_lost_is_asked_for_again_and_nothing_is_made_twice() {
    let Some(shop) = impatient().await else { return };
    for (provider, create) in [(Provider::PayPal, "/v2/checkout/orders"), (Provider::Stripe, "/v1/checkout/sessions")] {
        for kind in [FaultKind::DoneThenStatus(502), FaultKind::DoneThenHang] {
            let order = shop.order().await;
            let before = shop.standin.seen().len();
            shop.standin.fail(Fault::new(kind.clone()).on(create).times(1));
            let session = shop.ask(&order, provider, &crate::new_key()).await.expect(201).json();
            let seen = shop.standin.seen();
            let calls: Vec<_> = seen[before..].iter().filter(|seen| seen.call == format!("POST {create}")).collect();
            assert_eq!(calls.len(), 2, "{kind:?} {calls:?}");
            assert!(calls[0].key.is_some() && calls[0].key == calls[1].key, "{calls:?}");
            shop.app.client.send(cancel(&shop, &session)).await.expect(200);
        }
    }
}

#[tokio::test]
async fn a_refund_that_cannot_be_sent_is_kept_and_sent_later_exactly_once() {
    let Some(shop) = impatient().await else { return };
    for (provider, path) in [(Provider::PayPal, "/refund"), (Provider::Stripe, "/v1/refunds")] {
        for kind in [FaultKind::Disconnect, FaultKind::DoneThenStatus(500)] {
            let order = shop.order().await;
            shop.standin.pay_directly(&Payment::new(provider, &order.id, &order.total, &order.currency));
            shop.becomes(&order, "paid", SOON).await;
            let payment = shop.payment(&order).await;
            shop.standin.automatic(false);
            shop.standin.fail(Fault::new(kind.clone()).on(path));
            let kept = shop.refund(&payment, Some("1.00"), &crate::new_key()).await.expect(202).json();
            assert_eq!(shop.money(&order).await["paymentStatus"], "paid", "{kept}");
            shop.standin.heal();
            // Its wait is over.
            shop.app.psql("UPDATE refund_requests SET next_attempt_at = now() WHERE state = 'queued'").await;
            let operator = shop.app.operator();
            let sent = eventually("it is sent", SOON, || async {
                shop.app.psql("UPDATE refund_requests SET next_attempt_at = now() WHERE state = 'queued'").await;
                let sent = operator.send_refunds().await.expect(200).json();
                (sent["sent"] == 1).then_some(sent)
            })
            .await;
            assert_eq!(sent["failed"], 0);
            let money = shop.money(&order).await;
            assert_eq!(
                (&money["paymentStatus"], &money["refundedAmount"]),
                (&json!("partially_refunded"), &json!("1.00"))
            );
            let taken = money["payments"][0]["externalId"].as_str().expect("an id").to_owned();
            assert_eq!(given_back(&shop, provider, &taken), 100, "{kind:?} at {}", provider.name());
            shop.standin.automatic(true);
        }
    }
}

/// Minor units that the provider has given back of a payment.
fn given_back(shop: &Shop, provider: Provider, taken: &str) -> i64 {
    let object = shop.standin.object(taken).expect("the payment");
    if provider == Provider::Stripe {
        let charge = shop.standin.object(object["latest_charge"].as_str().expect("a charge")).expect("the charge");
        return charge["amount_refunded"].as_i64().expect("a number");
    }
    let order = object["supplementary_data"]["related_ids"]["order_id"].as_str().expect("an order");
    let order = shop.standin.object(order).expect("the order");
    let refunds = order["purchase_units"][0]["payments"]["refunds"].as_array().cloned().unwrap_or_default();
    let amounts = refunds.iter().map(|refund| refund["amount"]["value"].as_str().expect("a value").replace('.', ""));
    amounts.map(|units| units.parse::<i64>().expect("a number")).sum()
}

#[tokio::test]
async fn an_expired_token_is_asked_for_anew() {
    let Some(shop) = impatient().await else { return };
    for _ in 0..2 {
        let order = shop.order().await;
        let paid = shop.standin.pay_directly(&Payment::new(Provider::PayPal, &order.id, &order.total, &order.currency));
        assert!(!paid.id.is_empty());
        shop.becomes(&order, "paid", SOON).await;
        shop.standin.expire_tokens(None);
    }
}

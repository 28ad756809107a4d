//! From the shopper's click to a paid order, and back by refunds.

use std::time::Instant;

use e2e::{SHOP, SOON};
use serde_json::json;
use standin::{Outcome, Provider};

use super::shop::Shop;

#[tokio::test]
async fn a_shopper_is_sent_to_the_provider_pays_and_the_order_is_paid_within_seconds() {
    let Some(shop) = Shop::open().await else { return };
    for provider in Provider::ALL {
        let order = shop.order().await;
        let (session, page) = shop.checkout(&order, provider).await;
        // Readers have the unpaid order in the cache.
        shop.app.warm(&format!("/orders/{}/payment-status", order.id)).await;
        shop.app.warm(&format!("/orders/{}", order.id)).await;

        let clicked = Instant::now();
        let back = shop.press(&page).await;
        assert!(back.starts_with(&format!("{SHOP}done")), "{back}");
        let money = shop.becomes(&order, "paid", SOON).await;
        println!("{}: paid after {:?}", provider.name(), clicked.elapsed());
        assert_eq!((&money["paidAmount"], &money["refundedAmount"]), (&json!(order.total), &json!("0.00")));
        let payment = &money["payments"][0];
        assert_eq!((&payment["provider"], &payment["status"]), (&json!(provider.name()), &json!("paid")));
        let taken = payment["externalId"].as_str().expect("the provider's id");
        assert!(shop.standin.object(taken).is_some(), "an id that the provider knows: {taken}");

        let read = shop.app.client.order(&order.id).await.expect(200).json();
        assert_eq!((&read["paymentStatus"], &read["externalTransactionId"]), (&json!("paid"), &json!(taken)));
        let read = shop.app.client.session(&session).await.expect(200).json();
        assert_eq!((&read["status"], &read["orderTotal"]), (&json!("completed"), &json!(order.total)));
        let data = &read["webhookData"];
        let told = shop.standin.event(data["eventId"].as_str().unwrap_or_else(|| panic!("no event in {read}")));
        assert_eq!(data["type"], told.kind, "{read}");

        // All events are taken, and none of them changes anything any more.
        e2e::eventually("every event is delivered", SOON, || async {
            let sent = shop.standin.attempts();
            let accepted = |id: &str| sent.iter().any(|attempt| attempt.event == id && attempt.accepted());
            shop.standin.events().iter().all(|event| accepted(&event.id)).then_some(())
        })
        .await;
        assert_eq!(shop.events("received").await + shop.events("needs_review").await, 0);
        assert_eq!(shop.money(&order).await["paidAmount"], json!(order.total));
    }
}

#[tokio::test]
async fn a_refused_card_leaves_the_session_open_for_another_try() {
    let Some(shop) = Shop::open().await else { return };
    for provider in Provider::ALL {
        let order = shop.order().await;
        let (session, page) = shop.checkout(&order, provider).await;
        let external = external(&shop, &session).await;
        assert!(!shop.standin.pay_with(&external, Outcome::Declined).events.is_empty());
        shop.becomes(&order, "failed", SOON).await;
        let read = shop.app.client.session(&session).await.expect(200).json();
        assert_eq!(read["status"], "awaiting_callback");
        if provider == Provider::Stripe {
            shop.press(&page).await;
        } else {
            shop.standin.pay(&external);
        }
        shop.becomes(&order, "paid", SOON).await;
    }
}

#[tokio::test]
async fn refunds_are_made_once_each_and_add_up() {
    let Some(shop) = Shop::open().await else { return };
    for provider in Provider::ALL {
        let order = shop.order().await;
        let (session, _) = shop.checkout(&order, provider).await;
        let external = external(&shop, &session).await;
        shop.standin.pay(&external);
        shop.becomes(&order, "paid", SOON).await;
        let payment = shop.payment(&order).await;

        let key = crate::new_key();
        let first = shop.refund(&payment, Some("1.00"), &key).await.expect(201).json();
        assert_eq!(
            shop.refund(&payment, Some("1.00"), &key).await.expect(201).json(),
            first,
            "the same key, the same refund"
        );
        shop.refund(&payment, Some("2.00"), &key).await.expect_problem(422);
        let money = shop.becomes(&order, "partially_refunded", SOON).await;
        assert_eq!(money["refundedAmount"], "1.00", "{money}");

        // This refund comes from the provider's own pages, so only its event reports it.
        let taken = money["payments"][0]["externalId"].as_str().expect("an id").to_owned();
        shop.standin.refund(&taken, Some("0.50"));
        e2e::eventually("both refunds are known", SOON, || async {
            (shop.money(&order).await["refundedAmount"] == "1.50").then_some(())
        })
        .await;
        shop.refund(&payment, Some(&order.total), &crate::new_key()).await.expect_problem(422);
        shop.refund(&payment, None, &crate::new_key()).await.expect(201);
        let money = shop.becomes(&order, "refunded", SOON).await;
        assert_eq!(money["refundedAmount"], json!(order.total));
    }
}

#[tokio::test]
async fn an_approved_order_is_captured_once_by_event_and_operator() {
    let Some(shop) = Shop::open().await else { return };
    let capture = async |session: &str| shop.app.operator().capture(session, &json!({}), &crate::new_key()).await;
    // The operator, and then the event; both at once; the event alone.
    for both in [false, true] {
        shop.standin.automatic(false);
        let order = shop.order().await;
        let (session, page) = shop.checkout(&order, Provider::PayPal).await;
        capture(&session).await.expect_problem(422);
        shop.press(&page).await;
        let approved = shop.standin.events().pop().expect("an event");
        assert_eq!(approved.kind, "CHECKOUT.ORDER.APPROVED");
        if both {
            tokio::join!(capture(&session), capture(&session), shop.standin.deliver(&approved.id));
        } else {
            capture(&session).await.expect(200);
            shop.standin.deliver(&approved.id).await;
        }
        let money = shop.becomes(&order, "paid", SOON).await;
        assert_eq!(money["paidAmount"], json!(order.total), "{money}");
        for event in shop.standin.events() {
            shop.standin.deliver(&event.id).await;
        }
        assert_eq!(shop.money(&order).await["paidAmount"], json!(order.total));
        let external = external(&shop, &session).await;
        let at_provider = shop.standin.object(&external).expect("the order");
        let captures = at_provider["purchase_units"][0]["payments"]["captures"].as_array().map(Vec::len);
        assert_eq!(captures, Some(1), "{at_provider}");
    }
}

#[tokio::test]
async fn an_approval_after_the_order_was_cancelled_takes_no_money() {
    let Some(shop) = Shop::open().await else { return };
    let order = shop.order().await;
    let (session, page) = shop.checkout(&order, Provider::PayPal).await;
    shop.app.client.patch(&order.id, json!({"status": "cancelled"})).await.expect(200);
    shop.standin.automatic(false);
    shop.press(&page).await;
    let approved = shop.standin.events().pop().expect("an event");
    let attempts = shop.standin.deliver(&approved.id).await;
    assert!(attempts.iter().any(|attempt| attempt.accepted()), "{attempts:?}");
    let external = external(&shop, &session).await;
    assert_eq!(shop.standin.object(&external).expect("the order")["status"], "APPROVED", "not captured");
    assert_eq!(shop.money(&order).await["paymentStatus"], "unpaid");
}

/// The session's id at the provider.
async fn external(shop: &Shop, session: &str) -> String {
    let read = shop.app.client.session(session).await.expect(200).json();
    read["externalTransactionId"].as_str().unwrap_or_else(|| panic!("no id in {read}")).to_owned()
}

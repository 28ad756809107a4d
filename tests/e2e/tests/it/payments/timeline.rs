//! One payment with all that belongs to it, and the timeline of an order.

use e2e::{Caller, SOON, eventually};
use serde_json::{Value, json};
use standin::{Complaint, Provider};

use super::shop::Shop;

#[tokio::test]
async fn a_payment_shows_its_sums_refunds_and_disputes_to_its_organisation_and_its_shopper() {
    let Some(shop) = Shop::open().await else { return };
    let order = shop.order().await;
    let session = shop.ask(&order, Provider::PayPal, &crate::new_key()).await.expect(201).json();
    shop.standin.pay(session["externalTransactionId"].as_str().expect("an id"));
    shop.becomes(&order, "paid", SOON).await;
    let id = shop.payment(&order).await;
    shop.refund(&id, Some("0.01"), &crate::new_key()).await.expect(201);
    let client = &shop.app.client;
    let payment = client.payment(&id).await.expect(200).json();
    let capture = payment["externalTransactionId"].as_str().expect("an id").to_owned();
    let complaint = Complaint { amount: Some("1.00".into()), inquiry: true };
    shop.standin.dispute_with(&capture, &complaint);
    let payment = e2e::eventually("the inquiry is shown", SOON, || async {
        let payment = client.payment(&id).await.expect(200).json();
        (payment["sums"]["disputed"] == "1.00").then_some(payment)
    })
    .await;
    assert_eq!((&payment["status"], &payment["orderId"]), (&json!("partially_refunded"), &json!(order.id)));
    assert_eq!((&payment["sums"]["captured"], &payment["sums"]["refunded"]), (&json!(order.total), &json!("0.01")));
    assert_eq!(payment["refunds"].as_array().map(Vec::len), Some(1), "{payment}");
    assert!(payment["refunds"][0]["requestId"].is_string(), "{payment}");
    assert_eq!(payment["account"], json!(shop.standin.settings().paypal_account));

    let sample = &shop.app.sample;
    let shopper = shop.app.as_caller(&Caller::customer(&sample.org, &sample.customer));
    let theirs = shopper.payment(&id).await.expect(200).json();
    assert_eq!((&theirs["account"], &theirs["sums"]), (&Value::Null, &payment["sums"]));
    shop.app.as_caller(&Caller::customer(&sample.org, &sample.other_customer)).payment(&id).await.expect_problem(404);
    shop.app.as_caller(&Caller::service(&sample.other_org)).payment(&id).await.expect_problem(404);
    client.anonymous().payment(&id).await.expect_problem(401);
}

#[tokio::test]
async fn the_timeline_tells_every_change_of_an_order_and_its_money_once_in_pages() {
    let Some(shop) = Shop::open().await else { return };
    let order = shop.order().await;
    let session = shop.ask(&order, Provider::Stripe, &crate::new_key()).await.expect(201).json();
    shop.standin.pay(session["externalTransactionId"].as_str().expect("an id"));
    shop.becomes(&order, "paid", SOON).await;
    let client = &shop.app.client;
    client.patch(&order.id, json!({"status": "confirmed"})).await.expect(200);
    client.send(client.request(reqwest::Method::POST, &format!("/orders/{}/guest-token", order.id))).await.expect(201);
    shop.app.psql(&format!("UPDATE orders SET status = 'processing' WHERE id = '{}'", order.id)).await;

    let whole = client.timeline(&order.id, "limit=100").await.expect(200).json();
    let items = whole["items"].as_array().expect("items");
    let of = |kind: &str| items.iter().filter(|item| item["type"] == kind).collect::<Vec<_>>();
    let statuses: Vec<&Value> = of("order").iter().map(|item| &item["after"]["status"]).collect();
    assert!(statuses.contains(&&json!("confirmed")) && statuses.contains(&&json!("processing")), "{whole}");
    let by: Vec<&str> = of("order").iter().filter_map(|item| item["actor"].as_str()).collect();
    assert!(by.iter().any(|actor| actor.starts_with("service:")), "{by:?}");
    assert!(by.iter().any(|actor| actor.starts_with("event:")), "{by:?}");
    assert!(by[0].starts_with("user:"), "the newest was made by hand: {by:?}");
    for kind in ["session", "payment", "object", "event", "guestToken"] {
        assert!(!of(kind).is_empty(), "{kind}: {whole}");
    }
    assert!(whole["knownSince"]["status"].is_string() && whole["knownSince"]["money"].is_string(), "{whole}");

    // The last events may still be on their way: pages are compared when nothing came between.
    eventually("the pages are the whole", SOON, || async {
        let whole = client.timeline(&order.id, "limit=100").await.expect(200).items();
        let (mut paged, mut query) = (Vec::new(), "limit=3".to_owned());
        loop {
            let page = client.timeline(&order.id, &query).await.expect(200).json();
            paged.extend(page["items"].as_array().expect("items").clone());
            let Some(next) = page["next"].as_str() else { break };
            query = format!("limit=3&after={next}");
        }
        (paged == whole).then_some(())
    })
    .await;

    let sample = &shop.app.sample;
    shop.app
        .as_caller(&Caller::customer(&sample.org, &sample.customer))
        .timeline(&order.id, "")
        .await
        .expect_problem(403);
    shop.app.as_caller(&Caller::service(&sample.other_org)).timeline(&order.id, "").await.expect_problem(404);
    client.timeline(&order.id, "after=x").await.expect_problem_naming(400, "after");
}

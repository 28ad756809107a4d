//! The ledger over HTTP.

use e2e::{Caller, SOON};
use serde_json::json;
use standin::Provider;

use super::shop::Shop;

#[tokio::test]
async fn the_ledger_shows_each_movement_of_a_payment_once_and_from_the_cache() {
    let Some(shop) = Shop::open().await else { return };
    let order = shop.order().await;
    let session = shop.ask(&order, Provider::PayPal, &crate::new_key()).await.expect(201).json();
    shop.standin.pay(session["externalTransactionId"].as_str().expect("an id"));
    shop.becomes(&order, "paid", SOON).await;
    let payment = shop.payment(&order).await;
    shop.refund(&payment, Some("0.01"), &crate::new_key()).await.expect(201);
    shop.becomes(&order, "partially_refunded", SOON).await;

    let client = &shop.app.client;
    let rows = client.payment_transactions(&payment).await.expect(200).items();
    let of = |kind: &str| rows.iter().filter(|row| row["type"] == kind).map(|row| &row["amount"]).collect::<Vec<_>>();
    assert_eq!((of("capture"), of("refund"), rows.len()), (vec![&json!(order.total)], vec![&json!("-0.01")], 3));
    assert!(of("fee")[0].as_str().is_some_and(|fee| fee.starts_with('-')), "PayPal tells its fee: {rows:?}");

    let page = client.transactions("limit=1").await.expect(200).json();
    assert_eq!(page["items"], json!([rows[2]]));
    let next = page["next"].as_str().expect("there are more");
    assert_eq!(client.transactions(&format!("limit=1&after={next}")).await.expect(200).items(), [rows[1].clone()]);
    assert_eq!(client.transactions("type=refund&provider=paypal&limit=1").await.expect(200).items(), [rows[2].clone()]);
    client.transactions("type=gift").await.expect_problem_naming(400, "type");

    let path = format!("/transactions/{}", rows[1]["id"].as_str().expect("an id"));
    assert_eq!(client.get(&path).await.expect(200).json(), rows[1]);
    let warm = shop.app.warm(&path).await;
    assert!(warm.is_hit());
    assert_eq!(warm.json(), rows[1]);
}

#[tokio::test]
async fn the_ledger_is_its_organisations_and_no_shoppers() {
    let Some(shop) = Shop::open().await else { return };
    let sample = &shop.app.sample;
    let row = shop.app.client.transactions("limit=1").await.expect(200).items()[0].clone();
    let (id, payment) = (row["id"].as_str().expect("an id"), row["paymentId"].as_str().expect("an id"));
    let stranger = shop.app.as_caller(&Caller::service(&sample.other_org));
    stranger.transaction(id).await.expect_problem(404);
    stranger.payment_transactions(payment).await.expect_problem(404);
    let shopper = shop.app.as_caller(&Caller::customer(&sample.org, &sample.customer));
    shopper.transaction(id).await.expect_problem(403);
    shopper.payment_transactions(payment).await.expect_problem(403);
    shopper.transactions("").await.expect_problem(403);
    shop.app.client.anonymous().transactions("").await.expect_problem(401);
    shop.app.client.transaction("x").await.expect_problem_naming(400, "id");
}

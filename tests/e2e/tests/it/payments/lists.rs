//! Operators' lists over all payments.

use e2e::{Answer, Client, SOON};
use serde_json::{Value, json};
use standin::Provider;

use super::shop::Shop;

/// All items of a list, two by two.
async fn walk(list: impl AsyncFn(String) -> Answer, filter: &str) -> Vec<Value> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let page = list(format!("{filter}&limit=2{after}")).await.expect(200).json();
        let items = page["items"].as_array().expect("items");
        assert!(items.len() <= 2);
        found.extend(items.iter().cloned());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return found,
        }
    }
}

fn ids(items: &[Value], name: &str) -> Vec<String> {
    items.iter().map(|item| item[name].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test]
async fn operators_find_captures_refunds_sessions_and_events_page_by_page() {
    let Some(shop) = Shop::open().await else { return };
    let mut orders = Vec::new();
    for _ in 0..3 {
        let order = shop.order().await;
        let session = shop.ask(&order, Provider::PayPal, &crate::new_key()).await.expect(201).json();
        shop.standin.pay(session["externalTransactionId"].as_str().expect("an id"));
        shop.becomes(&order, "paid", SOON).await;
        let payment = shop.payment(&order).await;
        shop.refund(&payment, Some("0.01"), &crate::new_key()).await.expect(201);
        shop.becomes(&order, "partially_refunded", SOON).await;
        orders.insert(0, (order.id, payment));
    }
    let operator = &shop.app.operator();
    let (newest, payments): (Vec<String>, Vec<String>) = orders.into_iter().unzip();

    // The stand-in tells whole seconds, so only the set is known.
    let recent = shop.app.psql_value("SELECT time_text(now() - interval '1 hour')").await;
    let filter = format!("status=partially_refunded&provider=paypal&from={recent}");
    let captures = walk(async |query| operator.captures(&query).await, &filter).await;
    let sorted = |ids: &[String]| std::collections::BTreeSet::from_iter(ids.to_vec());
    assert_eq!((captures.len(), sorted(&ids(&captures, "id"))), (3, sorted(&payments)));
    assert_eq!(captures[0]["refundedAmount"], "0.01");
    let disputed = format!("status=disputed&from={recent}");
    assert_eq!(walk(async |query| operator.captures(&query).await, &disputed).await, Vec::<Value>::new());

    let refunds = walk(async |query| operator.all_refunds(&query).await, "status=sent").await;
    assert_eq!(ids(&refunds, "paymentId"), payments);
    assert_eq!(walk(async |query| operator.all_refunds(&query).await, "status=queued").await, Vec::<Value>::new());

    let sessions = walk(async |query| operator.sessions(&query).await, "status=completed").await;
    assert_eq!(ids(&sessions, "orderId"), newest);

    let events = walk(async |query| operator.events(&query).await, &format!("orderId={}", newest[0])).await;
    assert!(events.len() >= 2 && events.iter().all(|event| event["orderId"] == json!(newest[0])), "{events:?}");
    let kind = "type=PAYMENT.CAPTURE.COMPLETED&provider=paypal&status=applied";
    let events = walk(async |query| operator.events(&query).await, kind).await;
    assert_eq!(ids(&events, "orderId"), newest);
    assert_eq!(operator.events("type=none").await.expect(200).json()["total"], 0);
}

#[tokio::test]
async fn lists_of_money_are_for_operators_and_name_what_is_wrong() {
    let Some(shop) = Shop::open().await else { return };
    let operator = shop.app.operator();
    let routes: [(&str, &[&str]); 4] = [
        ("/payments/captures", &["status=pending", "from=x", "after=x", "limit=0"]),
        ("/payments/refunds", &["status=open", "after=x", "limit=101"]),
        ("/payments/sessions", &["after=x"]),
        ("/webhooks/events", &["orderId=x", "type=", "provider=cash", "to=x", "after=x"]),
    ];
    let forbidden = async |client: Client, path: &str, status| client.get(path).await.expect_problem(status);
    for (path, mistakes) in routes {
        for mistake in mistakes {
            let field = mistake.split('=').next().expect("a name");
            operator.get(&format!("{path}?{mistake}")).await.expect_problem_naming(400, field);
        }
        if path != "/payments/sessions" {
            forbidden(shop.app.client.clone(), path, 403).await;
        }
        forbidden(shop.app.client.anonymous(), path, 401).await;
    }
    let place = "2026-01-31T12:00:00Z_01906bd0-1f4a-7c31-8a6e-3c9d5e7f9a1b";
    let both = operator.get(&format!("/webhooks/events?page=2&after={place}")).await;
    both.expect_problem_naming(400, "page");
}

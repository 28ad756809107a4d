//! The report of differences: a cent that is planted on either side is found and explained.

use e2e::{Caller, SOON};
use serde_json::{Value, json};
use standin::{Fault, FaultKind, Provider};

use super::shop::{Order, Shop};

/// An order that was paid through a session, with a refund of 0.50; its payment's id.
async fn paid(shop: &Shop, provider: Provider) -> (Order, String) {
    let order = shop.order().await;
    let session = shop.ask(&order, provider, &crate::new_key()).await.expect(201).json();
    shop.standin.pay(session["externalTransactionId"].as_str().expect("an id"));
    shop.becomes(&order, "paid", SOON).await;
    let payment = shop.payment(&order).await;
    shop.refund(&payment, Some("0.50"), &crate::new_key()).await.expect(201);
    shop.becomes(&order, "partially_refunded", SOON).await;
    (order, payment)
}

/// Payments of the seed have no provider that knows them, so the period begins with the scenario.
async fn since(shop: &Shop) -> String {
    shop.app.psql_value("SELECT replace(time_text(now()), '+', '%2B')").await
}

fn told(report: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let line = |d: &Value| {
        let (kind, field) = (text(&d["object"]["kind"]), text(&d["field"]));
        format!("{} {kind}.{field} {}/{}", text(&d["in"]), text(&d["ours"]), text(&d["theirs"]))
    };
    report["differences"].as_array().expect("differences").iter().map(line).collect()
}

#[tokio::test]
async fn a_planted_cent_is_found_and_explained_at_both_providers() {
    let Some(shop) = Shop::open().await else { return };
    let since = since(&shop).await;
    let report =
        async |query: &str| shop.app.client.differences(&format!("from={since}{query}")).await.expect(200).json();
    for provider in Provider::ALL {
        let (order, payment) = paid(&shop, provider).await;
        let narrowed = format!("&provider={}", provider.name());
        let clean = report(&narrowed).await;
        assert_eq!((&clean["compared"], told(&clean), &clean["unread"]), (&json!(1), vec![], &json!([])), "{clean}");

        let total = format!("round({}, 2)", order.total);
        let cent = shop.app.psql_value(&format!("SELECT ({total} - 0.01)::text")).await;
        shop.app.psql(&format!("UPDATE payments SET amount = amount - 0.01 WHERE id = '{payment}'")).await;
        let found = report(&narrowed).await;
        let expected = [
            format!("payment payment.amount {cent}/{}", order.total),
            format!("ledger payment.captured {cent}/{}", order.total),
        ];
        assert_eq!(told(&found), expected, "{found}");
        assert_eq!(
            (&found["differences"][0]["paymentId"], &found["differences"][0]["orderId"]),
            (&json!(payment), &json!(order.id))
        );
        shop.app.psql(&format!("UPDATE payments SET amount = amount + 0.01 WHERE id = '{payment}'")).await;

        let plant = |by: &str| {
            format!(
                "UPDATE payment_objects SET amount = amount {by} WHERE kind = 'refund' AND order_id = '{}'",
                order.id
            )
        };
        shop.app.psql(&plant("+ 0.01")).await;
        let found = report(&narrowed).await;
        assert_eq!(told(&found), ["object refund.amount 0.51/0.50"], "{found}");
        shop.app.psql(&plant("- 0.01")).await;

        // A refund that no event has told of.
        shop.standin.automatic(false);
        let capture = shop.app.client.payment(&payment).await.expect(200).json();
        shop.standin.refund(capture["externalTransactionId"].as_str().expect("an id"), Some("0.01"));
        let found = report(&narrowed).await;
        let expected = [
            "object refund.existence -/known".to_owned(),
            "payment payment.refundedAmount 0.50/0.51".to_owned(),
            "ledger payment.refunded 0.50/0.51".to_owned(),
        ];
        assert_eq!(told(&found), expected, "{found}");
        shop.standin.automatic(true);
    }
}

#[tokio::test]
async fn a_report_goes_on_where_it_ended_and_tells_what_it_couldn_t_read() {
    let Some(shop) = Shop::open().await else { return };
    let since = since(&shop).await;
    let mut payments = Vec::new();
    for _ in 0..3 {
        payments.push(paid(&shop, Provider::Stripe).await.1);
    }
    let client = &shop.app.client;
    let first = client.differences(&format!("from={since}&limit=2")).await.expect(200).json();
    assert_eq!((&first["compared"], told(&first)), (&json!(2), vec![]), "{first}");
    let next = first["next"].as_str().expect("there is one more");
    let rest = client.differences(&format!("from={since}&limit=2&after={next}")).await.expect(200).json();
    assert_eq!((&rest["compared"], &rest["next"]), (&json!(1), &Value::Null), "{rest}");

    shop.app.psql(&format!("UPDATE payments SET account = 'acct_other' WHERE id = '{}'", payments[0])).await;
    let unread = client.differences(&format!("from={since}")).await.expect(200).json();
    assert_eq!((&unread["compared"], &unread["unread"][0]["paymentId"]), (&json!(2), &json!(payments[0])), "{unread}");

    shop.standin.fail(Fault::new(FaultKind::Status(503)).on("/v1/payment_intents"));
    client.differences(&format!("from={since}")).await.expect_problem(503);
    shop.standin.heal();

    let sample = &shop.app.sample;
    shop.app.as_caller(&Caller::customer(&sample.org, &sample.customer)).differences("").await.expect_problem(403);
    let others = shop.app.as_caller(&Caller::service(&sample.other_org));
    assert_eq!(others.differences(&format!("from={since}")).await.expect(200).json()["compared"], 0);
    client.differences("limit=201").await.expect_problem_naming(400, "limit");
}

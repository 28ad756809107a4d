//! One event in detail, and operators' work with all events of a filter.

use std::time::Duration;

use e2e::{App, Caller, Private, SOON, eventually};
use serde_json::{Value, json};
use standin::{Fault, FaultKind, Provider, Signing};

use super::{PayableOrder, deliver, ok, order, pay, payment_status, shop, shop_like};

/// Orders whose events wait since the provider was away; it is back.
async fn waiting(private: Private, count: usize) -> Option<(App, Vec<PayableOrder>)> {
    let app = shop_like(private.variable("payment_timeout_ms", "300").variable("payment_breaker_ms", "20")).await?;
    app.standin().fail(Fault::new(FaultKind::Status(503)).on("/v2/payments/captures/"));
    let mut orders = Vec::new();
    for _ in 0..count {
        let order = order(&app).await;
        let signed = app.standin().signed(&pay(&app, Provider::PayPal, &order).id);
        assert_eq!(deliver(&app.client, &signed).await.0, 503);
        orders.push(order);
    }
    app.standin().heal();
    Some((app, orders))
}

/// Events in review, since their transmissions are too old.
async fn in_review(app: &App, count: usize) {
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().expect("now").as_secs()).expect("now");
    let old = Signing { sent_at: Some(now - 5 * 86_400), ..Signing::default() };
    for _ in 0..count {
        let event = pay(app, Provider::PayPal, &order(app).await);
        let signed = app.standin().sign(Provider::PayPal, &event.body, &old);
        assert_eq!(deliver(&app.client, &signed).await, ok("needs_review"));
    }
}

#[tokio::test]
async fn all_events_of_a_filter_are_replayed_step_by_step_each_once() {
    let Some((app, orders)) = waiting(App::private().variable("replay_per_second", "1000"), 20).await else { return };
    let operator = app.operator();
    let filter = "status=received&provider=paypal&reason=provider-away";
    let count = || async { operator.replay_all(&format!("{filter}&dryRun=true")).await.expect(200).json() };
    assert_eq!(count().await, json!({"matching": 20}));
    let step = operator.replay_all(&format!("{filter}&limit=7")).await.expect(200).json();
    assert_eq!((&step["taken"], &step["skipped"]), (&json!(7), &json!(0)), "{step}");
    let after = step["next"].as_str().expect("there are more").to_owned();
    // What the breaker still kept back waits for the next round.
    let rest = operator.replay_all(&format!("{filter}&after={after}")).await.expect(200).json();
    assert_eq!((&rest["taken"], &rest["next"]), (&json!(13), &Value::Null), "{rest}");
    // A command that was killed is sent again as it was: it finds what is left.
    eventually("all have come home", SOON, || async {
        operator.replay_all(filter).await.expect(200);
        (count().await == json!({"matching": 0})).then_some(())
    })
    .await;
    for order in &orders {
        assert_eq!(payment_status(&app, order).await, "paid");
    }
    let twice = "SELECT count(*)::text FROM (SELECT after ->> 'id' FROM payment_audit
        WHERE relation = 'payments' AND before IS NULL GROUP BY 1 HAVING count(*) > 1) AS twice";
    assert_eq!(app.psql_value(twice).await, "0");
    operator.replay_all("reason=provider-away").await.expect_problem_naming(400, "status");
    operator.replay_all("status=applied").await.expect_problem_naming(400, "status");
    app.client.replay_all(filter).await.expect_problem(403);
}

#[tokio::test]
async fn a_replay_of_many_asks_paypal_only_so_often_in_a_second() {
    let Some((app, _)) = waiting(App::private().variable("replay_per_second", "4"), 6).await else { return };
    // The breaker's rest is over.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let began = std::time::Instant::now();
    let answer = app.operator().replay_all("status=received").await.expect(200).json();
    assert_eq!(answer["taken"], 6, "{answer}");
    assert!(began.elapsed() >= Duration::from_millis(1_250), "{:?}", began.elapsed());
}

#[tokio::test]
async fn all_events_of_a_filter_are_dismissed_with_a_note() {
    let Some(app) = shop().await else { return };
    in_review(&app, 3).await;
    let operator = app.operator();
    let (filter, note) = ("status=needs_review&reason=transmission-too-old", json!({"note": "seen"}));
    let count = operator.dismiss_all(&format!("{filter}&dryRun=true"), &note).await.expect(200).json();
    assert_eq!(count, json!({"matching": 3}));
    let step = operator.dismiss_all(&format!("{filter}&limit=2"), &note).await.expect(200).json();
    assert_eq!((&step["dismissed"], step["next"].is_string()), (&json!(2), true));
    let rest = operator.dismiss_all(filter, &note).await.expect(200).json();
    assert_eq!((&rest["dismissed"], &rest["next"]), (&json!(1), &Value::Null));
    assert_eq!(operator.events("status=dismissed").await.expect(200).items().len(), 3);
    let noted = "SELECT count(*)::text FROM payment_audit WHERE actor LIKE 'operator:%' AND after ->> 'note' = 'seen'";
    assert_eq!(app.psql_value(noted).await, "3");
    operator.dismiss_all("status=received", &note).await.expect_problem_naming(400, "status");
    app.client.dismiss_all(filter, &note).await.expect_problem(403);
}

#[tokio::test]
async fn one_event_shows_its_attempts_its_verdict_and_what_it_changed() {
    let Some((app, orders)) = waiting(App::private(), 1).await else { return };
    let operator = app.operator();
    let id = operator.events("").await.expect(200).items()[0]["id"].as_str().expect("an id").to_owned();
    eventually("it has taken effect", SOON, || async { (operator.replay(&id).await.status == 200).then_some(()) })
        .await;
    let event = operator.event(&id).await.expect(200).json();
    assert_eq!((&event["status"], &event["orderId"]), (&json!("applied"), &json!(orders[0].id)));
    let history: Vec<(&Value, &Value)> =
        event["history"].as_array().expect("a list").iter().map(|h| (&h["status"], &h["reason"])).collect();
    assert_eq!(history.first(), Some(&(&json!("received"), &json!("provider-away"))), "{event}");
    assert_eq!(history.last(), Some(&(&json!("applied"), &Value::Null)), "{event}");
    let paid = event["changes"].as_array().expect("a list").iter().find(|change| change["relation"] == "payments");
    assert_eq!(
        paid.map(|change| (&change["before"], &change["after"]["status"])),
        Some((&Value::Null, &json!("paid")))
    );
    assert_eq!(event["objects"][0]["amount"], json!(orders[0].total));
    assert!(event["decisions"][0]["by"].as_str().is_some_and(|by| by.starts_with("operator:")), "{event}");
    assert_eq!(event["transmissions"].as_array().map(Vec::len), Some(1));
    app.client.event(&id).await.expect_problem(403);
    operator.event(&uuid::Uuid::now_v7().to_string()).await.expect_problem(404);
    operator.event("x").await.expect_problem_naming(400, "id");
}

#[tokio::test]
async fn the_body_of_an_event_needs_a_scope_and_is_audited() {
    let Some(app) = shop().await else { return };
    let event = pay(&app, Provider::PayPal, &order(&app).await);
    assert_eq!(deliver(&app.client, &app.standin().signed(&event.id)).await, ok("processed"));
    let id = app.operator().events("").await.expect(200).items()[0]["id"].as_str().expect("an id").to_owned();
    app.operator().event_body(&id).await.expect_problem(403);
    let reader = app.as_caller(&Caller::operator(&app.sample.org).scope("webhooks:body"));
    let read = reader.event_body(&id).await.expect(200).json();
    assert_eq!(read["body"].as_str().map(str::as_bytes), Some(&event.body[..]));
    assert!(read["headers"].is_object(), "{read}");
    let decisions = app.operator().event(&id).await.expect(200).json()["decisions"].clone();
    assert_eq!(decisions[0]["after"], json!({"read": "body"}));
    let service = app.as_caller(&Caller::service(&app.sample.org).scope("webhooks:body"));
    service.event_body(&id).await.expect_problem(403);
    app.psql("UPDATE webhook_events SET body = NULL, headers = NULL").await;
    reader.event_body(&id).await.expect_problem(409);
    reader.event_body(&uuid::Uuid::now_v7().to_string()).await.expect_problem(404);
}

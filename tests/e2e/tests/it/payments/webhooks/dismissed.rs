//! Events that operators dismiss.

use e2e::{Answer, App, Client, Metrics};
use reqwest::Method;
use serde_json::{Value, json};
use standin::{Payment, Provider};

use super::{deliver, money, ok, order, paid, shop};

async fn dismiss(client: &Client, id: &str) -> Answer {
    client.dismiss(id, None).await
}

async fn dismiss_with(client: &Client, id: &str, body: &Value) -> Answer {
    client.dismiss(id, Some(body)).await
}

fn path(id: &str) -> String {
    format!("/webhooks/events/{id}/dismiss")
}

async fn listed(app: &App, status: &str) -> Vec<Value> {
    app.operator().events(&format!("status={status}")).await.expect(200).items()
}

/// How many events of 5 cents /metrics shows in review.
async fn alarming(app: &App) -> Option<f64> {
    let text = app.client.anonymous().root("/metrics").await.expect(200).text();
    let metrics = Metrics::parse(&text).unwrap_or_else(|why| panic!("{why}"));
    metrics.value("edge_orders_webhook_events_open", &[("state", "needs_review"), ("reason", "underpaid")])
}

#[tokio::test]
async fn an_operator_dismisses_an_event_in_review_and_the_alarm_ends() {
    let Some(app) = shop().await else { return };
    let order = order(&app).await;
    let part = Payment::new(Provider::Stripe, &order.id, "0.05", &app.sample.currency);
    let event = paid(&app, &app.standin().pay_directly(&part));
    let signed = app.standin().signed(&event.id);
    assert_eq!(deliver(&app.client, &signed).await, ok("needs_review"));
    assert_eq!(alarming(&app).await, Some(1.0));
    let before = money(&app, &order).await;
    let found = listed(&app, "needs_review").await;
    let [one] = &found[..] else { panic!("{found:?}") };
    let id = one["id"].as_str().expect("an id");

    let aside = json!({ "status": "dismissed", "eventId": event.id, "reason": "underpaid" });
    let note = json!({ "note": "paid the rest at the till" });
    assert_eq!(dismiss_with(&app.operator(), id, &note).await.expect(200).json(), aside);
    assert_eq!(dismiss(&app.operator(), id).await.expect(200).json(), aside, "again it changes nothing");
    assert_eq!(listed(&app, "needs_review").await, Vec::<Value>::new());
    assert_eq!(alarming(&app).await, None);
    let found = listed(&app, "dismissed").await;
    let [one] = &found[..] else { panic!("{found:?}") };
    assert!(one["id"] == id && one["status"] == "dismissed" && one["dismissedAt"].is_string(), "{one}");
    assert_eq!(money(&app, &order).await, before);
    assert_eq!(deliver(&app.client, &signed).await, ok("needs_review"), "the provider comes again");
    assert_eq!(alarming(&app).await, None);
    let audit = "SELECT string_agg(concat_ws(' ', actor, after ->> 'note'), ', ') FROM payment_audit WHERE relation = 'webhook_events'";
    let audit = app.psql_value(audit).await;
    assert!(audit.starts_with("operator:") && audit.ends_with(" paid the rest at the till"), "{audit}");

    let replay = format!("/webhooks/events/{id}/replay");
    let operator = app.operator();
    let replayed = operator.post(&replay).await.expect(200).json();
    assert_eq!(
        (&replayed["status"], alarming(&app).await),
        (&json!("needs_review"), Some(1.0)),
        "taken up, and looked at anew"
    );
}

#[tokio::test]
async fn only_operators_dismiss_and_only_events_in_review() {
    let Some(app) = shop().await else { return };
    let order = order(&app).await;
    let event = super::pay(&app, Provider::PayPal, &order);
    assert_eq!(deliver(&app.client, &app.standin().signed(&event.id)).await, ok("processed"));
    let id = listed(&app, "applied").await[0]["id"].as_str().expect("an id").to_owned();
    for (client, status) in [(app.client.clone(), 403), (app.client.anonymous(), 401)] {
        dismiss(&client, &id).await.expect_problem(status);
    }
    let operator = app.operator();
    assert_eq!(dismiss(&operator, &id).await.expect_problem(409)["current"], "applied");
    dismiss(&operator, &uuid::Uuid::now_v7().to_string()).await.expect_problem(404);
    dismiss(&operator, "x").await.expect_problem_naming(400, "id");
    for wrong in [json!({ "note": "" }), json!({ "why": "x" }), json!([])] {
        dismiss_with(&operator, &id, &wrong).await.expect_problem(400);
    }
    let text = operator.request(Method::POST, &path(&id)).body("{\"note\":\"x\"}");
    operator.send(text).await.expect_problem(415);
    operator.get(&path(&id)).await.expect_problem(405);
}

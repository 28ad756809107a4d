//! Operators' view of events, and their work with them.

use e2e::{Answer, App, SOON, eventually};
use serde_json::{Value, json};
use standin::{Fault, FaultKind, Provider, Signing};

use super::{deliver, events, ok, order, pay, payment_status, shop, shop_like};

async fn listed(app: &App, query: &str) -> Vec<Value> {
    app.operator().events(query).await.expect(200).items()
}

#[tokio::test]
async fn events_are_for_operators_only() {
    let Some(app) = shop().await else { return };
    let id = uuid::Uuid::new_v4();
    let posts = [
        format!("/webhooks/events/{id}/replay"),
        format!("/webhooks/events/{id}/dismiss"),
        "/webhooks/redrive".into(),
        "/webhooks/reconcile?provider=stripe".into(),
    ];
    for (client, status) in [(app.client.clone(), 403), (app.client.anonymous(), 401)] {
        client.get("/webhooks/events").await.expect_problem(status);
        for path in &posts {
            client.post(path).await.expect_problem(status);
        }
    }
    let operator = app.operator();
    operator.post(&posts[0]).await.expect_problem(404);
    operator.post("/webhooks/events/x/replay").await.expect_problem_naming(400, "id");
    operator.post("/webhooks/reconcile").await.expect_problem_naming(400, "provider");
    operator.events("status=open").await.expect_problem_naming(400, "status");
    operator.get("/webhooks/redrive").await.expect_problem(405);
    operator.post("/webhooks/events").await.expect_problem(405);
    operator.get("/webhooks/paypal").await.expect_problem(405);
}

#[tokio::test]
async fn an_operator_sees_events_in_review_and_replays_one() {
    let Some(app) = shop().await else { return };
    let order = order(&app).await;
    let event = pay(&app, Provider::PayPal, &order);
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().expect("now").as_secs()).expect("now");
    let old = Signing { sent_at: Some(now - 5 * 86_400), ..Signing::default() };
    deliver(&app.client, &app.standin().sign(Provider::PayPal, &event.body, &old)).await;
    assert_eq!(listed(&app, "status=applied").await, Vec::<Value>::new());
    let found = listed(&app, "status=needs_review").await;
    let [one] = &found[..] else { panic!("{found:?}") };
    assert_eq!(
        (&one["eventId"], &one["type"], &one["reason"]),
        (&json!(event.id), &json!(event.kind), &json!("transmission-too-old"))
    );
    assert!(one.get("body").is_none() && one.get("headers").is_none());
    let path = format!("/webhooks/events/{}/replay", one["id"].as_str().expect("an id"));
    let answer = app.operator().post(&path).await.expect(200).json();
    assert_eq!((&answer["status"], &answer["eventId"]), (&json!("processed"), &json!(event.id)));
    assert_eq!(payment_status(&app, &order).await, "paid");
    let again = app.operator().post(&path).await.expect_problem(409);
    assert_eq!(again["current"], "applied");
    let audit = app.psql_value("SELECT count(*)::text FROM payment_audit WHERE actor LIKE 'operator:%'").await;
    assert_eq!(audit, "1", "who it was is written down");
}

/// Replays the only event there is, makes waiting ones due, and redrives. Gives the replay's
/// answer, the redrive's counts, and the stored events.
async fn replay_and_redrive(app: &App) -> (Answer, Value, String) {
    let found = listed(app, "limit=2").await;
    let [one] = &found[..] else { panic!("{found:?}") };
    let path = format!("/webhooks/events/{}/replay", one["id"].as_str().expect("an id"));
    let replayed = app.operator().post(&path).await;
    app.psql("UPDATE webhook_events SET next_attempt_at = now() WHERE state = 'received'").await;
    let redriven = app.operator().redrive("").await.expect(200).json();
    (replayed, redriven["taken"].clone(), events(app).await)
}

#[tokio::test]
async fn a_replay_of_an_unknown_type_ignores_it_again() {
    let Some(app) = shop().await else { return };
    let happened = app.standin().publish(Provider::PayPal, "CATALOG.PRODUCT.CREATED", &json!({ "id": "PROD-1" }));
    assert_eq!(deliver(&app.client, &app.standin().signed(&happened.events[0])).await, ok("ignored"));
    let (replayed, taken, stored) = replay_and_redrive(&app).await;
    let answer = replayed.expect(200).json();
    assert_eq!((&answer["status"], &answer["reason"]), (&json!("ignored"), &json!("unknown-type")));
    assert_eq!((taken, stored.as_str()), (json!(0), "ignored:unknown-type"));
}

#[tokio::test]
async fn an_event_answered_needs_review_is_left_to_operators() {
    for mode in ["signature-only", "post-back"] {
        let Some(app) = shop_like(App::private().variable("paypal_mode", mode)).await else { return };
        let happened =
            app.standin().publish(Provider::PayPal, "PAYMENT.CAPTURE.COMPLETED", &json!({ "id": "8F150933" }));
        let delivered = deliver(&app.client, &app.standin().signed(&happened.events[0])).await;
        assert_eq!(
            (delivered, events(&app).await.as_str()),
            (ok("needs_review"), "needs_review:event-malformed"),
            "{mode}"
        );
        let (replayed, taken, stored) = replay_and_redrive(&app).await;
        assert_eq!(replayed.expect(200).json()["status"], "needs_review", "{mode}");
        assert_eq!((taken, stored.as_str()), (json!(0), "needs_review:event-malformed"), "{mode}");
    }
}

#[tokio::test]
async fn a_redrive_takes_up_waiting_events() {
    let settings = App::private().variable("payment_timeout_ms", "300").variable("payment_breaker_ms", "20");
    let Some(app) = shop_like(settings).await else { return };
    let mut orders = Vec::new();
    app.standin().fail(Fault::new(FaultKind::Status(503)).on("/v2/payments/captures/"));
    for _ in 0..12 {
        let order = order(&app).await;
        let signed = app.standin().signed(&pay(&app, Provider::PayPal, &order).id);
        assert_eq!(deliver(&app.client, &signed).await.0, 503);
        orders.push(order);
    }
    assert!(events(&app).await.contains("received:provider-away"), "what came of the delivery is written down");
    app.psql("UPDATE webhook_events SET next_attempt_at = now() WHERE state = 'received'").await;
    let failed = app.operator().redrive("limit=2").await.expect(200).json();
    assert_eq!((&failed["taken"], &failed["outcomes"]["failed"]), (&json!(2), &json!(2)));
    assert!(events(&app).await.contains("received:provider-away"));
    app.standin().heal();
    let redrive = async |path: &'static str| {
        app.psql("UPDATE webhook_events SET next_attempt_at = now() WHERE state = 'received'").await;
        app.operator().post(path).await.expect(200).json()
    };
    eventually("the provider is asked again", SOON, || async {
        let one = redrive("/webhooks/redrive?limit=1").await;
        (one["outcomes"]["processed"] == 1).then_some(())
    })
    .await;
    let done = redrive("/webhooks/redrive").await;
    assert_eq!((&done["taken"], &done["outcomes"]["processed"]), (&json!(11), &json!(11)), "{done}");
    for order in &orders {
        assert_eq!(payment_status(&app, order).await, "paid");
    }
    let nothing = app.operator().redrive("").await.expect(200).json();
    assert_eq!(nothing["taken"], 0);
}

#[tokio::test]
async fn a_resource_that_paypal_never_knew_is_not_asked_for_for_ever() {
    let Some(app) = shop_like(App::private().variable("paypal_simulator", "ignore")).await else { return };
    let order = order(&app).await;
    let event = pay(&app, Provider::PayPal, &order);
    let body: Value = serde_json::from_slice(&event.body).expect("JSON");
    app.standin().hide(body["resource"]["id"].as_str().expect("an id"));
    let simulated = Signing { webhook_id: Some("WEBHOOK_ID".into()), ..Signing::default() };
    let signed = app.standin().sign(Provider::PayPal, &event.body, &simulated);
    assert_eq!(deliver(&app.client, &signed).await, ok("ignored"));
    let (replayed, taken, stored) = replay_and_redrive(&app).await;
    assert_eq!((replayed.status, taken, stored.as_str()), (503, json!(1), "received:resource-unknown"));
    let calls = app.standin().seen().len();
    app.psql("UPDATE webhook_events SET body_expires_at = now(), next_attempt_at = now()").await;
    let redriven = app.operator().redrive("").await.expect(200).json();
    assert_eq!((&redriven["taken"], events(&app).await.as_str()), (&json!(0), "needs_review:resource-unknown"));
    assert_eq!(app.standin().seen().len(), calls);
}

#[tokio::test]
async fn a_reconciliation_finds_events_that_were_never_delivered() {
    let Some(app) = shop().await else { return };
    for provider in Provider::ALL {
        let (delivered, lost) = (order(&app).await, order(&app).await);
        let first = pay(&app, provider, &delivered);
        assert_eq!(deliver(&app.client, &app.standin().signed(&first.id)).await, ok("processed"));
        let second = pay(&app, provider, &lost);
        assert_eq!(payment_status(&app, &lost).await, "unpaid");
        let path = format!("/webhooks/reconcile?provider={}", provider.name());
        let answer = app.operator().post(&path).await.expect(200).json();
        assert_eq!(answer["outcomes"]["failed"], 0, "{answer}");
        assert!(
            answer["missing"].as_u64() >= Some(1) && answer["missing"].as_u64() < answer["listed"].as_u64(),
            "{answer}"
        );
        assert_eq!(payment_status(&app, &lost).await, "paid");
        let again = app.operator().post(&path).await.expect(200).json();
        assert_eq!((&again["missing"], &again["listed"]), (&json!(0), &answer["listed"]), "{again}");
        // If it is delivered after all, the money is still counted once.
        assert_eq!(deliver(&app.client, &app.standin().signed(&second.id)).await.0, 200);
        assert_eq!(super::money(&app, &lost).await, format!("paid paid/{}/0.00", lost.total));
    }
}

//! A shop's own fraud check decides about attempts to pay, as long as it can.

use std::time::{Duration, Instant};

use e2e::{App, SOON};
use serde_json::{Value, json};
use standin::{Fault, FaultKind, Standin};

use super::shopper::{begin, member, session, shopper};
use crate::new_key;

/// A server that asks the stand-in's check, whose answer may take so many milliseconds.
async fn guarded(standin: &Standin, timeout: &str, review_score: &str) -> Option<App> {
    let mut private = App::private().payments(standin).variable("fraud_check_timeout_ms", timeout);
    for (name, value) in standin.fraud_variables() {
        private = private.variable(name, &value);
    }
    let private = private.variable("fraud_review_score", review_score).variable("limit_customer_hour", "100");
    private.variable("limit_address_hour", "100").spawn().await
}

/// What the list says of the newest session's check.
async fn kept(app: &App) -> Value {
    app.operator().sessions("limit=1").await.expect(200).items()[0]["fraudCheck"].clone()
}

#[tokio::test]
async fn the_check_is_asked_once_for_a_key_and_told_what_is_known() {
    let standin = Standin::start().await;
    let Some(app) = guarded(&standin, "5000", "70").await else { return };
    let (client, order, key) = (shopper(&app), app.new_order_id().await, new_key());
    standin.fail(Fault::new(FaultKind::Status(503)).on("/v1/checkout/sessions"));
    client.send(session(&client, &order, "stripe", &key)).await.expect_problem(503);
    standin.heal();
    // A provider that was away changes nothing about the verdict.
    let made = e2e::eventually("the same request goes on", SOON, || async {
        let answer = client.send(session(&client, &order, "stripe", &key)).await;
        (answer.status == 201).then_some(answer)
    })
    .await;
    assert_eq!(client.send(session(&client, &order, "stripe", &key)).await.expect(201).body, made.body);
    let questions = standin.questions();
    assert_eq!(questions.len(), 1, "{questions:?}");
    let asked = &questions[0]["data"];
    let total = member(&client.order(&order).await.expect(200), "totalAmount");
    assert_eq!(
        (&questions[0]["type"], &asked["sessionId"], &asked["orderId"], &asked["customerId"], &asked["amount"]),
        (
            &json!("payment_session.check"),
            &json!(member(&made, "id")),
            &json!(order),
            &json!(app.sample.customer),
            &json!(total)
        )
    );
    assert_eq!(asked["builtIn"], json!({"score": 0, "signals": []}));
    let kept = kept(&app).await;
    assert_eq!((&kept["by"], &kept["decision"]), (&json!("check"), &json!("allow")), "{kept}");
}

#[tokio::test]
async fn a_verdict_holds_or_refuses_a_payment_and_its_shopper_isn_t_told_why() {
    let standin = Standin::start().await;
    let Some(app) = guarded(&standin, "5000", "70").await else { return };
    let client = shopper(&app);

    standin.judge(r#"{"decision":"review","score":12,"reason":"Two cards in a minute"}"#);
    let (order, key) = (app.new_order_id().await, new_key());
    let held = client.send(session(&client, &order, "stripe", &key)).await.expect(202);
    assert!(!held.text().contains("Two cards"), "{}", held.text());
    let listed = app.operator().sessions("limit=1").await.expect(200).items()[0].clone();
    assert_eq!(
        (&listed["review"]["score"], &listed["fraudCheck"]["reason"]),
        (&json!(12), &json!("Two cards in a minute"))
    );
    assert!(!client.sessions("limit=1").await.expect(200).text().contains("Two cards"));
    let released =
        app.operator().post(&format!("/payments/sessions/{}/release", member(&held, "id"))).await.expect(200);
    assert_eq!(member(&released, "status"), "awaiting_redirect");

    standin.judge(r#"{"decision":"deny","reason":"A stolen card"}"#);
    let (order, key) = (app.new_order_id().await, new_key());
    for _ in 0..2 {
        let denied = client.send(session(&client, &order, "stripe", &key)).await.expect_problem(409);
        assert_eq!(denied["current"], "denied");
        assert!(!denied.to_string().contains("stolen"), "{denied}");
    }
    assert_eq!(standin.questions().len(), 2, "one of each order");
    assert_eq!(kept(&app).await["reason"], "A stolen card");
    assert_eq!(standin.count("POST /v1/checkout/sessions"), 1, "only what was released");

    // Its place is free: another attempt is another question.
    standin.judge(r#"{"decision":"allow"}"#);
    begin(&client, &order, "stripe").await.expect(201);
    assert!(!app.log().contains("Two cards") && !app.log().contains("stolen"), "verdicts aren't logged");
}

#[tokio::test]
async fn without_a_verdict_in_time_and_shape_the_built_in_score_decides_and_the_session_says_so() {
    let standin = Standin::start().await;
    let Some(app) = guarded(&standin, "300", "20").await else { return };
    let client = shopper(&app);
    let faults = [
        ("no-answer", Some(FaultKind::Hang), "{}"),
        ("no-answer", Some(FaultKind::Disconnect), "{}"),
        ("status", Some(FaultKind::Status(500)), "{}"),
        ("shape", None, r#"{"decision":"perhaps"}"#),
    ];
    for (number, (failure, fault, answer)) in faults.into_iter().enumerate() {
        standin.heal();
        standin.judge(answer);
        if let Some(kind) = fault {
            standin.fail(Fault::new(kind).on("/fraud/"));
        }
        let order = app.new_order_id().await;
        let began = Instant::now();
        // From the fifth session of an hour on, the score is 20 or more.
        begin(&client, &order, "stripe").await.expect(201);
        assert!(began.elapsed() < Duration::from_secs(20), "{failure} {number}");
        let kept = kept(&app).await;
        assert_eq!((&kept["by"], &kept["failure"]), (&json!("built-in"), &json!(failure)), "{number} {kept}");
    }
    begin(&client, &app.new_order_id().await, "stripe").await.expect(202);
    standin.heal();
    standin.judge(r#"{"decision":"allow","score":1}"#);
    begin(&client, &app.new_order_id().await, "stripe").await.expect(201);
    let log = app.log();
    assert!(log.contains("the fraud check gives no verdict (shape)"), "{log}");
    assert!(log.contains("the fraud check gives verdicts again"), "{log}");
    let secret = &standin.settings().fraud_check_secret;
    assert!(!log.contains(secret.as_str()));
}

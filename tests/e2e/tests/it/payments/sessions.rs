//! The shopper's way through a payment.

use std::time::{Duration, Instant};

use e2e::{App, Caller, SOON, eventually};
use reqwest::Method;
use serde_json::json;
use standin::{Fault, FaultKind, Provider, Standin};

use super::shop::Shop;
use super::shopper::{begin, keys, member, other_shopper, redis, session, session_request, shopper};
use crate::new_key;

/// Calls that begin a payment at each provider.
const CREATING: [(&str, &str); 2] = [("paypal", "POST /v2/checkout/orders"), ("stripe", "POST /v1/checkout/sessions")];

async fn app(standin: &Standin) -> Option<App> {
    let limits = App::private().payments(standin).variable("limit_customer_hour", "1000");
    limits.variable("limit_customer_day", "1000").variable("limit_address_hour", "1000").spawn().await
}

#[tokio::test]
async fn a_session_is_begun_at_the_provider_once_per_key() {
    let standin = Standin::start().await;
    let Some(app) = app(&standin).await else { return };
    for (gateway, call) in CREATING {
        let (order, key) = (app.new_order().await.json(), new_key());
        let id = order["id"].as_str().expect("an id");
        let made = app.client.send(session(&app.client, id, gateway, &key)).await.expect(201);
        let body = made.json();
        assert_eq!((&body["orderId"], &body["paymentGateway"]), (&order["id"], &json!(gateway)));
        assert_eq!((&body["orderTotal"], &body["currency"]), (&order["totalAmount"], &order["currency"]));
        assert_eq!((&body["status"], &body["webhookData"]), (&json!("awaiting_redirect"), &json!(null)));
        let external = member(&made, "externalTransactionId");
        assert!(standin.object(&external).is_some(), "the provider doesn't know {external}");
        assert_eq!(made.header("location"), format!("/api/v1/payments/sessions/{}", member(&made, "id")));
        let again = app.client.send(session(&app.client, id, gateway, &key)).await.expect(201);
        assert_eq!(again.body, made.body);
        assert_eq!(standin.count(call), 1);
        let mut other = session_request(id, gateway);
        other["returnUrl"] = json!(format!("{}elsewhere", e2e::SHOP));
        let request =
            app.client.request(Method::POST, "/payments/sessions").header("idempotency-key", &key).json(&other);
        app.client.send(request).await.expect_problem_naming(422, "Idempotency-Key");
        let shown = app.client.session(&member(&made, "id")).await.expect(200);
        assert_eq!(shown.body, made.body);
    }
}

#[tokio::test]
async fn many_beginnings_at_once_give_one_session_and_one_payment() {
    let standin = Standin::start().await;
    let Some(app) = app(&standin).await else { return };
    standin.fail(Fault::new(FaultKind::Delay(Duration::from_millis(300))).on("/v1/checkout/sessions").times(1));
    let (order, key) = (app.new_order_id().await, new_key());
    let requests = (0..20).map(|n| {
        let (client, order) = (app.client.clone(), order.clone());
        let key = if n % 2 == 0 { key.clone() } else { new_key() };
        tokio::spawn(async move { client.send(session(&client, &order, "stripe", &key)).await })
    });
    let mut made = Vec::new();
    for request in requests.collect::<Vec<_>>() {
        let answer = request.await.expect("an answer");
        assert!(matches!(answer.status, 201 | 409), "{}: {}", answer.status, answer.text());
        if answer.status == 201 {
            made.push(member(&answer, "id"));
        }
    }
    made.dedup();
    assert_eq!(made.len(), 1, "{made:?}");
    assert_eq!(standin.count("POST /v1/checkout/sessions"), 1);
}

#[tokio::test]
async fn with_the_provider_away_the_order_stands_and_the_same_request_goes_on() {
    let standin = Standin::start().await;
    for (gateway, call) in CREATING {
        for kind in [FaultKind::Status(503), FaultKind::Disconnect, FaultKind::DoneThenStatus(500)] {
            // Each case has a server of its own, because a provider that gave no answer is left
            // alone.
            let Some(app) = app(&standin).await else { return };
            let path = call.trim_start_matches("POST ");
            standin.fail(Fault::new(kind.clone()).on(path));
            let (order, key) = (app.new_order_id().await, new_key());
            let away = app.client.send(session(&app.client, &order, gateway, &key)).await;
            assert!(!away.header("retry-after").is_empty(), "{gateway} {kind:?}: {} {}", away.status, away.text());
            let problem = away.expect_problem(503);
            assert_eq!(problem["code"], "requires_retry", "{problem}");
            app.client.order(&order).await.expect(200);
            standin.heal();
            let made = eventually("the same request goes on", SOON, || async {
                let answer = app.client.send(session(&app.client, &order, gateway, &key)).await;
                (answer.status == 201).then_some(answer)
            })
            .await;
            let count = app.psql_value("SELECT count(*)::text FROM payment_sessions").await;
            assert_eq!(count, "1", "{gateway} {kind:?}");
            assert!(standin.object(&member(&made, "externalTransactionId")).is_some());
        }
    }
}

#[tokio::test]
async fn a_shopper_goes_to_the_provider_pays_and_the_session_is_completed_at_once() {
    let standin = Standin::start().await;
    let Some(app) = app(&standin).await else { return };
    let client = shopper(&app);
    for (gateway, _) in CREATING {
        let made = begin(&client, &app.new_order_id().await, gateway).await.expect(201);
        let path = format!("/payments/sessions/{}", member(&made, "id"));
        for _ in 0..2 {
            let redirect = client.get(&format!("{path}/redirect")).await.expect(303);
            assert_eq!(redirect.header("location"), member(&made, "redirectUrl"));
            assert_eq!(redirect.header("cache-control"), "no-store");
        }
        assert_eq!(member(&app.warm(&path).await, "status"), "awaiting_callback");
        standin.pay(&member(&made, "externalTransactionId"));
        // The webhook's 200 is an acknowledged write, so no later read is older.
        eventually("the event is accepted", SOON, || async {
            standin.attempts().iter().any(|attempt| attempt.status == Some(200)).then_some(())
        })
        .await;
        let paid = eventually("the session is completed", SOON, || async {
            let shown = client.get(&path).await.expect(200);
            (member(&shown, "status") == "completed").then_some(shown)
        })
        .await
        .json();
        assert!(paid["webhookData"]["eventId"].is_string(), "{paid}");
        client.post(&format!("{path}/cancel")).await.expect_problem(409);
        client.get(&format!("{path}/redirect")).await.expect_problem(409);
    }
}

#[tokio::test]
async fn a_cancelled_session_has_failed_and_makes_room_for_another() {
    let standin = Standin::start().await;
    let Some(app) = app(&standin).await else { return };
    let (client, order) = (shopper(&app), app.new_order_id().await);
    let made = begin(&client, &order, "paypal").await.expect(201);
    let path = format!("/payments/sessions/{}", member(&made, "id"));
    let problem = begin(&client, &order, "stripe").await.expect_problem(409);
    assert_eq!(problem["current"], member(&made, "id"), "the open one is named");
    app.warm(&path).await;
    for _ in 0..2 {
        let cancelled = client.post(&format!("{path}/cancel")).await.expect(200);
        assert_eq!((member(&cancelled, "status"), member(&cancelled, "reason")), ("failed".into(), "cancelled".into()));
    }
    assert_eq!(member(&client.get(&path).await.expect(200), "status"), "failed");
    client.get(&format!("{path}/redirect")).await.expect_problem(409);
    begin(&client, &order, "stripe").await.expect(201);
}

#[tokio::test]
async fn a_session_is_its_customers_and_its_organisations_only() {
    let standin = Standin::start().await;
    let Some(app) = app(&standin).await else { return };
    let made = begin(&shopper(&app), &app.new_order_id().await, "other").await.expect(201);
    let path = format!("/payments/sessions/{}", member(&made, "id"));
    app.warm(&path).await;
    let strangers = [
        other_shopper(&app),
        app.as_caller(&Caller::service(&app.sample.other_org)),
        app.as_caller(&Caller::operator(&app.sample.other_org)),
    ];
    for stranger in &strangers {
        stranger.get(&path).await.expect_problem(404);
        stranger.get(&format!("{path}/redirect")).await.expect_problem(404);
        stranger.post(&format!("{path}/cancel")).await.expect_problem(404);
        assert!(stranger.get("/payments/sessions").await.expect(200).items().is_empty());
    }
    app.client.anonymous().get(&path).await.expect_problem(401);
    app.client.get(&path).await.expect(200);
    assert_eq!(app.client.sessions("status=awaiting_redirect").await.expect(200).items().len(), 1);
    assert!(app.client.sessions("status=failed").await.expect(200).items().is_empty());
    begin(&other_shopper(&app), &app.new_order_id().await, "other").await.expect_problem(404);
}

#[tokio::test]
async fn an_order_that_can_t_be_paid_gets_no_session() {
    let standin = Standin::start().await;
    let Some(app) = app(&standin).await else { return };
    let order = app.new_order_id().await;
    app.client.patch(&order, json!({"status": "cancelled"})).await.expect(200);
    assert_eq!(begin(&app.client, &order, "paypal").await.expect_problem(409)["current"], "cancelled");
    begin(&app.client, &uuid::Uuid::new_v4().to_string(), "paypal").await.expect_problem(404);

    let order = app.new_order_id().await;
    let mut elsewhere = session_request(&order, "paypal");
    elsewhere["returnUrl"] = json!("https://shop.test.evil.test/");
    let request = app.client.request(Method::POST, "/payments/sessions").header("idempotency-key", new_key());
    app.client.send(request.json(&elsewhere)).await.expect_problem_naming(422, "returnUrl");
    let request = app.client.request(Method::POST, "/payments/sessions").json(&session_request(&order, "paypal"));
    app.client.send(request).await.expect_problem_naming(400, "Idempotency-Key");

    // PayPal doesn't take Romanian lei.
    let mut request = app.order_request();
    request["currency"] = json!("RON");
    let order = member(&app.client.create(request, &new_key()).await.expect(201), "id");
    let key = new_key();
    app.client.send(session(&app.client, &order, "paypal", &key)).await.expect_problem_naming(422, "currency");
    // Nothing was begun, so key and order are free.
    app.client.send(session(&app.client, &order, "stripe", &key)).await.expect(201);
}

#[tokio::test]
async fn a_provider_that_isn_t_configured_is_named_and_the_other_works() {
    let standin = Standin::start().await;
    let Some(app) = App::private().payments(&standin).variable("paypal_client_id", "").spawn().await else { return };
    let order = app.new_order_id().await;
    begin(&app.client, &order, "paypal").await.expect_problem_naming(503, "paypal_client_id");
    begin(&app.client, &order, "stripe").await.expect(201);
    let Some(app) = App::private().variable("hmac_key", "").spawn().await else { return };
    begin(&app.client, &app.new_order_id().await, "other").await.expect_problem_naming(503, "hmac_key");
    assert!(keys(&app, "payment:*").await.is_empty());
}

#[tokio::test]
async fn a_session_ends_by_itself_swept_or_not() {
    let standin = Standin::start().await;
    let Some(app) = app(&standin).await else { return };
    let made = begin(&app.client, &app.new_order_id().await, "other").await.expect(201);
    let path = format!("/payments/sessions/{}", member(&made, "id"));
    // Its copy in Redis must not outlive it, because nothing announces that time has passed.
    app.psql("UPDATE payment_sessions SET expires_at = now() + interval '2 seconds'").await;
    eventually("the session has failed", SOON, || async {
        let shown = app.client.get(&path).await.expect(200);
        (member(&shown, "status") == "failed").then(|| assert_eq!(member(&shown, "reason"), "expired"))
    })
    .await;
    app.client.get(&format!("{path}/redirect")).await.expect_problem(409);
    app.client.sweep_sessions().await.expect_problem(403);
    assert_eq!(app.operator().sweep_sessions().await.expect(200).json(), json!({"swept": 1}));
    assert_eq!(member(&app.client.get(&path).await.expect(200), "reason"), "expired");
}

#[tokio::test]
async fn losing_redis_loses_no_session_and_a_damaged_copy_is_never_shown() {
    let standin = Standin::start().await;
    let Some(mut app) = App::private().payments(&standin).own_redis().spawn().await else { return };
    let made = begin(&app.client, &app.new_order_id().await, "paypal").await.expect(201);
    let path = format!("/payments/sessions/{}", member(&made, "id"));
    app.warm(&path).await;
    let copies = keys(&app, "order-payment:session:*").await;
    assert_eq!(copies.len(), 1, "{copies:?}");
    let mut connection = redis(&app).await;
    for damage in ["", "{\"status\":\"completed\"}", "\u{1}\u{2}"] {
        redis::cmd("SET").arg(&copies[0]).arg(damage).exec_async(&mut connection).await.expect("SET");
        assert_eq!(app.client.get(&path).await.expect(200).body, made.body, "{damage:?}");
        app.warm(&path).await;
    }
    redis::cmd("FLUSHALL").exec_async(&mut connection).await.expect("FLUSHALL");
    assert_eq!(app.client.get(&path).await.expect(200).body, made.body);
    app.redis.as_mut().expect("an own Redis").kill();
    assert_eq!(app.client.get(&path).await.expect(200).body, made.body);
    app.client.get(&format!("{path}/redirect")).await.expect(303);
    assert_eq!(member(&app.client.get(&path).await.expect(200), "status"), "awaiting_callback");
}

/// If a call's head leaves alone, its body waits for the provider's delayed acknowledgement, up to
/// 200 ms.
#[tokio::test]
async fn no_call_of_a_provider_waits_for_a_delayed_acknowledgement() {
    const SESSIONS: usize = 12;
    let Some(shop) = Shop::open().await else { return };
    let mut late = 0;
    for _ in 0..SESSIONS {
        let order = shop.order().await;
        let began = Instant::now();
        shop.ask(&order, Provider::Stripe, &crate::new_key()).await.expect(201);
        late += usize::from(began.elapsed() >= Duration::from_millis(200));
    }
    assert!(
        late < SESSIONS / 2,
        "{late} of {SESSIONS} sessions took as long as if a call had waited for an acknowledgement"
    );
}

#[tokio::test]
async fn a_session_over_a_sum_that_the_order_no_longer_has_gives_way_to_a_new_one() {
    let standin = Standin::start().await;
    let Some(app) = app(&standin).await else { return };
    let order = app.new_order_id().await;
    let old = member(&begin(&app.client, &order, "stripe").await.expect(201), "id");
    begin(&app.client, &order, "stripe").await.expect_problem(409);
    let path = format!("/payments/sessions/{old}");
    assert_eq!(member(&app.client.get(&path).await.expect(200), "status"), "awaiting_redirect");
    app.psql(&format!(
        "BEGIN; UPDATE order_items SET unit_price = unit_price + 1 WHERE order_id = '{order}';
        UPDATE orders o SET total_amount = (SELECT sum(i.quantity * i.unit_price) FROM order_items i WHERE i.order_id = o.id) WHERE id = '{order}'; COMMIT"
    ))
    .await;
    let new = begin(&app.client, &order, "stripe").await.expect(201);
    let total = member(&app.client.order(&order).await.expect(200), "totalAmount");
    assert_eq!(member(&new, "orderTotal"), total);
    // From then on the copy in Redis says the same.
    let seen = app.client.get(&path).await.expect(200);
    assert_eq!((member(&seen, "status"), member(&seen, "reason")), ("failed".into(), "superseded".into()));
}

#[tokio::test]
async fn a_failed_session_whose_key_is_lost_gives_its_place_to_another() {
    let standin = Standin::start().await;
    let Some(app) = app(&standin).await else { return };
    let (order, lost) = (app.new_order_id().await, new_key());
    standin.fail(Fault::new(FaultKind::Status(500)).on("/v2/checkout/orders"));
    app.client.send(session(&app.client, &order, "paypal", &lost)).await.expect(503);
    standin.heal();
    let made = eventually("the provider is asked again", SOON, || async {
        let made = begin(&app.client, &order, "paypal").await;
        (made.status != 503).then_some(made)
    })
    .await
    .expect(201);
    assert_eq!(member(&made, "status"), "awaiting_redirect");
    let late = app.client.send(session(&app.client, &order, "paypal", &lost)).await.expect(201);
    assert_eq!((member(&late, "status"), member(&late, "reason")), ("failed".into(), "superseded".into()));
}

#[tokio::test]
async fn no_shopper_is_sent_to_pay_a_cancelled_order() {
    let standin = Standin::start().await;
    let Some(app) = app(&standin).await else { return };
    let order = app.new_order_id().await;
    let id = member(&begin(&app.client, &order, "stripe").await.expect(201), "id");
    let path = format!("/payments/sessions/{id}/redirect");
    app.client.get(&path).await.expect(303);
    app.client.patch(&order, json!({"status": "cancelled"})).await.expect(200);
    assert_eq!(app.client.get(&path).await.expect_problem(409)["current"], "cancelled");
    app.client.get("/payments/sessions//redirect").await.expect_problem(404);
}

#[tokio::test]
async fn a_session_whose_failure_stripe_keeps_is_begun_anew_by_the_same_request() {
    let standin = Standin::start().await;
    let Some(app) = app(&standin).await else { return };
    standin.fail(Fault::new(FaultKind::Kept(500)).on("/v1/checkout/sessions").times(1));
    let (order, key) = (app.new_order_id().await, new_key());
    app.client.send(session(&app.client, &order, "stripe", &key)).await.expect_problem(503);
    assert_eq!(standin.count("POST /v1/checkout/sessions"), 1, "Stripe says stop");
    let made = app.client.send(session(&app.client, &order, "stripe", &key)).await.expect(201);
    assert!(standin.object(&member(&made, "externalTransactionId")).is_some());
    assert_eq!(standin.count("POST /v1/checkout/sessions"), 3, "what is kept, then another key");
}

#[tokio::test]
async fn a_way_back_may_have_escaped_letters_and_a_refusal_says_why() {
    let standin = Standin::start().await;
    let Some(app) = app(&standin).await else { return };
    let ask = async |path: &str| {
        let mut request = session_request(&app.new_order_id().await, "other");
        request["returnUrl"] = json!(format!("{}{path}", e2e::SHOP));
        app.client.begin_session(&request, &new_key()).await
    };
    for path in ["b%C3%A9b%C3%A9/@ana/%E4", "a%20b?next=%2F%2e%2e"] {
        ask(path).await.expect(201);
    }
    for path in ["%2e%2e/x", "a%2Fb", "a%5cb", "a%252f"] {
        let answer = ask(path).await;
        assert!(answer.text().contains("escape"), "{}", answer.text());
        answer.expect_problem_naming(422, "returnUrl");
    }
}

#[tokio::test]
async fn a_session_goes_on_while_redis_is_away() {
    let private = App::private().own_redis();
    let Some(mut shop) = Shop::like(private).await else { return };
    for provider in [Provider::PayPal, Provider::Stripe] {
        let order = shop.order().await;
        let begun = shop.ask(&order, provider, &new_key()).await.expect(201);
        let path = format!("/payments/sessions/{}", member(&begun, "id"));
        shop.app.warm(&path).await;
        shop.app.redis.as_mut().expect("an own Redis").kill();
        let read = shop.app.client.get(&path).await.expect(200);
        assert_eq!(read.body, begun.body, "as it was begun");
        assert!(read.header("cache-status").contains("fwd=bypass"), "{}", read.header("cache-status"));
        let page = shop.app.client.redirect(&member(&begun, "id")).await.expect(303).header("location").to_owned();
        let shown = shop.app.client.get(&path).await.expect(200);
        assert_eq!(member(&shown, "status"), "awaiting_callback");
        shop.press(&page).await;
        shop.becomes(&order, "paid", Duration::from_secs(60)).await;
        assert_eq!(member(&shop.app.client.get(&path).await.expect(200), "status"), "completed");
        shop.app.redis.as_mut().expect("an own Redis").restart().await;
        let back = shop.app.warm(&path).await;
        assert_eq!(member(&back, "status"), "completed", "no older copy comes back");
    }
}

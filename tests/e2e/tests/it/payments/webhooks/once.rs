//! One event has one effect, however often, on any server and at any time it is delivered.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use e2e::{App, Client, SOON, eventually, eventually_every};
use standin::{Fault, FaultKind, Provider, SignedDelivery, Signing};

use super::{deliver, events, money, ok, order, pay, payment_status, shop, shop_like};

/// Whether every view tells that this order was paid once.
async fn paid_once(app: &App, order: &super::PayableOrder) {
    assert_eq!(money(app, order).await, format!("paid paid/{}/0.00", order.total));
    assert_eq!(payment_status(app, order).await, "paid");
    let audit =
        format!("SELECT count(*)::text FROM payment_audit WHERE relation = 'payments' AND order_id = '{}'", order.id);
    assert_eq!(app.psql_value(&audit).await, "1", "one change of the payments");
}

#[tokio::test]
async fn a_payment_is_told_by_an_event_and_a_duplicate_changes_nothing() {
    let Some(app) = shop().await else { return };
    for provider in Provider::ALL {
        let order = order(&app).await;
        assert_eq!(payment_status(&app, &order).await, "unpaid");
        let signed = app.standin().signed(&pay(&app, provider, &order).id);
        assert_eq!(deliver(&app.client, &signed).await, ok("processed"));
        paid_once(&app, &order).await;
        assert_eq!(deliver(&app.client, &signed).await, ok("already_processed"));
        paid_once(&app, &order).await;
    }
}

/// Delivers by `clients` at once, `each` times, to these servers in turn, and again until the
/// answer is 200. Gives how many answers were `processed`; all others were `already_processed`.
async fn storm(
    servers: &[Client],
    signed: &SignedDelivery,
    clients: usize,
    each: usize,
    beside: impl AsyncFn(),
) -> usize {
    let processed = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..clients)
        .map(|n| {
            let (servers, signed, processed) = (servers.to_vec(), signed.clone(), processed.clone());
            tokio::spawn(async move {
                for at in 0..each {
                    let server = &servers[(n + at) % servers.len()];
                    eventually("the event is accepted", Duration::from_secs(90), || async {
                        match deliver(server, &signed).await {
                            (200, outcome) if outcome == "processed" => {
                                processed.fetch_add(1, Ordering::SeqCst);
                                Some(())
                            }
                            (200, outcome) => {
                                assert_eq!(outcome, "already_processed");
                                Some(())
                            }
                            (status, told) => {
                                assert_eq!(status, 503, "{told}");
                                None
                            }
                        }
                    })
                    .await;
                }
            })
        })
        .collect();
    beside().await;
    for task in tasks {
        task.await.expect("only 200 and 503");
    }
    processed.load(Ordering::SeqCst)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_deliveries_by_fifty_clients_to_two_servers_have_one_effect() {
    let Some(app) = shop().await else { return };
    let (_server, other) = app.another_server().await;
    for provider in Provider::ALL {
        let order = order(&app).await;
        let signed = app.standin().signed(&pay(&app, provider, &order).id);
        let processed = storm(&[app.client.clone(), other.clone()], &signed, 50, 10, async || {}).await;
        assert_eq!(processed, 1);
        paid_once(&app, &order).await;
    }
}

async fn redis(app: &App, command: &str) {
    let client = redis::Client::open(app.redis_url.as_str()).expect("an address");
    let mut connection = client.get_multiplexed_async_connection().await.expect("Redis answers");
    redis::cmd(command).exec_async(&mut connection).await.expect(command);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_emptied_all_the_while_changes_nothing() {
    let Some(app) = shop_like(App::private().own_redis()).await else { return };
    let (_server, other) = app.another_server().await;
    let order = order(&app).await;
    let signed = app.standin().signed(&pay(&app, Provider::PayPal, &order).id);
    let processed = storm(&[app.client.clone(), other], &signed, 10, 10, async || {
        // Nothing is waited for: Redis is emptied at any moment of the storm, again and again.
        for _ in 0..40 {
            redis(&app, "FLUSHALL").await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert_eq!(processed, 1);
    paid_once(&app, &order).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_or_a_hung_redis_changes_nothing() {
    let Some(mut app) = shop_like(App::private().own_redis()).await else { return };
    let (_server, other) = app.another_server().await;
    for dead in [true, false] {
        for provider in Provider::ALL {
            let order = order(&app).await;
            let signed = app.standin().signed(&pay(&app, provider, &order).id);
            let redis = app.redis.as_mut().expect("an own Redis");
            if dead {
                redis.kill()
            } else {
                redis.hang()
            }
            let processed = storm(&[app.client.clone(), other.clone()], &signed, 8, 3, async || {}).await;
            assert_eq!(processed, 1, "dead: {dead}, {provider:?}");
            paid_once(&app, &order).await;
            let redis = app.redis.as_mut().expect("an own Redis");
            if dead {
                redis.restart().await
            } else {
                redis.resume()
            }
            paid_once(&app, &order).await;
            // A hung Redis goes on later and takes up a claim whose sender has given up.
            eventually("the claim has run out", SOON, || async {
                let (status, told) = deliver(&app.client, &signed).await;
                assert!(status == 503 || told == "already_processed", "{status} {told}");
                (status == 200).then_some(())
            })
            .await;
        }
    }
}

#[tokio::test]
async fn after_the_hour_of_redis_postgres_still_knows() {
    let Some(app) = shop_like(App::private().own_redis()).await else { return };
    for provider in Provider::ALL {
        let order = order(&app).await;
        let event = pay(&app, provider, &order);
        assert_eq!(deliver(&app.client, &app.standin().signed(&event.id)).await, ok("processed"));
        redis(&app, "FLUSHALL").await;
        // Three days later it comes under another transmission, too.
        let again = app.standin().sign(provider, &event.body, &Signing::default());
        assert_eq!(deliver(&app.client, &again).await, ok("already_processed"));
        assert_eq!(deliver(&app.client, &again).await, ok("already_processed"));
        paid_once(&app, &order).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_killed_at_any_moment_lose_nothing_and_repeat_nothing() {
    const EVENTS: usize = 60;
    let Some(mut app) = shop().await else { return };
    let (_server, other) = app.another_server().await;
    let mut orders = Vec::new();
    for n in 0..EVENTS {
        let order = order(&app).await;
        let event = pay(&app, Provider::ALL[n % 2], &order);
        orders.push((order, app.standin().signed(&event.id)));
    }
    let done = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = orders
        .iter()
        .enumerate()
        .map(|(n, (_, signed))| {
            let (client, signed, done) = (app.client.clone(), signed.clone(), done.clone());
            tokio::spawn(async move {
                // All deliveries at once would be over before the first kill.
                tokio::time::sleep(Duration::from_millis(60 * n as u64)).await;
                let (pause, limit) = (Duration::from_millis(100), Duration::from_secs(120));
                eventually_every(pause, "the event is accepted", limit, || async {
                    let request = client.anonymous();
                    let request =
                        request.request(reqwest::Method::POST, &format!("/webhooks/{}", signed.provider.name()));
                    let request =
                        signed.headers.iter().fold(request, |request, (name, value)| request.header(name, value));
                    match client.try_send(request.body(signed.body.clone())).await {
                        Ok(answer) if answer.status == 200 => return Some(()),
                        Ok(answer) => assert_eq!(answer.status, 503, "{}", answer.text()),
                        // The server is dead.
                        Err(_) => {}
                    }
                    None
                })
                .await;
                done.fetch_add(1, Ordering::SeqCst);
            })
        })
        .collect();
    let mut kills = 0;
    while done.load(Ordering::SeqCst) < EVENTS && kills < 25 {
        // Nothing is waited for: the kill comes at some moment, each time at another one.
        tokio::time::sleep(Duration::from_millis(120 + 37 * (kills % 7))).await;
        let server = app.server.as_mut().expect("an own server");
        server.kill();
        server.restart().await;
        kills += 1;
    }
    for task in tasks {
        task.await.expect("accepted in the end");
    }
    assert!(kills >= 5, "only {kills} kills");
    assert!(!events(&app).await.contains("received"), "{}", events(&app).await);
    for (order, signed) in &orders {
        paid_once(&app, order).await;
        // The other server may not have recovered yet.
        eventually("it is known there, too", SOON, || async {
            let (status, told) = deliver(&other, signed).await;
            assert!(status == 503 || told == "already_processed", "{status} {told}");
            (status == 200).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn while_the_api_is_away_an_event_is_kept_and_resumed_by_the_next_delivery() {
    let Some(app) =
        shop_like(App::private().variable("payment_timeout_ms", "300").variable("payment_breaker_ms", "50")).await
    else {
        return;
    };
    for kind in [FaultKind::Status(503), FaultKind::Hang, FaultKind::Disconnect] {
        let order = order(&app).await;
        let signed = app.standin().signed(&pay(&app, Provider::PayPal, &order).id);
        app.standin().fail(Fault::new(kind.clone()).on("/v2/payments/captures/"));
        let (status, told) = deliver(&app.client, &signed).await;
        assert_eq!(status, 503, "{kind:?}: {told}");
        assert!(events(&app).await.contains("received"), "{kind:?}: it is kept");
        assert_eq!(payment_status(&app, &order).await, "unpaid");
        app.standin().heal();
        eventually("the next delivery resumes it", SOON, || async {
            (deliver(&app.client, &signed).await == ok("processed")).then_some(())
        })
        .await;
        paid_once(&app, &order).await;
    }
}

#[tokio::test]
async fn an_event_before_its_resource_or_its_order_takes_effect_when_that_is_there() {
    let Some(app) = shop().await else { return };
    let first = order(&app).await;
    let event = pay(&app, Provider::PayPal, &first);
    let capture = serde_json::from_slice::<serde_json::Value>(&event.body).expect("JSON")["resource"]["id"].clone();
    let capture = capture.as_str().expect("an id");
    app.standin().hide(capture);
    let signed = app.standin().signed(&event.id);
    assert_eq!(deliver(&app.client, &signed).await.0, 503);
    assert_eq!(events(&app).await, "received:resource-unknown");
    app.standin().show(capture);
    assert_eq!(deliver(&app.client, &signed).await, ok("processed"));
    paid_once(&app, &first).await;

    for provider in Provider::ALL {
        // The provider was told an id under which the order is stored later.
        let later = super::PayableOrder { id: uuid::Uuid::now_v7().to_string(), total: "24.00".to_owned() };
        let signed = app.standin().signed(&pay(&app, provider, &later).id);
        assert_eq!(deliver(&app.client, &signed).await.0, 503, "the provider is to come again");
        assert!(events(&app).await.contains("received:order-unknown"));
        let sample = &app.sample;
        app.psql(&format!(
            "BEGIN; INSERT INTO orders (id, organization_id, customer_id, currency, total_amount)
                VALUES ('{0}', '{1}', '{2}', '{3}', 24.00);
             INSERT INTO order_items (order_id, organization_id, customer_id, position, sku, name, quantity, currency, unit_price)
                VALUES ('{0}', '{1}', '{2}', 1, 'CUP', 'Cup', 1, '{3}', 24.00); COMMIT",
            later.id, sample.org, sample.customer, sample.currency
        ))
        .await;
        paid_once(&app, &later).await;
        assert_eq!(deliver(&app.client, &signed).await, ok("already_processed"));
    }
}

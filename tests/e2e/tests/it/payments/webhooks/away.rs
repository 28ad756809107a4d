//! Stores and providers may be away or slow during a delivery. Nothing is lost, and no answer is
//! wrong.

use std::time::{Duration, Instant};

use e2e::{App, SOON, eventually};
use standin::{Fault, FaultKind, Provider};

use super::{deliver, events, ok, order, pay, payment_status, shop_like};

#[tokio::test]
async fn while_postgres_is_away_nothing_is_accepted_and_afterwards_everything_is() {
    let settings = App::private().own_postgres().variable("postgres_breaker_ms", "100");
    let Some(app) = shop_like(settings).await else { return };
    let postgres = app.postgres.as_ref().expect("an own Postgres");
    for hung in [true, false] {
        for provider in Provider::ALL {
            let order = order(&app).await;
            let signed = app.standin().signed(&pay(&app, provider, &order).id);
            if hung {
                postgres.hang()
            } else {
                postgres.kill()
            }
            for _ in 0..2 {
                let (status, told) = deliver(&app.client, &signed).await;
                assert_eq!(status, 503, "hung: {hung}, {provider:?}: {told}");
            }
            if hung {
                postgres.resume()
            } else {
                postgres.restart()
            }
            eventually("the event is accepted", SOON, || async {
                let (status, told) = deliver(&app.client, &signed).await;
                // A hung Postgres may have done its work when it went on.
                assert!(
                    status == 503 || ["processed", "already_processed"].contains(&told.as_str()),
                    "{status} {told}"
                );
                (status == 200).then_some(())
            })
            .await;
            assert_eq!(payment_status(&app, &order).await, "paid");
            assert_eq!(deliver(&app.client, &signed).await, ok("already_processed"));
        }
    }
    assert_eq!(events(&app).await, "applied applied applied applied");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_delivery_keeps_its_claim_for_as_long_as_it_works() {
    let settings = App::private().variable("payment_timeout_ms", "20000").variable("payment_attempts", "1");
    let Some(app) = shop_like(settings).await else { return };
    let order = order(&app).await;
    let signed = app.standin().signed(&pay(&app, Provider::PayPal, &order).id);
    // Longer than a claim lives by itself.
    app.standin().fail(Fault::new(FaultKind::Delay(Duration::from_secs(8))).on("/v2/payments/captures/").times(1));
    let first = {
        let (client, signed) = (app.client.clone(), signed.clone());
        tokio::spawn(async move { deliver(&client, &signed).await })
    };
    eventually("the API is being asked", SOON, || async {
        (app.standin().count("GET /v2/payments/captures/") == 1).then_some(())
    })
    .await;
    let begun = Instant::now();
    let second = eventually("the second delivery is accepted", SOON, || async {
        let (status, told) = deliver(&app.client, &signed).await;
        (status == 200).then_some(told)
    })
    .await;
    assert_eq!(second, "already_processed");
    assert_eq!(first.await.expect("an answer"), ok("processed"));
    assert!(begun.elapsed() > Duration::from_secs(4), "it was kept waiting for all of the first one's work");
    assert_eq!(app.standin().count("GET /v2/payments/captures/"), 1, "the API was asked once");
}

#[tokio::test]
async fn an_answer_that_an_event_is_done_vouches_for_later_reads() {
    let Some(app) = shop_like(App::private()).await else { return };
    for round in 0..10 {
        let order = order(&app).await;
        let event = pay(&app, Provider::Stripe, &order);
        app.warm(&format!("/orders/{}", order.id)).await;
        // The state that a server leaves if it dies between its commit and telling the cache.
        let body: String = event.body.iter().map(|byte| format!("{byte:02x}")).collect();
        let told: serde_json::Value = serde_json::from_slice(&event.body).expect("JSON");
        let object = serde_json::json!([{"kind": "payment", "id": told["data"]["object"]["id"], "state": "completed",
            "amount": order.total, "currency": app.sample.currency, "order_reference": order.id}]);
        app.psql(&format!(
            "SELECT webhook_apply(r.event::uuid, '{object}', true, NULL, false) FROM webhook_record('stripe', '{}', '{}', '{}',
                encode(sha256('\\x{body}'), 'hex'), NULL, '{{}}', '\\x{body}', now()::text, 'received', NULL, 86400) AS r",
            app.standin().settings().stripe_account, event.id, event.kind
        ))
        .await;
        assert_eq!(
            deliver(&app.client, &app.standin().signed(&event.id)).await,
            ok("already_processed"),
            "round {round}"
        );
        assert_eq!(payment_status(&app, &order).await, "paid", "round {round}");
    }
}

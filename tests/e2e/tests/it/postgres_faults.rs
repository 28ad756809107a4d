//! With Postgres away, hits go on, and all other requests are told when to try again.

use std::time::{Duration, Instant};

use e2e::{App, SOON, eventually};
use serde_json::json;

#[tokio::test]
async fn without_postgres_hits_go_on_and_misses_are_503() {
    let Some(app) = App::private().own_redis().own_postgres().spawn().await else { return };
    let (known, unknown) = (app.new_order_id().await, app.new_order_id().await);
    let path = format!("/orders/{known}");
    let before = app.warm(&path).await;
    app.postgres.as_ref().expect("an own Postgres").stop();

    // Longer than a certificate lives.
    let stopped = Instant::now();
    while stopped.elapsed() < Duration::from_secs(3) {
        let hit = app.client.get(&path).await.expect(200);
        assert_eq!(hit.body, before.body);
    }
    let stale = app.client.get(&path).await.expect(200);
    assert!(stale.header("cache-status").contains("stale"), "marked so: {}", stale.header("cache-status"));
    for _ in 0..5 {
        let miss = app.client.order(&unknown).await;
        assert!(
            miss.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0),
            "{}",
            miss.header("retry-after")
        );
        miss.expect_problem(503);
    }
    let write = app.client.patch(&known, json!({"notes": "lost"})).await;
    assert!(!write.header("retry-after").is_empty());
    write.expect_problem(503);
    app.client.create(app.order_request(), "while-away").await.expect_problem(503);
    let health = app.client.health().await;
    assert!(matches!(health.status, 200 | 503), "{}", health.text());

    app.postgres.as_ref().expect("an own Postgres").restart();
    eventually("misses are answered again", SOON, || async {
        (app.client.order(&unknown).await.status == 200).then_some(())
    })
    .await;
    assert_eq!(
        app.client.order(&known).await.expect(200).json()["notes"],
        before.json()["notes"],
        "nothing was changed"
    );
}

#[tokio::test]
async fn a_payment_status_is_never_served_stale() {
    let Some(app) = App::private().own_redis().own_postgres().spawn().await else { return };
    let path = format!("/orders/{}/payment-status", app.sample.order);
    app.warm(&path).await;
    app.postgres.as_ref().expect("an own Postgres").stop();
    eventually("the certificate ends", SOON, || async {
        let answer = app.client.get(&path).await;
        assert!(!answer.header("cache-status").contains("stale"), "{}", answer.header("cache-status"));
        (answer.status == 503).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_stands_in_for_postgres_ends_when_it_is_too_old() {
    let short = App::private().own_redis().own_postgres().variable("stale_if_error_seconds", "3");
    let Some(app) = short.spawn().await else { return };
    let path = format!("/orders/{}", app.sample.order);
    app.warm(&path).await;
    app.postgres.as_ref().expect("an own Postgres").stop();
    for (what, status) in [("the entry stands in", 200), ("and no longer", 503)] {
        eventually(what, SOON, || async {
            let answer = app.client.get(&path).await;
            let stale = answer.header("cache-status").contains("stale-if-error");
            (answer.status == status && stale == (status == 200)).then_some(())
        })
        .await;
    }
}

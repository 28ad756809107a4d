//! `/metrics` and `/health`: always readable, never in the way.

use std::time::{Duration, Instant};

use e2e::{App, Caller, Metrics, SOON, eventually};
use redis::AsyncCommands;
use serde_json::Value;

/// A certificate that is valid until 2081-09-02T15:25:28Z.
pub const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----
MIIBNDCB56ADAgECAhQl5GHPa9gKQT59jEjURP7ji9KR+zAFBgMrZXAwDzENMAsG
A1UEAwwEVGVzdDAgFw0yNjExMzAxNTI1MjhaGA8yMDgxMDkwMjE1MjUyOFowDzEN
MAsGA1UEAwwEVGVzdDAqMAUGAytlcAMhAM36DwnmNaOTFgd0he172YUlGb5s8Uqe
xQwSyPIU9/0do1MwUTAdBgNVHQ4EFgQUacNJnP8OgoDbN7ZMLIX01QzvsdAwHwYD
VR0jBBgwFoAUacNJnP8OgoDbN7ZMLIX01QzvsdAwDwYDVR0TAQH/BAUwAwEB/zAF
BgMrZXADQQBN7+BgB6TL1o8quqVw/cz4UD/8p2kMMHZcEYlTygiDR10OzqyNFRYv
0MdkHpSVGvI5chnJ9CAhFei0NhYxa1sP
-----END CERTIFICATE-----";

async fn metrics(app: &App) -> Metrics {
    let answer = app.client.anonymous().root("/metrics").await.expect(200);
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    Metrics::parse(&answer.text()).unwrap_or_else(|why| panic!("{why}"))
}

fn up(metrics: &Metrics, dependency: &str) -> Option<f64> {
    metrics.value("edge_orders_up", &[("dependency", dependency)])
}

async fn health(app: &App) -> (u16, Value) {
    let answer = app.client.anonymous().health().await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn prometheus_and_health_report_the_same_counts() {
    let Some(app) = App::private().own_redis().spawn().await else { return };
    let path = format!("/orders/{}", app.sample.order);
    for _ in 0..40 {
        app.client.get(&path).await.expect(200);
    }
    eventually("all reads are added up", SOON, || async {
        let sums = app.client.cache_health().await.expect(200).json();
        (sums["entities"]["order"]["reads"] == 40).then_some(())
    })
    .await;
    let sums = app.client.cache_health().await.expect(200).json();
    let metrics = metrics(&app).await;
    for (name, kind) in
        [("cache_hits_total", "hits"), ("cache_misses_total", "misses"), ("cache_bypasses_total", "bypasses")]
    {
        assert_eq!(metrics.sum(&format!("edge_orders_{name}")), sums["total"][kind].as_f64(), "{kind}");
    }
    let loads = metrics.value("edge_orders_cache_load_duration_seconds_count", &[("entity", "order")]);
    assert_eq!(loads, sums["entities"]["order"]["loads"].as_f64());
    assert_eq!((up(&metrics, "redis"), up(&metrics, "postgres")), (Some(1.0), Some(1.0)));
    assert_eq!(metrics.value("edge_orders_configuration_errors", &[]), Some(0.0));
    // Below the API's prefix it is the same.
    let below = app.client.anonymous().metrics().await.expect(200);
    Metrics::parse(&below.text()).unwrap_or_else(|why| panic!("{why}"));
}

#[tokio::test]
async fn the_open_work_of_payments_is_measured() {
    let Some(app) = App::private().spawn().await else { return };
    app.psql(
        "INSERT INTO webhook_events (provider, account, event_id, kind, body_sha256, state, reason, body_expires_at, received_at)
         SELECT 'stripe', 'acct_1', 'evt_' || n, 'payment_intent.succeeded', repeat('a', 64),
             CASE WHEN n <= 2 THEN 'received' ELSE 'needs_review' END, CASE WHEN n > 2 THEN 'wrong-currency' END,
             now() + interval '1 day', now() - n * interval '1 minute'
         FROM generate_series(1, 5) AS n",
    )
    .await;
    let metrics = metrics(&app).await;
    let open =
        |state, reason| metrics.value("edge_orders_webhook_events_open", &[("state", state), ("reason", reason)]);
    assert_eq!((open("received", ""), open("needs_review", "wrong-currency")), (Some(2.0), Some(3.0)));
    let oldest = metrics
        .value("edge_orders_webhook_events_oldest_seconds", &[("state", "received"), ("reason", "")])
        .expect("an age");
    assert!((120.0..180.0).contains(&oldest), "{oldest} s");
}

#[tokio::test]
async fn a_redis_tells_its_memory_its_limit_and_what_it_evicted() {
    let Some(app) = App::private().own_redis().spawn().await else { return };
    let client = redis::Client::open(&*app.redis_url).expect("an address");
    let mut redis = client.get_multiplexed_async_connection().await.expect("Redis");
    // What a Redis doesn't tell in time is absent.
    let told = async |name: &'static str| {
        eventually(name, SOON, || async {
            metrics(&app).await.value(&format!("edge_orders_redis_{name}"), &[("dependency", "redis")])
        })
        .await
    };
    // deploy/redis/cache.conf
    assert_eq!((told("memory_limit_bytes").await, told("may_evict").await), (f64::from(1 << 30), 1.0));
    assert_eq!(told("evicted_keys_total").await, 0.0);
    let used = told("memory_bytes").await;
    assert!(used > 100_000.0, "{used}");
    let limit = used as u64 + 2_000_000;
    redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg(limit).exec_async(&mut redis).await.expect("CONFIG SET");
    for number in 0..40 {
        let _: () = redis.set(format!("ballast:{number}"), "x".repeat(100_000)).await.expect("SET");
    }
    assert_eq!(told("memory_limit_bytes").await, limit as f64);
    assert!(told("evicted_keys_total").await > 0.0);
    redis::cmd("CONFIG").arg(&["SET", "maxmemory-policy", "noeviction"]).exec_async(&mut redis).await.expect("CONFIG");
    assert_eq!(told("may_evict").await, 0.0);
}

#[tokio::test]
async fn held_payments_providers_left_alone_and_certificates_are_measured() {
    let Some(app) = App::private().spawn().await else { return };
    app.psql(&format!(
        "INSERT INTO provider_rests (provider, until) VALUES ('paypal', now() + interval '1 minute');
         INSERT INTO provider_certificates (url, pem) VALUES ('https://api.paypal.com/CERT-1', '{CERTIFICATE}');
         INSERT INTO payment_sessions (id, organization_id, customer_id, order_id, gateway, status, amount, currency,
             principal, idempotency_key, body_hash, return_url, leased_until, expires_at, created_at)
         SELECT gen_random_uuid(), o.organization_id, o.customer_id, o.id, 'paypal', 'needs_review', o.total_amount,
             o.currency, 'p', 'k', 'h', 'https://shop.test/', now(), now() + interval '1 hour',
             now() - interval '15 minutes'
         FROM orders o WHERE o.payment_status = 'unpaid' ORDER BY o.id LIMIT 1"
    ))
    .await;
    let metrics = metrics(&app).await;
    let oldest = metrics
        .value("edge_orders_payment_sessions_oldest_seconds", &[("gateway", "paypal"), ("status", "needs_review")]);
    assert!((900.0..960.0).contains(&oldest.expect("an age")), "{oldest:?}");
    let alone = |provider| metrics.value("edge_orders_provider_left_alone", &[("provider", provider)]);
    assert_eq!((alone("paypal"), alone("stripe")), (Some(1.0), Some(0.0)));
    let ends =
        |which| metrics.value("edge_orders_webhook_certificate_expiry_timestamp_seconds", &[("certificate", which)]);
    assert_eq!((ends("signing"), ends("pinned")), (Some(3_524_052_328.0), None));
}

#[tokio::test]
async fn a_dependency_that_hangs_is_down_and_up_again_when_it_goes_on() {
    let Some(app) = App::private().own_redis().own_postgres().spawn().await else { return };
    app.warm(&format!("/orders/{}", app.sample.order)).await;
    assert_eq!(health(&app).await.0, 200);
    app.redis.as_ref().expect("an own Redis").hang();
    let began = Instant::now();
    let (status, body) = health(&app).await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?} where the limit of Redis is 100 ms", began.elapsed());
    assert_eq!((status, &body["status"]), (200, &"degraded".into()), "{body:#}");
    assert_eq!(body["dependencies"]["redis"]["status"], "down");
    let without = metrics(&app).await;
    assert_eq!((up(&without, "redis"), up(&without, "postgres")), (Some(0.0), Some(1.0)));
    assert_eq!(without.sum("edge_orders_cache_hits_total"), None, "absent, not 0");

    app.postgres.as_ref().expect("an own Postgres").hang();
    let began = Instant::now();
    let (status, body) = health(&app).await;
    // The limit of Postgres and a quarter; the limit of Redis runs at the same time.
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert_eq!((status, &body["status"]), (503, &"unavailable".into()), "{body:#}");
    let began = Instant::now();
    health(&app).await;
    metrics(&app).await;
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());

    app.postgres.as_ref().expect("an own Postgres").resume();
    app.redis.as_ref().expect("an own Redis").resume();
    eventually("both are up again", SOON, || async {
        let (status, body) = health(&app).await;
        (status == 200 && body["status"] == "ok").then_some(())
    })
    .await;
    let again = metrics(&app).await;
    assert_eq!((up(&again, "redis"), up(&again, "postgres")), (Some(1.0), Some(1.0)));
}

#[tokio::test]
async fn asking_for_health_changes_nothing() {
    let Some(app) = App::private().own_redis().spawn().await else { return };
    app.warm(&format!("/orders/{}", app.sample.order)).await;
    eventually("the certificate runs out", SOON, || async {
        let age = metrics(&app).await.value("edge_orders_cache_certificate_age_seconds", &[]);
        let sent = app.client.cache_health().await.expect(200).json()["total"]["reads"].as_u64() >= Some(1);
        (age.is_none() && sent).then_some(())
    })
    .await;
    let client = redis::Client::open(&*app.redis_url).expect("an address");
    let mut redis = client.get_multiplexed_async_connection().await.expect("Redis");
    let keys: Vec<String> = redis.keys("*").await.expect("KEYS");
    let (before, mut log) = (app.statements().await, app.redis_log().await);
    for _ in 0..20 {
        assert_eq!(health(&app).await.0, 200);
        metrics(&app).await;
        app.client.cache_health().await.expect(200);
    }
    assert_eq!(app.statements().await.renewals_since(&before), 0);
    let commands = log.take().await;
    // One script tries what Redis allows, on keys of its own.
    let asks = |command: &e2e::Command| {
        ["MGET", "HGETALL", "PTTL", "EXISTS"].contains(&&*command.name) || command.text.contains(":cache:rights:")
    };
    assert!(commands.iter().all(asks), "{commands:#?}");
    let kept: Vec<String> = redis.keys("*").await.expect("KEYS");
    assert!(kept.iter().all(|key| keys.contains(key)), "and leaves none behind: {kept:?}");
}

#[tokio::test]
async fn health_keeps_invalidations_from_piling_up_without_readers() {
    let Some(app) = App::private().spawn().await else { return };
    app.psql("UPDATE orders SET notes = 'by another program'").await;
    eventually("the outbox is emptied", SOON, || async {
        health(&app).await;
        app.outbox_is_empty().await.then_some(())
    })
    .await;
}

#[tokio::test]
async fn statistics_may_be_kept_for_operators() {
    let Some(app) = App::private().variable("metrics_access", "operator").spawn().await else { return };
    let operator = app.as_caller(&Caller::operator(&app.sample.org));
    for path in ["/metrics", "/health/cache"] {
        app.client.anonymous().get(path).await.expect(401);
        app.client.get(path).await.expect(403);
        operator.get(path).await.expect(200);
    }
    app.client.anonymous().root("/metrics").await.expect(401);
    app.client.anonymous().health().await.expect(200);
}

//! Alerts and dashboards of `monitoring/` against a real server and a real Prometheus.

use std::collections::BTreeSet;

use e2e::{App, Prometheus, SOON, eventually, monitoring};
use serde_json::Value;

use crate::metrics::CERTIFICATE;

/// One event that waits, one in review, a held session, a refund of each kind.
const OPEN_WORK: &str = "
    INSERT INTO webhook_events (provider, account, event_id, kind, body_sha256, state, reason, body_expires_at)
    SELECT 'stripe', 'acct_1', 'evt_' || s, 'payment_intent.succeeded', repeat('a', 64), s,
        CASE s WHEN 'needs_review' THEN 'wrong-currency' END, now() + interval '1 day'
    FROM unnest('{received,needs_review}'::text[]) AS s;
    INSERT INTO payment_sessions (id, organization_id, customer_id, order_id, gateway, status, amount, currency,
        principal, idempotency_key, body_hash, return_url, leased_until, expires_at)
    SELECT gen_random_uuid(), o.organization_id, o.customer_id, o.id, 'paypal', 'needs_review', o.total_amount,
        o.currency, 'p', 'k', 'h', 'https://shop.test/', now(), now() + interval '1 hour'
    FROM orders o WHERE o.payment_status = 'unpaid' ORDER BY o.id LIMIT 1;
    INSERT INTO refund_requests (id, organization_id, order_id, payment_id, amount, currency, principal,
        idempotency_key, body_hash, state)
    SELECT gen_random_uuid(), p.organization_id, p.order_id, p.id, 1, p.currency, 'p', s, 'h', s
    FROM (SELECT * FROM payments ORDER BY id LIMIT 1) AS p, unnest('{queued,needs_review}'::text[]) AS s;";

/// The expressions of both dashboards, for our job.
fn panels() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for file in ["dashboards/cache.json", "dashboards/payments.json"] {
        let dashboard: Value = serde_json::from_str(&monitoring(file)).expect("JSON");
        for panel in dashboard["panels"].as_array().expect("panels") {
            for target in panel["targets"].as_array().expect("targets") {
                let expression = target["expr"].as_str().expect("an expression").replace("$job", "edge-orders");
                found.push((format!("{file}: {}", panel["title"]), expression));
            }
        }
    }
    assert!(found.len() > 30, "only {} expressions", found.len());
    found
}

/// Our metrics that a text names.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'));
    words.filter(|word| word.starts_with("edge_orders_")).collect()
}

#[tokio::test]
async fn every_metric_that_monitoring_names_is_one_that_a_server_gives() {
    let Some(app) = App::private().own_redis().jobs().spawn().await else { return };
    app.warm(&format!("/orders/{}", app.sample.order)).await;
    let text = app.client.anonymous().root("/metrics").await.expect(200).text();
    let families: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# HELP ")?.split(' ').next()).collect();
    let dashboards = panels().into_iter().map(|(_, expression)| expression).collect::<Vec<_>>().join("\n");
    for file in [monitoring("rules.yaml"), monitoring("alerts.yaml"), monitoring("runbook.md"), dashboards] {
        let names = named(&file);
        assert!(!names.is_empty());
        for name in names {
            let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
            assert!(families.contains(name) || families.contains(family), "no server gives {name}");
        }
    }
}

#[tokio::test]
async fn a_redis_that_hangs_fires_its_alert_until_it_goes_on() {
    let Some(app) = App::private().own_redis().spawn().await else { return };
    app.warm(&format!("/orders/{}", app.sample.order)).await;
    let prometheus = Prometheus::watch(&app).await;
    let name = "EdgeOrdersRedisAway";
    assert!(!prometheus.firing().await.contains(name));
    app.redis.as_ref().expect("an own Redis").hang();
    eventually("the alert fires", SOON, || async { prometheus.firing().await.contains(name).then_some(()) }).await;
    app.redis.as_ref().expect("an own Redis").resume();
    eventually("the alert ends", SOON, || async { (!prometheus.firing().await.contains(name)).then_some(()) }).await;
}

#[tokio::test]
async fn every_expression_of_the_dashboards_gives_data() {
    let Some(app) = App::private().own_redis().spawn().await else { return };
    app.psql(OPEN_WORK).await;
    let certificate =
        format!("INSERT INTO provider_certificates (url, pem) VALUES ('https://a.test/', '{CERTIFICATE}')");
    app.psql(&certificate).await;
    let prometheus = Prometheus::watch(&app).await;
    for (panel, expression) in panels() {
        // Rates need two scrapes between which something was read.
        eventually(&format!("{panel}, {expression} gives data"), SOON, || async {
            app.client.get(&format!("/orders/{}", app.sample.order)).await.expect(200);
            (!prometheus.query(&expression).await?.is_empty()).then_some(())
        })
        .await;
    }
}

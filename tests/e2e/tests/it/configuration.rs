//! A wrong variable is named, together with all others, by the operation that needs it and by
//! health. Its value never is.

use e2e::{App, Caller};
use serde_json::json;

/// The text of the refusal by a path that needs a wrong variable.
async fn named(app: &App, path: &str) -> String {
    let answer = app.client.get(path).await.expect(503);
    let problem = answer.json();
    assert_eq!(problem["title"], "The server is misconfigured", "{problem}");
    problem["detail"].as_str().unwrap_or_default().to_owned()
}

async fn named_by_health(app: &App) -> Vec<String> {
    let answer = app.client.anonymous().health().await.expect(503);
    let errors = answer.json()["configuration"]["errors"].take();
    let errors = errors.as_array().cloned().unwrap_or_default();
    errors.iter().filter_map(|error| error["variable"].as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_wrong_setting_of_misses_is_named_by_a_miss_and_by_health() {
    let wrong = App::private().own_redis().variable("ttl_order_summary", "sooner").variable("max_body_bytes", "one");
    let Some(app) = wrong.spawn().await else { return };
    assert_eq!(named_by_health(&app).await, ["ttl_order_summary", "max_body_bytes"]);
    for path in [format!("/orders/{}", app.sample.order), "/orders?limit=3".to_owned()] {
        let detail = named(&app, &path).await;
        assert!(detail.contains("ttl_order_summary ") && detail.contains("max_body_bytes "), "{path}: {detail}");
        assert!(!detail.contains("sooner"), "{path}: {detail}");
    }
}

#[tokio::test]
async fn variables_in_a_table_are_those_of_the_environment() {
    // Characters that a shell could spoil: quotes, a backslash, a dollar, a line break.
    let audience = "a \"b\"\n\\c $HOME";
    let spoilt =
        App::private().own_redis().in_table().variable("jwt_audience", audience).variable("ttl_order", "sooner");
    let Some(app) = spoilt.spawn().await else { return };
    assert_eq!(named_by_health(&app).await, ["ttl_order"]);
    let caller = app.service();
    app.as_caller(&caller).get("/orders?limit=1").await.expect(401);
    let heard = app.as_caller(&caller.claim("aud", audience.into()));
    let order = format!("/orders/{}", app.sample.order);
    let detail = heard.get(&order).await.expect(503).json()["detail"].take();
    assert!(detail.as_str().is_some_and(|detail| detail.contains("ttl_order ")), "{detail}");
}

#[tokio::test]
async fn a_wrong_setting_of_every_request_is_named_with_all_others() {
    let wrong = App::private().own_redis().variable("jwt_keys", "{sooner").variable("cache_wait_ms", "-1");
    let Some(app) = wrong.spawn().await else { return };
    assert_eq!(named_by_health(&app).await, ["jwt_keys", "cache_wait_ms"]);
    let detail = named(&app, &format!("/orders/{}", app.sample.order)).await;
    assert!(detail.contains("jwt_keys ") && detail.contains("cache_wait_ms "), "{detail}");
    assert!(!detail.contains("sooner"), "{detail}");
}

#[tokio::test]
async fn a_key_that_cannot_be_used_is_passed_over_and_named() {
    let mut keys = Caller::random_keys();
    let good = keys["keys"][0].clone();
    let point = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4";
    keys["keys"] = json!([
        good,
        { "kty": "EC", "crv": "P-256", "x": point },
        { "kty": "oct", "kid": 7, "k": good["k"] },
        { "kty": "RSA", "n": "AQAB", "e": "AQAB" },
    ]);
    let Some(app) = App::private().own_redis().variable("jwt_keys", &keys.to_string()).spawn().await else { return };
    let client = app.client.with_token(&app.service().token(&keys));
    client.order(&app.sample.order).await.expect(200);
    let health = client.health().await.expect(200).json();
    assert_eq!(health["status"], "degraded", "{health}");
    let errors = health["configuration"]["errors"].as_array().expect("a list");
    let named: Vec<_> = errors.iter().filter_map(|error| error["detail"].as_str()).collect();
    for (place, member) in [(1, "y"), (2, "kid"), (3, "n")] {
        assert!(named.iter().any(|detail| detail.starts_with(&format!("keys[{place}].{member}: "))), "{named:?}");
    }
    assert!(!health.to_string().contains(good["k"].as_str().expect("a secret")), "{health}");
}

#[tokio::test]
async fn a_wrong_setting_that_can_be_done_without_stops_nothing() {
    let wrong = App::private().own_redis().variable("statistics_flush_ms", "often").variable("compress_min_bytes", "x");
    let Some(app) = wrong.spawn().await else { return };
    app.warm(&format!("/orders/{}", app.sample.order)).await;
    app.client.patch(&app.sample.order, json!({"notes": "it works"})).await.expect(200);
    let health = app.client.health().await.expect(200).json();
    let text = health["configuration"].to_string();
    assert!(text.contains("statistics_flush_ms") && text.contains("compress_min_bytes"), "{health}");
}

//! A wrong variable is named, together with all others, by the operation that needs it and by
//! health. Its value never is.

use e2e::App;

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

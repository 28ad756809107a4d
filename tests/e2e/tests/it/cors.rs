//! Storefronts on other origins: a browser's preflight needs no token, and only scripts of listed
//! origins may read an answer, whatever its status is.

use e2e::{Answer, App};
use reqwest::Method;

const SHOP: &str = "https://shop.example";

async fn preflight(app: &App, path: &str, origin: &str, method: &str) -> Answer {
    let request = app
        .client
        .anonymous()
        .request(Method::OPTIONS, path)
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", "authorization,idempotency-key");
    app.client.send(request).await
}

async fn read(app: &App, path: &str, token: Option<&str>, origin: &str) -> Answer {
    let client = token.map_or_else(|| app.client.anonymous(), |token| app.client.with_token(token));
    client.send(client.request(Method::GET, path).header("origin", origin)).await
}

fn allowed(answer: &Answer) -> &str {
    answer.header("access-control-allow-origin")
}

#[tokio::test]
async fn a_preflight_needs_no_token_and_names_the_methods_of_the_path() {
    let Some(app) = App::private().variable("cors_origins", &format!("{SHOP}, http://localhost:5173")).spawn().await
    else {
        return;
    };
    let order = format!("/orders/{}", app.sample.order);
    for (path, method, methods) in [
        (order.as_str(), "PATCH", "GET, HEAD, PATCH, DELETE, OPTIONS"),
        ("/orders", "POST", "GET, HEAD, POST, OPTIONS"),
        ("/payments/sessions", "POST", "GET, HEAD, POST, OPTIONS"),
        ("/health", "GET", "GET, HEAD, OPTIONS"),
    ] {
        let answer = preflight(&app, path, SHOP, method).await.expect(204);
        assert_eq!(allowed(&answer), SHOP, "{path}");
        assert_eq!(answer.header("access-control-allow-methods"), methods, "{path}");
        let headers = answer.header("access-control-allow-headers").to_lowercase();
        assert!(headers.contains("authorization") && headers.contains("idempotency-key"), "{path}: {headers}");
        assert_eq!(answer.header("vary"), "Origin", "{path}");
        assert!(!answer.headers.contains_key("access-control-allow-credentials"), "{path}");
        let answer = preflight(&app, path, "https://evil.example", method).await.expect(204);
        assert_eq!((allowed(&answer), answer.header("access-control-allow-methods")), ("", ""), "{path}");
    }
    preflight(&app, "/nowhere", SHOP, "GET").await.expect(404);
}

#[tokio::test]
async fn scripts_of_listed_origins_may_read_answers_and_errors() {
    let Some(app) = App::private().variable("cors_origins", SHOP).spawn().await else { return };
    let order = format!("/orders/{}", app.sample.order);
    let token = Some(app.token());
    let missing = format!("/orders/{}", uuid::Uuid::new_v4());
    for (path, token, status) in [
        (order.as_str(), token, 200),
        (order.as_str(), None, 401),
        (missing.as_str(), token, 404),
        ("/health", None, 200),
    ] {
        let answer = read(&app, path, token, SHOP).await.expect(status);
        assert_eq!(allowed(&answer), SHOP, "{path}");
        let exposed = answer.header("access-control-expose-headers");
        assert!(exposed.contains("ETag") && exposed.contains("Cache-Status"), "{path}: {exposed}");
        let other = read(&app, path, token, "https://evil.example").await.expect(status);
        assert_eq!(allowed(&other), "", "{path}");
        let vary = other.headers.get_all("vary");
        assert!(vary.iter().any(|vary| vary == "Origin"), "{path}: an answer without an origin varies, too");
    }
}

#[tokio::test]
async fn without_origins_answers_say_nothing_of_them_and_a_preflight_is_no_401() {
    let app = App::spawn().await;
    let order = format!("/orders/{}", app.sample.order);
    let answer = preflight(&app, &order, SHOP, "GET").await.expect(204);
    let plain = read(&app, &order, Some(app.token()), SHOP).await.expect(200);
    for answer in [answer, plain] {
        let told = answer.headers.keys().find(|name| name.as_str().starts_with("access-control"));
        assert_eq!(told, None, "{}", answer.request);
    }
}

#[tokio::test]
async fn any_origin_is_a_star_and_a_wrong_list_stops_nothing() {
    let Some(app) = App::private().variable("cors_origins", "*").spawn().await else { return };
    let order = format!("/orders/{}", app.sample.order);
    let answer = read(&app, &order, Some(app.token()), SHOP).await.expect(200);
    assert_eq!((allowed(&answer), answer.header("vary")), ("*", "Authorization"));
    let Some(app) = App::private().variable("cors_origins", "https://shop.example/path").spawn().await else { return };
    let answer = read(&app, &format!("/orders/{}", app.sample.order), Some(app.token()), SHOP).await.expect(200);
    assert_eq!(allowed(&answer), "");
    let health = app.client.health().await.expect(200).json();
    assert_eq!(health["configuration"]["errors"][0]["variable"], "cors_origins", "{health}");
}

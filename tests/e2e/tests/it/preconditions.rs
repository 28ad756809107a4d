//! Conditional requests, as RFC 9110 has them, and bodies that come in an encoding.

use e2e::{Answer, App};
use reqwest::Method;
use serde_json::json;

/// Sends a request with these headers, and a change of notes if it is a PATCH.
async fn ask(app: &App, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = app.client.request(method.clone(), path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.client.send(if method == Method::PATCH { request.json(&json!({"notes": "changed"})) } else { request }).await
}

#[tokio::test]
async fn if_none_match_on_several_lines_is_one_list() {
    let app = App::spawn().await;
    let path = format!("/orders/{}", app.sample.order);
    let etag = app.client.get(&path).await.expect(200).header("etag").to_owned();
    for headers in [
        [("if-none-match", "\"other\""), ("if-none-match", &*etag)],
        [("if-none-match", &*etag), ("if-none-match", "\"other\"")],
        [("if-none-match", "W/\"other\", \"a,b\""), ("if-none-match", &*format!("W/{etag}"))],
    ] {
        ask(&app, Method::GET, &path, &headers).await.expect(304);
    }
    ask(&app, Method::GET, &path, &[("if-none-match", "\"a\""), ("if-none-match", "\"b\"")]).await.expect(200);
}

#[tokio::test]
async fn a_read_under_a_stale_if_match_is_412_cached_or_not() {
    let app = App::spawn().await;
    for path in crate::cached_reads(&app.sample) {
        let etag = app.client.get(&path).await.expect(200).header("etag").to_owned();
        for _ in ["uncached", "cached"] {
            ask(&app, Method::GET, &path, &[("if-match", &etag)]).await.expect(200);
            ask(&app, Method::GET, &path, &[("if-match", "\"0\""), ("if-match", &etag)]).await.expect(200);
            ask(&app, Method::GET, &path, &[("if-match", "*")]).await.expect(200);
            ask(&app, Method::GET, &path, &[("if-match", "\"0\"")]).await.expect_problem(412);
            ask(&app, Method::GET, &path, &[("if-match", &format!("W/{etag}"))]).await.expect_problem(412);
            app.warm(&path).await;
        }
        ask(&app, Method::GET, &path, &[("if-match", "5")]).await.expect_problem_naming(400, "If-Match");
    }
}

#[tokio::test]
async fn a_change_compares_lists_and_a_weak_tag_never_matches() {
    let app = App::spawn().await;
    let order = app.new_order_id().await;
    let path = format!("/orders/{order}");
    let version = async || app.client.order(&order).await.expect(200).version();
    let now = version().await;
    let (present, weak, other) = (format!("\"{now}\""), format!("W/\"{now}\""), format!("\"{}\"", now + 1));
    for refused in [
        vec![("if-match", &*other)],
        vec![("if-match", &*weak)],
        vec![("if-match", &*weak), ("if-match", &*other)],
        vec![("if-none-match", &*present)],
        vec![("if-none-match", &*weak)],
        vec![("if-none-match", &*other), ("if-none-match", &*present)],
        vec![("if-none-match", "*")],
        vec![("if-match", &*present), ("if-none-match", &*present)],
    ] {
        for method in [Method::PATCH, Method::DELETE] {
            let problem = ask(&app, method, &path, &refused).await.expect_problem(412);
            assert_eq!(problem["currentVersion"], now, "{refused:?}: {problem}");
        }
    }
    assert_eq!(version().await, now, "nothing was changed");
    for (taken, expected) in [
        (vec![("if-match", format!("\"0\", \"{now}\""))], now + 1),
        (vec![("if-match", "\"0\"".to_owned()), ("if-match", format!("\"{}\"", now + 1))], now + 2),
        (vec![("if-none-match", format!("\"{now}\", W/\"abc\""))], now + 3),
        (vec![("if-match", "*".to_owned())], now + 4),
    ] {
        let headers: Vec<_> = taken.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(ask(&app, Method::PATCH, &path, &headers).await.expect(200).version(), expected, "{taken:?}");
    }
    for malformed in ["5", "\"5", "*, \"5\"", ""] {
        for name in ["if-match", "if-none-match"] {
            ask(&app, Method::PATCH, &path, &[(name, malformed)]).await.expect_problem(400);
        }
    }
}

#[tokio::test]
async fn a_body_in_an_encoding_is_415_and_says_what_is_taken() {
    let app = App::spawn().await;
    let path = format!("/orders/{}", app.sample.order);
    for coding in ["gzip", "br", "identity, deflate"] {
        let refused = ask(&app, Method::PATCH, &path, &[("content-encoding", coding)]).await;
        assert_eq!(refused.header("accept-encoding"), "identity", "{coding}");
        refused.expect_problem(415);
        for route in ["/webhooks/stripe", "/webhooks/paypal", "/orders/statuses"] {
            let request = app.client.request(Method::POST, route).header("content-encoding", coding);
            app.client.send(request.json(&json!({}))).await.expect_problem(415);
        }
    }
    ask(&app, Method::PATCH, &path, &[("content-encoding", "identity")]).await.expect(200);
}

#[tokio::test]
async fn a_quantity_that_is_nearly_one_is_none_and_a_leap_second_is_a_time() {
    let app = App::spawn().await;
    let body =
        |quantity: &str| app.order_request().to_string().replace("\"quantity\":2", &format!("\"quantity\":{quantity}"));
    let create = async |quantity: &str| {
        let request = app.client.request(Method::POST, "/orders").header("idempotency-key", crate::new_key());
        app.client.send(request.header("content-type", "application/json").body(body(quantity))).await
    };
    for nearly in ["1.0000000000000001", "0.99999999999999999", "2.0000000000000000001e0"] {
        create(nearly).await.expect_problem_naming(400, "items[0].quantity");
    }
    for whole in ["2.0", "2e0", "20e-1"] {
        create(whole).await.expect(201);
    }
    app.client.orders("createdFrom=2016-12-31T23:59:60Z&limit=1").await.expect(200);
    app.client.orders("createdFrom=2016-12-31T22:59:60Z&limit=1").await.expect_problem_naming(400, "createdFrom");
}

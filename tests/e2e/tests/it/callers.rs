//! No caller reads or changes another's data.

use e2e::{App, Caller, Client};
use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::{cached_reads, new_key};

/// One request for every route and method that needs a caller.
fn requests(app: &App, client: &Client) -> Vec<RequestBuilder> {
    let mut requests: Vec<RequestBuilder> =
        cached_reads(&app.sample).iter().map(|path| client.request(Method::GET, path)).collect();
    let order = format!("/orders/{}", app.sample.order);
    requests.push(client.request(Method::PATCH, &order).json(&json!({"notes": "mine"})));
    requests.push(client.request(Method::DELETE, &order));
    requests.push(client.request(Method::DELETE, &format!("{order}?hard=true")));
    requests
        .push(client.request(Method::POST, "/orders").header("idempotency-key", "callers").json(&app.order_request()));
    requests.push(client.request(Method::POST, "/orders/statuses").json(&json!({"ids": [app.sample.order]})));
    requests.push(client.request(Method::POST, "/sessions").json(&json!({})));
    let session = format!("/sessions/{}", uuid::Uuid::new_v4());
    requests.push(client.request(Method::GET, &session));
    requests.push(client.request(Method::PUT, &session).json(&json!({})));
    requests.push(client.request(Method::DELETE, &session));
    requests.push(
        client
            .request(Method::PATCH, "/orders/statuses")
            .json(&json!({"ids": [app.sample.order], "status": "confirmed"})),
    );
    requests
}

async fn expect_401(app: &App, client: &Client, kind: &str) {
    for request in requests(app, client) {
        let answer = client.send(request).await;
        assert_eq!(answer.status, 401, "{kind}: {} answered {}", answer.request, answer.text());
        assert!(
            answer.header("www-authenticate").starts_with("Bearer"),
            "{kind}: {} lacks WWW-Authenticate",
            answer.request
        );
        answer.expect_problem(401);
    }
}

#[tokio::test]
async fn without_a_token_every_route_is_401_cached_or_not() {
    let app = App::spawn().await;
    expect_401(&app, &app.client.anonymous(), "uncached").await;
    app.warm(&format!("/orders/{}", app.sample.order)).await;
    expect_401(&app, &app.client.anonymous(), "cached").await;
}

#[tokio::test]
async fn forged_and_expired_tokens_are_401_on_every_route() {
    let Some(app) = App::spawn_with_callers().await else { return };
    app.warm(&format!("/orders/{}", app.sample.order)).await;
    let header = json!({"alg": "HS256", "typ": "JWT", "kid": "e2e"});
    let forgeries = [
        ("another key", app.service().token(&Caller::random_keys())),
        ("alg none", app.service().signed(&json!({"alg": "none", "typ": "JWT"}), b"")),
        ("an empty key", app.service().signed(&header, b"")),
        ("another algorithm", app.service().signed(&json!({"alg": "RS256", "kid": "e2e"}), b"x")),
        ("not a token", "abc".to_owned()),
        ("three dots", "a.b.c".to_owned()),
        ("nothing", String::new()),
    ];
    for (kind, token) in forgeries {
        expect_401(&app, &app.client.with_token(&token), kind).await;
    }
    expect_401(&app, &app.as_caller(&app.service().expired()), "expired").await;
    expect_401(&app, &app.as_caller(&app.service().claim("exp", json!(null))), "without exp").await;
    expect_401(&app, &app.as_caller(&app.service().claim("nbf", json!(32_503_680_000_i64))), "not yet valid").await;
    expect_401(&app, &app.as_caller(&app.service().claim("iss", json!("somebody"))), "another issuer").await;
    expect_401(&app, &app.as_caller(&app.service().claim("role", json!("king"))), "an unknown role").await;
    expect_401(&app, &app.as_caller(&app.service().claim("org", json!("not a uuid"))), "a malformed organisation")
        .await;
    expect_401(&app, &app.as_caller(&app.service().claim("role", json!("customer"))), "a customer without customer")
        .await;
}

#[tokio::test]
async fn another_organisations_order_is_404_cached_or_not() {
    let Some(app) = App::spawn_with_callers().await else { return };
    let owner = app.as_caller(&Caller::service(&app.sample.other_org));
    let order = &app.sample.foreign_order;
    for round in ["uncached", "cached"] {
        for path in crate::views(order) {
            assert_eq!(app.client.get(&path).await.status, 404, "{round}: {path}");
        }
        app.client.patch(order, json!({"notes": "mine"})).await.expect_problem(404);
        app.client.delete(order).await.expect_problem(404);
        app.client.history(&app.sample.foreign_customer, "").await.expect_problem(404);
        let statuses = app.client.statuses(&[order]).await.expect(200).json();
        assert_eq!(statuses["missing"], json!([order]), "{round}");
        // Its owner reads it into the cache for the second round.
        owner.order(order).await.expect(200);
        owner.order(order).await.expect(200);
    }
    let listed = app.client.orders("limit=100").await.expect(200).items();
    assert!(listed.iter().all(|item| item["organizationId"] == json!(app.sample.org)));
}

#[tokio::test]
async fn a_customer_sees_only_its_own_orders_cached_or_not() {
    let Some(app) = App::spawn_with_callers().await else { return };
    let sample = &app.sample;
    let stranger = app.as_caller(&Caller::customer(&sample.org, &sample.other_customer));
    let owner = app.as_caller(&Caller::customer(&sample.org, &sample.customer));
    for round in ["uncached", "cached"] {
        for path in crate::views(&sample.order) {
            assert_eq!(stranger.get(&path).await.status, 404, "{round}: {path}");
            assert_eq!(owner.get(&path).await.status, 200, "{round}: {path}");
        }
        stranger.patch(&sample.order, json!({"notes": "mine"})).await.expect_problem(404);
        stranger.history(&sample.customer, "").await.expect_problem(404);
        owner.history(&sample.customer, "").await.expect(200);
        let statuses = stranger.statuses(&[&sample.order]).await.expect(200).json();
        assert_eq!(statuses["missing"], json!([sample.order]), "{round}");
        app.warm(&format!("/orders/{}", sample.order)).await;
    }
    let listed = stranger.orders("limit=100").await.expect(200).items();
    assert!(listed.iter().all(|item| item["customerId"] == json!(sample.other_customer)));
}

#[tokio::test]
async fn a_customer_creates_only_for_itself_and_at_our_prices() {
    let Some(app) = App::spawn_with_callers().await else { return };
    let sample = &app.sample;
    let owner = app.as_caller(&Caller::customer(&sample.org, &sample.customer));
    owner.create(app.order_request(), &new_key()).await.expect(201);
    let mut request = app.order_request();
    request["customerId"] = json!(sample.other_customer);
    let refused = owner.create(request, &new_key()).await;
    assert!(matches!(refused.status, 403 | 404 | 422), "{} {}", refused.status, refused.text());
    let mut request = app.order_request();
    request["items"][0]["unitPrice"] = json!("0.01");
    owner.create(request.clone(), &new_key()).await.expect_problem(403);
    let shop = app.as_caller(&app.service().scope("orders:price"));
    let order = shop.create(request, &new_key()).await.expect(201).json();
    assert_eq!(order["items"][0]["unitPrice"], "0.01");
    assert_eq!(order["totalAmount"], "0.02");
}

#[tokio::test]
async fn hard_delete_and_statistics_of_all_need_an_operator() {
    let Some(app) = App::spawn_with_callers().await else { return };
    let operator = app.as_caller(&Caller::operator(&app.sample.org));
    let order = app.new_order_id().await;
    app.client.delete_hard(&order).await.expect_problem(403);
    operator.delete_hard(&order).await.expect(204);
    app.client.order(&order).await.expect(404);
    app.client.stats(&format!("organizationId={}", app.sample.other_org)).await.expect_problem(404);
    operator.stats(&format!("organizationId={}", app.sample.other_org)).await.expect(200);
}

#[tokio::test]
async fn a_forged_client_address_does_not_switch_authentication_off() {
    let Some(app) = App::private().variable("auth_mode", "off").spawn().await else { return };
    let anonymous = app.client.anonymous();
    assert!(anonymous.health().await.expect(200).text().contains("off"), "health says that authentication is off");
    // The peer is on loopback: the development caller may read.
    let read = anonymous.orders("limit=1").await.expect(200);
    drop(read);
    // A client's word about its own address changes nothing, in either direction.
    for forged in ["8.8.8.8:80", "127.0.0.1:1"] {
        let request = anonymous.request(Method::GET, "/orders?limit=1").header("spin-client-addr", forged);
        anonymous.send(request).await.expect(200);
    }
}

#[tokio::test]
async fn a_loopback_address_claimed_by_the_client_is_no_token() {
    let app = App::spawn().await;
    let anonymous = app.client.anonymous();
    for path in cached_reads(&app.sample) {
        let request = anonymous.request(Method::GET, &path).header("spin-client-addr", "127.0.0.1:1");
        anonymous.send(request).await.expect_problem(401);
    }
}

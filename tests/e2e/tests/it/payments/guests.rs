//! A token opens one order's public view, and nothing else.

use e2e::{Answer, App, Caller, Client};
use reqwest::Method;
use serde_json::json;

use super::shopper::{member, other_shopper, shopper};

async fn token(client: &Client, order: &str) -> String {
    member(&client.guest_token(order).await.expect(201), "token")
}

async fn look(app: &App, authorization: &str) -> Answer {
    app.client.guest_order(authorization).await
}

/// Looks from an address behind the declared proxy.
async fn look_from(app: &App, address: &str, token: &str) -> Answer {
    let guest = app.client.anonymous();
    let request = guest.request(Method::GET, "/guest/order").header("authorization", format!("Guest {token}"));
    guest.send(request.header("x-forwarded-for", address)).await
}

async fn revoke(client: &Client, order: &str) -> Answer {
    client.revoke_guest_tokens(order).await
}

#[tokio::test]
async fn a_token_opens_its_order_as_it_is_now_and_shows_no_customer() {
    let Some(app) = App::private().spawn().await else { return };
    let order = app.sample.order.clone();
    app.client.patch(&order, json!({"notes": "for the shop only"})).await.expect(200);
    for client in [app.client.clone(), shopper(&app)] {
        let made = client.guest_token(&order).await.expect(201);
        assert_eq!(made.header("cache-control"), "no-store");
        let (token, whole) = (member(&made, "token"), client.order(&order).await.expect(200).json());
        assert_eq!(token.len(), 32);
        for scheme in ["Guest", "guest", "Bearer"] {
            let seen = look(&app, &format!("{scheme} {token}")).await.expect(200);
            assert_eq!(seen.header("cache-control"), "no-store");
            let body = seen.json();
            for field in ["orderNumber", "status", "paymentStatus", "totalAmount", "currency"] {
                assert_eq!(body[field], whole[field], "{field}");
            }
            for personal in [&*app.sample.customer, "for the shop only", "line1", &app.sample.org] {
                assert!(!seen.text().contains(personal), "{personal} in {}", seen.text());
            }
        }
    }
}

#[tokio::test]
async fn a_wrong_an_expired_and_a_revoked_token_open_nothing() {
    let Some(app) = App::private().spawn().await else { return };
    let order = app.sample.order.clone();
    let first = token(&app.client, &order).await;
    let second = token(&app.client, &order).await;
    assert_ne!(first, second);
    let last = if first.ends_with('0') { "1" } else { "0" };
    let near = format!("{}{last}", &first[..31]);
    for wrong in [
        format!("Guest {near}"),
        format!("Guest {}", "0".repeat(32)),
        format!("Basic {first}"),
        first.clone(),
        "Guest".to_owned(),
        format!("Bearer {}", app.token()),
    ] {
        let refused = look(&app, &wrong).await.expect(401);
        assert!(!refused.header("www-authenticate").is_empty(), "{wrong}");
        assert!(!refused.text().contains(&first[..16]), "{}", refused.text());
        refused.expect_problem(401);
    }
    app.client.anonymous().get("/guest/order").await.expect_problem(401);
    app.client.anonymous().get(&format!("/guest/order?token={first}")).await.expect_problem(400);

    app.psql(
        "UPDATE guest_tokens SET expires_at = now() WHERE created_at = (SELECT min(created_at) FROM guest_tokens)",
    )
    .await;
    look(&app, &format!("Guest {first}")).await.expect(401);
    look(&app, &format!("Guest {second}")).await.expect(200);
    for _ in 0..2 {
        revoke(&app.client, &order).await.expect(204);
        look(&app, &format!("Guest {second}")).await.expect(401);
    }
    let third = token(&app.client, &order).await;
    app.client.delete(&order).await.expect(204);
    look(&app, &format!("Guest {third}")).await.expect(401);
}

#[tokio::test]
async fn only_callers_that_see_an_order_give_it_a_token_or_take_it_back() {
    let Some(app) = App::private().spawn().await else { return };
    let order = app.sample.order.clone();
    let guest = token(&app.client, &order).await;
    for stranger in [other_shopper(&app), app.as_caller(&Caller::service(&app.sample.other_org))] {
        stranger.guest_token(&order).await.expect_problem(404);
        revoke(&stranger, &order).await.expect_problem(404);
    }
    app.client.anonymous().guest_token(&order).await.expect_problem(401);
    for (body, status) in [(json!({"expiresIn": 60}), 400), (json!([]), 400), (json!({}), 201)] {
        let asked = app.client.request(Method::POST, &format!("/orders/{order}/guest-token")).json(&body);
        assert_eq!(app.client.send(asked).await.status, status, "{body}");
    }
    look(&app, &format!("Guest {guest}")).await.expect(200);
    revoke(&shopper(&app), &order).await.expect(204);
    look(&app, &format!("Guest {guest}")).await.expect(401);
}

#[tokio::test]
async fn a_token_is_nowhere_but_with_its_holder() {
    let Some(app) = App::private().spawn().await else { return };
    let guest = token(&app.client, &app.sample.order).await;
    look(&app, &format!("Guest {guest}")).await.expect(200);
    let stored = app.psql_value("SELECT string_agg(to_jsonb(g)::text, ',') FROM guest_tokens g").await;
    assert!(!stored.contains(&guest), "{stored}");
    assert!(super::shopper::keys(&app, &format!("*{guest}*")).await.is_empty());
    assert!(!app.log().contains(&guest));
    // The guest token is no caller's token either.
    let caller = app.client.with_token(&guest);
    caller.order(&app.sample.order).await.expect_problem(401);
}

#[tokio::test]
async fn wrong_tokens_are_limited_by_address_and_right_ones_work_from_other_addresses() {
    let private = App::private().variable("limit_guest_hour", "3").variable("trusted_proxies", "127.0.0.0/8");
    let Some(app) = private.spawn().await else { return };
    let right = token(&app.client, &app.sample.order).await;
    let wrong = "0".repeat(32);
    let (one, other, third) = ("192.0.2.1", "192.0.2.2", "192.0.2.3");
    for _ in 0..10 {
        look_from(&app, one, &right).await.expect(200);
    }
    for token in [wrong.as_str(), &wrong, "no token"] {
        look_from(&app, one, token).await.expect_problem(401);
    }
    for token in [&wrong, &right] {
        let refused = look_from(&app, one, token).await;
        let wait: u64 = refused.header("retry-after").parse().expect("seconds");
        assert!((3500..=3600).contains(&wait), "{wait}");
        assert_eq!(refused.header("ratelimit-policy"), "\"guest-hour\";q=3;w=3600");
        refused.expect_problem(429);
    }
    look_from(&app, other, &right).await.expect(200);

    let at_once = futures_util::future::join_all((0..50).map(|_| look_from(&app, third, &wrong))).await;
    let answered = |status| at_once.iter().filter(|answer| answer.status == status).count();
    assert_eq!((answered(401), answered(429)), (3, 47));
    for key in super::shopper::keys(&app, "payment:rate:*").await {
        assert!(!key.contains("192.0.2") && !key.contains(&wrong), "{key}");
    }
}

#[tokio::test]
async fn without_redis_only_guests_are_let_in() {
    let Some(mut app) = App::private().own_redis().variable("limit_guest_hour", "1").spawn().await else { return };
    let right = token(&app.client, &app.sample.order).await;
    app.redis.as_mut().expect("an own Redis").kill();
    for _ in 0..3 {
        look(&app, &format!("Guest {right}")).await.expect(200);
        look(&app, &format!("Guest {}", "0".repeat(32))).await.expect_problem(401);
    }
}

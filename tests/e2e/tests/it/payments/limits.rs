//! Limits on attempts to pay.

use e2e::{Answer, App, Client};
use reqwest::header::HeaderValue;
use standin::{Fault, FaultKind, Standin};

use super::shopper::{begin, keys, member, other_shopper, redis, session, session_request, shopper};
use crate::new_key;

/// Moves the times of all counted attempts into the past, in Postgres and in Redis.
async fn pass_minutes(app: &App, minutes: i64) {
    app.psql(&format!(
        "UPDATE payment_attempts SET attempted_at = attempted_at - interval '{minutes} minutes',
            counts_until = counts_until - interval '{minutes} minutes'"
    ))
    .await;
    let mut connection = redis(app).await;
    for key in keys(app, "payment:rate:*").await {
        let members: Vec<(String, i64)> = redis::cmd("ZRANGE")
            .arg(&key)
            .arg(0)
            .arg(-1)
            .arg("WITHSCORES")
            .query_async(&mut connection)
            .await
            .expect("a log");
        for (member, at) in members {
            let at = at - minutes * 60_000;
            redis::cmd("ZADD").arg(&key).arg(at).arg(member).exec_async(&mut connection).await.expect("ZADD");
        }
    }
}

/// A counted answer names the limit and the attempts that are left, with every outcome.
fn says_what_is_left(answer: &Answer) {
    for (header, window) in [("ratelimit-policy", "\"customer-hour\";q="), ("ratelimit", "\"customer-hour\";r=")] {
        assert!(answer.header(header).starts_with(window), "{} {header}: {:?}", answer.status, answer.header(header));
    }
}

/// The answer to an attempt within the limits: a session at first, then a conflict with that
/// session.
fn is_admitted(answer: &Answer) -> bool {
    assert!(matches!(answer.status, 201 | 409 | 429), "{}: {}", answer.status, answer.text());
    says_what_is_left(answer);
    answer.status != 429
}

async fn admitted(client: &Client, order: &str) -> bool {
    is_admitted(&begin(client, order, "other").await)
}

async fn app() -> Option<(App, String)> {
    let app = App::private().spawn().await?;
    let order = app.new_order_id().await;
    Some((app, order))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_200_attempts_at_once_exactly_five_pass() {
    let Some((app, order)) = app().await else { return };
    let client = shopper(&app);
    let attempts = (0..200).map(|_| {
        let (client, order) = (client.clone(), order.clone());
        tokio::spawn(async move { begin(&client, &order, "other").await })
    });
    let mut passed = Vec::new();
    for attempt in attempts.collect::<Vec<_>>() {
        let answer = attempt.await.expect("an answer");
        if is_admitted(&answer) {
            passed.push(answer.status);
        }
    }
    passed.sort_unstable();
    assert_eq!(passed, [201, 409, 409, 409, 409]);
    assert!(!admitted(&client, &order).await);
}

#[tokio::test]
async fn every_answer_counts_the_attempts_left_and_a_refusal_says_when_to_come_again() {
    let Some((app, order)) = app().await else { return };
    let client = shopper(&app);
    let first = begin(&client, &order, "other").await.expect(201);
    let policy = "\"customer-hour\";q=5;w=3600, \"customer-day\";q=20;w=86400, \"address-hour\";q=10;w=3600";
    assert_eq!(first.header("ratelimit-policy"), policy);
    let expected = "\"customer-hour\";r=4;t=3600, \"customer-day\";r=19;t=86400, \"address-hour\";r=9;t=3600";
    assert_eq!(first.header("ratelimit"), expected);
    for _ in 0..4 {
        assert!(admitted(&client, &order).await);
    }
    pass_minutes(&app, 20).await;
    let refused = begin(&client, &order, "other").await;
    assert!(refused.header("ratelimit").starts_with("\"customer-hour\";r=0;t=2"), "{}", refused.header("ratelimit"));
    assert_eq!(refused.header("ratelimit-policy"), policy);
    let wait: u64 = refused.header("retry-after").parse().expect("seconds");
    // The oldest attempt is 20 minutes old, and as much more as the machine has taken.
    assert!((2100..=2400).contains(&wait), "{wait}");
    let body = refused.expect_problem(429);
    assert!(body["type"].as_str().is_some_and(|kind| kind.ends_with("/too-many-requests")), "{body}");
}

#[tokio::test]
async fn the_window_slides_and_refused_attempts_count() {
    let Some((app, order)) = app().await else { return };
    let client = shopper(&app);
    for _ in 0..5 {
        assert!(admitted(&client, &order).await);
    }
    pass_minutes(&app, 30).await;
    for _ in 0..5 {
        assert!(!admitted(&client, &order).await);
    }
    pass_minutes(&app, 31).await;
    assert!(!admitted(&client, &order).await, "the refused ones are 31 minutes old");
    pass_minutes(&app, 61).await;
    assert!(admitted(&client, &order).await);
}

#[tokio::test]
async fn the_day_has_a_limit_of_its_own() {
    let limits = App::private().variable("limit_customer_hour", "3").variable("limit_customer_day", "4");
    let Some(app) = limits.spawn().await else { return };
    let (client, order) = (shopper(&app), app.new_order_id().await);
    for _ in 0..3 {
        assert!(admitted(&client, &order).await);
    }
    pass_minutes(&app, 61).await;
    assert!(admitted(&client, &order).await);
    let refused = begin(&client, &order, "other").await.expect(429);
    let wait: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!(wait > 22 * 3600, "{wait}");
    pass_minutes(&app, 24 * 60).await;
    assert!(admitted(&client, &order).await);
}

#[tokio::test]
async fn the_same_attempt_sent_again_counts_once() {
    let Some((app, order)) = app().await else { return };
    let (client, key) = (shopper(&app), new_key());
    let first = client.send(session(&client, &order, "other", &key)).await.expect(201);
    for _ in 0..10 {
        let again = client.send(session(&client, &order, "other", &key)).await.expect(201);
        assert_eq!(again.body, first.body);
        assert!(again.header("ratelimit").starts_with("\"customer-hour\";r=4"), "{}", again.header("ratelimit"));
    }
}

#[tokio::test]
async fn an_attempt_that_is_sent_many_times_at_once_counts_once() {
    let standin = Standin::start().await;
    let Some(app) = App::private().payments(&standin).spawn().await else { return };
    let client = shopper(&app);
    for used in 1..=4 {
        let (order, key) = (app.new_order_id().await, new_key());
        let sent = (0..20).map(|_| client.send(session(&client, &order, "stripe", &key)));
        let answers = futures_util::future::join_all(sent).await;
        assert!(answers.iter().any(|answer| answer.status == 201));
        let again = client.send(session(&client, &order, "stripe", &key)).await.expect(201);
        let left = format!("\"customer-hour\";r={};", 5 - used);
        assert!(again.header("ratelimit").starts_with(&left), "{used}: {}", again.header("ratelimit"));
    }
}

#[tokio::test]
async fn an_attempt_that_was_refused_counts_however_often_it_is_sent_again() {
    let standin = Standin::start().await;
    let private = App::private().payments(&standin).variable("limit_address_hour", "1000");
    let Some(app) = private.spawn().await else { return };
    let (client, order, key) = (shopper(&app), app.new_order_id().await, new_key());
    let send = || client.send(session(&client, &order, "stripe", &key));
    // An absent provider is no refusal: the same request goes on, and costs no attempt.
    standin.fail(Fault::new(FaultKind::Status(503)).on("/v1/checkout/sessions"));
    for _ in 0..7 {
        let away = send().await.expect(503);
        says_what_is_left(&away);
        assert!(!away.header("retry-after").is_empty());
    }
    standin.heal();
    standin.fail(Fault::new(FaultKind::Status(400)).on("/v1/checkout/sessions"));
    let refused = e2e::eventually("the breaker lets calls through", kit::SOON, || async {
        let answer = send().await;
        (answer.status != 503).then_some(answer)
    });
    refused.await.expect_problem(422);
    for used in 2..=5 {
        let refused = send().await.expect(422);
        let left = format!("\"customer-hour\";r={};", 5 - used);
        assert!(refused.header("ratelimit").starts_with(&left), "{used}: {}", refused.header("ratelimit"));
    }
    send().await.expect_problem(429);
    assert_eq!(app.psql_value("SELECT count(*)::text FROM payment_sessions").await, "0");
    let unknown = uuid::Uuid::now_v7().to_string();
    let (client, key) = (other_shopper(&app), new_key());
    for _ in 0..5 {
        says_what_is_left(&client.send(session(&client, &unknown, "other", &key)).await.expect(404));
    }
    client.send(session(&client, &unknown, "other", &key)).await.expect_problem(429);
}

#[tokio::test]
async fn no_customer_uses_up_the_attempts_of_another() {
    let Some(app) = App::private().variable("limit_address_hour", "1000").spawn().await else { return };
    let (order, stranger) = (app.new_order_id().await, other_shopper(&app));
    for _ in 0..5 {
        begin(&stranger, &order, "other").await.expect_problem(404);
    }
    begin(&stranger, &order, "other").await.expect_problem(429);
    begin(&shopper(&app), &order, "other").await.expect(201);
}

#[tokio::test]
async fn a_service_is_counted_by_the_orders_customer_and_not_by_its_address() {
    let Some((app, order)) = app().await else { return };
    let mut of_other = app.order_request();
    of_other["customerId"] = app.sample.other_customer.clone().into();
    let of_other = member(&app.client.create(of_other, &new_key()).await.expect(201), "id");
    for order in [&order, &of_other] {
        for _ in 0..5 {
            assert!(admitted(&app.client, order).await);
        }
        assert!(!admitted(&app.client, order).await);
    }
    assert!(!admitted(&shopper(&app), &order).await, "it is the same customer's count");
}

#[tokio::test]
async fn one_address_has_a_limit_for_all_its_customers() {
    let limits = App::private().variable("limit_address_hour", "4");
    let Some(app) = limits.spawn().await else { return };
    let order = app.new_order_id().await;
    for _ in 0..2 {
        assert!(admitted(&shopper(&app), &order).await);
        begin(&other_shopper(&app), &order, "other").await.expect(404);
    }
    assert!(!admitted(&shopper(&app), &order).await);
    begin(&other_shopper(&app), &order, "other").await.expect(429);
}

/// The number of attempts that are admitted with these values of X-Forwarded-For.
async fn admitted_from(app: &App, addresses: &[&str]) -> usize {
    let (client, order) = (shopper(app), app.new_order_id().await);
    let mut count = 0;
    for address in addresses {
        let request = session(&client, &order, "other", &new_key());
        let header = HeaderValue::from_str(address).expect("a header");
        count += usize::from(is_admitted(&client.send(request.header("x-forwarded-for", header)).await));
    }
    count
}

async fn behind(proxies: &str) -> Option<App> {
    let limits = App::private().variable("limit_customer_hour", "1000").variable("limit_customer_day", "1000");
    limits.variable("limit_address_hour", "2").variable("trusted_proxies", proxies).spawn().await
}

#[tokio::test]
async fn behind_a_declared_proxy_the_client_is_the_rightmost_that_is_no_proxy() {
    let Some(app) = behind("127.0.0.0/8 10.0.0.0/8").await else { return };
    assert_eq!(admitted_from(&app, &["192.0.2.1"; 3]).await, 2);
    assert_eq!(admitted_from(&app, &["6.6.6.6, 192.0.2.2", "7.7.7.7, 192.0.2.2, 10.1.1.1", "192.0.2.2"]).await, 2);
    let same_network = ["2001:db8:1:2::1", "2001:db8:1:2:ffff::2", "2001:db8:1:2::3"];
    assert_eq!(admitted_from(&app, &same_network).await, 2);
    assert_eq!(admitted_from(&app, &["2001:db8:1:3::1"]).await, 1);
}

#[tokio::test]
async fn without_a_proxy_the_header_changes_nothing() {
    let Some(app) = behind("none").await else { return };
    assert_eq!(admitted_from(&app, &["192.0.2.1", "192.0.2.2", "192.0.2.3"]).await, 2);
}

#[tokio::test]
async fn behind_an_undeclared_proxy_addresses_are_not_limited_and_customers_are() {
    let Some(app) = behind("").await else { return };
    assert_eq!(admitted_from(&app, &["192.0.2.1"; 5]).await, 5);
    e2e::eventually("/health says so", kit::SOON, || async {
        app.client.health().await.text().contains("trusted_proxies").then_some(())
    })
    .await;
    let Some((app, order)) = self::app().await else { return };
    let client = shopper(&app);
    let attempt = || session(&client, &order, "other", &new_key()).header("forwarded", "for=192.0.2.1");
    for _ in 0..5 {
        assert!(is_admitted(&client.send(attempt()).await));
    }
    client.send(attempt()).await.expect(429);
}

#[tokio::test]
async fn a_payment_begins_the_customers_hour_anew() {
    let standin = Standin::start().await;
    let Some(app) = App::private().payments(&standin).variable("limit_customer_hour", "2").spawn().await else {
        return;
    };
    let (client, order) = (shopper(&app), app.new_order_id().await);
    let paid = begin(&client, &order, "stripe").await.expect(201);
    assert!(admitted(&client, &order).await);
    standin.pay(&member(&paid, "externalTransactionId"));
    let path = format!("/payments/sessions/{}", member(&paid, "id"));
    e2e::eventually("the session is completed", kit::SOON, || async {
        (member(&client.get(&path).await.expect(200), "status") == "completed").then_some(())
    })
    .await;
    e2e::eventually("the count of the hour is gone", kit::SOON, || async {
        keys(&app, "payment:rate:*:hour").await.is_empty().then_some(())
    })
    .await;
    let next = begin(&client, &app.new_order_id().await, "stripe").await.expect(201);
    assert!(next.header("ratelimit").starts_with("\"customer-hour\";r=1"), "{}", next.header("ratelimit"));
    assert!(
        next.header("ratelimit").contains("\"customer-day\";r=17"),
        "the day goes on: {}",
        next.header("ratelimit")
    );
}

#[tokio::test]
async fn no_key_holds_a_customer_an_address_or_an_idempotency_key() {
    let Some((app, order)) = app().await else { return };
    let (client, key) = (shopper(&app), new_key());
    client.send(session(&client, &order, "other", &key)).await.expect(201);
    let mut connection = redis(&app).await;
    let counted = keys(&app, "payment:rate:*").await;
    assert_eq!(counted.len(), 3, "{counted:?}");
    for name in counted {
        let members: Vec<String> =
            redis::cmd("ZRANGE").arg(&name).arg(0).arg(-1).query_async(&mut connection).await.expect("a log");
        let all = format!("{name} {}", members.join(" "));
        for personal in [&*app.sample.customer, "127.0.0.1", &key, &app.sample.org, "e2e-customer"] {
            assert!(!all.contains(personal), "{all} holds {personal}");
        }
        let life: i64 = redis::cmd("PTTL").arg(&name).query_async(&mut connection).await.expect("PTTL");
        assert!(life > 0, "{name} has no end");
    }
    let kept = app.psql_value("SELECT string_agg(key || ' ' || name, ' ') FROM payment_attempts").await;
    for personal in [&*app.sample.customer, "127.0.0.1", &key, &app.sample.org, "e2e-customer"] {
        assert!(!kept.contains(personal), "{kept} holds {personal}");
    }
}

#[tokio::test]
async fn a_redis_that_goes_and_comes_gives_no_attempt_more() {
    let Some(mut app) = App::private().own_redis().spawn().await else { return };
    let (client, order) = (shopper(&app), app.new_order_id().await);
    for _ in 0..3 {
        assert!(admitted(&client, &order).await);
    }
    app.redis.as_mut().expect("an own Redis").kill();
    assert!(admitted(&client, &order).await, "counted in Postgres");
    // It has lost what it counted.
    app.redis.as_mut().expect("an own Redis").restart().await;
    let last = begin(&client, &order, "other").await;
    assert!(is_admitted(&last));
    assert!(last.header("ratelimit").starts_with("\"customer-hour\";r=0;"), "{}", last.header("ratelimit"));
    assert!(!admitted(&client, &order).await);
    app.redis.as_mut().expect("an own Redis").kill();
    let refused = begin(&client, &order, "other").await;
    assert!(refused.header("retry-after").parse::<u32>().is_ok_and(|wait| wait > 3_000), "{}", refused.text());
    refused.expect_problem(429);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_of_many_attempts_at_once_exactly_five_pass() {
    let Some(mut app) = App::private().own_redis().spawn().await else { return };
    let (client, order) = (shopper(&app), app.new_order_id().await);
    app.redis.as_mut().expect("an own Redis").kill();
    let attempts = (0..30).map(|_| begin(&client, &order, "other"));
    let answers = futures_util::future::join_all(attempts).await;
    assert_eq!(answers.iter().filter(|answer| is_admitted(answer)).count(), 5);
    assert_eq!(app.psql_value("SELECT count(*)::text FROM payment_sessions").await, "1");
}

#[tokio::test]
async fn without_postgres_no_attempt_is_made() {
    let Some(app) = App::private().own_redis().own_postgres().spawn().await else { return };
    let (client, order) = (shopper(&app), app.new_order_id().await);
    begin(&client, &order, "other").await.expect(201);
    app.postgres.as_ref().expect("an own Postgres").kill();
    let away = begin(&client, &order, "other").await;
    assert!(!away.header("retry-after").is_empty());
    away.expect_problem(503);
}

#[tokio::test]
async fn a_shopper_that_a_service_names_is_limited_by_address() {
    let limits = App::private().variable("limit_customer_hour", "1000").variable("limit_customer_day", "1000");
    let Some(app) = limits.variable("limit_address_hour", "2").spawn().await else { return };
    let ask = async |client: &e2e::Client, address: &str| {
        let mut request = session_request(&app.new_order_id().await, "other");
        request["shopperAddress"] = address.into();
        client.begin_session(&request, &new_key()).await
    };
    for (address, status) in [
        ("203.0.113.7", 201),
        ("::ffff:203.0.113.7", 201),
        ("203.0.113.7", 429),
        ("2001:db8:1:2::1", 201),
        ("2001:db8:1:2:ffff::1", 201),
        ("2001:db8:1:2::9", 429),
    ] {
        let answer = ask(&app.client, address).await;
        assert_eq!(answer.status, status, "{address}: {}", answer.text());
    }
    ask(&app.client, "203.0.113.7:443").await.expect_problem_naming(400, "shopperAddress");
    ask(&shopper(&app), "203.0.113.8").await.expect_problem(403);
}

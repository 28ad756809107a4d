//! A Redis that answers errors is passed by at once, named by health, and told to the log once.

use std::time::{Duration, Instant};

use e2e::{App, SOON, eventually};
use serde_json::{Value, json};

/// Asks the app's Redis, past the app. `words` are a command and its arguments.
async fn tell(app: &App, words: &[&str]) {
    let client = redis::Client::open(app.redis_url.as_str()).expect("an address");
    let mut connection = client.get_multiplexed_async_connection().await.expect("Redis answers");
    let mut command = redis::cmd(words[0]);
    words[1..].iter().for_each(|word| {
        command.arg(word);
    });
    command.exec_async(&mut connection).await.unwrap_or_else(|e| panic!("{words:?}: {e}"));
}

/// The state of Redis as health reports it.
async fn reported(app: &App) -> Value {
    app.client.health().await.expect(200).json()["dependencies"]["redis"].take()
}

/// Reads and changes an order while Redis refuses something, and gives how long the slowest read
/// took. Every answer is right.
async fn use_it(app: &App, order: &str, named: &str) -> Duration {
    let mut slowest = Duration::ZERO;
    for round in 0..3 {
        let version = app.client.patch(order, json!({"notes": format!("{named} {round}")})).await.expect(200).version();
        for _ in 0..10 {
            let begun = Instant::now();
            assert!(app.client.order(order).await.expect(200).version() >= version, "{named}");
            slowest = slowest.max(begun.elapsed());
        }
    }
    slowest
}

/// How many lines of the log tell of it.
fn told(app: &App, named: &str) -> usize {
    app.log().lines().filter(|line| line.contains("\"message\":\"Redis answers") && line.contains(named)).count()
}

#[tokio::test]
async fn what_redis_refuses_is_named_by_health_and_told_to_the_log_once() {
    let Some(app) = App::private().own_redis().spawn().await else { return };
    let order = app.new_order_id().await;
    let path = format!("/orders/{order}");
    let cases: [(&[&str], &[&str], &str); 3] = [
        (&["REPLICAOF", "127.0.0.1", "1"], &["REPLICAOF", "NO", "ONE"], "READONLY"),
        (&["CONFIG", "SET", "maxmemory", "1"], &["CONFIG", "SET", "maxmemory", "0"], "OOM"),
        (&["ACL", "SETUSER", "default", "-del"], &["ACL", "SETUSER", "default", "+@all"], "NOPERM"),
    ];
    for (spoil, mend, code) in cases {
        app.warm(&path).await;
        tell(&app, spoil).await;
        use_it(&app, &order, code).await;
        let redis = reported(&app).await;
        assert_eq!(redis["status"], "up", "{code}: {redis}");
        assert!(redis["detail"].as_str().is_some_and(|detail| detail.contains(code)), "{code}: {redis}");
        let lines = told(&app, code);
        assert!((1..10).contains(&lines), "{code}: {lines} lines in {}", app.log());
        tell(&app, mend).await;
        eventually("health finds nothing wrong", SOON, || async {
            (reported(&app).await == json!({ "status": "up" })).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_redis_that_wants_a_password_is_passed_by_at_once_and_named() {
    let Some(app) = App::private().own_redis().spawn().await else { return };
    let path = format!("/orders/{}", app.sample.order);
    app.warm(&path).await;
    tell(&app, &["CONFIG", "SET", "requirepass", "secret"]).await;
    let with_password = app.redis_url.replace("redis://", "redis://:secret@");
    let client = redis::Client::open(with_password.as_str()).expect("an address");
    let mut connection = client.get_multiplexed_async_connection().await.expect("Redis answers");
    redis::cmd("CLIENT").arg(&["KILL", "TYPE", "normal"]).exec_async(&mut connection).await.expect("CLIENT KILL");
    // The ends of the old connections are noticed first.
    eventually("health names the reason", SOON, || async {
        let redis = reported(&app).await;
        assert!(redis["status"] == "up" || redis["detail"].is_string(), "{redis}");
        redis["detail"].as_str().is_some_and(|detail| detail.contains("NOAUTH")).then_some(())
    })
    .await;
    eventually("the log names it, too", SOON, || async {
        let answer = app.client.get(&path).await.expect(200);
        assert!(answer.header("cache-status").contains("fwd=bypass"), "{}", answer.header("cache-status"));
        (told(&app, "NOAUTH") > 1).then_some(())
    })
    .await;
    let mut times = Vec::new();
    for _ in 0..50 {
        let begun = Instant::now();
        app.client.get(&path).await.expect(200);
        times.push(begun.elapsed());
    }
    times.sort();
    assert!(times[25] < Duration::from_millis(100), "half of the reads wait for Redis: {times:?}");
    assert!(told(&app, "NOAUTH") < 10, "{}", app.log());
    redis::cmd("CONFIG").arg(&["SET", "requirepass", ""]).exec_async(&mut connection).await.expect("CONFIG SET");
    app.warm(&path).await;
}

#[tokio::test]
async fn a_user_that_may_not_renew_holds_nobody_up_and_is_named() {
    let Some(app) = App::private().own_redis().spawn().await else { return };
    let path = format!("/orders/{}", app.sample.order);
    for command in ["get", "pttl", "del"] {
        app.warm(&path).await;
        tell(&app, &["ACL", "SETUSER", "default", &format!("-{command}")]).await;
        eventually("the last certificate has ended", SOON, || async {
            (!app.client.get(&path).await.expect(200).is_hit()).then_some(())
        })
        .await;
        let begun = Instant::now();
        for _ in 0..20 {
            let answer = app.client.get(&path).await.expect(200);
            assert!(answer.header("cache-status").contains("detail=redis-error"), "{}", answer.header("cache-status"));
        }
        // A claim that nobody ends would hold up each of them for as long as a claim lasts.
        assert!(begun.elapsed() < Duration::from_secs(15), "-{command}: 20 reads took {:?}", begun.elapsed());
        let redis = reported(&app).await;
        let named = format!("(NOPERM): {}", command.to_uppercase());
        assert!(redis["detail"].as_str().is_some_and(|detail| detail.contains(&named)), "-{command}: {redis}");
        tell(&app, &["ACL", "SETUSER", "default", &format!("+{command}")]).await;
    }
    app.warm(&path).await;
}

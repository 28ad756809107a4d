//! User sessions: a shop's own JSON, for an hour after its last use, whatever becomes of Redis.

use e2e::{Answer, App, Caller, Client, SOON, eventually};
use reqwest::Method;
use serde_json::{Value, json};

/// A customer as its token names it.
fn customer(app: &App, subject: &str) -> Client {
    app.as_caller(&Caller::customer(&app.sample.org, &app.sample.customer).claim("sub", json!(subject)))
}

async fn made(client: &Client, data: &Value) -> String {
    let made = client.create_user_session(data).await.expect(201);
    let id = made.json()["id"].as_str().expect("an id").to_owned();
    assert_eq!(made.header("location"), format!("/api/v1/sessions/{id}"));
    id
}

/// The session as a read gives it.
async fn data(client: &Client, id: &str) -> Value {
    client.user_session(id).await.expect(200).json()["data"].clone()
}

async fn left(app: &App, id: &str) -> i64 {
    let left =
        format!("SELECT round(extract(epoch FROM expires_at - now()))::text FROM user_sessions WHERE id = '{id}'");
    app.psql_value(&left).await.parse().expect("a number")
}

#[tokio::test]
async fn a_session_is_made_read_replaced_and_ended() {
    let app = App::spawn().await;
    let client = &app.client;
    let body = r#"{ "b":1.50, "a":[null], "ș":"\u0219" }"#;
    let request = client.request(Method::POST, "/sessions").header("content-type", "application/json").body(body);
    let made = client.send(request).await.expect(201);
    assert_eq!(made.header("etag"), "\"1\"");
    assert!(made.text().contains(body), "byte for byte: {}", made.text());
    let shown = made.json();
    let id = shown["id"].as_str().expect("an id").to_owned();
    assert_eq!(uuid::Uuid::parse_str(&id).expect("a UUID").get_version_num(), 4, "nobody guesses it");
    assert_eq!((&shown["validSeconds"], &shown["version"]), (&json!(3600), &json!(1)));
    app.warm(&format!("/sessions/{id}")).await;
    let read = client.user_session(&id).await.expect(200);
    assert_eq!((read.text(), read.header("etag")), (made.text(), "\"1\""));

    let put = client.put_user_session_if(&id, "\"1\"", &json!({"a": 2})).await.expect(200);
    assert_eq!((put.header("etag"), &put.json()["data"]), ("\"2\"", &json!({"a": 2})));
    assert_eq!(client.user_session(&id).await.expect(200).text(), put.text());
    client.put_user_session_if(&id, "\"1\"", &json!({"a": 3})).await.expect_problem(412);
    let unchanged = client.request(Method::GET, &format!("/sessions/{id}")).header("if-none-match", "\"2\"");
    client.send(unchanged).await.expect(304);
    let late = client.request(Method::DELETE, &format!("/sessions/{id}")).header("if-match", "\"1\"");
    client.send(late).await.expect_problem(412);
    assert_eq!(data(client, &id).await, json!({"a": 2}));

    client.delete_user_session(&id).await.expect(204);
    for _ in 0..2 {
        let gone = client.user_session(&id).await;
        assert!(!gone.is_hit());
        gone.expect_problem(404);
    }
    client.delete_user_session(&id).await.expect_problem(404);
    client.put_user_session(&id, &json!({})).await.expect_problem(404);
}

#[tokio::test]
async fn what_no_session_can_hold_is_refused_with_its_place() {
    let app = App::spawn().await;
    let id = made(&app.client, &json!({})).await;
    let send = async |method: Method, body: String| -> Answer {
        let path = if method == Method::POST { "/sessions".to_owned() } else { format!("/sessions/{id}") };
        let request = app.client.request(method, &path).header("content-type", "application/json");
        app.client.send(request.body(body)).await
    };
    let object = |length: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(length - 8));
    for method in [Method::POST, Method::PUT] {
        for (body, field) in [("", "body"), ("[1]", "body"), ("null", "body"), (r#"{"a":1,"a":2}"#, "a"), ("{", "body")]
        {
            send(method.clone(), body.to_owned()).await.expect_problem_naming(400, field);
        }
        send(method.clone(), object(8193)).await.expect_problem(413);
        let answer = send(method.clone(), object(8192)).await;
        assert!(matches!(answer.status, 200 | 201), "{method}: {}", answer.text());
        let text = app.client.request(method.clone(), "/sessions").header("content-type", "text/plain").body("{}");
        if method == Method::POST {
            app.client.send(text).await.expect_problem(415);
        }
    }
    app.client.user_session("me").await.expect_problem_naming(400, "id");
    app.client.get(&format!("/sessions/{id}?a=1")).await.expect_problem(400);
}

#[tokio::test]
async fn a_session_is_its_owners_and_the_shops() {
    let Some(app) = App::spawn_with_callers().await else { return };
    let sample = &app.sample;
    let ana = customer(&app, "ana");
    let id = made(&ana, &json!({"of": "ana"})).await;
    let strangers = [
        customer(&app, "ion"),
        app.as_caller(&Caller::customer(&sample.org, &sample.other_customer).claim("sub", json!("ana"))),
        app.as_caller(&Caller::customer(&sample.other_org, &sample.foreign_customer).claim("sub", json!("ana"))),
        app.as_caller(&Caller::service(&sample.other_org)),
    ];
    for round in ["uncached", "cached"] {
        for stranger in &strangers {
            let refused = stranger.user_session(&id).await;
            assert!(refused.header("etag").is_empty(), "{round}");
            refused.expect_problem(404);
            stranger.put_user_session(&id, &json!({})).await.expect_problem(404);
            stranger.delete_user_session(&id).await.expect_problem(404);
        }
        for friend in [&ana, &app.client, &app.operator()] {
            assert_eq!(data(friend, &id).await, json!({"of": "ana"}), "{round}");
        }
        let path = format!("/sessions/{id}");
        eventually("it is a hit", SOON, || async { ana.get(&path).await.is_hit().then_some(()) }).await;
    }
    // A service's own is no customer's, and the shop's programs change and end a customer's.
    let own = made(&app.client, &json!({})).await;
    ana.user_session(&own).await.expect_problem(404);
    app.client.put_user_session(&id, &json!({"of": "shop"})).await.expect(200);
    assert_eq!(ana.user_session(&id).await.expect(200).json()["owner"], format!("customer:{}:ana", sample.customer));
    app.operator().delete_user_session(&id).await.expect(204);
    ana.user_session(&id).await.expect_problem(404);
}

#[tokio::test]
async fn the_end_slides_with_reads_and_no_copy_outlives_it() {
    let Some(app) = App::private().variable("ttl_session", "600").variable("sessions_per_customer", "2").spawn().await
    else {
        return;
    };
    let ana = customer(&app, "ana");
    let id = made(&ana, &json!({"n": 1})).await;
    let path = format!("/sessions/{id}");
    eventually("it is a hit", SOON, || async { ana.get(&path).await.is_hit().then_some(()) }).await;
    // Its copy is gone after a minute; here the clock moves, which any program's change announces.
    app.psql("UPDATE user_sessions SET expires_at = now() + interval '5 minutes'").await;
    eventually("a read puts the end off", SOON, || async {
        ana.user_session(&id).await.expect(200);
        (left(&app, &id).await > 500).then_some(())
    })
    .await;
    let client = redis::Client::open(&*app.redis_url).expect("an address");
    let mut redis = client.get_multiplexed_async_connection().await.expect("Redis");
    eventually("it is a hit", SOON, || async { ana.get(&path).await.is_hit().then_some(()) }).await;
    let key = format!("{}session:{}/{id}", app.prefix(), app.sample.org);
    let life: i64 = redis::cmd("PTTL").arg(&key).query_async(&mut redis).await.expect("PTTL");
    assert!((1..=60_000).contains(&life), "a copy comes by Postgres in each minute: {life} ms");

    app.psql("UPDATE user_sessions SET expires_at = now()").await;
    eventually("its end is seen", SOON, || async { (ana.get(&path).await.status == 404).then_some(()) }).await;
    ana.put_user_session(&id, &json!({})).await.expect_problem(404);
    assert_eq!(app.operator().prune("").await.expect(200).json()["userSessions"], 1);

    // A customer has so many, and a new one ends the one that would end first.
    let first = made(&ana, &json!({})).await;
    eventually("it is a hit", SOON, || async { ana.user_session(&first).await.is_hit().then_some(()) }).await;
    let second = made(&ana, &json!({})).await;
    let third = made(&ana, &json!({})).await;
    ana.user_session(&first).await.expect_problem(404);
    for id in [second, third] {
        ana.user_session(&id).await.expect(200);
    }
}

#[tokio::test]
async fn writers_and_readers_at_once_never_see_an_older_session() {
    let app = App::spawn().await;
    let id = made(&app.client, &json!({"n": 0})).await;
    let mut hits = 0;
    for round in 1..60 {
        let put = app.client.put_user_session(&id, &json!({ "n": round })).await.expect(200);
        for _ in 0..3 {
            let shown = app.client.user_session(&id).await.expect(200);
            hits += usize::from(shown.is_hit());
            assert_eq!(shown.text(), put.text());
        }
    }
    assert!(hits > 0, "some are read from the cache");
    // Of writers with one version one wins.
    let at = app.client.user_session(&id).await.expect(200).header("etag").to_owned();
    let tries = (0..8).map(|n| {
        let (client, id, at) = (app.client.clone(), id.clone(), at.clone());
        tokio::spawn(async move { client.put_user_session_if(&id, &at, &json!({ "writer": n })).await.status })
    });
    let mut statuses = Vec::new();
    for one in tries.collect::<Vec<_>>() {
        statuses.push(one.await.expect("an answer"));
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_survive_a_redis_that_is_flushed_hung_or_killed() {
    let Some(mut app) = App::private().own_redis().spawn().await else { return };
    let id = made(&app.client, &json!({"n": 0})).await;
    for (n, trouble) in ["flushed", "hung", "killed"].into_iter().enumerate() {
        let redis = app.redis.as_mut().expect("an own Redis");
        match trouble {
            "flushed" => redis.flush().await,
            "hung" => redis.hang(),
            _ => redis.kill(),
        }
        assert_eq!(data(&app.client, &id).await, json!({ "n": n }), "{trouble}");
        app.psql("UPDATE user_sessions SET expires_at = now() + interval '50 minutes'").await;
        eventually("a read puts the end off", SOON, || async {
            app.client.user_session(&id).await.expect(200);
            (left(&app, &id).await > 3_500).then_some(())
        })
        .await;
        app.client.put_user_session(&id, &json!({ "n": n + 1 })).await.expect(200);
        assert_eq!(data(&app.client, &id).await, json!({ "n": n + 1 }), "{trouble}");
        let other = made(&app.client, &json!({ "other": trouble })).await;
        app.client.delete_user_session(&other).await.expect(204);
        app.client.user_session(&other).await.expect_problem(404);
        let redis = app.redis.as_mut().expect("an own Redis");
        match trouble {
            "flushed" => {}
            "hung" => redis.resume(),
            _ => redis.restart().await,
        }
        // Redis is back, with what it had before: nobody is given the old one.
        assert_eq!(data(&app.client, &id).await, json!({ "n": n + 1 }), "{trouble}");
    }
}

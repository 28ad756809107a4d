//! Where the runtime allows few connections, `open` waits for ever when they are used up. No
//! request does.

use std::time::{Duration, Instant};

use e2e::{Answer, App, Client, SOON};
use kit::database::connect;
use serde_json::json;

/// The answers to `count` reads of each path at once, and how long each took.
async fn at_once(client: &Client, paths: &[String], count: usize) -> Vec<(Answer, Duration)> {
    let one = |path: String| async move {
        let begun = Instant::now();
        let answer = client.get(&path).await;
        (answer, begun.elapsed())
    };
    futures_util::future::join_all((0..count).flat_map(|_| paths.iter().cloned()).map(one)).await
}

#[tokio::test]
async fn reads_and_writes_are_answered_although_redis_has_no_connection_left() {
    let Some(app) = App::private().own_redis().max_connections("redis", 1).spawn().await else { return };
    let order = format!("/orders/{}", app.sample.order);
    // Of different components: whichever instance is first has the only connection.
    let paths = [order.clone(), "/orders?limit=5".to_owned(), "/orders/stats".to_owned()];
    let mut bypassed = 0;
    for round in 0..3 {
        for (answer, took) in at_once(&app.client, &paths, 5).await {
            assert!(took < Duration::from_secs(3), "{}: {took:?}", answer.request);
            bypassed += usize::from(answer.header("cache-status").contains("fwd=bypass; detail=redis"));
            answer.expect(200);
        }
        let note = format!("round {round}");
        app.client.patch(&app.sample.order, json!({ "notes": note })).await.expect(200);
        for (answer, _) in at_once(&app.client, &paths[..1], 3).await {
            assert_eq!(answer.expect(200).json()["notes"], note);
        }
    }
    assert!(bypassed > 0, "one component had the only connection");
}

#[tokio::test]
async fn without_a_connection_to_postgres_a_request_ends_in_an_orderly_503() {
    let Some(app) = App::private().own_redis().max_connections("pg", 1).spawn().await else { return };
    let paths = [format!("/orders/{}", app.sample.order), "/orders?limit=5".to_owned()];
    for (answer, _) in at_once(&app.client, &paths, 3).await {
        answer.expect(200);
    }
    // The one that has the connection waits for a lock until its time is up.
    let holder = connect(app.database_url()).await;
    holder.batch_execute("BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE").await.expect("the lock");
    let uncached: Vec<String> = (6..9).map(|limit| format!("/orders?limit={limit}")).collect();
    for (answer, took) in at_once(&app.client, &uncached, 4).await {
        assert!(took < Duration::from_secs(8), "{}: {took:?}", answer.request);
        assert_eq!(answer.status, 503, "{}: {}", answer.request, answer.text());
        assert!(!answer.header("retry-after").is_empty(), "{}", answer.request);
    }
    holder.batch_execute("COMMIT").await.expect("COMMIT");
    e2e::eventually("reads are answered again", SOON, || async {
        (app.client.get(&uncached[0]).await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_hit_of_an_instance_that_serves_one_request_costs_two_commands_and_no_query() {
    let Some(app) = App::private().own_redis().without_reuse().spawn().await else { return };
    for path in crate::cached_reads(&app.sample) {
        app.warm(&path).await;
        let mut log = app.redis_log().await;
        let (mut cheapest, before) = (usize::MAX, app.statements().await);
        log.take().await;
        for _ in 0..10 {
            assert!(app.client.get(&path).await.expect(200).header("cache-status").contains("hit"), "{path}");
            let seen = log.take().await;
            // Renewals and counts are sent behind answers.
            let own = seen.iter().filter(|command| command.name == "MGET" || command.is_opening()).count();
            cheapest = cheapest.min(own);
        }
        let queries = app.statements().await.since(&before);
        assert!(queries.is_empty(), "{path}: {queries:#?}");
        assert!(cheapest <= 2, "{path}: {cheapest} commands");
    }
}

//! Many requests for the same thing at the same time.

use std::collections::{BTreeMap, HashSet};

use e2e::App;

const REQUESTS: usize = 1000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_requests_for_one_cold_key_cost_one_query() {
    stampede(true).await;
}

/// There is no certificate. One request renews it, and the others wait for that first, then for the
/// fill.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_requests_for_one_cold_key_without_a_certificate_cost_one_query() {
    stampede(false).await;
}

async fn stampede(certified: bool) {
    let app = App::spawn_alone().await;
    let redis = redis::Client::open(app.redis_url.as_str()).expect("a Redis address");
    let mut connection = redis.get_multiplexed_async_connection().await.expect("Redis answers");
    let warm = app.new_order_id().await;
    // On a busy machine a request may lose its patience and ask Postgres itself. So only one of
    // three rounds must be exact.
    let mut rounds = Vec::new();
    for _ in 0..3 {
        let cold = app.new_order_id().await;
        app.warm(&format!("/orders/{warm}")).await;
        if !certified {
            let gone = ["certificate", "fresh"].map(|name| format!("{}cache:{name}", app.prefix()));
            redis::cmd("DEL").arg(&gone).exec_async(&mut connection).await.expect("Redis answers");
        }
        let before = app.statements().await;
        let calls: Vec<_> = (0..REQUESTS)
            .map(|_| {
                let (client, cold) = (app.client.clone(), cold.clone());
                tokio::spawn(async move { client.order(&cold).await.expect(200) })
            })
            .collect();
        let (mut bodies, mut ways) = (HashSet::new(), BTreeMap::<String, u32>::new());
        for call in calls {
            let answer = call.await.expect("an answer");
            let way = answer.header("cache-status").split("; ttl").next().unwrap_or_default().to_owned();
            *ways.entry(way).or_default() += 1;
            bodies.insert(answer.body);
        }
        assert_eq!(bodies.len(), 1);
        let queries = app.statements().await.since(&before).len();
        rounds.push((queries, ways));
        if queries == 1 {
            return;
        }
    }
    panic!("queries and answers of each round: {rounds:#?}");
}

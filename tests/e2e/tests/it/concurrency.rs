//! Many requests for the same thing at the same time.

use std::collections::{BTreeMap, HashSet};

use e2e::App;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_requests_for_one_cold_key_cost_one_query() {
    const REQUESTS: usize = 1000;
    let app = App::spawn_alone().await;
    let (warm, cold) = (app.new_order_id().await, app.new_order_id().await);
    app.warm(&format!("/orders/{warm}")).await;
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
    let queries = app.statements().await.since(&before);
    assert_eq!(queries.len(), 1, "{REQUESTS} requests, answered as {ways:?}: {queries:#?}");
}

//! Many requests for the same thing at the same time.

use e2e::App;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_for_one_cold_key_at_the_same_time_agree_and_spare_postgres() {
    const REQUESTS: usize = 100;
    let app = App::spawn_alone().await;
    let (warm, cold) = (app.new_order_id().await, app.new_order_id().await);
    app.warm(&format!("/orders/{warm}")).await;
    let before = app.statements().await;
    let calls: Vec<_> = (0..REQUESTS)
        .map(|_| {
            let (client, cold) = (app.client.clone(), cold.clone());
            tokio::spawn(async move { client.order(&cold).await.expect(200).body })
        })
        .collect();
    let mut bodies = std::collections::HashSet::new();
    for call in calls {
        bodies.insert(call.await.expect("an answer"));
    }
    assert_eq!(bodies.len(), 1);
    let queries = app.statements().await.since(&before).len();
    assert!(queries < REQUESTS / 10, "{queries} queries for {REQUESTS} requests");
}

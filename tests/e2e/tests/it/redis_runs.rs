//! Two runs of Redis may answer to one name: a pod that is replaced with overlap, a failover that
//! leaves the old primary reachable. A write told to one of them counts only if that is named.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Instant;

use e2e::{App, RedisProcess, SOON};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};

/// An address that leads to one Redis, and from some moment on to another. Connections stay where
/// they are.
struct Address {
    url: String,
    target: Arc<AtomicU16>,
}

impl Address {
    async fn of(redis: &RedisProcess) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("redis://{}", listener.local_addr().expect("an address"));
        let target = Arc::new(AtomicU16::new(port(redis)));
        let leads_to = target.clone();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let port = leads_to.load(Ordering::SeqCst);
                tokio::spawn(async move {
                    if let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await {
                        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                    }
                });
            }
        });
        Self { url, target }
    }

    fn lead_to(&self, redis: &RedisProcess) {
        self.target.store(port(redis), Ordering::SeqCst);
    }
}

fn port(redis: &RedisProcess) -> u16 {
    redis.url().rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_read_is_older_than_a_write_that_told_another_run() {
    let (old, new) = (RedisProcess::start().await, RedisProcess::start().await);
    let address = Address::of(&old).await;
    let Some(app) = App::private().variable("redis_url", &address.url).spawn().await else { return };
    let path = format!("/orders/{}", app.sample.order);
    app.warm(&path).await;
    // From here on new connections lead to the new one. The first server stays with the old one.
    address.lead_to(&new);
    let (_second, second) = app.another_server().await;
    let clients = [&app.client, &second];
    for round in 0..8 {
        // Both hold a certified entry, if their run is the named one.
        for client in clients {
            for _ in 0..3 {
                client.get(&path).await.expect(200);
            }
        }
        let notes = format!("round {round}");
        let writer = clients[round % 2];
        writer.patch(&app.sample.order, json!({ "notes": notes })).await.expect(200);
        for client in clients {
            let answer = client.get(&path).await.expect(200);
            assert_eq!(answer.json()["notes"], *notes, "{}", answer.header("cache-status"));
        }
    }
    let health = app.operator().cache_health().await.expect(200).json();
    assert!(health["redisRuns"].as_u64() >= Some(1), "{health}");
    assert!(app.log().contains("two runs of Redis answer to one name"), "{}", app.log());
}

/// An operator makes the primary a replica and moves the address, and nobody ends the connections
/// that lead to what is a replica now.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_leaves_a_redis_that_was_made_a_replica() {
    let old = RedisProcess::start().await;
    let new = old.start_replica().await;
    let address = Address::of(&old).await;
    // Otherwise an instance ends soon, and its connection with it.
    let server = App::private().variable("redis_url", &address.url).all_in_one_instance();
    let Some(app) = server.spawn().await else { return };
    let path = format!("/orders/{}", app.sample.order);
    app.warm(&path).await;
    address.lead_to(&new);
    new.follow(None).await;
    old.follow(Some(&new)).await;
    app.client.patch(&app.sample.order, json!({ "notes": "after" })).await.expect(200);
    assert_eq!(app.warm(&path).await.json()["notes"], "after");
}

#[tokio::test]
async fn a_transaction_that_is_left_open_costs_caching_and_no_write() {
    let Some(mut app) = App::private().own_redis().spawn().await else { return };
    let path = format!("/orders/{}", app.sample.order);
    app.warm(&path).await;
    let open = kit::database::connect(app.database_url()).await;
    open.batch_execute("BEGIN; SELECT * FROM cache_written('')").await.expect("a transaction");
    app.redis.as_mut().expect("an own Redis").restart().await;
    for round in 0..4 {
        let notes = json!({ "notes": format!("round {round}") });
        let begun = Instant::now();
        app.client.patch(&app.sample.order, notes.clone()).await.expect(200);
        assert!(begun.elapsed() < SOON, "a write took {:?}", begun.elapsed());
        let begun = Instant::now();
        let answer = app.client.get(&path).await.expect(200);
        assert!(begun.elapsed() < SOON, "a read took {:?}", begun.elapsed());
        assert_eq!(answer.json()["notes"], notes["notes"]);
        assert!(!answer.is_hit(), "{}", answer.header("cache-status"));
    }
    open.batch_execute("COMMIT").await.expect("COMMIT");
    app.warm(&path).await;
}

use std::time::Duration;

use crate::support::*;
use edge_host::{Host, Options, SubscribedHost};
use redis::AsyncCommands as _;
use redis::aio::MultiplexedConnection;

/// A host that has subscribed to a channel of this name.
async fn subscribed(channel: &str) -> anyhow::Result<SubscribedHost> {
    let http = "[[trigger.http]]\n        route = \"/...\"";
    let redis = format!("[[trigger.redis]]\naddress = {:?}\nchannel = \"{{{{ prefix }}}}s\"", redis_url());
    let variables = format!("prefix = {{ default = {:?} }}", channel.strip_suffix('s').expect("a name that ends so"));
    let text = manifest(&variables, "allowed_outbound_hosts = ['redis://*:*']").replace(http, &redis);
    let dir = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(dir.path().join("spin.toml"), text).expect("the manifest can be written");
    Host::subscribe(Options::new(dir.path())).await
}

async fn connect() -> MultiplexedConnection {
    let client = redis::Client::open(redis_url()).expect("an address");
    client.get_multiplexed_async_connection().await.expect("Redis answers")
}

/// Waits until the list holds so many values.
async fn values(redis: &mut MultiplexedConnection, key: &str, count: usize) -> Vec<String> {
    for _ in 0..600 {
        let values: Vec<String> = redis.lrange(key, 0, -1).await.expect("a list");
        if values.len() >= count {
            return values;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{key} doesn't get {count} values");
}

#[tokio::test]
async fn each_message_has_an_instance_of_its_own_and_all_ends_with_the_connection() {
    let channel = "host-test-messages";
    let host = subscribed(channel).await.expect("the host subscribes");
    assert!(host.channels()[0].ends_with(channel), "{:?}", host.channels());
    let running = tokio::spawn(host.run());
    let mut redis = connect().await;
    let key = format!("{channel}:list");
    let _: () = redis.del(&key).await.expect("DEL");
    for word in ["one", "panic", "two", "error", "three"] {
        let message = format!("{} {key} {word}", redis_url());
        let _: () = redis.publish(channel, message).await.expect("PUBLISH");
    }
    assert_eq!(values(&mut redis, &key, 3).await, ["one 1", "two 1", "three 1"]);
    let _: () = redis.del(&key).await.expect("DEL");
    // No other test of the host subscribes.
    redis::cmd("CLIENT").arg("KILL").arg("TYPE").arg("PUBSUB").exec_async(&mut redis).await.expect("CLIENT KILL");
    let ended = tokio::time::timeout(Duration::from_secs(60), running).await.expect("it ends").expect("no panic");
    assert!(ended.is_err_and(|error| error.to_string().starts_with("disconnected from")));
}

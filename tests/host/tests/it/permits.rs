//! The limits of a runtime configuration.

use edge_host::permits::Permits;
use std::time::Duration;

#[tokio::test]
async fn a_connection_beyond_the_limit_waits_until_another_is_dropped() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "[outbound_redis]\nmax_connections = 1\n[key_value_store.default]\ntype = \"spin\"\n")
        .expect("the file");
    let permits = Permits::read(file.path()).expect("a runtime configuration");
    assert!(permits.postgres.take().await.is_none(), "no limit, no permit");
    let held = permits.redis.take().await;
    assert!(held.is_some());
    let waits = tokio::time::timeout(Duration::from_millis(100), permits.clone().redis.take()).await;
    assert!(waits.is_err(), "it has no time limit of its own");
    drop(held);
    assert!(permits.redis.take().await.is_some());
}

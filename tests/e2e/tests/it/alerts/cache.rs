//! The cache doesn't do what it is there for, or Postgres is slow behind it.

use std::time::Duration;

use e2e::{App, RedisProcess};

use super::{nothing, watched};
use crate::cache_compared::plant_an_old_entry;
use crate::new_key;

#[tokio::test]
async fn a_database_whose_changes_may_go_unseen_pages_once() {
    let Some((app, watch)) = watched(App::private().own_redis()).await else { return };
    let path = format!("/orders/{}", app.sample.order);
    app.warm(&path).await;
    app.psql("ALTER TABLE order_items DISABLE TRIGGER ALL").await;
    let read = async || drop(app.client.get(&path).await.expect(200));
    let off = "EdgeOrdersCacheOff";
    watch.fire(&[off, "EdgeOrdersMisconfigured", "EdgeOrdersNoCertificate"], read).await;
    watch.pages_once(off, read).await;
}

#[tokio::test]
async fn a_cache_that_is_emptied_again_and_again_has_few_hits() {
    // What was counted stands elsewhere.
    let state = RedisProcess::start().await;
    let private = App::private().own_redis().variable("redis_state_url", &state.url());
    let Some((app, watch)) = watched(private).await else { return };
    let path = format!("/orders/{}", app.sample.order);
    let redis = app.redis.as_ref().expect("an own Redis");
    watch
        .fire(&["EdgeOrdersHitRateLow"], async || {
            for _ in 0..20 {
                redis.flush().await;
                app.client.get(&path).await.expect(200);
            }
        })
        .await;
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_is_told() {
    let Some((app, watch)) = watched(App::private().own_redis()).await else { return };
    let path = format!("/orders/{}", app.sample.order);
    let mut redis = app.redis.as_ref().expect("an own Redis").connection().await;
    watch
        .fire(&["EdgeOrdersEntriesDamaged"], async || {
            app.warm(&path).await;
            let pattern = format!("{}order:*{}", app.prefix(), app.sample.order);
            let keys: Vec<String> = ::redis::cmd("KEYS").arg(pattern).query_async(&mut redis).await.expect("KEYS");
            for key in keys {
                ::redis::cmd("SET").arg(key).arg("damaged").exec_async(&mut redis).await.expect("SET");
            }
            app.client.get(&path).await.expect(200);
        })
        .await;
}

#[tokio::test]
async fn a_postgres_that_is_slow_is_told() {
    let Some((app, watch)) = watched(App::private().own_redis()).await else { return };
    watch
        .fire(&["EdgeOrdersPostgresSlow"], async || {
            // Somebody locks the table, and reads wait for that.
            let lock = app.psql("BEGIN; LOCK TABLE orders; SELECT pg_sleep(0.9); COMMIT");
            let reads = async {
                tokio::time::sleep(Duration::from_millis(150)).await;
                let order = format!("/orders/{}", new_key());
                futures_util::future::join_all((0..4).map(|_| app.client.get(&order))).await;
            };
            tokio::join!(lock, reads);
        })
        .await;
}

#[tokio::test]
async fn counts_that_cannot_be_relied_on_are_told() {
    let Some((app, watch)) = watched(App::private().own_redis()).await else { return };
    app.psql("ALTER TABLE orders DISABLE TRIGGER count_update").await;
    watch.fire(&["EdgeOrdersStatisticsDrifted"], nothing).await;
}

#[tokio::test]
async fn an_answer_that_is_no_longer_true_pages() {
    let private = App::private().own_redis().variable("cache_compared_percent", "100");
    let Some((app, watch)) = watched(private).await else { return };
    let order = app.new_order_id().await;
    let path = format!("/orders/{order}");
    app.warm(&path).await;
    plant_an_old_entry(&app, &order).await;
    let read = async || drop(app.client.get(&path).await.expect(200));
    watch.fire(&["EdgeOrdersInconsistent"], read).await;
    watch.pages_once("EdgeOrdersInconsistent", read).await;
}

#[tokio::test]
async fn a_postgres_that_is_another_server_again_and_again_pages_once() {
    let Some((app, watch)) = watched(App::private().own_redis().own_postgres()).await else { return };
    let path = format!("/orders/{}", app.sample.order);
    let postgres = app.postgres.as_ref().expect("an own Postgres");
    let alternate = "EdgeOrdersPostgresServersAlternate";
    watch
        .fire(&[alternate], async || {
            postgres.stop();
            postgres.restart();
            app.warm(&path).await;
        })
        .await;
    watch.pages_once(alternate, async || drop(app.client.get(&path).await)).await;
}

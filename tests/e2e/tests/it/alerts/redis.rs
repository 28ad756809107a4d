//! A Redis that answers, and has a fault all the same.

use ::redis::aio::MultiplexedConnection;
use e2e::App;

use super::watched;

async fn set(redis: &mut MultiplexedConnection, setting: &str, value: &str) {
    ::redis::cmd("CONFIG").arg(&["SET", setting, value]).exec_async(redis).await.expect("CONFIG SET");
}

#[tokio::test]
async fn one_that_is_full_pages_once() {
    let Some((app, watch)) = watched(App::private().own_redis()).await else { return };
    let path = format!("/orders/{}", app.sample.order);
    let mut redis = app.redis.as_ref().expect("an own Redis").connection().await;
    set(&mut redis, "maxmemory-policy", "noeviction").await;
    set(&mut redis, "maxmemory", "1000000").await;
    let read = async || drop(app.client.get(&path).await.expect(200));
    let full = "EdgeOrdersRedisFull";
    watch.fire(&[full], read).await;
    watch.pages_once(full, read).await;
    set(&mut redis, "maxmemory", "100000000").await;
    watch.end(full).await;
}

#[tokio::test]
async fn one_that_evicts_is_told() {
    let Some((app, watch)) = watched(App::private().own_redis()).await else { return };
    let mut redis = app.redis.as_ref().expect("an own Redis").connection().await;
    set(&mut redis, "maxmemory", "2500000").await;
    watch
        .fire(&["EdgeOrdersRedisEvicting"], async || {
            let mut ballast = ::redis::pipe();
            for number in 0..200 {
                ballast.set(format!("ballast:{number}:{}", crate::new_key()), "x".repeat(2000)).ignore();
            }
            // At the limit a write may be refused before anything is evicted.
            let _ = ballast.exec_async(&mut redis).await;
        })
        .await;
}

#[tokio::test]
async fn one_that_is_another_run_again_and_again_pages_once() {
    let Some((mut app, watch)) = watched(App::private().own_redis()).await else { return };
    let path = format!("/orders/{}", app.sample.order);
    let mut redis = app.redis.take().expect("an own Redis");
    let alternate = "EdgeOrdersRedisRunsAlternate";
    watch
        .fire(&[alternate], async || {
            redis.restart().await;
            // The run is known again when something is certified by it.
            app.warm(&path).await;
        })
        .await;
    watch.pages_once(alternate, async || drop(app.client.get(&path).await.expect(200))).await;
}

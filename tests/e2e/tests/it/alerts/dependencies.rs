//! What the product needs is away, or wrong.

use e2e::{App, RedisProcess};
use standin::{Fault, FaultKind, Provider};

use super::{Watch, nothing, wanted, watched};
use crate::new_key;
use crate::payments::shop::Shop;

#[tokio::test]
async fn a_postgres_that_hangs_pages_once() {
    // Prometheus asks every second here, and takes no answer that comes later.
    let private = App::private().own_redis().own_postgres().variable("postgres_timeout_ms", "300");
    let Some((app, watch)) = watched(private).await else { return };
    let postgres = app.postgres.as_ref().expect("an own Postgres");
    postgres.hang();
    // What nobody has read yet is in no cache.
    let read = async || drop(app.client.get(&format!("/orders/{}", new_key())).await);
    let (away, breaker) = ("EdgeOrdersPostgresAway", "EdgeOrdersBreakerOpen");
    watch.fire(&[away, breaker, "EdgeOrdersReadErrorsFast", "EdgeOrdersReadErrorsSlow"], read).await;
    watch.pages_once(away, read).await;
    postgres.resume();
    watch.end(away).await;
}

#[tokio::test]
async fn a_redis_that_hangs_pages_once_and_changes_that_wait_are_told() {
    // Reads are counted elsewhere.
    let state = RedisProcess::start().await;
    let private = App::private().own_redis().variable("redis_state_url", &state.url());
    let Some((app, watch)) = watched(private).await else { return };
    let redis = app.redis.as_ref().expect("an own Redis");
    let path = format!("/orders/{}", app.sample.order);
    app.warm(&path).await;
    redis.hang();
    app.psql(&format!("UPDATE orders SET notes = 'by psql' WHERE id = '{}'", app.sample.order)).await;
    let read = async || drop(app.client.get(&path).await.expect(200));
    let away = "EdgeOrdersRedisAway";
    watch.fire(&[away, "EdgeOrdersBreakerOpen", "EdgeOrdersRenewalSlow"], read).await;
    watch.pages_once(away, read).await;
    redis.resume();
    watch.end(away).await;
}

#[tokio::test]
async fn a_redis_of_state_that_may_evict_is_told_and_one_that_is_away_pages_once() {
    let mut state = RedisProcess::start().await;
    let private = App::private().own_redis().variable("redis_state_url", &state.url());
    let Some((_app, watch)) = watched(private).await else { return };
    // Its file is that of a cache: what is there may be evicted.
    watch.fire(&["EdgeOrdersStateMayBeEvicted"], nothing).await;
    state.kill();
    watch.fire(&["EdgeOrdersStateRedisAway"], nothing).await;
    watch.pages_once("EdgeOrdersStateRedisAway", nothing).await;
    state.restart().await;
    watch.end("EdgeOrdersStateRedisAway").await;
}

#[tokio::test]
async fn a_provider_that_fails_pages_once() {
    if !wanted() {
        return;
    }
    let Some(shop) = Shop::like(App::private().own_redis()).await else { return };
    let watch = Watch::begin(&shop.app).await;
    let order = shop.order().await;
    shop.standin.fail(Fault::new(FaultKind::Status(503)));
    let pay = async || drop(shop.ask(&order, Provider::Stripe, &new_key()).await.expect_problem(503));
    watch.fire(&["EdgeOrdersProviderAway"], pay).await;
    watch.pages_once("EdgeOrdersProviderAway", pay).await;
}

#[tokio::test]
async fn a_server_that_has_gone_pages_once() {
    let Some((mut app, watch)) = watched(App::private().own_redis()).await else { return };
    drop(app.server.take());
    watch.fire(&["EdgeOrdersDown"], nothing).await;
    watch.pages_once("EdgeOrdersDown", nothing).await;
}

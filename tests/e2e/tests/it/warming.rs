//! The orders that are read most are made anew before anybody asks, by few queries.

use e2e::{App, Private, SOON, Statements, eventually};
use serde_json::json;

use crate::jobs::{only, ticked};

/// A server with a Redis of its own, whose jobs nobody calls unless the scenario does.
fn private() -> Private {
    App::private().own_redis()
}

/// Notes so many orders as hot, of all organisations. Gives those of the sample's.
async fn hot_orders(app: &App, count: usize) -> Vec<String> {
    app.psql(&format!(
        "INSERT INTO hot_keys SELECT 'order:' || organization_id || '/' || id, 1 FROM orders
         WHERE deleted_at IS NULL ORDER BY organization_id <> '{}', id LIMIT {count}",
        app.sample.org
    ))
    .await;
    assert_eq!(app.psql_value("SELECT count(*)::text FROM hot_keys").await, count.to_string());
    let own =
        format!("SELECT string_agg(split_part(key, '/', 2), ' ') FROM hot_keys WHERE key LIKE '%{}/%'", app.sample.org);
    app.psql_value(&own).await.split(' ').map(str::to_owned).collect()
}

async fn tick(app: &App) {
    let ran = ticked(app, "order-list").await;
    assert_eq!(ran.last(), Some(&("warm".to_owned(), "done".to_owned())), "{ran:?}");
}

/// How many queries for many orders, and for one, ran since then.
async fn queries_since(app: &App, before: &Statements) -> (usize, usize) {
    let ran = app.statements().await.since(before);
    let count = |name: &str| ran.iter().filter(|text| text.contains(name)).count();
    (count("order_read_many("), count("order_get("))
}

/// Readers find these orders in the cache, after so many queries for many. A machine that stalls
/// loses the certificate. Then the job begins its query anew, and a reader asks Postgres all the
/// same.
async fn all_are_there(app: &App, ids: &[String], before: &Statements, queries: usize) {
    assert!(ids.len() >= 40, "{}", ids.len());
    for id in ids {
        app.warm(&format!("/orders/{id}")).await;
    }
    let (many, one) = queries_since(app, before).await;
    assert!((queries..=queries + 2).contains(&many) && one <= ids.len() / 10, "{many} queries for many, {one} for one");
}

/// How many orders a run has made.
async fn made(app: &App) -> String {
    app.psql_value("SELECT result ->> 'made' FROM jobs WHERE name = 'warm'").await
}

#[tokio::test]
async fn an_emptied_cache_has_hot_orders_again_by_one_query_for_fifty() {
    let Some(app) = private().spawn().await else { return };
    let ids = hot_orders(&app, 120).await;
    // Another order, so that a certificate lives.
    let other = format!("/orders/{}", app.new_order_id().await);
    app.warm(&other).await;
    only(&app, "warm").await;
    tick(&app).await;
    assert_eq!(ticked(&app, "order-list").await, [], "all is there, and no minute has passed");

    app.redis.as_ref().expect("its own Redis").flush().await;
    app.warm(&other).await;
    let before = app.statements().await;
    tick(&app).await;
    all_are_there(&app, &ids, &before, 3).await;
    only(&app, "warm").await;
    tick(&app).await;
    assert_eq!(made(&app).await, "0", "all is there");
}

#[tokio::test]
async fn what_is_made_so_is_what_a_read_gives_and_is_outdated_by_a_change() {
    let Some(app) = private().spawn().await else { return };
    let ids = hot_orders(&app, 3).await;
    let path = format!("/orders/{}", ids[0]);
    let read = app.warm(&path).await;
    app.redis.as_ref().expect("its own Redis").flush().await;
    app.warm(&format!("/orders/{}", app.new_order_id().await)).await;
    tick(&app).await;
    let before = app.statements().await;
    let made = app.warm(&path).await;
    assert_eq!((made.text(), made.header("etag")), (read.text(), read.header("etag")));
    assert_eq!(queries_since(&app, &before).await.0, 0);
    let changed = app.client.patch(&ids[0], json!({"notes": "other"})).await.expect(200);
    let after = app.client.order(&ids[0]).await.expect(200);
    assert_eq!((after.version(), after.text()), (changed.version(), changed.text()));
}

#[tokio::test]
async fn the_orders_that_are_read_become_the_hot_ones() {
    let Some(app) = private().spawn().await else { return };
    let path = format!("/orders/{}", app.sample.order);
    let sampled = "SELECT coalesce(string_agg(key, ' '), '') FROM hot_keys";
    only(&app, "warm").await;
    eventually("a hit is sampled and copied", SOON, || async {
        for _ in 0..100 {
            app.client.get(&path).await.expect(200);
        }
        only(&app, "warm").await;
        tick(&app).await;
        let keys = app.psql_value(sampled).await;
        (!keys.is_empty()).then(|| assert_eq!(keys, format!("order:{}/{}", app.sample.org, app.sample.order)))
    })
    .await;
}

#[tokio::test]
async fn nobody_has_to_call_anything_after_redis_was_emptied() {
    let Some(app) = private().jobs().spawn().await else { return };
    let other = format!("/orders/{}", app.new_order_id().await);
    let ids = hot_orders(&app, 60).await;
    // The first run is over, and the next by the clock is far off.
    app.psql("UPDATE jobs SET next_run = now() + interval '1 day'").await;
    let idle = "SELECT count(*)::text FROM jobs WHERE leased_until > now()";
    eventually("no job runs", SOON, || async { (app.psql_value(idle).await == "0").then_some(()) }).await;
    app.psql("UPDATE jobs SET next_run = now() + interval '1 day'").await;
    app.redis.as_ref().expect("its own Redis").flush().await;
    let before = app.statements().await;
    // The instance that gives the next certificate looks for jobs, so one reader is enough.
    app.client.get(&other).await.expect(200);
    eventually("hot orders are loaded", SOON, || async { (queries_since(&app, &before).await.0 >= 2).then_some(()) })
        .await;
    all_are_there(&app, &ids, &before, 2).await;
}

#[tokio::test]
async fn orders_that_are_gone_and_keys_of_others_are_passed_over() {
    let Some(app) = private().spawn().await else { return };
    let order = app.new_order_id().await;
    let key = format!("order:{}/{order}", app.sample.org);
    app.psql(&format!(
        "INSERT INTO hot_keys VALUES ('{key}', 1), ('order:{0}/{0}', 3), ('order-status:{0}/{0}', 2), ('', 4)",
        app.sample.org
    ))
    .await;
    app.warm(&format!("/orders/{}", app.sample.order)).await;
    only(&app, "warm").await;
    tick(&app).await;
    assert_eq!(made(&app).await, "1");
}

#[tokio::test]
async fn nothing_is_kept_or_loaded_if_no_orders_are_wanted() {
    let Some(app) = private().variable("hot_orders", "0").spawn().await else { return };
    hot_orders(&app, 10).await;
    app.warm(&format!("/orders/{}", app.sample.order)).await;
    let before = app.statements().await;
    only(&app, "warm").await;
    tick(&app).await;
    assert_eq!((made(&app).await, queries_since(&app, &before).await), ("0".to_owned(), (0, 0)));
}

#[tokio::test]
async fn without_redis_a_run_loads_nothing() {
    let Some(mut app) = private().spawn().await else { return };
    hot_orders(&app, 60).await;
    app.redis.as_mut().expect("its own Redis").kill();
    let before = app.statements().await;
    only(&app, "warm").await;
    tick(&app).await;
    assert_eq!(queries_since(&app, &before).await, (0, 0));
}

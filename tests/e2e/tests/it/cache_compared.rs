//! Hits are compared with Postgres in a running system: changes are no fault, a cache that is wrong
//! is found.

use e2e::{App, SOON, eventually};
use redis::aio::MultiplexedConnection;
use serde_json::{Value, json};

async fn app() -> Option<App> {
    App::private().own_redis().variable("cache_compared_percent", "100").spawn().await
}

/// What health says about comparisons, after one more read of the order.
async fn after_a_read(app: &App, path: &str) -> Value {
    app.client.get(path).await.expect(200);
    app.client.health().await.json()
}

/// Every key of a kind with its value.
async fn values(connection: &mut MultiplexedConnection, pattern: &str) -> Vec<(String, Vec<u8>)> {
    let keys: Vec<String> = redis::cmd("KEYS").arg(pattern).query_async(connection).await.expect("KEYS");
    let mut found = Vec::new();
    for key in keys {
        let value = redis::cmd("GET").arg(&key).query_async(connection).await.expect("GET");
        found.push((key, value));
    }
    found
}

/// Changes an order that is cached, and has its old entry be a hit all the same. Gives the version
/// that readers should see.
pub async fn plant_an_old_entry(app: &App, order: &str) -> i64 {
    let mut connection = app.redis.as_ref().expect("an own Redis").connection().await;
    let mut old = values(&mut connection, &format!("{}order:*{order}", app.prefix())).await;
    old.extend(values(&mut connection, &format!("{}gen:order:*{order}", app.prefix())).await);
    assert_eq!(old.len(), 2, "the entry and its generation");
    let version = app.client.patch(order, json!({ "notes": "new" })).await.expect(200).version();
    // Nothing in the system does this: the old entry comes back with the generation that it needs.
    for (key, value) in &old {
        redis::cmd("SET").arg(key).arg(value).exec_async(&mut connection).await.expect("SET");
    }
    version
}

#[tokio::test]
async fn changes_of_any_program_are_never_counted_as_faults() {
    let Some(app) = app().await else { return };
    let order = app.new_order_id().await;
    let path = format!("/orders/{order}");
    let mut round = 0;
    // Only hits that renew are compared, and most reads here are none.
    let health = eventually("some hits were compared", SOON * 5, || {
        round += 1;
        let (app, order, path) = (&app, &order, &path);
        async move {
            // A read often shows the old value while a change by psql is on its way.
            if round % 5 == 0 {
                app.psql(&format!("UPDATE orders SET notes = 'round {round}' WHERE id = '{order}'")).await;
            } else if round % 7 == 0 {
                app.client.patch(order, json!({ "notes": format!("round {round}") })).await.expect(200);
            }
            let health = after_a_read(app, path).await;
            (health["cache"]["compared"].as_i64() >= Some(3)).then_some(health)
        }
    })
    .await;
    assert_eq!((&health["status"], &health["cache"]["inconsistent"]), (&json!("ok"), &json!(0)), "{health}");
}

#[tokio::test]
async fn a_cache_that_serves_what_is_no_longer_true_is_found_and_named() {
    let Some(app) = app().await else { return };
    let order = app.new_order_id().await;
    let path = format!("/orders/{order}");
    app.warm(&path).await;
    let version = plant_an_old_entry(&app, &order).await;
    let health = eventually("it is found", SOON, || async {
        let health = after_a_read(&app, &path).await;
        (health["cache"]["inconsistent"].as_i64() >= Some(1)).then_some(health)
    })
    .await;
    assert!(app.client.get(&path).await.expect(200).version() < version, "it was planted");
    assert_eq!(health["status"], "degraded", "{health}");
    let log = app.log();
    let told = log.lines().find(|line| line.contains("\"event\":\"cache-differs\"")).expect("the log tells");
    assert!(told.contains(&order) && told.contains("\"fill\":"), "the log names the entry: {told}");
}

#[tokio::test]
async fn nothing_is_compared_unless_it_is_asked_for() {
    let Some(app) = App::private().own_redis().spawn().await else { return };
    let path = format!("/orders/{}", app.sample.order);
    app.warm(&path).await;
    assert_eq!(after_a_read(&app, &path).await["cache"], json!(null));
}

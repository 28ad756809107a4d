//! A database that is put back to an earlier state, or that stops announcing, is seen within a
//! second, and so is a cache that was left and taken up again.

use std::process::Command;
use std::time::{Duration, Instant};

use e2e::{App, SOON, eventually};
use serde_json::{Value, json};

/// Runs a program of Postgres, without its password in the arguments of a failure.
fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap_or_else(|why| panic!("{program}: {why}"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Reads for a second, since a certificate given before `done` may last so long. A read that began
/// after it must be accepted by `shows`.
async fn shows_within_a_second(app: &App, path: &str, done: Instant, shows: impl Fn(&Value) -> bool) {
    loop {
        let began = done.elapsed();
        let answer = app.client.get(path).await.expect(200);
        if began >= Duration::from_secs(1) {
            assert!(shows(&answer.json()), "{path} shows what was undone after {began:?}: {}", answer.text());
            return;
        }
    }
}

/// A copy of the database, or of a part of it, in a file that goes when this is dropped.
struct Dump(String);

impl Dump {
    fn of(app: &App, parts: &[&str]) -> Self {
        let file = std::env::temp_dir().join(format!("{}.dump", app.prefix().trim_end_matches(':')));
        let file = file.to_str().expect("a path").to_owned();
        run("pg_dump", &[&["-Fc", "-f", &file, "-d", app.database_url()], parts].concat());
        Self(file)
    }

    fn restore(&self, app: &App, how: &[&str]) {
        run("pg_restore", &[how, &["-d", app.database_url(), &self.0]].concat());
    }
}

impl Drop for Dump {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Changes something, and reads until the change is a hit.
async fn change_and_read(app: &App, path: &str, before: &Value, change: &str) {
    app.psql(change).await;
    eventually("the change is a hit", SOON, || async {
        let answer = app.client.get(path).await;
        (answer.is_hit() && answer.json() != *before).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_restore_of_the_whole_database_is_seen_within_a_second() {
    let Some(app) = App::private().spawn().await else { return };
    let path = format!("/orders/{}", app.sample.order);
    let before = app.warm(&path).await.json();
    let dump = Dump::of(&app, &[]);
    let change = format!("UPDATE orders SET notes = 'undone' WHERE id = '{}'", app.sample.order);
    change_and_read(&app, &path, &before, &change).await;
    dump.restore(&app, &["--clean", "--if-exists"]);
    let restored = Instant::now();
    shows_within_a_second(&app, &path, restored, |body| *body == before).await;
    assert_eq!(app.warm(&path).await.json(), before, "and it is cached again");
}

#[tokio::test]
async fn a_restore_of_one_table_is_seen_within_a_second() {
    let Some(app) = App::private().spawn().await else { return };
    let path = format!("/orders/{}/tracking", app.sample.order);
    let before = app.warm(&path).await.json();
    let dump = Dump::of(&app, &["-a", "-t", "shipments"]);
    let change = format!(
        "INSERT INTO shipments (order_id, organization_id, customer_id, carrier)
        SELECT id, organization_id, customer_id, 'undone' FROM orders WHERE id = '{}'",
        app.sample.order
    );
    change_and_read(&app, &path, &before, &change).await;
    app.psql("ALTER TABLE shipments DISABLE TRIGGER ALL; DELETE FROM shipments").await;
    dump.restore(&app, &["-a", "-1", "--disable-triggers"]);
    let restored = Instant::now();
    shows_within_a_second(&app, &path, restored, |body| body["shipments"] == before["shipments"]).await;
    // The restore leaves triggers that are not ALWAYS: caching is off until they are.
    let triggers = ["touch_on_insert", "touch_on_update", "touch_on_delete", "announce_truncate"];
    let always = triggers.map(|trigger| format!("ENABLE ALWAYS TRIGGER {trigger}")).join(", ");
    app.psql(&format!("ALTER TABLE shipments {always}")).await;
    assert_eq!(app.warm(&path).await.json()["shipments"], before["shipments"], "and it is cached again");
}

#[tokio::test]
async fn postgres_started_again_costs_no_answer_and_is_cached_again() {
    let Some(app) = App::private().own_postgres().spawn().await else { return };
    let path = format!("/orders/{}", app.sample.order);
    app.warm(&path).await;
    let epoch = app.psql_value("SELECT epoch::text FROM cache_state").await;
    let postgres = app.postgres.as_ref().expect("an own Postgres");
    postgres.stop();
    postgres.restart();
    eventually("all entries are made anew", SOON, || async {
        app.client.get(&path).await;
        (app.psql_value("SELECT epoch::text FROM cache_state").await != epoch).then_some(())
    })
    .await;
    app.warm(&path).await;
    assert!(app.log().contains("Postgres was started again"), "{}", app.log());
}

#[tokio::test]
async fn triggers_that_are_off_or_not_always_turn_caching_off_within_a_second() {
    let Some(app) = App::private().spawn().await else { return };
    let path = format!("/orders/{}", app.sample.order);
    for change in ["DISABLE TRIGGER USER", "ENABLE TRIGGER announce_update"] {
        app.warm(&path).await;
        app.psql(&format!("ALTER TABLE orders {change}")).await;
        let changed = Instant::now();
        app.psql(&format!(
            "SET session_replication_role = replica; UPDATE orders SET notes = '{change}' WHERE id = '{}'",
            app.sample.order
        ))
        .await;
        shows_within_a_second(&app, &path, changed, |body| body["notes"] == change).await;
        // A change of ours that no trigger would announce is refused.
        let rounds = if change.starts_with("DISABLE") { 0 } else { 3 };
        for round in 0..rounds {
            let change = json!({ "notes": format!("{change} {round}") });
            app.client.patch(&app.sample.order, change.clone()).await.expect(200);
            let answer = app.client.get(&path).await.expect(200);
            assert_eq!(answer.json()["notes"], change["notes"], "{}", answer.header("cache-status"));
            assert!(answer.header("cache-status").contains("no-certificate"), "{}", answer.header("cache-status"));
        }
        let health = app.client.health().await.json();
        assert_eq!(health["status"], "degraded");
        assert!(health["configuration"]["errors"].to_string().contains("announce_update of orders"), "{health}");
        assert_eq!(app.operator().cache_health().await.expect(200).json()["caching"], "off");
        app.psql(
            "DO $$ DECLARE t record; BEGIN
                FOR t IN SELECT trigger, always FROM expected_triggers() WHERE relation = 'orders' LOOP
                    EXECUTE format('ALTER TABLE orders ENABLE %s TRIGGER %I',
                        CASE WHEN t.always THEN 'ALWAYS' ELSE '' END, t.trigger);
                END LOOP; END $$",
        )
        .await;
    }
    app.warm(&path).await;
    assert_eq!(app.client.health().await.json()["status"], "ok");
}

#[tokio::test]
async fn a_cache_that_was_left_and_taken_up_again_shows_nothing_of_before() {
    let Some(first) = App::private().own_redis().spawn().await else { return };
    let path = format!("/orders/{}", first.sample.order);
    for (leave, back) in [("NULL", "NULL"), ("cache || 'elsewhere'", "regexp_replace(cache, 'elsewhere$', '')")] {
        first.warm(&path).await;
        let second = App::private()
            .variable("redis_url", &first.redis_url)
            .variable("database_url", first.database_url())
            .variable("key_prefix", &format!("{}elsewhere", first.prefix()))
            .spawn();
        first.psql(&format!("UPDATE cache_state SET cache = {leave}")).await;
        let second = second.await.expect("servers can be started here");
        let notes = format!("written elsewhere: {leave}");
        second.client.patch(&first.sample.order, json!({ "notes": notes })).await.expect(200);
        assert_eq!(second.client.get(&path).await.expect(200).json()["notes"], *notes);
        first.psql(&format!("UPDATE cache_state SET cache = {back}")).await;
        assert_eq!(first.client.get(&path).await.expect(200).json()["notes"], *notes);
    }
}

#[tokio::test]
async fn a_lost_record_costs_one_load_of_each_entry_and_no_more() {
    let Some(app) = App::private().own_redis().spawn().await else { return };
    let path = format!("/orders/{}", app.sample.order);
    let before = app.warm(&path).await.body;
    let epoch = async || app.psql_value("SELECT epoch::text FROM cache_state").await;
    let first = epoch().await;
    let client = redis::Client::open(app.redis_url.as_str()).expect("an address");
    let mut connection = client.get_multiplexed_async_connection().await.expect("Redis answers");
    redis::cmd("DEL").arg(format!("{}cache:record", app.prefix())).exec_async(&mut connection).await.expect("DEL");
    eventually("the epoch has moved", SOON, || async {
        app.client.get(&path).await.expect(200);
        (epoch().await != first).then_some(())
    })
    .await;
    let second = epoch().await;
    assert_eq!(app.warm(&path).await.body, before);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(2) {
        assert!(app.client.get(&path).await.expect(200).is_hit());
    }
    assert_eq!(epoch().await, second, "once");
}

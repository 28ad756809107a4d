//! Whatever an operator or a platform does to the database is harmless, or a 503 that says so, and
//! named by health.

use std::time::Duration;

use e2e::{Answer, App, SOON, eventually};
use kit::database::{connect, with_database};
use serde_json::{Value, json};

/// Sets defaults of the app's database, and ends the sessions that began before.
async fn set_defaults(app: &App, settings: &[&str]) {
    let url = app.database_url();
    let database = url.split('?').next().and_then(|url| url.rsplit('/').next()).expect("a database");
    let admin = connect(&with_database(url, "postgres")).await;
    for setting in settings {
        let sql = format!("ALTER DATABASE {database} {setting}");
        admin.batch_execute(&sql).await.unwrap_or_else(|e| panic!("{sql}: {e:?}"));
    }
    end_sessions(app).await;
}

/// Ends every session of the server, as an administrator or a failover does.
async fn end_sessions(app: &App) {
    app.psql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .await;
}

/// A 503 that names a time to come again.
#[track_caller]
fn expect_later(answer: Answer) -> Value {
    assert!(
        answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0),
        "{}: {} with Retry-After {:?}",
        answer.request,
        answer.status,
        answer.header("retry-after")
    );
    answer.expect_problem(503)
}

/// The mistakes that health names.
async fn named_by_health(app: &App) -> String {
    let health = app.client.health().await.json();
    assert_eq!(health["configuration"]["status"], "wrong", "{health}");
    health["configuration"]["errors"].to_string()
}

#[tokio::test]
async fn time_limits_and_isolation_hold_whatever_address_and_database_say() {
    let options = "-c search_path=public -c statement_timeout=0 -c default_transaction_isolation=serializable";
    let Some(app) = App::private().own_redis().database_options(options).spawn().await else { return };
    let lax = ["SET default_transaction_isolation = 'repeatable read'", "SET statement_timeout = 0"];
    set_defaults(&app, &lax).await;
    // A writer that finds another level, or no limit, is refused.
    app.psql(
        "CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             ASSERT current_setting('transaction_isolation') = 'read committed';
             ASSERT current_setting('statement_timeout') = '2s';
             ASSERT current_setting('idle_in_transaction_session_timeout') = '2s';
             RETURN NEW;
         END $$;
         CREATE TRIGGER trap BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION trap()",
    )
    .await;
    app.client.patch(&app.sample.order, json!({"notes": "under our own settings"})).await.expect(200);
    let health = app.client.health().await.expect(200).json();
    assert_eq!(health["status"], "ok", "{health}");
}

#[tokio::test]
async fn a_read_only_database_serves_reads_and_tells_writers_to_come_again() {
    let Some(app) = App::private().own_redis().spawn().await else { return };
    let order = app.new_order_id().await;
    set_defaults(&app, &["SET default_transaction_read_only = on"]).await;
    let change = || app.client.patch(&order, json!({"notes": "later"}));
    eventually("the server's sessions are read-only", SOON, || async {
        let health = app.client.health().await.expect(200).json();
        let detail = health["dependencies"]["postgres"]["detail"].as_str().unwrap_or_default().to_owned();
        detail.contains("read-only").then(|| assert_eq!(health["status"], "degraded", "{health}"))
    })
    .await;
    let problem = expect_later(change().await);
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("read-only")), "{problem}");
    expect_later(app.client.create(app.order_request(), &crate::new_key()).await);
    expect_later(app.client.delete(&order).await);
    for path in crate::cached_reads(&app.sample) {
        app.client.get(&path).await.expect(200);
    }
    set_defaults(&app, &["RESET default_transaction_read_only"]).await;
    eventually("changes are taken again", SOON, || async { (change().await.status == 200).then_some(()) }).await;
}

#[tokio::test]
async fn a_session_that_is_ended_is_never_a_500() {
    let Some(app) = App::private().own_redis().spawn().await else { return };
    let order = app.new_order_id().await;
    for round in 0..10 {
        end_sessions(&app).await;
        let answers = [
            app.client.patch(&order, json!({"notes": format!("round {round}")})).await,
            app.client.orders(&format!("limit={}", round + 1)).await,
        ];
        for answer in answers {
            assert!(matches!(answer.status, 200 | 503), "{}: {}", answer.request, answer.text());
            if answer.status == 503 {
                expect_later(answer);
            }
        }
    }
}

#[tokio::test]
async fn a_change_without_its_trigger_is_refused_and_health_names_the_trigger() {
    let Some(app) = App::private().own_redis().spawn().await else { return };
    let order = app.new_order_id().await;
    let path = format!("/orders/{order}");
    app.warm(&path).await;
    app.psql("ALTER TABLE orders DISABLE TRIGGER USER").await;
    for answer in [
        app.client.patch(&order, json!({"notes": "unheard"})).await,
        app.client.create(app.order_request(), &crate::new_key()).await,
        app.client.delete(&order).await,
    ] {
        let problem = answer.expect_problem(503);
        assert_eq!(problem["title"], "The server is misconfigured", "{problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("health")), "{problem}");
    }
    let named = named_by_health(&app).await;
    assert!(named.contains("announce_update of orders is disabled"), "{named}");
    assert!(app.log().contains("OB001") && app.log().contains("announce_update of orders"), "and so does the log");
    app.psql("ALTER TABLE orders ENABLE TRIGGER USER").await;
    assert!(app.client.get(&path).await.expect(200).json()["notes"].is_null(), "nothing was changed");
    let named = named_by_health(&app).await;
    assert!(named.contains("announce_update of orders is not ENABLE ALWAYS"), "{named}");
}

#[tokio::test]
async fn a_search_path_without_our_schema_is_named_not_a_500() {
    let Some(app) = App::private().own_redis().spawn().await else { return };
    set_defaults(&app, &["SET search_path = pg_catalog"]).await;
    for answer in [
        app.client.order(&app.sample.order).await,
        app.client.patch(&app.sample.order, json!({"notes": "nowhere"})).await,
        app.client.stats("").await,
    ] {
        let problem = answer.expect_problem(503);
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("search_path")), "{problem}");
    }
    let health = app.client.health().await.json();
    let postgres = &health["dependencies"]["postgres"];
    assert_eq!(postgres["status"], "down", "{health}");
    assert!(postgres["detail"].as_str().is_some_and(|detail| detail.contains("search_path")), "{health}");
    set_defaults(&app, &["RESET search_path"]).await;
    app.client.order(&app.sample.order).await.expect(200);
}

#[tokio::test]
async fn row_level_security_on_the_outbox_hides_no_change_and_is_named() {
    let Some(app) = App::private().own_redis().own_role().spawn().await else { return };
    let order = app.new_order_id().await;
    let path = format!("/orders/{order}");
    app.warm(&path).await;
    let health = app.client.health().await.expect(200).json();
    assert_eq!(health["status"], "ok", "the documented rights suffice: {health}");
    app.psql("ALTER TABLE cache_invalidations ENABLE ROW LEVEL SECURITY").await;
    for round in 0..20 {
        let notes = format!("round {round}");
        app.client.patch(&order, json!({ "notes": notes })).await.expect(200);
        assert_eq!(app.client.get(&path).await.expect(200).json()["notes"], notes, "our own change is seen");
    }
    // Another program's change is seen within a second.
    app.psql(&format!("UPDATE orders SET notes = 'by psql' WHERE id = '{order}'")).await;
    let read = async || app.client.get(&path).await.expect(200);
    eventually("it is seen", Duration::from_secs(2), || async {
        (read().await.json()["notes"] == "by psql").then_some(())
    })
    .await;
    // A Postgres that gave no answer in time is no reason for a certificate.
    let certified = |answer: &Answer| answer.is_hit() && !answer.header("cache-status").contains("stale-if-error");
    // The last certificate from before has up to a second yet.
    eventually("its certificate ends", SOON, || async { (!certified(&read().await)).then_some(()) }).await;
    for _ in 0..10 {
        let answer = read().await;
        assert!(!certified(&answer), "nothing is certified: {}", answer.header("cache-status"));
    }
    let named = named_by_health(&app).await;
    assert!(named.contains("row-level security hides rows of cache_invalidations from the role"), "{named}");
    app.psql("ALTER TABLE cache_invalidations DISABLE ROW LEVEL SECURITY").await;
    app.warm(&path).await;
}

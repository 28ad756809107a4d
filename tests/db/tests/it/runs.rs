//! The named run of Redis: what a writer reads of it is so at its commit.

use tokio_postgres::Client;

use crate::database::{Database, call};

const CACHE: &str = "redis://a a:";

/// Renews on a run, without a record of before. The outcome, and why.
async fn renew(client: &Client, run: &str) -> (String, Option<String>) {
    let row = client.query_one("SELECT * FROM cache_renew($1, $2, '', 'data', 2)", &[&CACHE, &run]).await.unwrap();
    (row.get("outcome"), row.get("reason"))
}

/// The run that a writer of this cache is told, and for how long it has been named.
async fn written(client: &Client, cache: &str) -> (Option<String>, Option<i64>) {
    let row = client.query_one(&call("cache_written", 1), &[&cache]).await.unwrap();
    (row.get("run"), row.get("named_ms"))
}

/// Lets the time pass for which caching is off.
async fn later(db: &Database) {
    db.run("UPDATE cache_state SET off_until = now() - interval '1 second'").await;
}

#[tokio::test]
async fn a_writer_is_told_the_named_run_if_its_own_cache_is_served() {
    let db = Database::new().await;
    assert_eq!(written(&db.client, CACHE).await, (Some(String::new()), None), "none was ever named");
    renew(&db.client, "one").await;
    let (run, since) = written(&db.client, CACHE).await;
    assert!(run.as_deref() == Some("one") && since > Some(1_000_000), "nothing was certified before: {since:?}");
    renew(&db.client, "two").await;
    let (run, since) = written(&db.client, CACHE).await;
    assert!(run.as_deref() == Some("two") && since < Some(10_000), "named a moment ago: {since:?}");
    assert_eq!(written(&db.client, "redis://b b:").await.0, None, "another cache is served");
    db.client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ").await.unwrap();
    assert_eq!(written(&db.client, CACHE).await.0, None, "all statements share one snapshot");
    db.client.batch_execute("COMMIT").await.unwrap();
    db.run("UPDATE cache_state SET cache = 'redis://b b:'").await;
    assert_eq!(written(&db.client, CACHE).await.0, None, "an operator has named another cache");
}

#[tokio::test]
async fn another_run_is_named_only_when_no_writer_relies_on_the_last_one() {
    let db = Database::new().await;
    renew(&db.client, "one").await;
    let writer = db.connect().await;
    writer.batch_execute("BEGIN").await.unwrap();
    assert_eq!(written(&writer, CACHE).await.0.as_deref(), Some("one"));
    let (outcome, reason) = renew(&db.client, "two").await;
    assert_eq!(outcome, "off", "it waits for the writer, and not for long");
    assert!(reason.is_some_and(|reason| reason.starts_with("writers rely")));
    let other = db.connect().await;
    assert_eq!(written(&other, CACHE).await.0.as_deref(), Some("one"), "and other writers go on");
    assert_eq!(renew(&db.client, "two").await.0, "off", "the next renewal doesn't even try");
    later(&db).await;
    writer.batch_execute("COMMIT").await.unwrap();
    assert_eq!(renew(&db.client, "two").await.0, "ok");
    assert_eq!(written(&other, CACHE).await.0.as_deref(), Some("two"));
}

#[tokio::test]
async fn a_renewal_of_the_named_run_waits_for_no_writer() {
    let db = Database::new().await;
    renew(&db.client, "one").await;
    let writer = db.connect().await;
    writer.batch_execute("BEGIN; SELECT * FROM cache_written('redis://a a:')").await.unwrap();
    assert_eq!(renew(&db.client, "one").await.0, "ok");
    writer.batch_execute("COMMIT").await.unwrap();
}

#[tokio::test]
async fn runs_that_alternate_turn_caching_off_for_a_while() {
    let db = Database::new().await;
    renew(&db.client, "one").await;
    for run in ["two", "one"] {
        assert_eq!(renew(&db.client, run).await.0, "ok");
    }
    for run in ["two", "one"] {
        let (outcome, reason) = renew(&db.client, run).await;
        assert_eq!((outcome.as_str(), reason.as_deref()), ("off", Some("two runs of Redis answer to one name")));
    }
    let health = db.text("SELECT concat_ws(', ', runs, off) FROM cache_health('redis://a a:')").await;
    assert_eq!(health, "3, two runs of Redis answer to one name");
    later(&db).await;
    assert_eq!(renew(&db.client, "two").await.0, "ok");
}

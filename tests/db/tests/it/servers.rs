//! Two servers of Postgres behind one name: a record tells whose certificate was the last one.

use std::time::Duration;

use tokio_postgres::Client;

use crate::database::{CUSTOMER, Database, call, tags};

const CACHE: &str = "redis://a a:";

/// The answer to a renewal.
#[derive(Debug)]
struct Renewal {
    outcome: String,
    epoch: Option<String>,
    record: Option<String>,
    reason: Option<String>,
}

async fn renew(client: &Client, record: &str) -> Renewal {
    let row = client.query_one(&call("cache_renew", 5), &[&CACHE, &"run", &record, &"data", &2]).await.unwrap();
    let (outcome, epoch, record, reason) = (row.get("outcome"), row.get("epoch"), row.get("record"), row.get("reason"));
    Renewal { outcome, epoch, record, reason }
}

/// A record of this database's certificates.
async fn certified(client: &Client) -> String {
    let first = renew(client, "").await.record.unwrap();
    renew(client, &first).await.record.unwrap()
}

/// A record with one of its parts changed, as if another server had given it.
fn with_part(record: &str, place: usize, part: &str) -> String {
    let mut parts: Vec<&str> = record.split(' ').collect();
    parts[place] = part;
    parts.join(" ")
}

/// For how long a writer may count on this server.
async fn named_ms(client: &Client) -> Option<i64> {
    client.query_one(&call("cache_written", 1), &[&CACHE]).await.unwrap().get("named_ms")
}

#[tokio::test]
async fn a_writer_counts_on_a_server_that_has_certified() {
    let db = Database::new().await;
    let record = certified(&db.client).await;
    assert!(named_ms(&db.client).await > Some(1_000_000), "before the first one there was none of any server");
    // As a promoted replica finds it: another server has certified, here and in Redis.
    db.run("UPDATE cache_state SET server = '1/1'").await;
    let others = with_part(&record, 0, "1/1");
    assert_eq!(named_ms(&db.client).await, Some(0));
    let first = renew(&db.client, &others).await;
    assert_eq!(first.reason.as_deref(), Some("Postgres was started again"));
    assert_eq!(named_ms(&db.client).await, Some(0), "whether that one was certified is not known");
    let second = renew(&db.client, &first.record.unwrap()).await;
    assert_eq!((second.reason, second.epoch), (None, first.epoch));
    assert!(named_ms(&db.client).await < Some(10_000), "it was, and is known to be since a moment ago");
    let health = db.text("SELECT concat_ws(', ', servers, runs, off) FROM cache_health('redis://a a:')").await;
    assert_eq!(health, "1, 0");
}

#[tokio::test]
async fn a_server_that_another_one_has_displaced_is_not_counted_on() {
    let db = Database::new().await;
    let record = certified(&db.client).await;
    renew(&db.client, &with_part(&record, 0, "1/1")).await;
    assert_eq!(named_ms(&db.client).await, Some(0));
    let db = Database::new().await;
    certified(&db.client).await;
    renew(&db.client, "").await;
    assert!(named_ms(&db.client).await > Some(1_000_000), "a record that is lost names no other one");
}

#[tokio::test]
async fn an_old_primary_gives_no_certificate_and_loses_its_sessions() {
    let db = Database::new().await;
    let record = certified(&db.client).await;
    let epoch = db.text("SELECT epoch FROM cache_state").await;
    let history = db.text("SELECT database_history()").await;
    let (cluster, rest) = history.split_once('/').unwrap();
    let (timeline, own) = rest.split_once('/').unwrap();
    let on = |cluster: &str, timeline: &str| with_part(&record, 1, &format!("{cluster}/{timeline}/{own}"));
    assert!(timeline < "0000000A");
    let (idle, asking, other) = (db.connect().await, db.connect().await, db.connect().await);
    for client in [&idle, &asking] {
        client.batch_execute("SET application_name = 'edge'").await.unwrap();
    }
    for newer in ["0000000A", "0000001F"] {
        db.run("UPDATE cache_state SET off_until = NULL").await;
        // A session of the app that is at work goes on, and is ended when it is idle.
        let asking = db.connect().await;
        asking.batch_execute("SET application_name = 'edge'").await.unwrap();
        let refused = renew(&asking, &on(cluster, newer)).await;
        assert_eq!((refused.outcome.as_str(), refused.record), ("off", None));
        assert!(refused.reason.is_some_and(|reason| reason.starts_with("a newer primary")));
        ended(&asking).await;
    }
    ended(&idle).await;
    other.batch_execute("SELECT").await.expect("another program's session stays");
    assert_eq!(db.text("SELECT off FROM cache_health('redis://a a:')").await.find("a newer primary"), Some(0));
    assert_eq!(db.text("SELECT epoch FROM cache_state").await, epoch);
    // Neither an older timeline nor one of another cluster is newer.
    for record in [on(cluster, "00000000"), on("1", "0000000A")] {
        db.run("UPDATE cache_state SET off_until = NULL, changes = '{}'").await;
        assert_eq!(renew(&db.client, &record).await.outcome, "ok");
    }
}

async fn ended(client: &Client) {
    for _ in 0..100 {
        if client.batch_execute("SELECT").await.is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the session goes on");
}

#[tokio::test]
async fn servers_that_alternate_turn_caching_off_for_a_while() {
    let db = Database::new().await;
    let record = certified(&db.client).await;
    for start in ["1/1", "2/2"] {
        assert_eq!(renew(&db.client, &with_part(&record, 0, start)).await.outcome, "ok");
    }
    for start in ["1/1", "2/2"] {
        let off = renew(&db.client, &with_part(&record, 0, start)).await;
        let reason = "two servers of Postgres answer to one name";
        assert_eq!((off.outcome.as_str(), off.reason.as_deref()), ("off", Some(reason)));
    }
    let health = db.text("SELECT concat_ws(', ', servers, off) FROM cache_health('redis://a a:')").await;
    assert_eq!(health, "3, two servers of Postgres answer to one name");
    db.run("UPDATE cache_state SET off_until = now() - interval '1 second'").await;
    assert_eq!(renew(&db.client, &with_part(&record, 0, "1/1")).await.outcome, "ok");
}

#[tokio::test]
async fn a_transaction_is_forgotten_in_its_own_server() {
    let db = Database::new().await;
    let id = db.order().await;
    certified(&db.client).await;
    db.run("UPDATE cache_state SET run_id = 'run'").await;
    db.run(&format!("UPDATE orders SET notes = 'x' WHERE id = '{id}'")).await;
    let (transaction, covered) = (db.last_transaction().await, tags(id, &[CUSTOMER], &["pending"]));
    let (_, xid) = transaction.split_once(' ').expect("server and number");
    for (named, left) in [(format!("1/1 {xid}"), "1"), (transaction.clone(), "0")] {
        db.forget(&[(&named, &covered)], CACHE, "run").await;
        let count = format!("SELECT count(*) FROM cache_invalidations WHERE xid = '{xid}'");
        assert_eq!(db.text(&count).await, left, "{named}");
    }
}

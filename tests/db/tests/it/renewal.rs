//! cache_renew as the last release calls it, without a record, and the two ways to forget outbox
//! rows.

use tokio_postgres::Client;

use crate::database::{CUSTOMER, Database, ORG, call, tags, tags_of_no_number, tags_of_status};

/// outcome, epoch, ids, tags (sorted).
type Renewal = (String, Option<String>, Vec<i64>, Vec<String>);

/// A database that such components may be served by: it names no tenants.
async fn served() -> Database {
    let db = Database::new().await;
    db.run("UPDATE cache_state SET tenants_since = NULL").await;
    db
}

async fn renew(client: &Client, cache: &str, run: &str) -> Renewal {
    let row = client.query_one(&call("cache_renew", 2), &[&cache, &run]).await.unwrap();
    let mut tags: Vec<String> = row.get("tags");
    tags.sort();
    (row.get("outcome"), row.get("epoch"), row.get("ids"), tags)
}

async fn outbox(db: &Database) -> i64 {
    db.client.query_one("SELECT count(*) FROM cache_invalidations", &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_database_serves_the_first_cache_that_asks_and_no_other() {
    let db = served().await;
    let (outcome, epoch, ..) = renew(&db.client, "redis://a x", "run").await;
    assert_eq!(outcome, "ok");
    assert_eq!(renew(&db.client, "redis://b x", "run").await, ("mismatch".to_owned(), None, vec![], vec![]));
    assert_eq!(renew(&db.client, "redis://a x", "run").await.1, epoch, "and the other one moved nothing");
    assert_eq!(db.text("SELECT cache || ' ' || run_id FROM cache_state").await, "redis://a x run");
}

#[tokio::test]
async fn another_run_of_redis_moves_the_epoch() {
    let db = served().await;
    let (_, first, ..) = renew(&db.client, "a", "run 1").await;
    assert_eq!(renew(&db.client, "a", "run 1").await.1, first);
    let (_, second, ..) = renew(&db.client, "a", "run 2").await;
    assert_ne!(second, first);
    assert_eq!(renew(&db.client, "a", "run 2").await.1, second);
    assert_ne!(renew(&db.client, "a", "run 1").await.1, first, "an epoch never comes back");
}

#[tokio::test]
async fn a_database_of_another_history_moves_the_epoch() {
    let db = served().await;
    let (_, first, ..) = renew(&db.client, "a", "run").await;
    db.run("UPDATE cache_state SET history = '1/00000001/1'").await; // as a clone or a restored backup finds it
    let (_, second, ..) = renew(&db.client, "a", "run").await;
    assert_ne!(second, first);
    assert_eq!(renew(&db.client, "a", "run").await.1, second, "and it stays with what it has found");
    let history = db.text("SELECT history FROM cache_state").await;
    assert!(!history.contains('-') && history.split('/').count() == 3, "cluster, timeline, database: {history}");
}

#[tokio::test]
async fn a_renewal_gives_all_rows_and_deletes_none() {
    let db = served().await;
    let id = db.order().await;
    renew(&db.client, "a", "run").await;
    db.run(&format!("UPDATE orders SET status = 'confirmed' WHERE id = '{id}'")).await;
    db.run(&format!("UPDATE orders SET notes = 'x' WHERE id = '{id}'")).await;
    let first = renew(&db.client, "a", "run").await;
    assert_eq!((first.2.len(), &first.3), (2, &tags_of_status(id, &[CUSTOMER], &["pending", "confirmed"])));
    assert_eq!(renew(&db.client, "a", "run").await, first, "until they are forgotten, they come again");
    db.run(&format!("UPDATE orders SET notes = 'y' WHERE id = '{id}'")).await;
    db.client.execute(&call("cache_forget", 1), &[&first.2]).await.unwrap();
    assert_eq!(outbox(&db).await, 1, "the row that came later stays");
}

#[tokio::test]
async fn a_row_that_commits_after_a_later_one_is_not_passed_over() {
    let db = served().await;
    let (early, late) = (db.order().await, db.order().await);
    renew(&db.client, "a", "run").await;
    let slow = db.connect().await;
    slow.batch_execute(&format!("BEGIN; UPDATE orders SET notes = 'x' WHERE id = '{early}'")).await.unwrap();
    db.run(&format!("UPDATE orders SET notes = 'x' WHERE id = '{late}'")).await;
    let first = renew(&db.client, "a", "run").await;
    assert_eq!(first.3, tags_of_no_number(late, &[CUSTOMER], &["pending"]), "what isn't committed isn't seen");
    db.client.execute(&call("cache_forget", 1), &[&first.2]).await.unwrap();
    slow.batch_execute("COMMIT").await.unwrap();
    let second = renew(&db.client, "a", "run").await;
    assert!(second.2[0] < first.2[0], "its id is lower than one that was forgotten");
    assert_eq!(second.3, tags_of_no_number(early, &[CUSTOMER], &["pending"]));
}

#[tokio::test]
async fn renewals_go_one_after_the_other_and_the_second_sees_what_the_first_waited_over() {
    let db = served().await;
    let id = db.order().await;
    let (first, second) = (db.connect().await, db.connect().await);
    first.batch_execute("BEGIN").await.unwrap();
    renew(&first, "a", "run").await;
    let waiting = tokio::spawn(async move { renew(&second, "a", "run").await });
    db.wait_for_a_lock().await;
    db.run(&format!("UPDATE orders SET notes = 'x' WHERE id = '{id}'")).await;
    first.batch_execute("COMMIT").await.unwrap();
    assert_eq!(waiting.await.unwrap().3, tags_of_no_number(id, &[CUSTOMER], &["pending"]));
}

#[tokio::test]
async fn a_thousand_rows_are_read_and_more_become_an_epoch() {
    let db = served().await;
    let (_, epoch, ..) = renew(&db.client, "a", "run").await;
    let rows = |count: u32| {
        format!("INSERT INTO cache_invalidations (tags) SELECT ARRAY['t' || n] FROM generate_series(1, {count}) AS n")
    };
    db.run(&rows(1000)).await;
    let full = renew(&db.client, "a", "run").await;
    assert_eq!((&full.1, full.2.len(), full.3.len()), (&epoch, 1000, 1000));
    db.run(&rows(200)).await;
    let over = renew(&db.client, "a", "run").await;
    assert_ne!(over.1, epoch);
    assert_eq!((over.2.len(), over.3.len(), outbox(&db).await), (0, 0, 199), "1,001 rows were read and are replaced");
    let rest = renew(&db.client, "a", "run").await;
    assert_eq!((rest.1, rest.2.len()), (over.1, 199));
}

#[tokio::test]
async fn everything_becomes_an_epoch() {
    let db = served().await;
    let id = db.order().await;
    let (_, epoch, ..) = renew(&db.client, "a", "run").await;
    db.run(&format!("UPDATE orders SET notes = 'x' WHERE id = '{id}'")).await;
    db.run("TRUNCATE shipments").await;
    let moved = renew(&db.client, "a", "run").await;
    assert_ne!(moved.1, epoch);
    assert_eq!((moved.2.len(), moved.3.len(), outbox(&db).await), (0, 0, 0));
}

#[tokio::test]
async fn a_writer_forgets_its_own_rows_as_far_as_it_covered_them() {
    let db = served().await;
    let (mine, second, others) = (db.order().await, db.order().await, db.order().await);
    db.run(&format!("UPDATE orders SET notes = 'x' WHERE id = '{others}'")).await;
    db.run(&format!("UPDATE orders SET notes = 'x' WHERE id = '{second}'")).await;
    let its = db.last_transaction().await;
    db.run(&format!("BEGIN; UPDATE orders SET notes = 'x' WHERE id = '{mine}'; TRUNCATE shipments; COMMIT")).await;
    let own = db.last_transaction().await;
    let covered = [mine, second].map(|id| tags(id, &[CUSTOMER], &["pending"]));
    db.run("UPDATE cache_state SET cache = 'a', served = 'a', run_id = 'run'").await;
    let before = outbox(&db).await;
    let told: [(&str, &[String]); 2] = [(&own, &covered[0]), (&its, &covered[1])];
    for (cache, run) in [("b", "run"), ("a", "another run")] {
        db.forget(&told, cache, run).await;
        assert_eq!(outbox(&db).await, before, "told to {cache}, {run}, which is not the one that this database serves");
    }
    // What one transaction's writer has told says nothing of another's rows.
    db.forget(&[(&own, &covered[1]), (&its, &covered[0])], "a", "run").await;
    assert_eq!(outbox(&db).await, before);
    db.forget(&told, "a", "run").await;
    let left = db.announced().await;
    assert_eq!(
        left,
        [tags_of_no_number(others, &[CUSTOMER], &["pending"]), vec!["*".to_owned()]],
        "another's row, and its own that says more"
    );
    assert!(covered[0].contains(&format!("org:{ORG}")));
}

//! Hot keys: the ones that are read most come first, and a cache that was emptied is seen.

use crate::database::{Database, call};

const MOST: i32 = 3;

async fn keep(db: &Database, samples: &[(&str, i64)]) -> i64 {
    let (keys, samples): (Vec<&str>, Vec<i64>) = samples.iter().copied().unzip();
    db.client.query_one(&call("hot_key_keep", 3), &[&keys, &samples, &MOST]).await.unwrap().get("kept")
}

async fn begin(db: &Database, reached: i32) -> (i32, String) {
    let row = db.client.query_one(&call("hot_key_begin", 2), &[&reached, &MOST]).await.unwrap();
    (row.get("first"), row.get::<_, Vec<String>>("keys").join(" "))
}

/// Lets this much time go by for what was sampled.
async fn pass(db: &Database, seconds: i64) {
    db.run(&format!("UPDATE hot_keys SET heat = heat - {seconds} / 600.0")).await;
}

async fn is_due(db: &Database) -> bool {
    db.text("SELECT bool_or(job_is_due(j)) FROM jobs j WHERE name = 'warm'").await == "true"
}

#[tokio::test]
async fn the_hottest_come_first_and_the_coldest_go() {
    let db = Database::new().await;
    assert_eq!(keep(&db, &[("a", 5), ("b", 9), ("c", 7)]).await, 3);
    assert_eq!(begin(&db, 0).await.1, "b c a");
    assert_eq!(keep(&db, &[("a", 3), ("d", 6)]).await, 3, "a has 8, d takes nobody's place with 6");
    assert_eq!(begin(&db, 0).await.1, "b a c");
    assert_eq!(keep(&db, &[("d", 7), ("e", 0)]).await, 3, "7 and 7: the later one stays");
    assert_eq!(begin(&db, 1).await, (1, "a d".to_owned()));
    assert_eq!(begin(&db, 9).await, (9, String::new()));
}

#[tokio::test]
async fn what_was_sampled_weighs_half_after_ten_minutes() {
    let db = Database::new().await;
    keep(&db, &[("old", 10), ("both", 6)]).await;
    pass(&db, 600).await;
    keep(&db, &[("new", 4), ("both", 3)]).await;
    assert_eq!(begin(&db, 0).await.1, "both old new", "6, 5 and 4");
    pass(&db, 600 * 2000).await;
    keep(&db, &[("new", 1), ("old", 1)]).await;
    assert_eq!(begin(&db, 0).await.1, "new old both", "what is very old adds nothing, and breaks nothing");
}

#[tokio::test]
async fn an_epoch_that_moves_makes_warming_due_once_and_from_the_beginning() {
    let db = Database::new().await;
    keep(&db, &[("a", 3), ("b", 2)]).await;
    db.run("UPDATE jobs SET next_run = now() + interval '1 minute'").await;
    assert!(!is_due(&db).await);
    db.run("UPDATE cache_state SET epoch = gen_random_uuid()").await;
    assert!(is_due(&db).await);
    assert_eq!(db.text("SELECT string_agg(component, ' ') FROM job_due()").await, "order-list", "no other job is");
    assert_eq!(begin(&db, 1).await, (0, "a b".to_owned()), "it doesn't go on where an earlier run has stopped");
    assert!(!is_due(&db).await);
    assert_eq!(begin(&db, 1).await, (1, "b".to_owned()));
    db.run("UPDATE cache_state SET epoch = gen_random_uuid()").await;
    db.run("UPDATE jobs SET leased_until = now() + interval '1 minute' WHERE name = 'warm'").await;
    assert!(!is_due(&db).await, "somebody has it");
}

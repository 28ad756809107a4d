//! Attempts to pay are counted by sliding windows.

use tokio_postgres::Client;

use super::database;
use crate::database::{Database, call};

/// The windows of a customer: its hour, its day, and its address' customers, which limit nothing.
const KEYS: [&str; 3] = ["hour", "day", "customers"];
const QUOTAS: [i64; 3] = [3, 5, 2];
const LENGTHS: [i64; 3] = [3_600_000, 86_400_000, 86_400_000];
const LIMITS: i32 = 2;

/// What one window says to an attempt: there was room, and how many count.
type Counted = (bool, i64);

/// Counts an attempt of this name by this customer.
async fn attempt(client: &Client, name: &str, customer: &str) -> Vec<Counted> {
    let refused = format!("refused/{}", uuid::Uuid::new_v4());
    let (keys, names): (Vec<&str>, _) = (KEYS.to_vec(), vec![name, name, customer]);
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
        [&keys, &names, &refused, &QUOTAS.to_vec(), &LENGTHS.to_vec(), &LIMITS];
    let rows = client.query(&call("attempt_count", 6), &params).await.unwrap();
    rows.iter().map(|row| (row.get::<_, i32>("admitted") == 1, row.get("used"))).collect()
}

async fn refuse(db: &Database, name: &str) {
    let refused = format!("refused/{}", uuid::Uuid::new_v4());
    let (keys, quotas, lengths) = (KEYS[..2].to_vec(), QUOTAS[..2].to_vec(), LENGTHS[..2].to_vec());
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 5] = [&keys, &name, &refused, &quotas, &lengths];
    db.client.query_one(&call("attempt_refuse", 5), &params).await.unwrap();
}

/// Moves all attempts into the past.
async fn pass(db: &Database, minutes: u32) {
    db.run(&format!(
        "UPDATE payment_attempts SET attempted_at = attempted_at - interval '{minutes} minutes',
            counts_until = counts_until - interval '{minutes} minutes'"
    ))
    .await;
}

fn admitted(counts: &[Counted]) -> bool {
    counts[..2].iter().all(|(room, _)| *room)
}

#[tokio::test]
async fn of_many_attempts_at_once_as_many_as_the_quota_are_admitted() {
    let db = database().await;
    let mut tasks = Vec::new();
    for n in 0..20 {
        let client = db.connect().await;
        tasks.push(tokio::spawn(async move { admitted(&attempt(&client, &format!("a{n}"), "c").await) }));
    }
    let mut passed = 0;
    for task in tasks {
        passed += i32::from(task.await.unwrap());
    }
    assert_eq!(passed, 3);
}

#[tokio::test]
async fn an_attempt_counts_once_until_it_was_refused_for_good() {
    let db = database().await;
    for _ in 0..4 {
        assert_eq!(attempt(&db.client, "same", "c").await[..2], [(true, 1), (true, 1)]);
    }
    for used in 2..=3 {
        refuse(&db, "same").await;
        assert_eq!(attempt(&db.client, "same", "c").await[..2], [(true, used), (true, used)]);
    }
    refuse(&db, "same").await;
    assert!(!admitted(&attempt(&db.client, "same", "c").await));
}

#[tokio::test]
async fn the_windows_slide_and_refused_attempts_count() {
    let db = database().await;
    for n in 0..3 {
        assert!(admitted(&attempt(&db.client, &format!("a{n}"), "c").await));
    }
    pass(&db, 40).await;
    assert_eq!(attempt(&db.client, "b", "c").await[..2], [(false, 3), (true, 4)]);
    pass(&db, 40).await;
    // The hour holds the refused one alone; the day holds all.
    assert_eq!(attempt(&db.client, "c", "c").await[..2], [(true, 2), (true, 5)]);
    assert_eq!(attempt(&db.client, "d", "c").await[..2], [(true, 3), (false, 5)]);
    pass(&db, 24 * 60).await;
    assert_eq!(attempt(&db.client, "e", "c").await[..2], [(true, 1), (true, 1)]);
    assert_eq!(db.text("SELECT count(*) FROM payment_attempts").await, "3", "the old ones of its keys are gone");
}

#[tokio::test]
async fn it_is_said_when_there_is_room_again() {
    let db = database().await;
    let frees = async |at: usize| {
        let row =
            "SELECT (frees_ms / 60000)::text FROM attempt_count('{hour}', '{x}', 'refused/x', '{3}', '{3600000}', 1)";
        assert_eq!(db.text(row).await, at.to_string());
        db.run("DELETE FROM payment_attempts WHERE name IN ('x', 'refused/x')").await;
    };
    frees(60).await;
    for n in 0..2 {
        attempt(&db.client, &format!("a{n}"), "c").await;
        pass(&db, 10).await;
    }
    frees(39).await;
    attempt(&db.client, "a2", "c").await;
    // A refused one counts as well: room is when the second one ends.
    frees(49).await;
}

#[tokio::test]
async fn a_caller_that_goes_on_knocking_costs_no_more_than_twice_the_quota() {
    let db = database().await;
    for n in 0..30 {
        attempt(&db.client, &format!("a{n}"), "c").await;
    }
    assert_eq!(db.text("SELECT count(*) FROM payment_attempts WHERE key = 'hour'").await, "6");
    assert_eq!(db.text("SELECT count(*) FROM payment_attempts WHERE key = 'hour' AND NOT refused").await, "3");
    assert!(admitted(&attempt(&db.client, "a0", "c").await), "an admitted one may come again");
}

#[tokio::test]
async fn the_customers_of_an_address_are_counted_and_limit_nothing() {
    let db = database().await;
    let mut seen = Vec::new();
    for (name, customer) in [("a", "c1"), ("b", "c1"), ("c", "c2"), ("d", "c3"), ("e", "c4")] {
        seen.push(attempt(&db.client, name, customer).await[2].1);
    }
    assert_eq!(seen, [1, 1, 2, 2, 2]);
    assert!(admitted(&attempt(&db.client, "a", "c5").await));
}

#[tokio::test]
async fn attempts_that_no_longer_count_are_forgotten_step_by_step() {
    let db = database().await;
    for n in 0..3 {
        attempt(&db.client, &format!("a{n}"), "c").await;
    }
    pass(&db, 61).await;
    let mut steps = Vec::new();
    for _ in 0..3 {
        steps.push(db.text("SELECT pruned FROM prune_attempts(2)").await);
    }
    assert_eq!(steps, ["2", "1", "0"]);
    assert_eq!(db.text("SELECT count(*) FROM payment_attempts").await, "4", "the day's and the customer");
    assert_eq!(db.text("SELECT forgotten FROM attempt_forget('{day}')").await, "3");
}

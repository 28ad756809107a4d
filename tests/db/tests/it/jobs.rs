//! Jobs: each is done by one at a time, when it is due, and a holder that is late changes nothing.

use std::collections::BTreeSet;

use commerce::jobs::JobName;
use serde_json::{Value, json};

use crate::database::{Database, call};

/// A lease of so many milliseconds.
const LEASE: i64 = 30_000;

/// The name and the fence of the job that a component gets; `None` if none is due.
async fn claim(db: &Database, component: &str) -> Option<(String, i64)> {
    claim_of(db, component, &JobName::names_of(component)).await
}

async fn claim_of(db: &Database, component: &str, names: &[String]) -> Option<(String, i64)> {
    let row = db.client.query_opt(&call("job_claim", 3), &[&component, &names, &LEASE]).await.unwrap()?;
    Some((row.get("name"), row.get("fence")))
}

/// Ends a step; gives whether it counted.
async fn finish(db: &Database, (name, fence): &(String, i64), cursor: Option<&str>, more: bool, failed: bool) -> bool {
    let result = json!({"done": 1});
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 6] = [name, fence, &cursor, &more, &failed, &result];
    db.client.query_one(&call("job_finish", 6), &params).await.unwrap().get("counted")
}

/// Makes only this job due, and it alone.
async fn only(db: &Database, name: &str) {
    db.run(&format!(
        "UPDATE jobs SET next_run = now() + CASE WHEN name <> '{name}' THEN interval '1 day' ELSE '0' END"
    ))
    .await;
}

/// How many seconds after its last step a job is due.
async fn due_in(db: &Database, name: &str) -> i64 {
    let sql = format!("SELECT extract(epoch FROM next_run - last_step)::bigint FROM jobs WHERE name = '{name}'");
    db.client.query_one(&sql, &[]).await.unwrap().get(0)
}

/// Lets this much time go by for all jobs.
async fn pass(db: &Database, seconds: i64) {
    let by = format!("interval '{seconds} seconds'");
    db.run(&format!("UPDATE jobs SET next_run = next_run - {by}, last_step = last_step - {by}, leased_until = leased_until - {by}, last_run = last_run - {by}"))
        .await;
}

#[tokio::test]
async fn the_table_has_a_row_for_each_job_that_the_code_knows() {
    let db = Database::new().await;
    let rows = db.client.query("SELECT name, component FROM jobs", &[]).await.unwrap();
    let rows: BTreeSet<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let known = JobName::ALL.iter().map(|job| (job.as_str().to_owned(), job.component().to_owned())).collect();
    assert_eq!(rows, known);
}

#[tokio::test]
async fn two_at_once_get_two_jobs_and_never_the_same() {
    let db = Database::new().await;
    let (one, other) = (db.connect().await, db.connect().await);
    let names = JobName::names_of("webhook-dedup");
    let sql = call("job_claim", 3);
    one.batch_execute("BEGIN").await.unwrap();
    let first = one.query_one(&sql, &[&"webhook-dedup", &names, &LEASE]).await.unwrap();
    // The first isn't committed: the other takes what is free, and doesn't wait.
    let second = other.query_one(&sql, &[&"webhook-dedup", &names, &LEASE]).await.unwrap();
    one.batch_execute("COMMIT").await.unwrap();
    assert_ne!(first.get::<_, &str>("name"), second.get::<_, &str>("name"));
    assert!(first.get::<_, i64>("fence") != second.get::<_, i64>("fence"));
    let third = claim(&db, "webhook-dedup").await.expect("the third");
    assert!(third.0 != first.get::<_, &str>("name") && third.0 != second.get::<_, &str>("name"));
    assert_eq!(claim(&db, "webhook-dedup").await, None, "all three are taken");
}

#[tokio::test]
async fn a_component_gets_its_own_jobs_and_those_that_it_knows() {
    let db = Database::new().await;
    only(&db, "refunds").await;
    assert_eq!(claim(&db, "webhook-dedup").await, None);
    assert_eq!(claim_of(&db, "payment-session", &["sweep".into()]).await, None, "one of a later release");
    assert_eq!(claim(&db, "payment-session").await.expect("refunds").0, "refunds");
}

#[tokio::test]
async fn a_finish_counts_only_with_the_fence_of_the_last_claim() {
    let db = Database::new().await;
    only(&db, "redrive").await;
    let late = claim(&db, "webhook-dedup").await.expect("redrive");
    assert_eq!(claim(&db, "webhook-dedup").await, None, "it is taken");
    pass(&db, 31).await;
    let next = claim(&db, "webhook-dedup").await.expect("the lease is over");
    assert!(next.1 > late.1);
    assert!(!finish(&db, &late, Some("late"), false, false).await);
    assert_eq!(
        db.text("SELECT cursor IS NULL AND leased_until > now() FROM jobs WHERE name = 'redrive'").await,
        "true"
    );
    assert!(finish(&db, &next, None, false, false).await);
    assert_eq!(due_in(&db, "redrive").await, 15);
}

#[tokio::test]
async fn a_job_is_due_after_its_interval_and_its_component_is_named_then() {
    let db = Database::new().await;
    let due = async || db.text("SELECT coalesce(string_agg(component, ' '), '') FROM job_due()").await;
    assert_eq!(due().await, "order-list payment-session product-catalog webhook-dedup", "nothing has run yet");
    only(&db, "sweep").await;
    assert_eq!(due().await, "payment-session");
    let sweep = claim(&db, "payment-session").await.expect("sweep");
    assert_eq!(due().await, "", "it is taken");
    assert!(finish(&db, &sweep, None, false, false).await);
    assert_eq!((due().await, due_in(&db, "sweep").await), (String::new(), 60));
    pass(&db, 30).await;
    assert_eq!((due().await, claim(&db, "payment-session").await), (String::new(), None));
    pass(&db, 30).await;
    assert_eq!(due().await, "payment-session");
    assert!(claim(&db, "payment-session").await.is_some());
}

#[tokio::test]
async fn a_job_with_more_to_do_is_due_at_once_and_goes_on_at_its_cursor() {
    let db = Database::new().await;
    only(&db, "reconcile-paypal").await;
    let step = claim(&db, "webhook-dedup").await.expect("a job");
    assert!(finish(&db, &step, Some("page 2"), true, false).await);
    let names = JobName::names_of("webhook-dedup");
    let row = db.client.query_one(&call("job_claim", 3), &[&"webhook-dedup", &names, &LEASE]).await.unwrap();
    assert_eq!((row.get("cursor"), row.get("since_ms")), (Some("page 2"), None::<i64>), "no run is whole yet");
    assert!(finish(&db, &(row.get("name"), row.get("fence")), None, false, false).await);
    assert_eq!(due_in(&db, "reconcile-paypal").await, 3600);
    pass(&db, 3600).await;
    let row = db.client.query_one(&call("job_claim", 3), &[&"webhook-dedup", &names, &LEASE]).await.unwrap();
    assert_eq!(row.get::<_, Option<&str>>("cursor"), None);
    assert!((3_600_000..3_700_000).contains(&row.get::<_, i64>("since_ms")));
}

#[tokio::test]
async fn a_job_that_always_has_more_to_do_rests_now_and_then() {
    let db = Database::new().await;
    only(&db, "prune").await;
    db.run("UPDATE jobs SET steps = 498 WHERE name = 'prune'").await;
    for due in [0, 60] {
        let step = claim(&db, "payment-session").await.expect("prune");
        assert!(finish(&db, &step, None, true, false).await);
        assert_eq!(due_in(&db, "prune").await, due);
    }
    pass(&db, 60).await;
    let step = claim(&db, "payment-session").await.expect("prune");
    assert!(finish(&db, &step, None, true, false).await);
    assert_eq!(due_in(&db, "prune").await, 0, "it goes on at full pace");
}

#[tokio::test]
async fn a_step_that_fails_is_tried_again_later_each_time_and_at_last_from_the_beginning() {
    let db = Database::new().await;
    only(&db, "reconcile-stripe").await;
    db.run("UPDATE jobs SET cursor = 'page 2' WHERE name = 'reconcile-stripe'").await;
    let mut seen = Vec::new();
    for _ in 0..4 {
        let step = claim(&db, "webhook-dedup").await.expect("a job");
        assert!(finish(&db, &step, None, false, true).await);
        let cursor = db.text("SELECT coalesce(cursor, '') FROM jobs WHERE name = 'reconcile-stripe'").await;
        let wait = due_in(&db, "reconcile-stripe").await;
        seen.push((wait, cursor));
        pass(&db, wait + 1).await;
    }
    let expected = [(5, "page 2"), (10, "page 2"), (20, ""), (40, "")].map(|(wait, cursor)| (wait, cursor.to_owned()));
    assert_eq!(seen, expected);
    let step = claim(&db, "webhook-dedup").await.expect("a job");
    assert!(finish(&db, &step, None, false, false).await);
    assert_eq!(db.text("SELECT failures FROM jobs WHERE name = 'reconcile-stripe'").await, "0");
    only(&db, "redrive").await;
    db.run("UPDATE jobs SET failures = 30 WHERE name = 'redrive'").await;
    let step = claim(&db, "webhook-dedup").await.expect("redrive");
    assert!(finish(&db, &step, None, false, true).await);
    assert_eq!(due_in(&db, "redrive").await, 15, "no longer than its interval");
}

#[tokio::test]
async fn a_job_that_nobody_takes_is_overdue_after_a_minute() {
    let db = Database::new().await;
    let health = async || db.text("SELECT concat_ws(' ', overdue, failing, ever) FROM job_health()").await;
    db.run("UPDATE jobs SET next_run = now() + interval '1 day'").await;
    assert_eq!(health().await, "0 0 f");
    only(&db, "prune").await;
    pass(&db, 30).await;
    assert_eq!(health().await, "0 0 f");
    pass(&db, 31).await;
    assert_eq!(health().await, "1 0 f");
    let list: Value = serde_json::from_str(&db.text("SELECT body FROM job_list()").await).unwrap();
    let items = list["items"].as_array().unwrap();
    let overdue: Vec<&str> =
        items.iter().filter(|job| job["overdue"] == true).map(|job| job["name"].as_str().unwrap()).collect();
    assert_eq!((items.len(), overdue), (JobName::ALL.len(), vec!["prune"]));
    let step = claim(&db, "payment-session").await.expect("prune");
    assert!(finish(&db, &step, None, false, true).await);
    assert_eq!(health().await, "0 1 t");
}

#[tokio::test]
async fn an_event_is_taken_ahead_of_its_time_only_if_something_was_away() {
    let db = Database::new().await;
    for (id, reason) in [(1, "'provider-away'"), (2, "'not-stored'"), (3, "'resource-unknown'"), (4, "NULL")] {
        db.run(&format!(
            "INSERT INTO webhook_events (provider, account, event_id, kind, body_sha256, headers, body, body_expires_at,
                 occurred_at, state, reason, next_attempt_at)
             VALUES ('stripe', 'acct', 'evt_{id}', 'kind', repeat('0', 63) || '{id}', '{{}}', '\\x00',
                 now() + interval '1 day', now(), 'received', {reason}, now() + interval '{id} hours')"
        ))
        .await;
    }
    let ahead = async || {
        let row = db.client.query_opt(&call("webhook_claim_ahead", 1), &[&60_i64]).await.unwrap()?;
        Some(row.get::<_, String>("event_id"))
    };
    assert_eq!(ahead().await.as_deref(), Some("evt_1"));
    // As when it has failed once more.
    db.run("UPDATE webhook_events SET next_attempt_at = now() + interval '9 hours' WHERE event_id = 'evt_1'").await;
    assert_eq!(ahead().await.as_deref(), Some("evt_2"), "each in its turn");
    db.run("UPDATE webhook_events SET state = 'ignored' WHERE event_id IN ('evt_1', 'evt_2')").await;
    assert_eq!(ahead().await, None);
}

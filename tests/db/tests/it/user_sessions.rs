//! User sessions: they are kept as they were sent, their end slides, and every change is announced.

use serde_json::{Value, json};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::database::{Database, ORG, OTHER_ORG, call};

type Params<'a, const N: usize> = [&'a (dyn ToSql + Sync); N];

/// How long a session stays in most of these tests.
const HOUR: i64 = 3600;

async fn create(db: &Database, who: &str, data: &str, most: Option<i32>) -> Uuid {
    let id = Uuid::new_v4();
    let params: Params<'_, 6> = [&ORG, &id, &who, &data, &HOUR, &most];
    let row = db.client.query_one(&call("user_session_create", 6), &params).await.unwrap();
    assert_eq!(row.get::<_, i64>("version"), 1);
    id
}

async fn get(db: &Database, org: Uuid, id: Uuid, who: Option<&str>) -> Option<Row> {
    db.client.query_opt(&call("user_session_get", 3), &[&org, &id, &who]).await.unwrap()
}

fn document(row: &Row) -> Value {
    serde_json::from_str(row.get("body")).unwrap()
}

async fn put(db: &Database, id: Uuid, who: Option<&str>, data: &str, only: Option<Vec<i64>>) -> Row {
    let params: Params<'_, 7> = [&ORG, &id, &who, &data, &HOUR, &only, &Vec::<i64>::new()];
    db.client.query_one(&call("user_session_put", 7), &params).await.unwrap()
}

async fn delete(db: &Database, id: Uuid, who: Option<&str>, only: Option<Vec<i64>>) -> Row {
    let params: Params<'_, 5> = [&ORG, &id, &who, &only, &Vec::<i64>::new()];
    db.client.query_one(&call("user_session_delete", 5), &params).await.unwrap()
}

fn outcome(row: &Row) -> &str {
    row.get("outcome")
}

fn tags(row: &Row) -> Vec<String> {
    row.get("tags")
}

fn tag(id: Uuid) -> String {
    format!("user_session:{ORG}/{id}")
}

/// Moves all ends, as if so much time had passed.
async fn pass(db: &Database, time: &str) {
    db.run(&format!("UPDATE user_sessions SET expires_at = expires_at - interval '{time}'")).await;
    db.announced().await;
}

/// How many seconds a session still stays.
async fn left(db: &Database, id: Uuid) -> i64 {
    let left = format!("SELECT round(extract(epoch FROM expires_at - now())) FROM user_sessions WHERE id = '{id}'");
    db.text(&left).await.parse().unwrap()
}

#[tokio::test]
async fn a_session_is_kept_byte_for_byte_and_each_change_of_it_is_announced() {
    let db = Database::new().await;
    let sent = r#"{ "b":1.50, "a":[null,12345678901234567890], "name":"Ă\u0041" }"#;
    let id = create(&db, "me", sent, None).await;
    assert_eq!(db.announced().await, [] as [Vec<String>; 0], "nobody has asked for it before");
    let row = get(&db, ORG, id, Some("me")).await.unwrap();
    assert!(row.get::<_, &str>("body").contains(sent), "{}", row.get::<_, &str>("body"));
    assert_eq!(
        (row.get::<_, &str>("owner"), row.get::<_, i64>("version"), row.get::<_, i64>("ttl_ms")),
        ("me", 1, 60_000)
    );

    let row = put(&db, id, Some("me"), r#"{"a":1}"#, Some(vec![1])).await;
    assert_eq!((outcome(&row), row.get::<_, i64>("version"), tags(&row)), ("replaced", 2, vec![tag(id)]));
    assert_eq!(db.announced().await, [[tag(id)]]);
    assert_eq!(document(&row), document(&get(&db, ORG, id, Some("me")).await.unwrap()));
    // Sent again it is announced again: the first call may not have got to invalidating.
    let row = put(&db, id, None, r#"{"a":1}"#, None).await;
    assert_eq!((outcome(&row), row.get::<_, i64>("version"), tags(&row)), ("replaced", 3, vec![tag(id)]));
    let row = put(&db, id, Some("me"), "{}", Some(vec![2])).await;
    assert_eq!((outcome(&row), row.get::<_, i64>("version"), tags(&row)), ("version_mismatch", 3, vec![]));
    let row = delete(&db, id, Some("me"), Some(vec![2])).await;
    assert_eq!((outcome(&row), row.get::<_, i64>("version")), ("version_mismatch", 3));
    db.announced().await;

    let row = delete(&db, id, Some("me"), Some(vec![3])).await;
    assert_eq!((outcome(&row), tags(&row)), ("deleted", vec![tag(id)]));
    assert_eq!(db.announced().await, [[tag(id)]]);
    assert!(get(&db, ORG, id, None).await.is_none());
    let again = delete(&db, id, Some("me"), None).await;
    assert_eq!((outcome(&again), tags(&again)), ("not_found", vec![tag(id)]), "the first may not have told Redis");
    assert_eq!(outcome(&put(&db, id, None, "{}", None).await), "not_found");
}

#[tokio::test]
async fn only_its_owner_and_those_who_may_see_all_of_the_organisation_find_it() {
    let db = Database::new().await;
    let id = create(&db, "me", "{}", None).await;
    for (org, who, found) in
        [(ORG, Some("me"), true), (ORG, None, true), (ORG, Some("you"), false), (OTHER_ORG, None, false)]
    {
        assert_eq!(get(&db, org, id, who).await.is_some(), found, "{org} {who:?}");
    }
    assert_eq!(outcome(&put(&db, id, Some("you"), "{}", None).await), "not_found");
    assert_eq!(outcome(&delete(&db, id, Some("you"), None).await), "not_found");
    assert_eq!(document(&get(&db, ORG, id, None).await.unwrap())["version"], 1);
}

#[tokio::test]
async fn reads_put_the_end_off_once_a_minute_and_tell_nobody() {
    let db = Database::new().await;
    let id = create(&db, "me", "{}", None).await;
    let before = db.text("SELECT xmin FROM user_sessions").await;
    pass(&db, "59 seconds").await;
    let moved = db.text("SELECT xmin FROM user_sessions").await;
    assert_ne!(before, moved);
    get(&db, ORG, id, Some("me")).await.unwrap();
    assert_eq!((left(&db, id).await, db.text("SELECT xmin FROM user_sessions").await), (HOUR - 59, moved));
    pass(&db, "1 second").await;
    // Somebody else's look isn't a use.
    assert!(get(&db, ORG, id, Some("you")).await.is_none());
    assert_eq!(left(&db, id).await, HOUR - 60);
    let row = get(&db, ORG, id, Some("me")).await.unwrap();
    assert_eq!((left(&db, id).await, row.get::<_, i64>("version")), (HOUR, 1));
    assert_eq!(db.announced().await, [] as [Vec<String>; 0], "a copy ends before the session did");
    pass(&db, "59 minutes").await;
    put(&db, id, Some("me"), "{}", None).await;
    assert_eq!(left(&db, id).await, HOUR, "a change is a use, too");
}

#[tokio::test]
async fn a_short_session_is_put_off_in_shorter_steps_and_a_copy_never_outlives_it() {
    let db = Database::new().await;
    let id = create(&db, "me", "{}", None).await;
    db.run("UPDATE user_sessions SET valid_seconds = 100, expires_at = now() + interval '95 seconds'").await;
    let row = get(&db, ORG, id, Some("me")).await.unwrap();
    assert_eq!((left(&db, id).await, row.get::<_, i64>("ttl_ms")), (95, 10_000));
    db.run("UPDATE user_sessions SET expires_at = now() + interval '3 seconds'").await;
    // A database that can't be written, as after a failover, puts nothing off.
    db.run("SET default_transaction_read_only = on").await;
    let row = get(&db, ORG, id, Some("me")).await.unwrap();
    db.run("SET default_transaction_read_only = off").await;
    assert!((1..=3_000).contains(&row.get::<_, i64>("ttl_ms")), "{}", row.get::<_, i64>("ttl_ms"));
    assert_eq!(left(&db, id).await, 3);
    get(&db, ORG, id, Some("me")).await.unwrap();
    assert_eq!(left(&db, id).await, 100);
}

#[tokio::test]
async fn a_read_waits_for_nobody_that_writes_the_session() {
    let db = Database::new().await;
    let id = create(&db, "me", "{}", None).await;
    pass(&db, "10 minutes").await;
    let writer = db.connect().await;
    writer.batch_execute("BEGIN; UPDATE user_sessions SET data = '{\"a\":2}'").await.unwrap();
    db.run("SET lock_timeout = '1ms'").await;
    let row = get(&db, ORG, id, Some("me")).await.unwrap();
    assert_eq!((document(&row)["data"].clone(), left(&db, id).await), (json!({}), HOUR - 600));
    writer.batch_execute("COMMIT").await.unwrap();
    let row = get(&db, ORG, id, Some("me")).await.unwrap();
    assert_eq!((document(&row)["data"].clone(), left(&db, id).await), (json!({"a": 2}), HOUR));
}

#[tokio::test]
async fn a_session_that_has_ended_is_gone_and_is_pruned_by_name() {
    let db = Database::new().await;
    let (ended, living) = (create(&db, "me", "{}", None).await, create(&db, "me", "{}", None).await);
    db.run(&format!("UPDATE user_sessions SET expires_at = now() WHERE id = '{ended}'")).await;
    assert_eq!(db.announced().await, [[tag(ended)]], "an end that comes sooner is told");
    assert!(get(&db, ORG, ended, Some("me")).await.is_none());
    assert_eq!(outcome(&put(&db, ended, Some("me"), "{}", None).await), "not_found");
    assert_eq!(outcome(&delete(&db, ended, Some("me"), None).await), "not_found");
    let row = db.client.query_one("SELECT * FROM prune_user_sessions(9)", &[]).await.unwrap();
    assert_eq!((row.get::<_, i64>("pruned"), tags(&row)), (1, vec![tag(ended)]));
    assert!(get(&db, ORG, living, Some("me")).await.is_some());
    db.run(&format!(
        "INSERT INTO user_sessions (organization_id, id, principal, data, valid_seconds, expires_at)
         SELECT '{ORG}', gen_random_uuid(), 'me', '{{}}', 1, now() FROM generate_series(1, 201)"
    ))
    .await;
    assert_eq!(
        db.text("SELECT pruned FROM prune_user_sessions(1000)").await,
        "200",
        "as many as are announced by name"
    );
}

#[tokio::test]
async fn a_new_session_ends_those_that_would_end_first_beyond_so_many() {
    let db = Database::new().await;
    let others = [create(&db, "you", "{}", None).await, create(&db, "me", "{}", None).await];
    let mut mine = vec![others[1]];
    for _ in 0..2 {
        pass(&db, "1 second").await;
        mine.push(create(&db, "me", "{}", Some(3)).await);
    }
    pass(&db, "1 second").await;
    // The oldest is used, so the second one would end first.
    put(&db, mine[0], Some("me"), "{}", None).await;
    db.announced().await;
    let newest = create(&db, "me", "{}", Some(3)).await;
    assert_eq!(db.announced().await, [[tag(mine[1])]]);
    for (id, there) in [(mine[0], true), (mine[1], false), (mine[2], true), (newest, true), (others[0], true)] {
        assert_eq!(get(&db, ORG, id, None).await.is_some(), there);
    }
}

#[tokio::test]
async fn any_programs_change_of_a_session_gives_it_another_version_and_announces_it() {
    let db = Database::new().await;
    let id = create(&db, "me", "{}", None).await;
    let version = async || document(&get(&db, ORG, id, None).await.unwrap())["version"].clone();
    db.run("UPDATE user_sessions SET data = '{ }'").await;
    assert_eq!((db.announced().await, version().await), (vec![vec![tag(id)]], json!(2)), "other bytes are other data");
    db.run("UPDATE user_sessions SET expires_at = expires_at + interval '1 day'").await;
    assert_eq!((db.announced().await, version().await), (vec![], json!(2)));
    db.run("UPDATE user_sessions SET principal = 'you'").await;
    assert_eq!((db.announced().await, version().await), (vec![vec![tag(id)]], json!(3)));
    db.run(&format!("UPDATE user_sessions SET organization_id = '{OTHER_ORG}'")).await;
    assert_eq!(db.announced().await, [[tag(id)]]);
    db.run("TRUNCATE user_sessions").await;
    assert_eq!(db.announced().await, [["*"]]);
}

#[tokio::test]
async fn what_is_no_object_or_too_long_is_refused_by_the_table_too() {
    let db = Database::new().await;
    let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(8192 - 8));
    create(&db, "me", &long, None).await;
    for data in ["[]".to_owned(), "1".to_owned(), long.replace('x', "xx")] {
        let params: Params<'_, 6> = [&ORG, &Uuid::new_v4(), &"me", &data, &HOUR, &None::<i32>];
        let refused = db.client.query_one(&call("user_session_create", 6), &params).await.unwrap_err();
        assert_eq!(refused.code().unwrap().code(), "23514", "{refused:?}");
    }
}

#[tokio::test]
async fn sessions_are_found_by_index_among_many() {
    let db = Database::new().await;
    db.run(
        "INSERT INTO user_sessions (organization_id, id, principal, data, valid_seconds, expires_at)
         SELECT gen_random_uuid(), gen_random_uuid(), 'customer:' || n, '{}', 3600, now() + n * interval '1 second'
         FROM generate_series(1, 50000) AS n;
         ANALYZE user_sessions",
    )
    .await;
    let id = create(&db, "me", "{}", Some(20)).await;
    let pages = async || -> i64 {
        db.run("SELECT pg_stat_force_next_flush()").await;
        let read = "SELECT coalesce(sum(idx_blks_hit + idx_blks_read + heap_blks_hit + heap_blks_read), 0)::bigint
            FROM pg_statio_user_tables WHERE relname = 'user_sessions'";
        db.client.query_one(read, &[]).await.unwrap().get(0)
    };
    for what in ["create", "get", "put", "delete", "prune"] {
        let before = pages().await;
        match what {
            "create" => drop(create(&db, "me", "{}", Some(20)).await),
            "get" => drop(get(&db, ORG, id, Some("me")).await),
            "put" => drop(put(&db, id, Some("me"), "{}", None).await),
            "delete" => drop(delete(&db, id, Some("me"), None).await),
            _ => drop(db.text("SELECT pruned FROM prune_user_sessions(200)").await),
        }
        let touched = pages().await - before;
        assert!((1..100).contains(&touched), "{what} touches {touched} pages");
    }
}

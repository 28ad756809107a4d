//! The record beside the certificate: a renewal compares it, and any difference moves the epoch.

use crate::database::{CUSTOMER, Database, tags_of_no_number};
use crate::renewing::Cache;

#[tokio::test]
async fn any_difference_from_the_record_moves_the_epoch_once() {
    let db = Database::new().await;
    let cache = Cache::certified(&db.client).await;
    let changed = [
        ("no record", Cache { record: String::new(), ..cache.clone() }),
        ("no record of ours", Cache { record: "x y z".into(), ..cache.clone() }),
        ("another start of Postgres", cache.with_part(0, "1/1")),
        ("another history", cache.with_part(1, "1/00000001/1")),
        ("other tables or triggers", cache.with_part(2, "x")),
        ("keys of another cache", cache.with_part(3, "x")),
        ("another run in the record", cache.with_part(4, "x")),
        ("other data in Redis", Cache { replication: "other", ..cache.clone() }),
        ("another run", Cache { run: "another", ..cache.clone() }),
    ];
    for (what, mut changed) in changed {
        let mut good = Cache::certified(&db.client).await;
        let before = good.renew(&db.client).await.epoch;
        let moved = changed.renew(&db.client).await;
        assert!(moved.reason.is_some() && moved.epoch != before, "{what}: {moved:?}");
        let next = changed.renew(&db.client).await;
        assert_eq!((next.reason, next.epoch), (None, moved.epoch), "{what}: once");
    }
}

#[tokio::test]
async fn a_move_to_another_cache_and_back_moves_the_epoch() {
    for moves in [["NULL", "NULL"], ["'redis://a b:'", "'redis://a a:'"]] {
        for renewed in [true, false] {
            let db = Database::new().await;
            let mut first = Cache::certified(&db.client).await;
            let id = db.order().await;
            let before = first.renew(&db.client).await.epoch;
            db.run(&format!("UPDATE cache_state SET cache = {}", moves[0])).await;
            let mut second = Cache { name: "redis://a b:", record: String::new(), ..first.clone() };
            if renewed {
                second.renew(&db.client).await;
            }
            // A writer of the second cache tells the same run of Redis, and settles.
            db.run(&format!("UPDATE orders SET notes = 'x' WHERE id = '{id}'")).await;
            let covered = tags_of_no_number(id, &[CUSTOMER], &["pending"]);
            db.forget(&[(&db.last_transaction().await, &covered)], second.name, second.run).await;
            db.run(&format!("UPDATE cache_state SET cache = {}", moves[1])).await;
            let back = first.renew(&db.client).await;
            assert!(back.epoch != before || back.tags == covered, "{moves:?} {renewed}: {back:?}");
        }
    }
}

#[tokio::test]
async fn renewals_that_die_leave_the_epoch_as_it_is() {
    let db = Database::new().await;
    let mut cache = Cache::certified(&db.client).await;
    let epoch = cache.renew(&db.client).await.epoch;
    for _ in 0..100 {
        // Each draws another serial, since the last one is old.
        let (died, _) = cache.with_part(8, "0").ask(&db.client).await;
        assert_eq!((&died.reason, &died.epoch), (&None, &epoch));
    }
    assert_eq!(cache.renew(&db.client).await.epoch, epoch);
}

#[tokio::test]
async fn a_redis_whose_memory_is_put_back_moves_the_epoch_after_two_serials() {
    let db = Database::new().await;
    let mut cache = Cache::certified(&db.client).await;
    let copy = cache.clone();
    for _ in 0..2 {
        cache = cache.with_part(8, "0");
        assert_eq!(cache.renew(&db.client).await.reason, None);
    }
    let (back, _) = copy.ask(&db.client).await;
    assert_eq!(back.reason.as_deref(), Some("Redis was put back"));
}

#[tokio::test]
async fn triggers_that_are_missing_or_not_always_withhold_the_certificate() {
    let db = Database::new().await;
    let mut cache = Cache::certified(&db.client).await;
    let missing = async || db.text("SELECT coalesce((SELECT missing FROM cache_signs()), '')").await;
    let changes = [
        ("DISABLE TRIGGER announce_update", "orders.announce_update"),
        ("ENABLE TRIGGER announce_update", "orders.announce_update"),
        ("ENABLE REPLICA TRIGGER announce_update", "orders.announce_update"),
        ("DISABLE TRIGGER USER", "orders.announce_delete, orders.announce_insert, "),
    ];
    for (change, named) in changes {
        let before = cache.renew(&db.client).await.epoch;
        db.run(&format!("ALTER TABLE orders {change}")).await;
        let withheld = cache.renew(&db.client).await;
        assert_eq!((withheld.outcome.as_str(), withheld.epoch), ("unannounced", None), "{change}");
        assert!(withheld.reason.is_some_and(|reason| reason.starts_with(named)), "{change}");
        assert!(missing().await.starts_with(named), "{change}");
        db.run(
            "ALTER TABLE orders ENABLE ALWAYS TRIGGER announce_insert, ENABLE ALWAYS TRIGGER announce_update,
                ENABLE ALWAYS TRIGGER announce_delete, ENABLE ALWAYS TRIGGER announce_truncate,
                ENABLE ALWAYS TRIGGER bump_version",
        )
        .await;
        assert_eq!(missing().await, "");
        assert_ne!(cache.renew(&db.client).await.epoch, before, "{change}: changes may have gone unannounced");
    }
    db.run(
        "BEGIN; ALTER TABLE orders DISABLE TRIGGER announce_update;
        ALTER TABLE orders ENABLE ALWAYS TRIGGER announce_update; COMMIT",
    )
    .await;
    let reason = cache.renew(&db.client).await.reason;
    assert_eq!(reason.as_deref(), Some("tables or triggers have changed"), "off for a moment, between two renewals");
    db.run("DROP TRIGGER touch_on_update ON shipments").await;
    assert_eq!(cache.renew(&db.client).await.reason.as_deref(), Some("shipments.touch_on_update"));
    db.run("DROP TABLE shipments CASCADE").await;
    assert_eq!(cache.renew(&db.client).await.outcome, "unannounced");
}

#[tokio::test]
async fn a_table_that_is_made_anew_or_rewritten_moves_the_epoch() {
    let db = Database::new().await;
    let mut cache = Cache::certified(&db.client).await;
    for change in ["ALTER TABLE orders ADD COLUMN chance float DEFAULT random()", "VACUUM FULL shipments"] {
        db.run(change).await;
        assert_eq!(
            cache.renew(&db.client).await.reason.as_deref(),
            Some("tables or triggers have changed"),
            "{change}"
        );
        assert_eq!(cache.renew(&db.client).await.reason, None, "{change}: once");
    }
}

#[tokio::test]
async fn a_renewal_reads_on_where_the_last_certified_one_ended() {
    let db = Database::new().await;
    let (first, second) = (db.order().await, db.order().await);
    let mut cache = Cache::certified(&db.client).await;
    let change = async |id| db.run(&format!("UPDATE orders SET notes = notes || 'x' WHERE id = '{id}'")).await;
    change(first).await;
    let (died, _) = cache.ask(&db.client).await;
    assert_eq!(died.tags, tags_of_no_number(first, &[CUSTOMER], &["pending"]));
    change(second).await;
    let (renewal, record) = cache.ask(&db.client).await;
    assert_eq!(renewal.ids.len(), 2, "the one that died has certified nothing");
    // Certified, and dead before it forgot.
    cache.record = record.unwrap();
    assert_eq!(cache.ask(&db.client).await.0.ids, Vec::<i64>::new(), "they have been applied");
    // Deleted all the same, once every transaction of their time has ended, in any database.
    while db.text("SELECT count(*) FROM cache_invalidations").await != "0" {
        cache = cache.with_part(8, "0");
        assert_eq!(cache.renew(&db.client).await.ids, Vec::<i64>::new());
    }
}

#[tokio::test]
async fn a_row_of_a_transaction_that_was_under_way_is_read_when_it_commits() {
    let db = Database::new().await;
    let (early, late) = (db.order().await, db.order().await);
    let mut cache = Cache::certified(&db.client).await;
    let slow = db.connect().await;
    slow.batch_execute(&format!("BEGIN; UPDATE orders SET notes = 'x' WHERE id = '{early}'")).await.unwrap();
    db.run(&format!("UPDATE orders SET notes = 'x' WHERE id = '{late}'")).await;
    assert_eq!(cache.renew(&db.client).await.tags, tags_of_no_number(late, &[CUSTOMER], &["pending"]));
    for _ in 0..2 {
        assert_eq!(cache.with_part(8, "0").renew(&db.client).await.ids, Vec::<i64>::new(), "not committed yet");
    }
    slow.batch_execute("COMMIT").await.unwrap();
    assert_eq!(cache.renew(&db.client).await.tags, tags_of_no_number(early, &[CUSTOMER], &["pending"]));
}

#[tokio::test]
async fn a_renewal_behind_an_old_snapshot_reads_only_what_is_new() {
    let db = Database::new().await;
    let id = db.order().await;
    let mut cache = Cache::certified(&db.client).await;
    let old = db.connect().await;
    old.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1").await.unwrap();
    db.run("INSERT INTO cache_invalidations (tags) SELECT ARRAY['t' || n] FROM generate_series(1, 50000) AS n").await;
    assert_eq!(cache.renew(&db.client).await.reason.as_deref(), Some("more than 1,000 changes"));
    db.run("DELETE FROM cache_invalidations").await;
    cache.renew(&db.client).await;
    db.run(&format!("UPDATE orders SET notes = 'x' WHERE id = '{id}'")).await;
    let touched = async || -> i64 {
        let pages = "SELECT coalesce(sum(idx_blks_read + idx_blks_hit + heap_blks_read + heap_blks_hit), 0)::bigint
            FROM pg_statio_user_tables WHERE relname = 'cache_invalidations'";
        db.client.batch_execute("SELECT pg_stat_force_next_flush()").await.unwrap();
        db.client.query_one(pages, &[]).await.unwrap().get(0)
    };
    let before = touched().await;
    let renewal = cache.renew(&db.client).await;
    let pages = touched().await - before;
    assert_eq!((renewal.reason, renewal.ids.len()), (None, 1));
    assert!(pages < 60, "{pages} pages of a table with 50,000 dead rows");
    old.batch_execute("COMMIT").await.unwrap();
}

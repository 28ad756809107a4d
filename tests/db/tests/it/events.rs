//! The feed of changes: every change of an order, a payment, a product or a level of stock, by any
//! writer, in an order in which nobody misses one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::database::{CUSTOMER, Database, ORG, OTHER_CUSTOMER, OTHER_ORG, STRANGER, call};

/// A week.
const KEEP: i64 = 604_800;

/// Gives positions to what is committed.
async fn sequence(client: &Client) -> Vec<Value> {
    let rows = client.query(&call("event_sequence", 1), &[&KEEP]).await.unwrap();
    rows.iter().map(|row| serde_json::from_str(row.get("body")).unwrap()).collect()
}

/// A page of events: its outcome and its JSON.
async fn list(client: &Client, organization: Option<Uuid>, after: Option<i64>, limit: i32) -> (String, Value) {
    let row = client.query_one(&call("event_list", 3), &[&organization, &after, &limit]).await.unwrap();
    (row.get("outcome"), serde_json::from_str(row.get("body")).unwrap())
}

/// `type subject version` of each.
fn told(events: &[Value]) -> Vec<String> {
    let text = |event: &Value| {
        let subject = event["subjectId"].as_str().unwrap_or("-");
        format!("{} {subject} {}", event["type"].as_str().unwrap(), event["version"])
    };
    events.iter().map(text).collect()
}

async fn product(db: &Database) -> Uuid {
    db.text("SELECT id FROM products WHERE sku = 'JUG'").await.parse().unwrap()
}

#[tokio::test]
async fn every_change_of_an_order_a_payment_a_product_or_stock_is_an_event() {
    let db = Database::new().await;
    sequence(&db.client).await;
    let (order, jug, payment) = (db.order().await, product(&db).await, Uuid::now_v7());
    assert_eq!(told(&sequence(&db.client).await), [format!("order.changed {order} 1")]);
    let keys = format!("'{order}', '{ORG}', '{CUSTOMER}'");
    let subject = |kind: &str, id: Uuid| format!("{kind}.changed {id}");
    let (order_is, jug_is, payment_is) =
        (subject("order", order), subject("product", jug), subject("payment", payment));
    let table = [
        (format!("UPDATE orders SET notes = 'x' WHERE id = '{order}'"), vec![order_is.clone()]),
        (format!("INSERT INTO shipments (order_id, organization_id, customer_id, carrier) VALUES ({keys}, 'DHL')"), vec![order_is.clone()]),
        (
            format!(
                "INSERT INTO payments (id, order_id, organization_id, customer_id, provider, account, external_id, status, currency, amount)
                VALUES ('{payment}', {keys}, 'stripe', 'a', 'pi_1', 'pending', 'EUR', 9.99)"
            ),
            vec![order_is.clone(), payment_is.clone()],
        ),
        ("UPDATE payments SET status = 'failed'".to_owned(), vec![order_is.clone(), payment_is.clone()]),
        ("DELETE FROM payments".to_owned(), vec![order_is.clone(), payment_is]),
        (format!("UPDATE products SET name = 'x' WHERE id = '{jug}'"), vec![jug_is.clone()]),
        (
            format!("INSERT INTO stock_levels (organization_id, sku, on_hand) VALUES ('{ORG}', 'JUG', 5)"),
            vec!["stock.changed JUG".to_owned()],
        ),
        ("UPDATE stock_levels SET on_hand = 4".to_owned(), vec!["stock.changed JUG".to_owned()]),
        ("DELETE FROM stock_levels".to_owned(), vec!["stock.changed JUG".to_owned()]),
        // Bulk loads and restores, too.
        (
            format!("SET session_replication_role = replica; UPDATE products SET name = 'y' WHERE id = '{jug}'; RESET session_replication_role"),
            vec![jug_is.clone()],
        ),
        (format!("DELETE FROM products WHERE id = '{jug}'"), vec![jug_is]),
        ("UPDATE orders SET notes = 'y' WHERE false".to_owned(), vec![]),
        (format!("DELETE FROM orders WHERE id = '{order}'"), vec![order_is]),
    ];
    let mut versions: BTreeMap<String, i64> = BTreeMap::new();
    for (change, expected) in table {
        db.run(&change).await;
        let events = sequence(&db.client).await;
        let mut seen: Vec<String> = Vec::new();
        for event in &events {
            let text = told(std::slice::from_ref(event)).remove(0);
            let (subject, version) = text.rsplit_once(' ').unwrap();
            let version = version.parse().unwrap();
            let before = versions.insert(subject.to_owned(), version);
            assert!(before.is_none_or(|before| before < version), "{change}: {text} after {before:?}");
            seen.push(subject.to_owned());
        }
        seen.sort();
        assert_eq!(seen, expected, "{change}");
    }
    assert_eq!(db.text("SELECT count(*) FROM events_waiting").await, "0");
}

#[tokio::test]
async fn an_events_version_is_that_of_its_order_and_one_transaction_is_one_event() {
    let db = Database::new().await;
    let id = db.order().await;
    sequence(&db.client).await;
    db.run(&format!(
        "BEGIN; UPDATE orders SET notes = 'x' WHERE id = '{id}'; UPDATE orders SET notes = 'y' WHERE id = '{id}'; COMMIT"
    ))
    .await;
    assert_eq!(told(&sequence(&db.client).await), [format!("order.changed {id} {}", db.version(id).await)]);
    // It moves: both organisations are told.
    db.run(&format!("UPDATE orders SET organization_id = '{OTHER_ORG}', customer_id = '{STRANGER}' WHERE id = '{id}'"))
        .await;
    let events = sequence(&db.client).await;
    let mut organizations: Vec<&str> = events.iter().map(|event| event["organizationId"].as_str().unwrap()).collect();
    organizations.sort_unstable();
    assert_eq!(organizations, [ORG.to_string(), OTHER_ORG.to_string()]);
}

#[tokio::test]
async fn many_rows_of_a_statement_are_one_event_of_each_organisation() {
    let db = Database::new().await;
    sequence(&db.client).await;
    let orders = |count: u32| {
        format!(
            "INSERT INTO orders (organization_id, customer_id, currency, total_amount)
            SELECT o, c, 'EUR', 0 FROM (VALUES ('{ORG}'::uuid, '{CUSTOMER}'::uuid), ('{OTHER_ORG}', '{STRANGER}')) AS v (o, c),
                generate_series(1, {count})"
        )
    };
    db.run(&orders(100)).await;
    assert_eq!(sequence(&db.client).await.len(), 200);
    let kinds = async || {
        let events = sequence(&db.client).await;
        let mut kinds: Vec<String> =
            told(&events).iter().map(|told| told.rsplit_once(' ').unwrap().0.to_owned()).collect();
        kinds.sort();
        kinds
    };
    for change in [
        orders(101),
        format!("UPDATE orders SET notes = 'x' WHERE customer_id <> '{OTHER_CUSTOMER}'"),
        "DELETE FROM order_items; DELETE FROM orders".to_owned(),
    ] {
        db.run(&change).await;
        assert_eq!(kinds().await, ["orders.changed -", "orders.changed -"], "{change}");
    }
    db.run("TRUNCATE products CASCADE").await;
    assert!(kinds().await.contains(&"products.changed -".to_owned()));
    // The border is a setting of the database.
    let id = db.order_of_other(&[1, 2]).await;
    sequence(&db.client).await;
    db.run("SET events.named_rows = '1'; UPDATE orders SET notes = 'z'").await;
    assert_eq!(kinds().await, ["orders.changed -"], "{id:?}");
    db.run("SET events.named_rows = 'many'; UPDATE orders SET notes = 'z'").await;
    assert_eq!(kinds().await.len(), 2, "a wrong setting counts for nothing");
}

impl Database {
    /// Orders of CUSTOMER without lines, as many as there are numbers.
    async fn order_of_other(&self, numbers: &[u8]) -> Vec<Uuid> {
        let mut ids = Vec::new();
        for _ in numbers {
            let id = Uuid::now_v7();
            self.run(&format!("INSERT INTO orders (id, organization_id, customer_id, currency, total_amount) VALUES ('{id}', '{ORG}', '{CUSTOMER}', 'EUR', 0)")).await;
            ids.push(id);
        }
        ids
    }
}

#[tokio::test]
async fn what_commits_last_comes_last_though_it_was_written_first() {
    let db = Database::new().await;
    let (early, late) = (db.order().await, db.order().await);
    sequence(&db.client).await;
    let slow = db.connect().await;
    slow.batch_execute(&format!("BEGIN; UPDATE orders SET notes = 'x' WHERE id = '{early}'")).await.unwrap();
    for _ in 0..3 {
        db.run(&format!("UPDATE orders SET notes = 'y' WHERE id = '{late}'")).await;
    }
    let (_, page) = list(&db.client, Some(ORG), None, 100).await;
    let seen = page["next"].as_i64();
    sequence(&db.client).await;
    let (outcome, page) = list(&db.client, Some(ORG), seen, 100).await;
    assert_eq!(outcome, "ok");
    assert_eq!(told(page["items"].as_array().unwrap()).len(), 3);
    let seen = page["next"].as_i64();
    assert_eq!(sequence(&db.client).await, Vec::<Value>::new(), "it isn't committed yet");
    slow.batch_execute("COMMIT").await.unwrap();
    sequence(&db.client).await;
    let (_, page) = list(&db.client, Some(ORG), seen, 100).await;
    assert_eq!(told(page["items"].as_array().unwrap()), [format!("order.changed {early} 2")]);
    assert_eq!(list(&db.client, Some(OTHER_ORG), seen, 100).await.1["items"], serde_json::json!([]), "another's");
}

/// Numbers that look random and are the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Changes some products in each transaction, which commits after a while. Gives how many events
/// that must be.
async fn write(client: Client, seed: u64, left: Arc<AtomicUsize>) {
    let mut dice = Dice(seed);
    while left.load(Ordering::SeqCst) > 0 {
        let some = 1 + dice.below(8);
        let (first, step) = (dice.below(200), 1 + dice.below(9));
        client.batch_execute("BEGIN").await.unwrap();
        // In one order, so that writers don't wait for each other in a circle.
        let changed = client
            .execute(
                "UPDATE products SET name = 'x' WHERE id IN (SELECT id FROM products WHERE sku LIKE 'F%'
                    AND substr(sku, 2)::int IN (SELECT ($1::bigint + n * $2::bigint) % 200 FROM generate_series(1, $3::bigint) AS n) ORDER BY id FOR UPDATE)",
                &[&(first as i64), &(step as i64), &(some as i64)],
            )
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(dice.below(20) * dice.below(3))).await;
        if dice.below(10) == 0 {
            client.batch_execute("ROLLBACK").await.unwrap();
        } else {
            client.batch_execute("COMMIT").await.unwrap();
            let _ = left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| Some(left.saturating_sub(changed as usize)));
        }
    }
}

/// Reads the feed page by page until nothing more is to come. Gives the versions of each subject in
/// the order in which they were seen.
async fn read(
    client: Client,
    organization: Option<Uuid>,
    after: i64,
    over: Arc<AtomicBool>,
) -> BTreeMap<String, Vec<i64>> {
    let (mut seen, mut after) = (BTreeMap::<String, Vec<i64>>::new(), after);
    loop {
        let last = over.load(Ordering::SeqCst);
        let (outcome, page) = list(&client, organization, Some(after), 37).await;
        assert_eq!(outcome, "ok");
        for event in page["items"].as_array().unwrap() {
            let position = event["position"].as_i64().unwrap();
            assert!(position > after, "{position} behind {after}");
            after = position;
            seen.entry(event["subjectId"].as_str().unwrap().to_owned())
                .or_default()
                .push(event["version"].as_i64().unwrap());
        }
        let next = page["next"].as_i64().unwrap();
        assert!(next >= after, "{page}");
        let whole = page["items"].as_array().unwrap().len() < 37;
        after = next;
        if last && whole {
            return seen;
        }
    }
}

/// `FEED_EVENTS` says how many.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_misses_nothing_whatever_commits_late() {
    let events: usize = std::env::var("FEED_EVENTS").ok().map_or(3_000, |text| text.parse().expect("a number"));
    let db = Database::new().await;
    db.run(&format!(
        "INSERT INTO products (organization_id, sku, name, currency, price)
        SELECT CASE WHEN n % 2 = 0 THEN '{ORG}'::uuid ELSE '{OTHER_ORG}' END, 'F' || n, 'x', 'EUR', 1 FROM generate_series(0, 199) AS n"
    ))
    .await;
    let slowest = product(&db).await;
    sequence(&db.client).await;
    let begin = list(&db.client, None, None, 1).await.1["last"].as_i64().unwrap();
    // It has written before all others, and commits after them.
    let slow = db.connect().await;
    slow.batch_execute(&format!("BEGIN; UPDATE products SET name = 'x' WHERE id = '{slowest}'")).await.unwrap();

    let (left, over) = (Arc::new(AtomicUsize::new(events)), Arc::new(AtomicBool::new(false)));
    let mut writers = Vec::new();
    for seed in 1..=12 {
        writers.push(tokio::spawn(write(db.connect().await, seed, left.clone())));
    }
    let mut sequencers = Vec::new();
    for _ in 0..3 {
        let (client, over) = (db.connect().await, over.clone());
        sequencers.push(tokio::spawn(async move {
            while !over.load(Ordering::SeqCst) {
                sequence(&client).await;
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }));
    }
    let mut readers = Vec::new();
    for organization in [None, Some(ORG), Some(OTHER_ORG)] {
        readers.push(tokio::spawn(read(db.connect().await, organization, begin, over.clone())));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    slow.batch_execute("COMMIT").await.unwrap();
    let committed = Instant::now();
    while db.text("SELECT count(*) FROM events_waiting").await != "0" {
        assert!(committed.elapsed() < Duration::from_secs(60), "some are never given a position");
        // Another sequencer may be at it.
        sequence(&db.client).await;
    }
    over.store(true, Ordering::SeqCst);
    for sequencer in sequencers {
        sequencer.await.unwrap();
    }

    let rows = "SELECT id::text, organization_id, version FROM products WHERE version > 1";
    let rows = db.client.query(rows, &[]).await.unwrap();
    assert!(rows.iter().map(|row| row.get::<_, i64>(2) - 1).sum::<i64>() > events as i64);
    for (reader, organization) in readers.into_iter().zip([None, Some(ORG), Some(OTHER_ORG)]) {
        let of =
            |row: &&tokio_postgres::Row| organization.is_none_or(|organization| organization == row.get::<_, Uuid>(1));
        let expected: BTreeMap<String, Vec<i64>> =
            rows.iter().filter(of).map(|row| (row.get(0), (2..=row.get::<_, i64>(2)).collect())).collect();
        let seen = reader.await.unwrap();
        for (subject, versions) in &expected {
            assert_eq!(seen.get(subject), Some(versions), "{organization:?} {subject}");
        }
        assert_eq!(seen.len(), expected.len(), "{organization:?}");
    }
    // Positions have no gap.
    assert_eq!(db.text("SELECT count(*) = max(position) - min(position) + 1 FROM events").await, "true");
}

#[tokio::test]
async fn an_open_transaction_delays_its_own_events_and_makes_no_run_read_more() {
    let db = Database::new().await;
    let id = db.order().await;
    sequence(&db.client).await;
    // An old snapshot keeps every deleted row, and 20,000 events wait for their transaction.
    let old = db.connect().await;
    old.batch_execute(&format!(
        "BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL events.named_rows = '99999';
        INSERT INTO orders (organization_id, customer_id, currency, total_amount) SELECT '{ORG}', '{CUSTOMER}', 'EUR', 0 FROM generate_series(1, 20000)"
    ))
    .await
    .unwrap();
    db.run(&format!(
        "INSERT INTO events_waiting (organization_id, type, subject) SELECT '{ORG}', 'stock.changed', n FROM generate_series(1, 40000) AS n"
    ))
    .await;
    let mut given = 0;
    while given < 40_000 {
        let events = sequence(&db.client).await.len();
        assert!(events > 0, "only {given} events");
        given += events;
    }
    for _ in 0..2 {
        db.run(&format!("UPDATE orders SET notes = 'x' WHERE id = '{id}'")).await;
        sequence(&db.client).await;
    }
    let touched = async || -> i64 {
        let pages = "SELECT coalesce(sum(idx_blks_read + idx_blks_hit + heap_blks_read + heap_blks_hit), 0)::bigint
            FROM pg_statio_user_tables WHERE relname IN ('events_waiting', 'events', 'event_batches')";
        db.client.batch_execute("SELECT pg_stat_force_next_flush()").await.unwrap();
        db.client.query_one(pages, &[]).await.unwrap().get(0)
    };
    db.run(&format!("UPDATE orders SET notes = 'y' WHERE id = '{id}'")).await;
    let before = touched().await;
    assert_eq!(sequence(&db.client).await.len(), 1);
    let pages = touched().await - before;
    assert!(pages < 80, "{pages} pages beside 40,000 deleted rows and 20,000 that wait");
    old.batch_execute("COMMIT").await.unwrap();
    let mut late = 0;
    loop {
        let events = sequence(&db.client).await.len();
        late += events;
        if events == 0 {
            break;
        }
    }
    assert_eq!(late, 20_000);
}

#[tokio::test]
async fn events_are_forgotten_after_their_time_and_a_reader_that_missed_some_is_told() {
    let db = Database::new().await;
    let id = db.order().await;
    for _ in 0..20 {
        db.run(&format!("UPDATE orders SET notes = 'x' WHERE id = '{id}'")).await;
        sequence(&db.client).await;
    }
    let last = list(&db.client, None, None, 1).await.1["last"].as_i64().unwrap();
    db.run(&format!("UPDATE events SET sequenced_at = now() - interval '8 days' WHERE position <= {}", last - 5)).await;
    db.run(&format!("UPDATE orders SET notes = 'y' WHERE id = '{id}'")).await;
    sequence(&db.client).await;
    let oldest = last - 4;
    let (outcome, page) = list(&db.client, None, None, 100).await;
    assert_eq!((outcome.as_str(), page["oldest"].as_i64()), ("ok", Some(oldest)));
    assert_eq!(page["items"].as_array().unwrap().len(), 6);
    assert_eq!(page["items"][0]["position"], oldest);
    for (after, expected) in
        [(0, "gone"), (oldest - 2, "gone"), (oldest - 1, "ok"), (last + 1, "ok"), (last + 2, "gone")]
    {
        assert_eq!(list(&db.client, None, Some(after), 100).await.0, expected, "after {after}");
    }
    assert_eq!(list(&db.client, Some(OTHER_ORG), Some(oldest), 10).await.1["next"], last + 1, "an idle reader goes on");
}

#[tokio::test]
async fn a_restored_database_goes_on_where_its_feed_was() {
    let db = Database::new().await;
    let id = db.order().await;
    let before = sequence(&db.client).await.last().unwrap()["position"].as_i64().unwrap();
    // Transactions are counted anew, and the rows that waited are of high numbers.
    db.run("UPDATE event_batches SET history = 'another', bound = '900000:900000:'").await;
    db.run(&format!("UPDATE orders SET notes = 'x' WHERE id = '{id}'")).await;
    let events = sequence(&db.client).await;
    assert_eq!(told(&events), [format!("order.changed {id} 2")]);
    assert_eq!(events[0]["position"], before + 1);
    assert_eq!(sequence(&db.client).await, Vec::<Value>::new(), "none comes twice");
}

#[tokio::test]
async fn one_sequencer_is_at_it_and_another_waits_for_nothing() {
    let db = Database::new().await;
    let id = db.order().await;
    sequence(&db.client).await;
    let other = db.connect().await;
    db.run(&format!("UPDATE orders SET notes = 'x' WHERE id = '{id}'")).await;
    other.batch_execute("BEGIN").await.unwrap();
    assert_eq!(sequence(&other).await.len(), 1);
    assert_eq!(sequence(&db.client).await, Vec::<Value>::new(), "it isn't its turn");
    other.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(sequence(&db.client).await.len(), 1, "nothing is lost with a sequencer");
    other.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1").await.unwrap();
    db.run(&format!("UPDATE orders SET notes = 'y' WHERE id = '{id}'")).await;
    assert_eq!(sequence(&other).await, Vec::<Value>::new(), "its snapshot is too old to go by");
    other.batch_execute("COMMIT").await.unwrap();
}

#[tokio::test]
async fn a_page_of_the_feed_is_found_by_index() {
    let db = Database::new().await;
    db.run(&format!(
        "INSERT INTO events (position, organization_id, type, subject, version, occurred_at)
        SELECT n, CASE WHEN n % 1000 = 0 THEN '{ORG}'::uuid ELSE '{OTHER_ORG}' END, 'order.changed', 'x', 1, now() FROM generate_series(1, 100000) AS n;
        UPDATE event_batches SET position = 100000; ANALYZE events, event_batches"
    ))
    .await;
    for organization in [Some(ORG), Some(OTHER_ORG), None] {
        let explain = format!("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {}", call("event_list", 3));
        let row = db.client.query_one(&explain, &[&organization, &Some(20_000_i64), &20]).await.unwrap();
        let plan = &row.get::<_, Value>(0)[0]["Plan"];
        let blocks = |name: &str| plan[name].as_i64().unwrap_or(0);
        let read = blocks("Shared Hit Blocks") + blocks("Shared Read Blocks");
        assert!(read < 60, "{organization:?}: {read} blocks, {plan:#}");
        assert_eq!(list(&db.client, organization, Some(20_000), 20).await.1["items"].as_array().unwrap().len(), 20);
    }
}

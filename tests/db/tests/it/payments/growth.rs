//! What an event costs doesn't depend on how many there were before it, and nothing that runs for
//! each event or each page reads a table from end to end.

use std::sync::{Arc, Mutex, Weak};

use kit::database::{OwnDatabase, connect, on_own_runtime};
use serde_json::{Value, json};
use tokio_postgres::Client;
use uuid::Uuid;

use super::{ACCOUNT, Event, capture, place, refund, state};
use crate::database::{CUSTOMER, Database, ORG, OTHER_ORG, fixture};

/// So many sessions, objects, payments, events and refunds are many.
const MANY: u32 = 300_000;

/// So many are few: a table of accounts may be read from end to end.
const FEW: i64 = 1_000;

/// A database with the payments of many years. Tests share it, so they add little and take back the
/// rest.
pub struct Grown {
    pub client: Client,
    _database: Arc<OwnDatabase>,
}

impl Grown {
    /// With [`MANY`] of everything, or as many as PAYMENTS_GROWN says. It is made once.
    pub async fn many() -> Self {
        static MADE: Mutex<Weak<OwnDatabase>> = Mutex::new(Weak::new());
        let database = {
            let mut made = MADE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            made.upgrade().unwrap_or_else(|| {
                let rows = std::env::var("PAYMENTS_GROWN").map_or(MANY, |rows| rows.parse().expect("a number"));
                let database = Arc::new(on_own_runtime(grow(rows)));
                *made = Arc::downgrade(&database);
                database
            })
        };
        Self::of(database).await
    }

    /// With few of everything.
    async fn few() -> Self {
        Self::of(Arc::new(on_own_runtime(grow(1_000)))).await
    }

    async fn of(database: Arc<OwnDatabase>) -> Self {
        Self { client: connect(&database.url()).await, _database: database }
    }

    /// The rows that this connection has read in sequential scans, not yet told to the statistics.
    async fn scanned(&self) -> i64 {
        let sql = "SELECT coalesce(sum(seq_tup_read), 0)::bigint FROM pg_stat_xact_user_tables";
        self.client.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// How many buffers a statement reads, with all that it calls.
    pub async fn buffers(&self, sql: &str) -> u64 {
        let explain = format!("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}");
        let row = self.client.query_one(&explain, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        let plan = row.get::<_, Value>(0)[0]["Plan"].clone();
        ["Shared Hit Blocks", "Shared Read Blocks"].iter().filter_map(|name| plan[name].as_u64()).sum()
    }
}

async fn grow(rows: u32) -> OwnDatabase {
    let database = OwnDatabase::copy_of(fixture()).await;
    let client = connect(&database.url()).await;
    client.batch_execute(&format!("CREATE TEMP TABLE growth AS SELECT {rows} AS rows")).await.unwrap();
    client.batch_execute(include_str!("../../../grown.sql")).await.unwrap();
    client.batch_execute("VACUUM ANALYZE").await.unwrap();
    database
}

/// An order that waits for its shopper at PayPal.
async fn wait_for_shopper(client: &Client, order: Uuid, external: &str) {
    place(client, order, "100.00").await;
    let sql = format!(
        "INSERT INTO payment_sessions (id, organization_id, customer_id, order_id, gateway, account, status, amount,
            currency, principal, idempotency_key, body_hash, return_url, external_id, leased_until, expires_at)
        VALUES ('{}', '{ORG}', '{CUSTOMER}', '{order}', 'paypal', '{ACCOUNT}', 'awaiting_callback', 100, 'EUR',
            'somebody', '{external}', 'hash', 'https://shop.example/', '{external}', now(), now() + interval '1 hour')",
        Uuid::now_v7()
    );
    client.batch_execute(&sql).await.unwrap();
}

/// An order is paid through its session, and a part is given back: the buffers that each of the
/// events reads, and what an answer to a duplicate reads.
async fn story(grown: &Grown, name: &str) -> Vec<u64> {
    let (client, order) = (&grown.client, Uuid::now_v7());
    let (payment, external) = (format!("CAPTURE-{name}"), format!("ORDER-{name}"));
    wait_for_shopper(client, order, &external).await;
    let mut paid = capture(order, &payment, "completed", "100.00", 1);
    // Only the session knows whose it is.
    paid["order_reference"] = Value::Null;
    paid["external_order"] = json!(external);
    let returned = refund(&payment, &format!("REFUND-{name}"), "completed", "30.00", None, 2);
    let (mut read, mut last) = (Vec::new(), Uuid::nil());
    for object in [paid, returned] {
        let event = Event::new(vec![object]);
        last = event.record(client).await.get("event");
        let objects = json!(event.objects);
        read.push(
            grown.buffers(&format!("SELECT * FROM webhook_apply('{last}', '{objects}', true, NULL, false)")).await,
        );
    }
    read.push(grown.buffers(&format!("SELECT webhook_tags('{last}')")).await);
    assert!(state(client, order).await.starts_with("partially_refunded 100.00 30.00"));
    read
}

#[tokio::test]
async fn an_event_reads_as_much_at_a_thousand_sessions_as_at_hundreds_of_thousands() {
    let mut read = Vec::new();
    for grown in [Grown::few().await, Grown::many().await] {
        // What a connection reads of the catalogue it reads once, and once more after the server
        // has looked after a table by itself: the fewest of some stories have none of that.
        let mut fewest = story(&grown, "first").await;
        for name in ["second", "third", "fourth"] {
            let again = story(&grown, name).await;
            fewest = fewest.into_iter().zip(again).map(|(one, other)| one.min(other)).collect();
        }
        read.push(fewest);
    }
    let [few, many] = &read[..] else { panic!() };
    // A deeper index costs a buffer per descent, and nothing else may grow.
    for (few, many) in few.iter().zip(many) {
        assert!(*many <= few * 5 / 4 + 5, "{read:?}");
    }
}

/// Calls that run for each event, each session or each page, with parameters that are no rarity.
fn calls() -> Vec<(&'static str, String)> {
    let order = "md5('order30')::uuid";
    let payment = "md5('payment31')::uuid";
    let session = "md5('session31')::uuid";
    vec![
        ("fold", format!("payment_fold(ARRAY[{order}])")),
        ("attach of a new order", format!("payment_fold(ARRAY['{}'::uuid])", Uuid::now_v7())),
        ("tags", "webhook_tags(md5('event31')::uuid)".into()),
        ("verdict", "payment_event_verdict(md5('event31')::uuid)".into()),
        ("claim", "webhook_claim(10, 60)".into()),
        ("claim ahead", "webhook_claim_ahead(60)".into()),
        ("one event", "webhook_get(md5('event31')::uuid)".into()),
        ("missing", format!("webhook_missing('paypal', '{ACCOUNT}', ARRAY['WH-31', 'WH-none'])")),
        ("replay", "webhook_replay(NULL, md5('event50')::uuid, 'operator', 60)".into()),
        ("bodies of events", "webhook_bodies(ARRAY[md5('event31')])".into()),
        (
            "replay of many",
            format!(
                "webhook_replay_page('paypal', '{ACCOUNT}', ARRAY[md5('event50')], '[{}]', 'operator')",
                capture(Uuid::now_v7(), "C-50", "completed", "1.00", 1)
            ),
        ),
        ("dismiss", "webhook_dismiss(md5('event201')::uuid, 'operator', NULL)".into()),
        ("bodies", "webhook_sweep(100)".into()),
        ("approval", "payment_approval('paypal', 'O-31')".into()),
        ("session", format!("session_get('{ORG}', {session})")),
        ("session's move", format!("session_move('{ORG}', {session}, NULL, '{{}}', 'failed', NULL)")),
        ("capture", format!("capture_begin('{ORG}', {session}, 'somebody', 'key', 'hash')")),
        ("capture of a payment", format!("capture_begin('{ORG}', {payment}, 'somebody', 'other', 'hash')")),
        (
            "refund",
            format!("refund_request('{ORG}', {payment}, '1', NULL, 'somebody', 'key', 'hash', '{}')", Uuid::now_v7()),
        ),
        ("refunds", format!("refund_list('{ORG}', {payment})")),
        ("refunds to send", "refund_claim(1, '30 seconds', NULL)".into()),
        ("sweep of sessions", "session_sweep(10)".into()),
        ("backlog", "payment_backlog()".into()),
        ("bodies in review", "webhook_sweep(50, 0)".into()),
        ("old events", "prune_events(50, 1000000)".into()),
        ("old objects", "prune_objects(50, 1000000)".into()),
        ("old audit", "prune_audit(50, 1000000)".into()),
        ("old audit of orders", "prune_order_audit(50, 1000000)".into()),
        ("one payment", format!("payment_get('{ORG}', NULL, {payment})")),
        ("timeline", format!("order_timeline('{ORG}', {order}, 20, NULL)")),
        ("old sessions", "prune_sessions(50, 1000000)".into()),
        ("old carts", "prune_carts(50)".into()),
        ("users' old carts", "prune_user_carts(50)".into()),
        ("old user sessions", "prune_user_sessions(50)".into()),
        ("which order a cart has become", "prune_checkouts(50, 1000000)".into()),
        ("old attempts", "prune_attempts(50)".into()),
        ("old refunds", "prune_refunds(50, 1000000)".into()),
    ]
}

/// Calls that run for each order where stock is kept, and those of the jobs.
fn calls_of_stock() -> Vec<(&'static str, String)> {
    let (order, hold) = ("md5('order71')::uuid", "md5('hold71')::uuid");
    let lines = r#"'[{"sku": "CUP", "quantity": 2}]'"#;
    let wanted =
        format!(r#"'{{"customerId": "{CUSTOMER}", "currency": "EUR", "items": [{{"sku": "CUP", "quantity": 2}}]}}'"#);
    let new = Uuid::now_v7();
    vec![
        ("wish for a hold", format!("stock_hold_begin('{ORG}', {wanted}, 'somebody', 'key', '{new}')")),
        ("wish of a cart", format!("stock_hold_begin_cart('{ORG}', 'somebody', '{new}', '{new}')")),
        (
            "wish for other items",
            format!("stock_hold_begin_change('{ORG}', {order}, NULL, {lines}, '{{pending}}', '{new}')"),
        ),
        ("wish in place of a hold", format!("stock_hold_take('{ORG}', 'order', 'items', {lines}, '{new}', {hold})")),
        ("the service's answer", format!("stock_hold_answer({hold}, 'res', false)")),
        ("a hold for an order", format!("stock_hold_attach('{ORG}', 'order', 'items', {order}, {lines}, true)")),
        ("an order without its hold", format!("stock_hold_detach({order})")),
        ("a hold that is due", "stock_hold_claim(30000)".into()),
        ("what the service says of it", format!("stock_hold_done({hold}, '{new}', 'optimistic', 'res', false, NULL)")),
        ("an order's stock", format!("stock_of_order('{ORG}', {order})")),
        ("orders that nobody has paid", "stock_expire(3600, 100)".into()),
        (
            "a cancelled order",
            format!("order_patch('{ORG}', {order}, NULL, NULL, 'cancelled', '{{pending}}', false, NULL, NULL, false)"),
        ),
        (
            "a shipped order",
            format!("order_patch('{ORG}', {order}, NULL, NULL, 'shipped', '{{pending}}', false, NULL, NULL, false)"),
        ),
        ("a deleted order", format!("order_delete('{ORG}', {order}, false, NULL)")),
    ]
}

#[tokio::test]
async fn nothing_that_runs_often_reads_a_table_from_end_to_end() {
    let grown = Grown::many().await;
    let mut wrong = Vec::new();
    for (name, call) in calls().into_iter().chain(calls_of_stock()) {
        grown.client.batch_execute("BEGIN").await.unwrap();
        let before = grown.scanned().await;
        let read = grown.buffers(&format!("SELECT * FROM {call}")).await;
        let scanned = grown.scanned().await - before;
        grown.client.batch_execute("ROLLBACK").await.unwrap();
        if scanned > FEW || read > 5_000 {
            wrong.push(format!("{name}: {read} buffers, {scanned} rows one after the other"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Pages that operators ask for, and how many buffers each may read. A search that finds nothing
/// looks at as many rows as a page may look at; every row of theirs may be in another buffer.
///   `day`: the last 24 hours began then. As a value: Postgres knows it when it makes the plan.
fn pages(day: &str) -> Vec<(&'static str, String, u64)> {
    let events = |filter: &str| format!("webhook_list(NULL, NULL, 20, 0{filter})");
    let sessions = |status: &str| format!("session_list('{ORG}', NULL, NULL, {status}, 20, true)");
    let customers = |status: &str| format!("session_list('{ORG}', '{CUSTOMER}', NULL, {status}, 20, true)");
    let deep = "2020-01-01T00:00:00Z_00000000-0000-0000-0000-000000000000";
    vec![
        ("events", events(""), 1_000),
        ("events in review", "webhook_list(NULL, 'needs_review', 20, 0)".into(), 12_000),
        (
            "events that wait, later",
            "webhook_list(NULL, 'received', 20, 0, p_after => '2999-01-01Z_00000000-0000-0000-0000-000000000000')"
                .into(),
            12_000,
        ),
        ("events dismissed", "webhook_list(NULL, 'dismissed', 20, 0)".into(), 1_000),
        ("an organisation's events", format!("webhook_list('{ORG}', NULL, 20, 0)"), 1_000),
        ("another organisation's events", format!("webhook_list('{OTHER_ORG}', NULL, 20, 0)"), 1_000),
        ("an order's events", events(", p_order => md5('order31')::uuid"), 1_000),
        ("a transmission's events", events(", p_transmission => 'T-31'"), 1_000),
        ("events of a type that never came", events(", p_kind => 'none'"), 12_000),
        ("events of a reason that never came", events(", p_reason => 'none'"), 12_000),
        ("events of an account that nobody has", events(", p_provider => 'stripe', p_account => 'acct_9'"), 12_000),
        ("events of a day", events(&format!(", p_from => '{day}', p_to => '2999-01-01Z'")), 1_000),
        (
            "events of a day that were ignored",
            format!("webhook_list(NULL, 'ignored', 20, 0, p_from => '{day}', p_to => '2999-01-01Z')"),
            12_000,
        ),
        ("events before all", events(&format!(", p_after => '{deep}'")), 1_000),
        ("sessions", sessions("NULL"), 1_000),
        ("held sessions", sessions("'needs_review'"), 1_000),
        ("failed sessions", sessions("'failed'"), 1_000),
        ("completed sessions", sessions("'completed'"), 1_000),
        ("sessions that wait for their shopper", sessions("'awaiting_callback'"), 1_000),
        ("a customer's sessions", format!("session_list('{ORG}', '{CUSTOMER}', NULL, NULL, 20, false)"), 1_000),
        ("a customer's sessions of a status that none has", customers("'awaiting_callback'"), 1_000),
        ("a customer's held sessions", customers("'needs_review'"), 1_000),
        ("a customer's failed sessions", customers("'failed'"), 1_000),
        ("a customer's completed sessions", customers("'completed'"), 1_000),
        (
            "an order's sessions",
            format!("session_list('{ORG}', NULL, md5('order31')::uuid, 'failed', 20, true)"),
            1_000,
        ),
        ("refunds", format!("refund_search('{ORG}', NULL, 20, NULL)"), 1_000),
        ("refunds in review", format!("refund_search('{ORG}', 'needs_review', 20, NULL)"), 1_000),
        ("captures", format!("capture_search('{ORG}', NULL, NULL, NULL, NULL, 20, NULL)"), 1_000),
        (
            "captures that are disputed",
            format!("capture_search('{ORG}', 'disputed', NULL, NULL, NULL, 20, NULL)"),
            12_000,
        ),
        ("the ledger", format!("transaction_search('{ORG}', NULL, NULL, NULL, NULL, 20, NULL)"), 1_000),
        (
            "the side of a comparison that is ours",
            format!("payment_differences('{ORG}', NULL, NULL, NULL, 20, NULL)"),
            1_000,
        ),
        (
            "a page of an export, in the middle",
            format!("transaction_export_page('{ORG}', 'csv', '0', '9999999999', '1500', '{}', 20)", Uuid::max()),
            1_000,
        ),
        (
            "captures of a day",
            format!("capture_search('{ORG}', NULL, 'paypal', '{day}', '2999-01-01Z', 20, NULL)"),
            1_000,
        ),
        ("orders whose pieces are missing", format!("stock_holds('{ORG}', 'stock_missing', 20, NULL)"), 1_000),
        ("orders that were let through", format!("stock_holds('{ORG}', 'optimistic', 20, NULL)"), 1_000),
        ("what nobody waits for", format!("stock_holds('{OTHER_ORG}', 'releasing', 20, NULL)"), 1_000),
        (
            "the last orders whose pieces are missing",
            format!("stock_holds('{ORG}', 'stock_missing', 20, '{}_{}')", "2999-01-01Z", Uuid::nil()),
            1_000,
        ),
    ]
}

#[tokio::test]
async fn every_page_of_an_operators_list_reads_a_bounded_number_of_rows() {
    let grown = Grown::many().await;
    let mut wrong = Vec::new();
    let day = "SELECT (now() - interval '1 day')::text";
    let day: String = grown.client.query_one(day, &[]).await.unwrap().get(0);
    for (name, page, most) in pages(&day) {
        let before = grown.scanned().await;
        // With parameters in its text, as they are known when Spin's statement is planned.
        let read = grown.buffers(&format!("SELECT body FROM {page}")).await;
        let scanned = grown.scanned().await - before;
        if scanned > FEW || read > most {
            wrong.push(format!("{name}: {read} buffers, {scanned} rows one after the other"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn every_foreign_key_has_an_index() {
    let db = Database::new().await;
    // A partial index does if it leaves out only rows that point to nothing.
    let without = "SELECT format('%s %s', c.conrelid::regclass, c.conname) FROM pg_constraint c
        WHERE c.contype = 'f' AND NOT EXISTS (SELECT FROM pg_index i JOIN pg_attribute a
            ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
            WHERE i.indrelid = c.conrelid AND i.indkey[0] = ANY (c.conkey)
                AND coalesce(pg_get_expr(i.indpred, i.indrelid), '') IN ('', format('(%s IS NOT NULL)', a.attname)))";
    let without: Vec<String> = db.client.query(without, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(without, Vec::<String>::new());
}

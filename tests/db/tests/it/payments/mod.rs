//! Payments in the database: whatever providers tell, in whatever order, ends in one state.

mod accounts;
mod approvals;
mod arrival;
mod at_once;
mod attempts;
mod audit;
mod captures;
mod certificates;
mod changed;
mod checkout;
mod deletion;
mod details;
mod dismissals;
mod fold;
mod growth;
mod guests;
mod held;
mod histories;
mod lists;
mod operations;
mod pages;
mod record;
mod refunds;
mod retention;
mod review;
mod sessions;
mod timeline;
mod transactions;

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use crate::database::{CUSTOMER, Database, ORG, OTHER_ORG};

/// ORG's account at PayPal.
pub const ACCOUNT: &str = "MERCHANT1";
/// OTHER_ORG's account at PayPal.
pub const OTHER_ACCOUNT: &str = "MERCHANT2";

/// A database with an account for each organisation.
pub async fn database() -> Database {
    let db = Database::new().await;
    db.run(&format!(
        "INSERT INTO provider_accounts (provider, account, organization_id) VALUES ('paypal', '{ACCOUNT}', '{ORG}'),
        ('paypal', '{OTHER_ACCOUNT}', '{OTHER_ORG}'), ('stripe', 'acct_1', '{ORG}')"
    ))
    .await;
    db
}

/// Inserts an order of ORG over some amount of EUR, as any program might.
pub async fn place(client: &Client, id: Uuid, total: &str) {
    let sql = format!(
        "BEGIN;
        INSERT INTO orders (id, organization_id, customer_id, currency, total_amount) VALUES ('{id}', '{ORG}', '{CUSTOMER}', 'EUR', {total});
        INSERT INTO order_items (order_id, organization_id, customer_id, position, sku, name, quantity, currency, unit_price)
        VALUES ('{id}', '{ORG}', '{CUSTOMER}', 1, 'CUP', 'Cup', 1, 'EUR', {total});
        COMMIT"
    );
    client.batch_execute(&sql).await.unwrap();
}

/// Gives an order of `place` another total.
pub async fn reprice(db: &Database, order: Uuid, total: &str) {
    db.run(&format!(
        "BEGIN; UPDATE order_items SET unit_price = {total} WHERE order_id = '{order}';
        UPDATE orders SET total_amount = {total} WHERE id = '{order}'; COMMIT"
    ))
    .await;
}

/// One event: its provider, account and the objects that it brings.
#[derive(Clone, Debug)]
pub struct Event {
    pub provider: &'static str,
    pub account: &'static str,
    pub id: String,
    pub transmission: Option<String>,
    pub objects: Vec<Value>,
    pub trusted: bool,
}

impl Event {
    /// An event of ORG's PayPal account with an id of its own.
    pub fn new(objects: Vec<Value>) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let id = format!("WH-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        Self { provider: "paypal", account: ACCOUNT, id, transmission: None, objects, trusted: true }
    }

    fn sha256(&self) -> String {
        // Any 64 digits that differ when the event does.
        let text = format!("{}{:?}", self.id, self.objects);
        text.bytes()
            .fold([0xcbf2_9ce4_8422_2325_u64; 4], |mut hash, byte| {
                for (n, part) in hash.iter_mut().enumerate() {
                    *part = (*part ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3 + 2 * n as u64);
                }
                hash
            })
            .iter()
            .map(|part| format!("{part:016x}"))
            .collect()
    }

    /// Stores it; the outcome, and the event as it is stored then.
    pub async fn record(&self, client: &Client) -> Row {
        let record =
            "SELECT outcome, event::uuid FROM webhook_record($1, $2, $3, 'TEST', $4, $5, '{}', '\\x7b7d', now()::text,
            'received', NULL, 30 * 86400)";
        let stored = client
            .query_one(record, &[&self.provider, &self.account, &self.id, &self.sha256(), &self.transmission])
            .await
            .unwrap();
        let (outcome, event): (&str, Option<Uuid>) = (stored.get(0), stored.get(1));
        // A statement of its own: that of webhook_record doesn't see what it has written.
        let row = "SELECT $1::text AS outcome, e.id AS event, e.state, e.reason, e.conflict
            FROM (SELECT) AS one LEFT JOIN webhook_events e ON e.id = $2";
        client.query_one(row, &[&outcome, &event]).await.unwrap()
    }

    /// Applies it once it is stored; outcome and reason in one word.
    pub async fn apply(&self, client: &Client, event: Uuid) -> String {
        let sql = "SELECT concat_ws(':', outcome, reason) FROM payment_event_apply($1, $2, $3)";
        client.query_one(sql, &[&event, &json!(self.objects), &self.trusted]).await.unwrap().get(0)
    }

    /// Stores it, and applies it in the same statement if it is new; what was stored, and outcome
    /// and reason in one word, empty if it wasn't applied.
    pub async fn store_and_apply(&self, client: &Client) -> (Uuid, String) {
        let sql = "SELECT event::uuid, CASE WHEN outcome IS NULL THEN '' ELSE concat_ws(':', outcome, reason) END
            FROM webhook_deliver($1, $2, $3, 'TEST', $4, NULL, '{}', '\\x7b7d', now()::text, 30 * 86400, $5)";
        let objects = json!(self.objects);
        let params: [&(dyn ToSql + Sync); 5] = [&self.provider, &self.account, &self.id, &self.sha256(), &objects];
        let row = client.query_one(sql, &params).await.unwrap();
        (row.get(0), row.get(1))
    }

    /// A whole delivery of an event that its own body proves.
    pub async fn deliver_at_once(&self, client: &Client) -> String {
        match self.store_and_apply(client).await {
            (event, outcome) if outcome.is_empty() => self.apply(client, event).await,
            (_, outcome) => outcome,
        }
    }

    /// A whole delivery.
    pub async fn deliver(&self, client: &Client) -> String {
        let event = self.record(client).await.get("event");
        self.apply(client, event).await
    }
}

/// A capture with our order's id on it.
pub fn capture(order: Uuid, id: &str, state: &str, amount: &str, at: u32) -> Value {
    json!({"kind": "payment", "id": id, "state": state, "amount": amount, "currency": "EUR",
        "order_reference": order, "payee": ACCOUNT, "changed_at": time(at)})
}

/// A refund; `total` is what the provider says was refunded in all.
pub fn refund(payment: &str, id: &str, state: &str, amount: &str, total: Option<&str>, at: u32) -> Value {
    json!({"kind": "refund", "id": id, "parent": payment, "state": state, "amount": amount, "currency": "EUR",
        "refunded_total": total, "changed_at": time(at)})
}

/// A refund that the provider forced.
pub fn reversal(payment: &str, id: &str, amount: &str, at: u32) -> Value {
    let mut object = refund(payment, id, "completed", amount, None, at);
    object["reversal"] = json!(true);
    object
}

/// A dispute.
pub fn dispute(payment: &str, id: &str, state: &str, at: u32) -> Value {
    json!({"kind": "dispute", "id": id, "parent": payment, "state": state, "amount": "10.00", "currency": "EUR", "changed_at": time(at)})
}

/// Minutes after noon.
pub fn time(minutes: u32) -> String {
    format!("2026-01-15T12:{minutes:02}:00.000000Z")
}

/// The sum of an order's payments: payment status, captured, refunded, then each payment.
pub async fn state(client: &Client, order: Uuid) -> String {
    let sql = "SELECT concat_ws(' ', o.payment_status, s.captured::numeric(15, 2), s.refunded::numeric(15, 2), (SELECT string_agg(
            split_part(p.external_id, '.', 1) || '=' || p.status || '/' || p.amount::numeric(15, 2) || '/' || p.refunded_amount::numeric(15, 2), ' ' ORDER BY p.external_id)
        FROM payments p WHERE p.order_id = o.id))
        FROM orders o, order_payment_state(o) AS s WHERE o.id = $1";
    client.query_one(sql, &[&order]).await.unwrap().get(0)
}

/// The events of a database that aren't simply applied, as state:reason, sorted.
pub async fn open_events(client: &Client) -> Vec<String> {
    let sql = "SELECT concat_ws(':', state, reason) FROM webhook_events WHERE state <> 'applied' ORDER BY 1";
    client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

//! An order can't be removed while its money may still look for it.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{ACCOUNT, Event, capture, database, place, state, time};
use crate::database::{CUSTOMER, Database, ORG, call};

async fn remove(db: &Database, order: Uuid) -> String {
    db.client.query_one(&call("order_delete", 4), &[&ORG, &order, &true, &None::<i64>]).await.unwrap().get("outcome")
}

/// A session of an order at a gateway, made some days ago.
async fn session(db: &Database, order: Uuid, gateway: &str, status: &str, external: Option<&str>, days: u32) {
    let sql = format!(
        "INSERT INTO payment_sessions (id, organization_id, customer_id, order_id, gateway, account, status, amount,
            currency, principal, idempotency_key, body_hash, return_url, external_id, leased_until, expires_at, created_at)
        SELECT $1, '{ORG}', '{CUSTOMER}', $2, $3, '{ACCOUNT}', $4, 100, 'EUR', 'somebody', gen_random_uuid()::text, 'hash',
            'https://shop.example/', $5, at, at + interval '30 minutes', at
        FROM (SELECT now() - make_interval(days => '{days}') AS at) AS made"
    );
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
        [&Uuid::now_v7(), &order, &gateway, &status, &external];
    db.client.execute(&sql, &params).await.unwrap();
}

#[tokio::test]
async fn an_order_whose_money_is_reserved_can_t_be_removed_by_anybody() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    let reserved: Value = json!({"kind": "authorization", "id": "A1", "state": "authorized", "amount": "100.00",
        "currency": "EUR", "order_reference": order, "payee": ACCOUNT, "changed_at": time(1)});
    assert_eq!(Event::new(vec![reserved]).deliver(&db.client).await, "applied");
    assert_eq!(db.text("SELECT count(*) FROM payments").await, "0", "nothing is captured");
    assert_eq!(remove(&db, order).await, "has_payments");
    let removal = format!("DELETE FROM orders WHERE id = '{order}'");
    assert_eq!(db.refusal(&removal).await, "23503", "not by hand either");
    // The money finds its order.
    assert_eq!(Event::new(vec![capture(order, "C1", "completed", "100.00", 2)]).deliver(&db.client).await, "applied");
    assert!(state(&db.client, order).await.starts_with("paid"));
}

#[tokio::test]
async fn an_order_stays_as_long_as_a_session_at_a_provider_may_be_paid() {
    for (gateway, status, external, days, expected) in [
        ("paypal", "creating", None, 0, "has_payments"),
        ("paypal", "awaiting_redirect", Some("O1"), 0, "has_payments"),
        ("stripe", "awaiting_callback", Some("cs_1"), 0, "has_payments"),
        // Given up here, while the provider's page may still be open, or a bank slow.
        ("stripe", "failed", Some("cs_1"), 0, "has_payments"),
        ("stripe", "failed", Some("cs_1"), 29, "has_payments"),
        ("stripe", "failed", Some("cs_1"), 31, "deleted"),
        // No provider has ever known these.
        ("paypal", "creating", None, 1, "deleted"),
        ("paypal", "needs_review", None, 0, "deleted"),
        ("paypal", "failed", None, 0, "deleted"),
        ("other", "awaiting_redirect", None, 0, "deleted"),
    ] {
        let db = database().await;
        let order = Uuid::now_v7();
        place(&db.client, order, "100.00").await;
        session(&db, order, gateway, status, external, days).await;
        assert_eq!(remove(&db, order).await, expected, "{gateway} {status} {external:?} {days}");
    }
}

//! Statistics are what counting one by one gives, and seeding what it says.

use std::collections::BTreeMap;

use kit::database::seed;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::database::{Database, SEEDED_ORG, call};

async fn stats(db: &Database, org: Option<Uuid>) -> Value {
    let row = db.client.query_one(&call("order_stats", 1), &[&org]).await.unwrap();
    serde_json::from_str(row.get("body")).unwrap()
}

/// Orders one by one: counts by status and payment status; per currency orders, those that count
/// for revenue, and thousandths.
async fn naive(
    db: &Database,
    org: Option<Uuid>,
) -> (u64, [BTreeMap<String, u64>; 2], BTreeMap<String, (u64, u64, i64)>) {
    let sql = "SELECT status, payment_status, currency::text, (total_amount * 1000)::bigint FROM orders WHERE deleted_at IS NULL AND ($1::uuid IS NULL OR organization_id = $1)";
    let (mut total, mut counts, mut currencies) = (0, [BTreeMap::new(), BTreeMap::new()], BTreeMap::new());
    for row in db.client.query(sql, &[&org]).await.unwrap() {
        total += 1;
        let status: String = row.get(0);
        let currency: &mut (u64, u64, i64) = currencies.entry(row.get(2)).or_default();
        currency.0 += 1;
        if status != "cancelled" {
            currency.1 += 1;
            currency.2 += row.get::<_, i64>(3);
        }
        *counts[0].entry(status).or_default() += 1;
        *counts[1].entry(row.get(1)).or_default() += 1;
    }
    (total, counts, currencies)
}

/// A sum in thousandths divided by a count, rounded half up to the currency's smallest unit.
fn amount(thousandths: i64, count: u64, currency: &str) -> String {
    let digits = if currency == "JPY" { 0 } else { 2 };
    let unit = 10_i64.pow(3 - digits) * count.max(1) as i64;
    let rounded = (thousandths + unit / 2) / unit;
    if digits == 0 { rounded.to_string() } else { format!("{}.{:02}", rounded / 100, rounded % 100) }
}

#[tokio::test]
async fn they_equal_counting_one_by_one() {
    let db = Database::seeded().await;
    db.run("UPDATE orders SET deleted_at = now() WHERE order_number LIKE '%7'").await;
    for org in [Some(SEEDED_ORG), None, Some(Uuid::nil())] {
        let stats = stats(&db, org).await;
        let (total, counts, currencies) = naive(&db, org).await;
        assert_eq!((&stats["organizationId"], &stats["totalOrders"]), (&json!(org), &json!(total)));
        for (field, counts, known) in [
            ("ordersByStatus", &counts[0], "order_statuses()"),
            ("ordersByPaymentStatus", &counts[1], "payment_statuses()"),
        ] {
            let known = db.client.query_one(&format!("SELECT {known}"), &[]).await.unwrap().get::<_, Vec<String>>(0);
            assert_eq!(stats[field].as_object().unwrap().len(), known.len(), "all of them, zeros included");
            for status in known {
                assert_eq!(stats[field][&status], json!(counts.get(&status).copied().unwrap_or(0)), "{status}");
            }
        }
        let expected: Vec<Value> = currencies.iter().map(|(currency, (orders, revenue_orders, revenue))| {
            json!({"currency": currency, "totalOrders": orders, "revenueOrders": revenue_orders, "totalRevenue": amount(*revenue, 1, currency), "averageOrderValue": amount(*revenue, *revenue_orders, currency)})
        }).collect();
        assert_eq!(stats["currencies"], json!(expected), "{org:?}");
    }
}

#[tokio::test]
async fn the_seed_is_the_same_each_time_and_nothing_the_second_time() {
    let db = Database::seeded().await;
    let digest = "SELECT md5(concat(
        (SELECT string_agg((id, customer_id, order_number, status, payment_status, total_amount, notes, created_at, updated_at)::text, '|' ORDER BY id) FROM orders),
        (SELECT string_agg((order_id, position, sku, quantity, unit_price)::text, '|' ORDER BY order_id, position) FROM order_items),
        (SELECT string_agg((id, external_id, status, amount)::text, '|' ORDER BY id) FROM payments),
        (SELECT string_agg((id, status, tracking_number)::text, '|' ORDER BY id) FROM shipments),
        (SELECT string_agg((id, series, number, vat_amount)::text, '|' ORDER BY id) FROM invoices)))";
    db.run("SET timezone = 'UTC'").await;
    let first = db.text(digest).await;
    assert_eq!(first, "3f09562a9d41e25b090a4b8e8b07c795");
    seed(&db.url(), 10_000);
    assert_eq!(db.text(digest).await, first);
}

#[tokio::test]
async fn the_seed_leaves_triggers_as_they_were_and_says_everything() {
    let (seeded, empty) = (Database::seeded().await, Database::new().await);
    let triggers = "SELECT string_agg(tgrelid::regclass || ' ' || tgname || ' ' || tgenabled::text, ', ' ORDER BY 1) FROM (SELECT * FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgrelid::regclass::text, tgname) t";
    assert_eq!(seeded.text(triggers).await, empty.text(triggers).await);
    assert_eq!(seeded.announced().await, [["*"]]);
    let facts = "SELECT (SELECT count(*) FROM orders) || ' ' || (SELECT count(DISTINCT organization_id) FROM orders) || ' ' || (SELECT count(DISTINCT currency) FROM orders)";
    assert_eq!(seeded.text(facts).await, "10000 3 4");
}

#[tokio::test]
async fn however_few_orders_are_seeded_the_first_organisation_has_one_to_pay() {
    // As scripts/payments.sh and scripts/up.sh look for them.
    let to_pay = "SELECT count(*) > 0 FROM orders WHERE organization_id = '0190a000-0000-7000-8000-000000000001' AND status = 'pending'
        AND payment_status = 'unpaid' AND deleted_at IS NULL AND total_amount > 0 AND currency IN ('EUR', 'RON', 'USD')";
    let to_show =
        "SELECT o.organization_id FROM orders o WHERE EXISTS (SELECT FROM shipments s WHERE s.order_id = o.id)
        AND EXISTS (SELECT FROM invoices i WHERE i.order_id = o.id) ORDER BY o.organization_id LIMIT 1";
    for orders in [1, 2, 3, 5, 50, 250, 999, 1000] {
        let db = Database::new().await;
        seed(&db.url(), orders);
        assert_eq!(db.text(to_pay).await, "true", "{orders}");
        if orders > 1 {
            assert_eq!(db.text(to_show).await, "0190a000-0000-7000-8000-000000000001", "{orders}");
        }
    }
    assert_eq!(Database::seeded().await.text(to_pay).await, "true");
}

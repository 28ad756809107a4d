//! Statistics are what counting one by one gives, and seeding what it says.

use std::collections::BTreeMap;

use kit::database::{connect, seed};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::database::{CUSTOMER, Database, ORG, OTHER_ORG, SEEDED_ORG, STRANGER, call};

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
async fn the_counts_of_a_new_database_can_be_relied_on() {
    let db = Database::new().await;
    assert_eq!(db.text("SELECT order_counts_kept()").await, "true");
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
    assert_eq!(first, "898ced4c79acd650a22672c6ea1b0d6f");
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

/// The rows by which the counts differ from counting one by one: none.
async fn drift(db: &Database) -> String {
    db.text(
        "SELECT count(*) FROM (
            SELECT currency::text, status, payment_status, count(*), sum(total_amount) FROM orders
            WHERE deleted_at IS NULL GROUP BY 1, 2, 3
            EXCEPT
            SELECT currency, status, payment_status, sum(orders)::bigint, sum(amount) FROM order_count_rows(NULL)
            GROUP BY 1, 2, 3 HAVING sum(orders) <> 0) AS d",
    )
    .await
}

#[tokio::test]
async fn no_way_to_change_orders_changes_them_uncounted() {
    let db = Database::new().await;
    let id = db.order().await;
    for _ in 0..5 {
        db.order().await;
    }
    let fold = format!("SELECT order_counts_fold('{ORG}')");
    let changes = [
        format!("UPDATE orders SET status = 'confirmed' WHERE id = '{id}'"),
        "UPDATE orders SET notes = 'x'".to_owned(),
        fold.clone(),
        format!("UPDATE orders SET payment_status = 'paid' WHERE id = '{id}'"),
        format!("UPDATE orders SET deleted_at = now() WHERE id = '{id}'"),
        format!("UPDATE orders SET deleted_at = NULL, status = 'shipped' WHERE id = '{id}'"),
        format!("UPDATE orders SET organization_id = '{OTHER_ORG}', customer_id = '{STRANGER}' WHERE id = '{id}'"),
        fold.clone(),
        "SET session_replication_role = replica; UPDATE orders SET status = 'confirmed'; SET session_replication_role = origin".to_owned(),
        "BEGIN; UPDATE order_items SET unit_price = 1, quantity = 7; UPDATE orders SET total_amount = 7; COMMIT".to_owned(),
        "BEGIN; UPDATE orders SET status = 'cancelled'; ROLLBACK".to_owned(),
        format!(
            "INSERT INTO orders (organization_id, customer_id, currency, total_amount, status)
             SELECT '{ORG}', '{CUSTOMER}', 'CHF', 0, s FROM unnest(order_statuses()) AS s, generate_series(1, 50)"
        ),
        fold.clone(),
        "DELETE FROM orders WHERE status = 'delivered'".to_owned(),
        "MERGE INTO orders o USING (SELECT 'processing' AS s) AS w ON o.status = w.s WHEN MATCHED THEN UPDATE SET status = 'shipped'".to_owned(),
    ];
    let owners =
        [(Some(ORG), format!("counts:{ORG}")), (Some(OTHER_ORG), format!("counts:{OTHER_ORG}")), (None, "all".into())];
    for change in changes {
        let mut before = Vec::new();
        for (org, _) in &owners {
            before.push(stats(&db, *org).await);
        }
        db.announced().await;
        db.run(&change).await;
        assert_eq!(drift(&db).await, "0", "{change}");
        let announced = db.announced().await.concat();
        for ((org, tag), before) in owners.iter().zip(before) {
            let everything = ["*".to_owned(), format!("tenant:{}", org.unwrap_or_default())];
            let is_told = announced.iter().any(|one| one == tag || everything.contains(one));
            assert!(is_told || stats(&db, *org).await == before, "{tag} isn't announced: {change}");
            assert!(!is_told || !change.contains("notes"), "{tag} is announced: {change}");
        }
    }
    assert_eq!(stats(&db, Some(ORG)).await["ordersByStatus"]["delivered"], 0);
    db.run("TRUNCATE orders CASCADE").await;
    assert_eq!(db.text("SELECT count(*) FROM order_count_rows(NULL)").await, "0");
    assert_eq!(stats(&db, None).await["totalOrders"], 0);
}

#[tokio::test]
async fn writers_and_folds_wait_for_nobody_and_count_every_order() {
    let db = Database::new().await;
    db.order().await;
    let (mut one, two) = (connect(&db.url()).await, connect(&db.url()).await);
    let open = one.transaction().await.unwrap();
    open.batch_execute("UPDATE orders SET status = 'confirmed'").await.unwrap();
    open.batch_execute(&format!("SELECT order_counts_fold('{ORG}')")).await.unwrap();
    two.batch_execute("SET lock_timeout = '1ms'").await.unwrap();
    for _ in 0..70 {
        let id = Uuid::now_v7();
        two.batch_execute(&format!(
            "INSERT INTO orders (id, organization_id, customer_id, currency, total_amount) VALUES ('{id}', '{ORG}', '{CUSTOMER}', 'EUR', 0)"
        ))
        .await
        .unwrap();
    }
    two.batch_execute(&format!("SELECT order_counts_fold('{ORG}')")).await.unwrap();
    assert_eq!(drift(&db).await, "0", "a fold that isn't committed hides nothing");
    open.commit().await.unwrap();
    assert_eq!(drift(&db).await, "0");
    db.run(&format!("SELECT order_counts_fold('{ORG}')")).await;
    assert_eq!((drift(&db).await, db.text("SELECT count(*) FROM order_count_changes").await), ("0".into(), "0".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_interleaving_of_writers_and_folds_counts_every_order() {
    let db = Database::new().await;
    let writers: Vec<_> = (0..6_u64)
        .map(|seed| {
            let url = db.url();
            tokio::spawn(async move {
                let client = connect(&url).await;
                let mut state = seed * 7919 + 1;
                let mut draw = |below: u64| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    (state >> 33) % below
                };
                for _ in 0..120 {
                    let sql = match draw(6) {
                        0 | 1 => format!("INSERT INTO orders (organization_id, customer_id, currency, total_amount) VALUES ('{ORG}', '{CUSTOMER}', 'EUR', 0)"),
                        2 => "UPDATE orders SET status = (order_statuses())[1 + (random() * 5)::int] WHERE id = (SELECT id FROM orders ORDER BY random() LIMIT 1 FOR UPDATE SKIP LOCKED)".to_owned(),
                        3 => "UPDATE orders SET deleted_at = CASE WHEN deleted_at IS NULL THEN now() END WHERE id = (SELECT id FROM orders ORDER BY random() LIMIT 1 FOR UPDATE SKIP LOCKED)".to_owned(),
                        4 => "DELETE FROM orders WHERE id = (SELECT id FROM orders ORDER BY random() LIMIT 1 FOR UPDATE SKIP LOCKED)".to_owned(),
                        _ => format!("SELECT order_counts_fold('{ORG}')"),
                    };
                    let end = if draw(5) == 0 { "ROLLBACK" } else { "COMMIT" };
                    client.batch_execute(&format!("BEGIN; {sql}; SELECT order_counts_fold('{ORG}'); {end}")).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(drift(&db).await, "0");
    let rebuilt = db.client.query_one(&call("order_counts_rebuild", 0), &[]).await.unwrap();
    assert_eq!((rebuilt.get::<_, i64>("drift"), rebuilt.get::<_, bool>("amounts")), (0, false));
}

#[tokio::test]
async fn a_count_that_is_wrong_is_found_and_mended() {
    let db = Database::new().await;
    db.order().await;
    db.run(&format!("SELECT order_counts_fold('{ORG}')")).await;
    db.run("UPDATE order_counts SET orders = 5").await;
    let rebuild = async || {
        let row = db.client.query_one(&call("order_counts_rebuild", 0), &[]).await.unwrap();
        (row.get::<_, i64>("drift"), row.get::<_, bool>("amounts"))
    };
    assert_eq!(rebuild().await, (4, false));
    assert_eq!((rebuild().await, drift(&db).await), ((0, false), "0".to_owned()));
    db.run("UPDATE order_counts SET amount = 0").await;
    assert_eq!((rebuild().await, drift(&db).await), ((0, true), "0".to_owned()));
}

#[tokio::test]
async fn while_a_trigger_was_off_orders_are_counted_one_by_one() {
    let db = Database::new().await;
    db.order().await;
    let orders = async || stats(&db, Some(ORG)).await["totalOrders"].clone();
    db.run("ALTER TABLE orders DISABLE TRIGGER count_delete; DELETE FROM orders; ALTER TABLE orders ENABLE ALWAYS TRIGGER count_delete").await;
    assert_eq!((orders().await, db.text("SELECT order_counts_kept()").await), (json!(0), "false".into()));
    db.order().await;
    assert_eq!(orders().await, 1);
    let rebuilt = db.client.query_one(&call("order_counts_rebuild", 0), &[]).await.unwrap();
    assert_eq!((rebuilt.get::<_, i64>("drift"), rebuilt.get::<_, bool>("kept")), (1, true));
    assert_eq!((orders().await, db.text("SELECT order_counts_kept()").await), (json!(1), "true".into()));
    db.run("ALTER TABLE orders DISABLE TRIGGER count_delete").await;
    let rebuilt = db.client.query_one(&call("order_counts_rebuild", 0), &[]).await.unwrap();
    assert!(!rebuilt.get::<_, bool>("kept"), "they can't be relied on while the trigger is off");
}

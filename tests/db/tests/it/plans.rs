//! The reads use the indexes that were made for them: EXPLAIN over the seeded data, prepared as
//! Spin prepares them.

use serde_json::Value;
use uuid::Uuid;

use crate::database::{Database, SEEDED_ORG, call};
use crate::lists::Query;

const EXPLAIN: &str = "EXPLAIN (FORMAT JSON) ";

/// "Index Only Scan orders_by_created_at", "Function Scan unnest", ... of all scans in a plan.
fn scans(plan: &Value, found: &mut Vec<String>) {
    match plan {
        Value::Array(parts) => parts.iter().for_each(|part| scans(part, found)),
        Value::Object(node) => {
            let kind = node.get("Node Type").and_then(Value::as_str).unwrap_or_default();
            if ["Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Index Scan", "Function Scan"].contains(&kind) {
                let name = ["Index Name", "Relation Name", "Function Name"].iter().find_map(|name| node.get(*name));
                let name = name.and_then(Value::as_str).unwrap_or_default();
                found.push(format!("{kind} {name}"));
            }
            node.values().for_each(|part| scans(part, found));
        }
        _ => {}
    }
}

/// The scans of tables, of which none is sequential, and none is hidden in a function of ours.
fn scans_of(row: &tokio_postgres::Row) -> Vec<String> {
    let mut found = Vec::new();
    scans(&row.get::<_, Value>(0), &mut found);
    assert!(!found.is_empty());
    assert!(found.iter().all(|scan| !scan.starts_with("Seq Scan")), "{found:?}");
    let called: Vec<&String> = found.iter().filter(|scan| scan.starts_with("Function Scan order_")).collect();
    assert!(called.is_empty(), "the plan doesn't look into {called:?}");
    found.retain(|scan| !scan.starts_with("Function Scan"));
    found
}

/// Counts and differences of many other organisations. Of a few rows Postgres reads all, once it
/// has looked how few they are.
const MANY_COUNTS: &str = "
    INSERT INTO order_counts (organization_id, currency, status, payment_status, orders, amount)
    SELECT gen_random_uuid(), 'EUR', 'pending', 'unpaid', 1, 1 FROM generate_series(1, 20000);
    INSERT INTO order_count_changes (organization_id, currency, status, payment_status, orders, amount)
    SELECT gen_random_uuid(), 'EUR', 'pending', 'unpaid', 1, 1 FROM generate_series(1, 20000);
    ANALYZE order_counts, order_count_changes";

#[tokio::test]
async fn every_list_finds_its_page_and_its_total_by_index() {
    let db = Database::seeded().await;
    db.run(MANY_COUNTS).await;
    let customer: Uuid = db
        .text(&format!("SELECT customer_id FROM orders WHERE organization_id = '{SEEDED_ORG}' ORDER BY id LIMIT 1"))
        .await
        .parse()
        .unwrap();
    let base = Query { limit: 20, ..Query::default() };
    let table = [
        (base.clone(), "orders_by_created_at"),
        (Query { ascending: true, ..base.clone() }, "orders_by_created_at"),
        (Query { offset: 1000, ..base.clone() }, "orders_by_created_at"),
        (Query { sort: Some("updatedAt"), ..base.clone() }, "orders_by_updated_at"),
        (Query { sort: Some("totalAmount"), ascending: true, ..base.clone() }, "orders_by_total_amount"),
        (Query { sort: Some("orderNumber"), ..base.clone() }, "orders_organization_id_order_number_key"),
        (Query { sort: Some("status"), ..base.clone() }, "orders_by_status"),
        (Query { status: Some("delivered"), ..base.clone() }, "orders_by_status"),
        (Query { status: Some("shipped"), ..base.clone() }, "orders_by_status"),
        (Query { payment_status: Some("refunded"), ..base.clone() }, "orders_by_payment_status"),
        (Query { customer: Some(customer), ..base.clone() }, "orders_by_customer"),
        (
            Query { search: Some("EO-00001234"), sort: Some("orderNumber"), ..base.clone() },
            "orders_organization_id_order_number_key",
        ),
        (
            Query { from: Some("2026-01-01T00:00:00Z"), to: Some("2026-01-02T00:00:00Z"), ..base.clone() },
            "orders_by_created_at",
        ),
    ];
    for (query, index) in table {
        let found = scans_of(&query.run(&db, EXPLAIN).await);
        assert!(found.iter().any(|scan| scan.ends_with(index)), "{index}: {found:?}");
    }
}

/// How many rows a plan's scans of orders give, and how many they throw away.
fn looked_at(plan: &Value) -> f64 {
    match plan {
        Value::Array(parts) => parts.iter().map(looked_at).sum(),
        Value::Object(node) => {
            let number = |name: &str| node.get(name).and_then(Value::as_f64).unwrap_or(0.0);
            let index = node.get("Index Name").and_then(Value::as_str).unwrap_or_default();
            let here = if index.starts_with("orders") {
                number("Actual Loops") * (number("Actual Rows") + number("Rows Removed by Filter"))
            } else {
                0.0
            };
            here + node.values().map(looked_at).sum::<f64>()
        }
        _ => 0.0,
    }
}

#[tokio::test]
async fn a_page_looks_at_its_own_orders_however_deep_it_lies() {
    let db = Database::seeded().await;
    let number = "SELECT order_number || '_' || id FROM orders WHERE organization_id = $1 ORDER BY order_number OFFSET 3000 LIMIT 1";
    let place = |column: &str| {
        format!(
            "SELECT {column} || '_' || id FROM orders WHERE organization_id = $1 AND deleted_at IS NULL ORDER BY 1 OFFSET 2000 LIMIT 1"
        )
    };
    let base = Query { limit: 20, ascending: true, ..Query::default() };
    for (sort, cursor) in [
        ("createdAt", place("time_text(created_at)")),
        ("updatedAt", place("time_text(updated_at)")),
        ("totalAmount", place("total_amount")),
        ("orderNumber", number.to_owned()),
        ("status", place("status || '_' || time_text(created_at)")),
    ] {
        let cursor: String = db.client.query_one(&cursor, &[&SEEDED_ORG]).await.unwrap().get(0);
        for ascending in [true, false] {
            let query = Query { sort: Some(sort), ascending, cursor: Some(cursor.clone()), ..base.clone() };
            let plan = query.run(&db, "EXPLAIN (ANALYZE, FORMAT JSON) ").await.get::<_, Value>(0);
            let looked = looked_at(&plan);
            // The page and one more, and each document's own look-up.
            assert!(looked <= 80.0, "{sort} {ascending}: {looked} rows were looked at");
        }
    }
}

#[tokio::test]
async fn a_history_is_read_by_index() {
    let db = Database::seeded().await;
    let customer: Uuid = db
        .text(&format!("SELECT customer_id FROM orders WHERE organization_id = '{SEEDED_ORG}' ORDER BY id LIMIT 1"))
        .await
        .parse()
        .unwrap();
    let explain = format!("{EXPLAIN}{}", &call("order_history", 4));
    let found = scans_of(&db.client.query_one(&explain, &[&SEEDED_ORG, &customer, &20i32, &0i32]).await.unwrap());
    assert!(
        found.iter().filter(|scan| *scan == "Index Only Scan orders_by_customer").count() == 2,
        "page and total: {found:?}"
    );
}

#[tokio::test]
async fn statistics_never_touch_the_table() {
    let db = Database::seeded().await;
    let explain = format!("{EXPLAIN}{}", &call("order_stats", 1));
    for org in [Some(SEEDED_ORG), None] {
        let mut found = Vec::new();
        scans(&db.client.query_one(&explain, &[&org]).await.unwrap().get::<_, Value>(0), &mut found);
        // The counts are few, and those of all organisations are read from end to end. The index is
        // for the time while the counts can't be relied on.
        found.retain(|scan| !scan.contains(" order_count"));
        assert_eq!(found, ["Index Only Scan orders_statistics"], "{org:?}");
    }
}

#[tokio::test]
async fn one_order_and_its_views_are_looked_up() {
    let db = Database::seeded().await;
    let id: Uuid = db
        .text(&format!("SELECT id FROM orders WHERE organization_id = '{SEEDED_ORG}' ORDER BY id LIMIT 1"))
        .await
        .parse()
        .unwrap();
    // Their statements call functions, whose plans EXPLAIN doesn't show; these are the queries
    // inside.
    for view in [
        "order_documents",
        "order_summary_documents",
        "order_payment_status_documents",
        "order_tracking_documents",
        "order_invoice_documents",
        "order_status_documents",
    ] {
        let explain = format!("{EXPLAIN} SELECT document FROM {view} WHERE organization_id = $1 AND id = $2");
        scans_of(&db.client.query_one(&explain, &[&SEEDED_ORG, &id]).await.unwrap());
    }
}

#[tokio::test]
async fn orders_that_are_watched_are_looked_up() {
    let db = Database::seeded().await;
    let ids = format!(
        "SELECT array_agg(id::text) FROM (SELECT id FROM orders WHERE organization_id = '{SEEDED_ORG}' ORDER BY id LIMIT 20) AS o"
    );
    let ids: Vec<String> = db.client.query_one(&ids, &[]).await.unwrap().get(0);
    let organizations = vec![SEEDED_ORG.to_string(); ids.len()];
    let row = db.client.query_one(&format!("{EXPLAIN}{}", call("live_states", 2)), &[&organizations, &ids]).await;
    let found = scans_of(&row.unwrap());
    assert!(found.iter().all(|scan| scan.starts_with("Index")), "{found:?}");
    let rows = db.client.query(&call("live_states", 2), &[&organizations, &ids]).await.unwrap();
    assert_eq!(rows.len(), ids.len());
}

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

#[tokio::test]
async fn every_list_finds_its_page_and_its_total_by_index() {
    let db = Database::seeded().await;
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
        let found = scans_of(&db.client.query_one(&explain, &[&org]).await.unwrap());
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

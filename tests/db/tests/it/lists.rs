//! Pages of orders: complete, in one order, filtered as asked.

use serde_json::Value;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::database::{Database, SEEDED_ORG, call};

/// The parameters of orders_list after the organisation.
#[derive(Clone, Default)]
pub struct Query {
    pub customer: Option<Uuid>,
    pub status: Option<&'static str>,
    pub payment_status: Option<&'static str>,
    pub currency: Option<&'static str>,
    pub from: Option<&'static str>,
    pub to: Option<&'static str>,
    pub search: Option<&'static str>,
    pub sort: Option<&'static str>,
    pub ascending: bool,
    pub limit: i32,
    pub offset: i32,
    pub cursor: Option<String>,
}

impl Query {
    /// Runs a statement with these parameters; `prefix` goes in front of it.
    pub async fn run(&self, db: &Database, prefix: &str) -> tokio_postgres::Row {
        self.statement(db, prefix).await.remove(0)
    }

    async fn rows(&self, db: &Database) -> Vec<tokio_postgres::Row> {
        self.statement(db, "").await
    }

    async fn statement(&self, db: &Database, prefix: &str) -> Vec<tokio_postgres::Row> {
        let (sort, direction) = (self.sort.unwrap_or("createdAt"), if self.ascending { "asc" } else { "desc" });
        let params: [&(dyn ToSql + Sync); 13] = [
            &SEEDED_ORG,
            &self.customer,
            &self.status,
            &self.payment_status,
            &self.currency,
            &self.from,
            &self.to,
            &self.search,
            &sort,
            &direction,
            &self.limit,
            &self.offset,
            &self.cursor,
        ];
        db.client.query(&format!("{prefix}{}", &call("order_list", 13)), &params).await.unwrap()
    }

    async fn page(&self, db: &Database) -> Value {
        serde_json::from_str(self.run(db, "").await.get("body")).unwrap()
    }
}

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

async fn naive(db: &Database, filter: &str, order: &str) -> Vec<String> {
    let sql = format!(
        "SELECT id::text FROM orders WHERE organization_id = '{SEEDED_ORG}' AND deleted_at IS NULL AND {filter} ORDER BY {order}"
    );
    db.client.query(&sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn every_sort_is_total_and_pages_meet_without_gap_or_overlap() {
    let db = Database::seeded().await;
    db.run(&format!(
        "UPDATE orders SET deleted_at = now() WHERE organization_id = '{SEEDED_ORG}' AND order_number < 'EO-00000100'"
    ))
    .await;
    for (sort, columns) in [
        ("createdAt", &["created_at"][..]),
        ("updatedAt", &["updated_at"]),
        ("totalAmount", &["total_amount"]),
        ("orderNumber", &["order_number"]),
        ("status", &["status", "created_at"]),
    ] {
        for (ascending, word) in [(false, "DESC"), (true, "ASC")] {
            let order: Vec<_> = columns.iter().chain(&["id"]).map(|column| format!("{column} {word}")).collect();
            let expected = naive(&db, "true", &order.join(", ")).await;
            let mut seen = Vec::new();
            for page in 0..3 {
                let query = Query { sort: Some(sort), ascending, limit: 50, offset: page * 50, ..Query::default() };
                let body = query.page(&db).await;
                assert_eq!(
                    (body["page"].as_i64(), body["limit"].as_i64(), body["total"].as_u64()),
                    (Some(i64::from(page) + 1), Some(50), Some(expected.len() as u64))
                );
                seen.extend(ids(&body));
            }
            assert_eq!(seen, expected[..150], "{sort} {word}");
        }
    }
}

#[tokio::test]
async fn cursors_lead_through_every_sort_without_gap_or_overlap_while_orders_arrive() {
    let db = Database::seeded().await;
    for (sort, columns) in [
        ("createdAt", &["created_at"][..]),
        ("updatedAt", &["updated_at"]),
        ("totalAmount", &["total_amount"]),
        ("orderNumber", &["order_number"]),
        ("status", &["status", "created_at"]),
    ] {
        for (ascending, word) in [(false, "DESC"), (true, "ASC")] {
            let order: Vec<_> = columns.iter().chain(&["id"]).map(|column| format!("{column} {word}")).collect();
            let filter = "payment_status = 'refunded'";
            let expected = naive(&db, filter, &order.join(", ")).await;
            assert!(expected.len() > 100, "{sort}: {}", expected.len());
            let mut query =
                Query { sort: Some(sort), ascending, limit: 40, payment_status: Some("refunded"), ..Query::default() };
            let mut seen = Vec::new();
            loop {
                let body = query.page(&db).await;
                seen.extend(ids(&body));
                assert_eq!(
                    (body["total"].as_u64(), &body["totalIsExact"]),
                    (Some(expected.len() as u64), &Value::Bool(true))
                );
                match body["next"].as_str() {
                    Some(next) => query.cursor = Some(next.to_owned()),
                    None => break,
                }
            }
            assert_eq!(seen, expected, "{sort} {word}");
        }
    }
    let mut query = Query { limit: 3, ..Query::default() };
    let first = query.page(&db).await;
    query.cursor = first["next"].as_str().map(str::to_owned);
    let second = ids(&query.page(&db).await);
    db.run(&format!(
        "INSERT INTO orders (organization_id, customer_id, currency, total_amount)
         SELECT organization_id, customer_id, 'EUR', 0 FROM orders WHERE organization_id = '{SEEDED_ORG}' LIMIT 5"
    ))
    .await;
    assert_eq!(ids(&query.page(&db).await), second, "new orders come before the first page");
}

#[tokio::test]
async fn a_page_that_only_a_long_way_leads_to_is_not_given() {
    let db = Database::seeded().await;
    db.run("CREATE OR REPLACE FUNCTION looked_rows() RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 100")
        .await;
    let page = async |query: Query| {
        let rows = query.rows(&db).await;
        rows.first().map(|row| serde_json::from_str::<Value>(row.get("body")).unwrap())
    };
    let base = Query { limit: 20, ..Query::default() };
    assert!(page(Query { offset: 100, ..base.clone() }).await.is_some());
    assert_eq!(page(Query { offset: 120, ..base.clone() }).await, None);
    let few = Query { payment_status: Some("reversed"), offset: 120, ..base.clone() };
    assert_eq!(
        page(few).await.map(|page| page["items"].clone()),
        Some(serde_json::json!([])),
        "a short list has an end"
    );
    let from = page(Query { from: Some("2000-01-01T00:00:00Z"), ..base }).await.unwrap();
    assert_eq!((&from["total"], &from["totalIsExact"]), (&serde_json::json!(100), &serde_json::json!(false)));
}

#[tokio::test]
async fn filters_narrow_alone_and_together() {
    let db = Database::seeded().await;
    let customer: Uuid = db.text(&format!("SELECT customer_id FROM orders WHERE organization_id = '{SEEDED_ORG}' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1")).await.parse().unwrap();
    let base = Query { limit: 100, ..Query::default() };
    let cases = [
        (Query { status: Some("shipped"), ..base.clone() }, "status = 'shipped'".to_owned()),
        (Query { payment_status: Some("refunded"), ..base.clone() }, "payment_status = 'refunded'".to_owned()),
        (Query { currency: Some("JPY"), ..base.clone() }, "currency = 'JPY'".to_owned()),
        (Query { customer: Some(customer), ..base.clone() }, format!("customer_id = '{customer}'")),
        (
            Query { from: Some("2026-01-01T00:00:00Z"), to: Some("2026-01-08T00:00:00+02:00"), ..base.clone() },
            "created_at >= '2026-01-01Z' AND created_at < '2026-01-07 22:00Z'".to_owned(),
        ),
        (Query { search: Some("EO-00009"), ..base.clone() }, "order_number LIKE 'EO-00009%'".to_owned()),
        (Query { search: Some("EO_"), ..base.clone() }, "false".to_owned()),
        (
            Query {
                status: Some("delivered"),
                payment_status: Some("disputed"),
                currency: Some("EUR"),
                ..base.clone()
            },
            "status = 'delivered' AND payment_status = 'disputed' AND currency = 'EUR'".to_owned(),
        ),
        (Query { offset: 1_000_000, ..base.clone() }, "true".to_owned()),
    ];
    for (query, filter) in cases {
        let expected = naive(&db, &filter, "created_at DESC, id DESC").await;
        let body = query.page(&db).await;
        assert_eq!(body["total"].as_u64(), Some(expected.len() as u64), "{filter}");
        let page: Vec<_> = expected.into_iter().skip(query.offset as usize).take(100).collect();
        assert_eq!(ids(&body), page, "{filter}");
    }
}

#[tokio::test]
async fn a_list_holds_whole_orders() {
    let db = Database::seeded().await;
    let body = Query { limit: 3, ..Query::default() }.page(&db).await;
    for item in body["items"].as_array().unwrap() {
        let id: Uuid = item["id"].as_str().unwrap().parse().unwrap();
        let row = db.client.query_one(&call("order_get", 2), &[&SEEDED_ORG, &id]).await.unwrap();
        assert_eq!(*item, serde_json::from_str::<Value>(row.get("body")).unwrap());
    }
}

#[tokio::test]
async fn a_history_is_one_customers_orders_newest_first() {
    let db = Database::seeded().await;
    let customer: Uuid = db.text(&format!("SELECT customer_id FROM orders WHERE organization_id = '{SEEDED_ORG}' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1")).await.parse().unwrap();
    let expected = naive(&db, &format!("customer_id = '{customer}'"), "created_at DESC, id DESC").await;
    let row = db.client.query_one(&call("order_history", 4), &[&SEEDED_ORG, &customer, &10i32, &10i32]).await.unwrap();
    let body: Value = serde_json::from_str(row.get("body")).unwrap();
    assert_eq!(ids(&body), expected[10..20]);
    assert_eq!((body["page"].as_i64(), body["total"].as_u64()), (Some(2), Some(expected.len() as u64)));
    assert_eq!(row.get::<_, &str>("customer"), customer.to_string());
    let elsewhere =
        db.client.query_opt(&call("order_history", 4), &[&Uuid::nil(), &customer, &10i32, &0i32]).await.unwrap();
    assert!(elsewhere.is_none(), "not another organisation's");
}

//! The JSON of the reads: which fields in which order, and nothing but the data in it.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::database::{Database, SEEDED_ORG, call};

/// The names of an object's fields as they stand in the text. (serde_json would sort them.)
fn field_names(json: &str) -> Vec<String> {
    let (mut depth, mut names, mut rest) = (0, Vec::new(), json);
    while let Some(at) = rest.find(['"', '{', '}', '[', ']']) {
        match rest.as_bytes()[at] {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {
                let end = at + 1 + rest[at + 1..].find('"').unwrap();
                if depth == 1 && rest[end + 1..].starts_with(':') {
                    names.push(rest[at + 1..end].to_owned());
                }
                rest = &rest[end + 1..];
                continue;
            }
        }
        rest = &rest[at + 1..];
    }
    names
}

/// The fields that openapi.yaml requires of a schema, in its order.
fn described_fields(schema: &str) -> Vec<String> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi.yaml")).unwrap();
    let description: serde_yaml_ng::Value = serde_yaml_ng::from_str(&text).unwrap();
    let required = description["components"]["schemas"][schema]["required"].as_sequence().unwrap();
    required.iter().map(|field| field.as_str().unwrap().to_owned()).collect()
}

/// A delivered order with an invoice, not paid in yen.
async fn delivered(db: &Database) -> Uuid {
    let sql = "SELECT id FROM orders o WHERE organization_id = $1 AND status = 'delivered' AND payment_status = 'paid' AND currency = 'EUR' ORDER BY id LIMIT 1";
    db.client.query_one(sql, &[&SEEDED_ORG]).await.unwrap().get(0)
}

async fn read(db: &Database, statement: &str, id: Uuid) -> (String, Option<i64>, String) {
    let row = db.client.query_one(statement, &[&SEEDED_ORG, &id]).await.unwrap();
    (row.get("body"), row.get("version"), row.get("customer"))
}

#[tokio::test]
async fn every_document_has_the_fields_that_are_described() {
    let db = Database::seeded().await;
    let id = delivered(&db).await;
    let table = [
        ("order_get", "Order"),
        ("order_summary", "Summary"),
        ("order_payment_status", "PaymentStatusView"),
        ("order_tracking", "Tracking"),
        ("order_invoice", "Invoice"),
    ];
    let owner = db.text(&format!("SELECT customer_id FROM orders WHERE id = '{id}'")).await;
    for (function, schema) in table {
        let statement = call(function, 2);
        let (body, version, customer) = read(&db, &statement, id).await;
        assert_eq!(field_names(&body), described_fields(schema), "{function}");
        assert_eq!(customer, owner);
        assert_eq!(version.is_some(), function == "order_get", "only an order's ETag is its version");
        assert_eq!(read(&db, &statement, id).await.0, body, "equal data is equal bytes");
    }
}

#[tokio::test]
async fn amounts_are_texts_and_agree_with_each_other() {
    let db = Database::seeded().await;
    let id = delivered(&db).await;
    let of = async |statement: &str| serde_json::from_str::<Value>(&read(&db, statement, id).await.0).unwrap();
    let cents = |value: &Value| value.as_str().unwrap().replace('.', "").parse::<u64>().unwrap();
    let order = of(&call("order_get", 2)).await;
    let sum: u64 = order["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| cents(&item["unitPrice"]) * item["quantity"].as_u64().unwrap())
        .sum();
    assert_eq!(cents(&order["totalAmount"]), sum);
    let summary = of(&call("order_summary", 2)).await;
    assert_eq!(summary["itemCount"], json!(order["items"].as_array().unwrap().len()));
    let payment = of(&call("order_payment_status", 2)).await;
    assert_eq!((&payment["paidAmount"], &payment["refundedAmount"]), (&order["totalAmount"], &json!("0.00")));
    assert_eq!(payment["payments"][0]["status"], "paid");
    assert_eq!(payment["payments"][0].get("account"), None, "the provider's account is nobody's business");
    let tracking = of(&call("order_tracking", 2)).await;
    assert_eq!(tracking["shipments"][0]["status"], "delivered");
    for field in ["carrier", "trackingNumber", "trackingUrl", "status", "shippedAt", "deliveredAt", "estimatedDelivery"]
    {
        assert!(tracking["shipments"][0][field].is_string(), "{field}");
    }
    let invoice = of(&call("order_invoice", 2)).await;
    assert_eq!(invoice["grossAmount"], order["totalAmount"]);
    assert_eq!(cents(&invoice["netAmount"]) + cents(&invoice["vatAmount"]), cents(&invoice["grossAmount"]));
    assert!(invoice["seller"]["cui"].as_str().unwrap().starts_with("RO"));
    assert_eq!(order["createdAt"].as_str().unwrap().len(), "2026-01-31T12:00:00.000000Z".len());
}

#[tokio::test]
async fn documents_do_not_depend_on_the_session() {
    let db = Database::seeded().await;
    let id = delivered(&db).await;
    let mut before = Vec::new();
    for settings in [
        "SET timezone = 'UTC'",
        "SET timezone = 'Asia/Tokyo'; SET datestyle = 'German, DMY'; SET extra_float_digits = 0; SET lc_numeric = 'C'",
    ] {
        db.run(settings).await;
        for statement in [&call("order_get", 2), &call("order_tracking", 2), &call("order_invoice", 2)] {
            before.push(read(&db, statement, id).await.0);
        }
    }
    assert_eq!(before[..3], before[3..]);
}

#[tokio::test]
async fn no_document_belongs_to_another_organisation() {
    let db = Database::seeded().await;
    let id = delivered(&db).await;
    for statement in [
        &call("order_get", 2),
        &call("order_summary", 2),
        &call("order_payment_status", 2),
        &call("order_tracking", 2),
        &call("order_invoice", 2),
    ] {
        assert!(db.client.query_opt(statement, &[&Uuid::nil(), &id]).await.unwrap().is_none());
    }
    let ids = vec![id.to_string(), Uuid::nil().to_string()];
    assert_eq!(db.client.query(&call("order_statuses", 2), &[&SEEDED_ORG, &ids]).await.unwrap().len(), 1);
    assert!(db.client.query(&call("order_statuses", 2), &[&Uuid::nil(), &ids]).await.unwrap().is_empty());
    let (keys, nobodys) = (vec!["a", "b"], vec![Uuid::nil().to_string(); 2]);
    assert!(db.client.query(&call("order_read_many", 3), &[&keys, &nobodys, &ids]).await.unwrap().is_empty());
}

#[tokio::test]
async fn many_orders_are_read_as_each_is() {
    let db = Database::seeded().await;
    let rows = db.client.query("SELECT organization_id, id FROM orders WHERE deleted_at IS NULL LIMIT 60", &[]).await;
    let orders: Vec<(Uuid, Uuid)> = rows.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect();
    let keys: Vec<String> = (0..orders.len()).map(|number| number.to_string()).collect();
    let (organizations, ids): (Vec<_>, Vec<_>) =
        orders.iter().map(|(org, id)| (org.to_string(), id.to_string())).unzip();
    let rows = db.client.query(&call("order_read_many", 3), &[&keys, &organizations, &ids]).await.unwrap();
    assert_eq!(rows.len(), orders.len());
    let document = |row: &tokio_postgres::Row| {
        (row.get::<_, String>("body"), row.get::<_, i64>("version"), row.get::<_, String>("customer"))
    };
    for row in &rows {
        let (org, id) = orders[row.get::<_, &str>("id").parse::<usize>().unwrap()];
        let alone = db.client.query_one(&call("order_get", 2), &[&org, &id]).await.unwrap();
        assert_eq!(document(row), document(&alone));
    }
}

#[tokio::test]
async fn an_order_without_an_invoice_has_no_invoice_document() {
    let db = Database::new().await;
    let id = db.order().await;
    assert!(db.client.query_opt(&call("order_invoice", 2), &[&crate::database::ORG, &id]).await.unwrap().is_none());
}

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
async fn every_document_has_the_fields_that_are_documented() {
    let db = Database::seeded().await;
    let id = delivered(&db).await;
    let table = [
        (
            &call("order_get", 2),
            "id orderNumber organizationId customerId status paymentStatus currency totalAmount items notes shippingAddress externalTransactionId version createdAt updatedAt",
        ),
        (
            &call("order_summary", 2),
            "id orderNumber status paymentStatus currency totalAmount itemCount version createdAt updatedAt",
        ),
        (
            &call("order_payment_status", 2),
            "orderId paymentStatus currency totalAmount paidAmount refundedAmount payments updatedAt",
        ),
        (&call("order_tracking", 2), "orderId orderNumber status shippingAddress shipments updatedAt"),
        (
            &call("order_invoice", 2),
            "invoiceId orderId orderNumber series number issueDate dueDate seller buyer currency lines vatRate netAmount vatAmount grossAmount ronRate vatAmountRon",
        ),
    ];
    let owner = db.text(&format!("SELECT customer_id FROM orders WHERE id = '{id}'")).await;
    for (statement, fields) in table {
        let (body, version, customer) = read(&db, statement, id).await;
        assert_eq!(field_names(&body).join(" "), fields);
        assert_eq!(customer, owner);
        assert_eq!(
            version.is_some(),
            fields.starts_with("id orderNumber organizationId"),
            "only an order's ETag is its version"
        );
        assert_eq!(read(&db, statement, id).await.0, body, "equal data is equal bytes");
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
}

#[tokio::test]
async fn an_order_without_an_invoice_has_no_invoice_document() {
    let db = Database::new().await;
    let id = db.order().await;
    assert!(db.client.query_opt(&call("order_invoice", 2), &[&crate::database::ORG, &id]).await.unwrap().is_none());
}

//! What has become of an order: an audit that any writer leaves, and that only grows.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Event, capture, database, place, reprice};
use crate::database::{CUSTOMER, Database, ORG, OTHER_ORG};

async fn timeline(db: &Database, order: Uuid, limit: u32, after: Option<&str>) -> Value {
    let after = after.map_or("NULL".to_owned(), |after| format!("'{after}'"));
    let sql =
        format!("SELECT coalesce((SELECT body FROM order_timeline('{ORG}', '{order}', {limit}, {after})), 'null')");
    serde_json::from_str(&db.text(&sql).await).unwrap()
}

#[tokio::test]
async fn changes_by_any_program_are_audited_and_changes_of_nothing_that_counts_are_not() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    db.run(&format!("UPDATE orders SET notes = 'x' WHERE id = '{order}'")).await;
    db.run(&format!(
        "SET session_replication_role = replica; UPDATE orders SET status = 'confirmed' WHERE id = '{order}'"
    ))
    .await;
    db.run("SET session_replication_role = origin").await;
    reprice(&db, order, "90.00").await;
    Event::new(vec![capture(order, "C1", "completed", "90.00", 1)]).deliver(&db.client).await;
    db.run(&format!(
        "SELECT order_patch('{ORG}', '{order}', NULL, NULL, 'processing', '{{confirmed}}', false, NULL, NULL, false,
        NULL, '{{}}', 'service::shop')"
    ))
    .await;
    db.run(&format!("UPDATE orders SET deleted_at = now() WHERE id = '{order}'")).await;

    let told = timeline(&db, order, 100, None).await;
    let items = told["items"].as_array().unwrap();
    let orders: Vec<_> = items.iter().rev().filter(|item| item["type"] == "order").collect();
    let after: Vec<&Value> = orders.iter().map(|item| &item["after"]).collect();
    let user = db.text("SELECT 'user:' || session_user").await;
    assert_eq!(after[0]["status"], "pending");
    assert_eq!(after[1], &json!({"status": "confirmed"}));
    assert_eq!(after[2]["total_amount"], json!(90.00));
    assert_eq!(after[3], &json!({"payment_status": "paid"}));
    assert!(orders[3]["actor"].as_str().unwrap().starts_with("event:"), "{}", orders[3]);
    assert_eq!((after[4], &orders[4]["actor"]), (&json!({"status": "processing"}), &json!("service::shop")));
    assert!(after[5]["deleted_at"].is_string(), "a deleted order still tells: {}", after[5]);
    assert_eq!((orders.len(), &orders[5]["actor"]), (6, &json!(user)));
    assert_eq!(items.iter().filter(|item| item["type"] == "event").count(), 1);
    for kind in ["payment", "object"] {
        assert!(items.iter().any(|item| item["type"] == kind), "{kind}");
    }
    assert!(told["knownSince"]["status"].is_string() && told["knownSince"]["money"].is_string());

    let mut paged = Vec::new();
    let mut next = None;
    loop {
        let page = timeline(&db, order, 2, next.as_deref()).await;
        paged.extend(page["items"].as_array().unwrap().clone());
        next = page["next"].as_str().map(str::to_owned);
        if next.is_none() {
            break;
        }
    }
    assert_eq!(&paged, items);
    let others = format!("SELECT count(*)::text FROM order_timeline('{OTHER_ORG}', '{order}', 5, NULL)");
    assert_eq!(db.text(&others).await, "0");
}

/// "type: before > after" of the entries of these types, the oldest first.
async fn told(db: &Database, order: Uuid, types: &[&str]) -> Vec<String> {
    let told = timeline(db, order, 100, None).await;
    let items = told["items"].as_array().unwrap().iter().rev();
    let told = items.filter(|item| types.contains(&item["type"].as_str().unwrap()));
    told.map(|item| {
        let kind = item["kind"].as_str().map(|kind| format!(" {kind}")).unwrap_or_default();
        format!("{}{kind}: {} > {}", item["type"].as_str().unwrap(), item["before"], item["after"])
    })
    .collect()
}

#[tokio::test]
async fn pieces_that_are_reserved_tell_each_step_once_for_all_lines() {
    let db = database().await;
    db.run(&format!(
        "INSERT INTO stock_levels (organization_id, sku, on_hand) VALUES ('{ORG}', 'CUP', 9), ('{ORG}', 'JUG', 9)"
    ))
    .await;
    let make = async |lines: &Value| {
        let id = Uuid::now_v7();
        let request = json!({"customerId": CUSTOMER, "currency": "EUR", "items": lines});
        let row = db.create(&request, &id.to_string(), id).await;
        assert_eq!(row.get::<_, &str>("outcome"), "created");
        id
    };
    let lines = json!([{"sku": "CUP", "quantity": 1}, {"sku": "GIFT", "quantity": 1}, {"sku": "JUG", "quantity": 2}]);
    let made = r#"stock reservation: null > {"items":[{"quantity":1,"sku":"CUP"},{"quantity":2,"sku":"JUG"}],"state":"reserved"}"#;
    for (change, last) in [
        ("status = 'shipped'", r#"{"state":"deducted"}"#),
        ("status = 'cancelled'", r#"{"state":"released"}"#),
        ("deleted_at = now()", r#"{"state":"released"}"#),
    ] {
        let order = make(&lines).await;
        db.run(&format!("UPDATE orders SET payment_status = 'failed' WHERE id = '{order}'")).await;
        db.run(&format!("UPDATE orders SET {change} WHERE id = '{order}'")).await;
        db.run(&format!("UPDATE orders SET notes = 'x' WHERE id = '{order}'")).await;
        let settled = format!(r#"stock reservation: {{"state":"reserved"}} > {last}"#);
        assert_eq!(told(&db, order, &["stock"]).await, [made.to_owned(), settled], "{change}");
    }
    // Other items, and nobody pays.
    let order = make(&json!([{"sku": "CUP", "quantity": 1}])).await;
    db.run(&format!(
        "SELECT order_patch('{ORG}', '{order}', NULL, NULL, NULL, '{{}}', false, NULL, NULL, false,
         p_items => '[{{\"sku\": \"JUG\", \"quantity\": 3}}]', p_items_from => '{{pending}}', p_inventory => 'own')"
    ))
    .await;
    db.run("UPDATE stock_reservations SET held_since = now() - interval '2 hours'").await;
    db.run("SELECT stock_expire(3600, 10)").await;
    assert_eq!(
        told(&db, order, &["stock"]).await,
        [
            r#"stock reservation: null > {"items":[{"quantity":1,"sku":"CUP"}],"state":"reserved"}"#,
            r#"stock reservation: {"items":[{"quantity":1,"sku":"CUP"}],"state":"reserved"} > null"#,
            r#"stock reservation: null > {"items":[{"quantity":3,"sku":"JUG"}],"state":"reserved"}"#,
            r#"stock reservation: {"state":"reserved"} > {"expired":true,"state":"released"}"#,
        ]
    );
}

#[tokio::test]
async fn parcels_an_invoice_and_credit_notes_are_told_of() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    let parcel = Uuid::now_v7();
    db.run(&format!(
        "SELECT shipment_create('{ORG}', '{order}', '{{\"carrier\": \"DHL\", \"trackingNumber\": \"T1\", \"status\": \"pending\"}}',
            'service::shop', 'k', 'h', '{parcel}');
        SELECT shipment_patch('{ORG}', '{order}', '{parcel}', '{{\"trackingUrl\": \"https://dhl.example/T1\"}}', '{{pending}}', 'service::shop');
        UPDATE shipments SET status = 'in_transit', shipped_at = now();
        SELECT invoice_issue('{ORG}', '{order}', 14, '5', 'operator::ana', '{}')",
        Uuid::now_v7()
    ))
    .await;
    db.run(&format!(
        "SELECT invoice_credit('{ORG}', '{order}', '{{\"amount\": \"1.00\"}}', 'operator::ana', 'c', 'h', '{}')",
        Uuid::now_v7()
    ))
    .await;
    let told = timeline(&db, order, 100, None).await;
    let items = told["items"].as_array().unwrap();
    let of = |kind: &str| items.iter().rev().filter(|item| item["type"] == kind).collect::<Vec<_>>();
    let parcels = of("shipment");
    assert_eq!(parcels.len(), 2, "{told}");
    assert_eq!((&parcels[0]["actor"], &parcels[0]["id"]), (&json!("service::shop"), &json!(parcel)));
    assert_eq!(
        parcels[0]["after"],
        json!({"id": parcel, "carrier": "DHL", "tracking_number": "T1", "status": "pending"})
    );
    assert_eq!(
        (&parcels[1]["before"], &parcels[1]["after"]),
        (&json!({"status": "pending"}), &json!({"status": "in_transit"}))
    );
    for (kind, series, gross) in [("invoice", "INV", 100.0), ("creditNote", "CRN", 1.0)] {
        let told = of(kind);
        assert_eq!((told.len(), &told[0]["actor"], &told[0]["before"]), (1, &json!("operator::ana"), &Value::Null));
        let after = &told[0]["after"];
        assert_eq!(
            (&after["series"], &after["number"], after["gross_amount"].as_f64()),
            (&json!(series), &json!(1), Some(gross))
        );
        assert_eq!(told[0]["id"], after["id"]);
    }
    assert!(!told.to_string().contains("Ana"), "no name: {told}");
}

#[tokio::test]
async fn the_audit_of_orders_only_grows_and_forgets_by_age_alone() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "1.00").await;
    for change in ["UPDATE order_audit SET actor = 'x'", "DELETE FROM order_audit", "TRUNCATE order_audit"] {
        assert!(db.client.batch_execute(change).await.is_err(), "{change}");
    }
    assert_eq!(db.text("SELECT pruned::text FROM prune_order_audit(10, 1)").await, "0", "a year at least");
    db.run(&format!(
        "INSERT INTO order_audit (id, actor, relation, organization_id, order_id, at) OVERRIDING SYSTEM VALUE
        SELECT -n, 'x', 'orders', '{ORG}', '{order}', now() - interval '2 years' FROM generate_series(1, 3) AS n"
    ))
    .await;
    assert_eq!(db.text("SELECT pruned::text FROM prune_order_audit(2, 1)").await, "2");
    assert_eq!(db.text("SELECT pruned::text FROM prune_order_audit(10, 1)").await, "1");
}

#[tokio::test]
async fn a_payment_shows_what_is_left_and_a_stranger_nothing() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    Event::new(vec![capture(order, "C1", "completed", "100.00", 1)]).deliver(&db.client).await;
    Event::new(vec![super::refund("C1", "R1", "completed", "30.00", None, 2)]).deliver(&db.client).await;
    Event::new(vec![super::refund("C1", "R2", "pending", "5.00", None, 3)]).deliver(&db.client).await;
    Event::new(vec![super::dispute("C1", "D1", "inquiry", 4)]).deliver(&db.client).await;
    let payment = db.text("SELECT id::text FROM payments").await;
    let get = async |org: Uuid, customer: Option<Uuid>| {
        let customer = customer.map_or("NULL".to_owned(), |customer| format!("'{customer}'"));
        let sql = format!("SELECT coalesce((SELECT body FROM payment_get('{org}', {customer}, '{payment}')), 'null')");
        serde_json::from_str::<Value>(&db.text(&sql).await).unwrap()
    };
    let shown = get(ORG, None).await;
    let sums = json!({"captured": "100.00", "refunded": "30.00", "remaining": "70.00", "refundPending": "5.00", "disputed": "10.00"});
    assert_eq!((&shown["sums"], &shown["account"]), (&sums, &json!(super::ACCOUNT)));
    assert_eq!(shown["refunds"].as_array().map(Vec::len), Some(2));
    assert_eq!(get(ORG, Some(CUSTOMER)).await["account"], Value::Null);
    assert_eq!(get(ORG, Some(crate::database::OTHER_CUSTOMER)).await, Value::Null);
    assert_eq!(get(OTHER_ORG, None).await, Value::Null);
}

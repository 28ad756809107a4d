//! Shipments: made and moved by staff, seen in the tracking of their order.

use e2e::{App, Caller};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::new_key;

fn parcel(number: &str) -> Value {
    json!({"carrier": "DHL", "trackingNumber": number})
}

fn id(shipment: &Value) -> &str {
    shipment["id"].as_str().expect("an id")
}

#[tokio::test]
async fn a_shipment_is_seen_in_the_tracking_at_once_and_the_order_keeps_its_status() {
    let app = App::spawn_alone().await;
    let order = app.new_order_id().await;
    let path = format!("/orders/{order}/tracking");
    let shipments = async || app.client.get(&path).await.expect(200).json()["shipments"].clone();
    app.warm(&path).await;
    let key = new_key();
    let made = app.client.ship(&order, &parcel(&order), &key).await.expect(201);
    let shipment = made.json();
    assert_eq!((&shipment["status"], &shipment["shippedAt"]), (&json!("pending"), &Value::Null));
    assert_eq!(shipments().await[0]["id"], shipment["id"]);
    assert_eq!(app.client.ship(&order, &parcel(&order), &key).await.expect(201).body, made.body);
    app.client.ship(&order, &parcel("another"), &key).await.expect_problem_naming(422, "Idempotency-Key");
    for (status, version) in [("in_transit", 3), ("out_for_delivery", 4), ("delivered", 5)] {
        app.warm(&path).await;
        let moved =
            app.client.patch_shipment(&order, id(&shipment), &json!({"status": status})).await.expect(200).json();
        assert_eq!((&moved["status"], moved["shippedAt"].is_string()), (&json!(status), true));
        assert_eq!(shipments().await[0]["status"], status);
        let order = app.client.order(&order).await.expect(200);
        assert_eq!((order.version(), &order.json()["status"]), (version, &json!("pending")));
    }
    let refused =
        app.client.patch_shipment(&order, id(&shipment), &json!({"status": "failed"})).await.expect_problem(409);
    assert_eq!(refused["current"], "delivered");
}

#[tokio::test]
async fn what_cannot_be_shipped_is_refused_and_named() {
    let app = App::spawn().await;
    let (order, cancelled) = (app.new_order_id().await, app.new_order_id().await);
    app.client.patch(&cancelled, json!({"status": "cancelled"})).await.expect(200);
    app.client.ship(&cancelled, &parcel("1"), &new_key()).await.expect_problem(409);
    app.client.ship(&Uuid::now_v7().to_string(), &parcel("1"), &new_key()).await.expect_problem(404);
    app.client.ship(&app.sample.foreign_order, &parcel("1"), &new_key()).await.expect_problem(404);
    app.client.ship("x", &parcel("1"), &new_key()).await.expect_problem_naming(400, "id");
    for (name, value, status, field) in [
        ("carrier", json!(null), 400, "carrier"),
        ("status", json!("lost"), 400, "status"),
        ("trackingUrl", json!("ftp://x"), 400, "trackingUrl"),
        ("estimatedDelivery", json!("soon"), 400, "estimatedDelivery"),
        ("weight", json!(1), 400, "weight"),
    ] {
        let mut wanted = parcel("1");
        wanted[name] = value;
        app.client.ship(&order, &wanted, &new_key()).await.expect_problem_naming(status, field);
    }
    let late = json!({"carrier": "DHL", "status": "delivered", "shippedAt": "2026-01-02T00:00:00Z", "deliveredAt": "2026-01-01T00:00:00Z"});
    app.client.ship(&order, &late, &new_key()).await.expect_problem_naming(422, "deliveredAt");
    let shipment = app.client.ship(&order, &parcel(&order), &new_key()).await.expect(201).json();
    app.client.ship(&order, &parcel(&order), &new_key()).await.expect_problem_naming(409, "trackingNumber");
    app.client.patch_shipment(&order, "x", &json!({"carrier": "DPD"})).await.expect_problem_naming(400, "shipmentId");
    app.client.patch_shipment("x", id(&shipment), &json!({"carrier": "DPD"})).await.expect_problem_naming(400, "id");
    app.client.patch_shipment(&cancelled, id(&shipment), &json!({"carrier": "DPD"})).await.expect_problem(404);
    app.client.patch_shipment(&order, id(&shipment), &json!({})).await.expect_problem_naming(400, "body");
    let early = json!({"shippedAt": "2026-01-01T00:00:00Z"});
    app.client.patch_shipment(&order, id(&shipment), &early).await.expect_problem_naming(422, "deliveredAt");
}

#[tokio::test]
async fn customers_neither_make_nor_move_shipments() {
    let Some(app) = App::spawn_with_callers().await else { return };
    let owner = app.as_caller(&Caller::customer(&app.sample.org, &app.sample.customer));
    let order = app.new_order_id().await;
    let shipment = app.client.ship(&order, &parcel(&order), &new_key()).await.expect(201).json();
    owner.ship(&order, &parcel("mine"), &new_key()).await.expect_problem(403);
    owner.patch_shipment(&order, id(&shipment), &json!({"status": "delivered"})).await.expect_problem(403);
    assert_eq!(owner.tracking(&order).await.expect(200).json()["shipments"][0]["id"], shipment["id"]);
}

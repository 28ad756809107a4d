use super::*;
use crate::error::refused_fields as fields;
use serde_json::{Value, json};

fn order() -> Value {
    json!({
        "customerId": Uuid::from_u128(1),
        "currency": "EUR",
        "items": [{"sku": "TEA-1", "quantity": 2}, {"sku": "CUP-1", "quantity": 1, "unitPrice": "4.5"}],
        "notes": "ring twice",
        "shippingAddress": address()
    })
}

fn address() -> Value {
    json!({"name": "Ana Pop", "line1": "Strada Lungă 1", "city": "Brașov", "postalCode": "500001", "country": "RO"})
}

/// The valid order with one place of it (a JSON pointer) set to something else.
fn changed(pointer: &str, value: Value) -> Vec<u8> {
    let mut order = order();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = order.pointer_mut(parent).unwrap();
    match parent {
        Value::Array(parts) => parts[name.parse::<usize>().unwrap()] = value,
        other => other[name] = value,
    }
    order.to_string().into_bytes()
}

fn removed(pointer: &str) -> Vec<u8> {
    let mut order = order();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    order.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name);
    order.to_string().into_bytes()
}

fn caller(role: Role, customer: Option<u128>, scope: &str) -> Caller {
    Caller {
        organization: Uuid::from_u128(7),
        role,
        customer: customer.map(Uuid::from_u128),
        scopes: scope.split_whitespace().map(str::to_owned).collect(),
        subject: "s".into(),
        token_id: None,
        issued_at: 0,
        expires_at: 0,
        not_before: None,
    }
}

#[test]
fn a_good_order_is_read_and_written_for_the_database() {
    let read = NewOrder::decode(order().to_string().as_bytes()).unwrap();
    let mut expected = order();
    expected["items"][1]["unitPrice"] = json!("4.50");
    assert_eq!(serde_json::to_value(&read).unwrap(), expected);

    let smallest = json!({"customerId": Uuid::from_u128(1), "currency": "JPY", "items": [{"sku": "A", "quantity": 1}]});
    let read = NewOrder::decode(smallest.to_string().as_bytes()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), smallest);
}

#[test]
fn null_means_absent_where_absence_is_allowed() {
    for pointer in
        ["/notes", "/shippingAddress", "/items/1/unitPrice", "/shippingAddress/line2", "/shippingAddress/postalCode"]
    {
        assert!(NewOrder::decode(&changed(pointer, Value::Null)).is_ok(), "{pointer}");
    }
}

#[test]
fn every_mistake_names_its_field() {
    let long = |length| json!("x".repeat(length));
    let table = [
        ("/customerId", json!(1), "customerId"),
        ("/customerId", json!("me"), "customerId"),
        ("/customerId", Value::Null, "customerId"),
        ("/currency", json!("eur"), "currency"),
        ("/currency", json!("ZZZ"), "currency"),
        ("/currency", json!(["EUR"]), "currency"),
        ("/items", json!([]), "items"),
        ("/items", json!({}), "items"),
        ("/items", json!(vec![1; 101]), "items"),
        ("/items/0", json!("TEA-1"), "items[0]"),
        ("/items/0", Value::Null, "items[0]"),
        ("/items/0/sku", json!(""), "items[0].sku"),
        ("/items/0/sku", long(65), "items[0].sku"),
        ("/items/0/sku", json!(" A"), "items[0].sku"),
        ("/items/0/sku", json!("A\nB"), "items[0].sku"),
        ("/items/0/quantity", json!(0), "items[0].quantity"),
        ("/items/0/quantity", json!(-1), "items[0].quantity"),
        ("/items/0/quantity", json!(1.5), "items[0].quantity"),
        ("/items/0/quantity", json!("1"), "items[0].quantity"),
        ("/items/0/quantity", json!(u64::MAX), "items[0].quantity"),
        ("/items/0/quantity", json!(true), "items[0].quantity"),
        ("/items/1/unitPrice", json!(4.5), "items[1].unitPrice"),
        ("/items/1/unitPrice", json!("4.555"), "items[1].unitPrice"),
        ("/items/1/unitPrice", json!("-4"), "items[1].unitPrice"),
        ("/items/1/colour", json!("red"), "items[1].colour"),
        ("/notes", json!(7), "notes"),
        ("/notes", long(2001), "notes"),
        ("/shippingAddress", json!("here"), "shippingAddress"),
        ("/shippingAddress", json!([]), "shippingAddress"),
        ("/shippingAddress/country", json!("Romania"), "shippingAddress.country"),
        ("/shippingAddress/country", json!("ro"), "shippingAddress.country"),
        ("/shippingAddress/name", json!(""), "shippingAddress.name"),
        ("/shippingAddress/line1", json!(null), "shippingAddress.line1"),
        ("/shippingAddress/planet", json!("Earth"), "shippingAddress.planet"),
        ("/total", json!("1.00"), "total"),
        ("/status", json!("delivered"), "status"),
    ];
    for (pointer, value, field) in table {
        let body = changed(pointer, value);
        assert_eq!(fields(NewOrder::decode(&body)), [field], "{}", String::from_utf8_lossy(&body));
    }
    for (pointer, field) in [
        ("/customerId", "customerId"),
        ("/currency", "currency"),
        ("/items", "items"),
        ("/items/0/sku", "items[0].sku"),
        ("/items/0/quantity", "items[0].quantity"),
        ("/shippingAddress/city", "shippingAddress.city"),
    ] {
        assert_eq!(fields(NewOrder::decode(&removed(pointer))), [field], "without {pointer}");
    }
    for body in ["[]", "null", "7", "\"text\"", "true"] {
        assert_eq!(fields(NewOrder::decode(body.as_bytes())), ["body"], "{body}");
    }
}

#[test]
fn all_mistakes_are_told_at_once_up_to_a_bound() {
    let body = json!({"currency": "x", "items": [{"quantity": 0}], "more": 1}).to_string();
    let expected = ["more", "customerId", "currency", "items[0].sku", "items[0].quantity"];
    assert_eq!(fields(NewOrder::decode(body.as_bytes())), expected);

    let unknown: serde_json::Map<_, _> = (0..5000).map(|n| (format!("field{n}"), json!(1))).collect();
    assert_eq!(fields(OrderPatch::decode(Value::Object(unknown).to_string().as_bytes())).len(), 20);
}

#[test]
fn an_order_is_made_for_oneself_and_at_the_shops_prices() {
    let priced = NewOrder::decode(order().to_string().as_bytes()).unwrap();
    let plain = NewOrder::decode(&removed("/items/1/unitPrice")).unwrap();
    assert_eq!(plain.permit(&caller(Role::Customer, Some(1), "")), Ok(()));
    assert_eq!(plain.permit(&caller(Role::Customer, Some(2), "")), Err(Error::not_found("customer")));
    assert_eq!(plain.permit(&caller(Role::Service, None, "")), Ok(()));
    assert_eq!(priced.permit(&caller(Role::Service, None, "orders:price")), Ok(()));
    for role in [Role::Service, Role::Operator] {
        assert!(matches!(priced.permit(&caller(role, None, "orders")), Err(Error::Forbidden { .. })), "{role:?}");
    }
}

#[test]
fn a_patch_tells_absent_from_null() {
    let decode = |text: &str| OrderPatch::decode(text.as_bytes());
    let none = OrderPatch::default();
    assert_eq!(decode(r#"{"notes":null}"#), Ok(OrderPatch { notes: Some(None), ..none.clone() }));
    assert_eq!(decode(r#"{"notes":""}"#), Ok(OrderPatch { notes: Some(Some(String::new())), ..none.clone() }));
    assert_eq!(
        decode(r#"{"status":"shipped"}"#),
        Ok(OrderPatch { status: Some(OrderStatus::Shipped), ..none.clone() })
    );
    assert_eq!(decode(r#"{"shippingAddress":null}"#), Ok(OrderPatch { shipping_address: Some(None), ..none }));
    let patched = decode(&json!({"shippingAddress": address()}).to_string()).unwrap();
    assert_eq!(serde_json::to_value(patched.shipping_address).unwrap(), address());

    let table = [
        ("{}", "body"),
        (r#"{"status":null}"#, "status"),
        (r#"{"status":"gone"}"#, "status"),
        (r#"{"status":["pending"]}"#, "status"),
        (r#"{"notes":{}}"#, "notes"),
        (r#"{"shippingAddress":1}"#, "shippingAddress"),
        (r#"{"notes":"a","notes":"b"}"#, "notes"),
        (r#"{"items":null}"#, "items"),
        (r#"{"items":[]}"#, "items"),
        (r#"{"items":[{"sku":"A","quantity":0}]}"#, "items[0].quantity"),
        (r#"{"items":[{"sku":"A","quantity":1,"unitPrice":"1.2345"}]}"#, "items[0].unitPrice"),
        (r#"{"items":[{"sku":"A","quantity":1,"unitPrice":"-1"}]}"#, "items[0].unitPrice"),
    ];
    for (body, field) in table {
        assert_eq!(fields(decode(body)), [field], "{body}");
    }
    assert_eq!(fields(decode(r#"{"version":7}"#)), ["version", "body"]);
}

#[test]
fn new_items_are_for_those_who_may_set_their_prices_and_before_packing() {
    let priced = OrderPatch::decode(br#"{"items":[{"sku":"A","quantity":1,"unitPrice":"1.5"}]}"#).unwrap();
    let plain = OrderPatch::decode(br#"{"items":[{"sku":"A","quantity":1}]}"#).unwrap();
    assert_eq!(priced.items.as_ref().unwrap()[0].unit_price.as_deref(), Some("1.5"));
    assert_eq!(priced.permit(&caller(Role::Service, None, "orders:price")), Ok(()));
    assert!(matches!(priced.permit(&caller(Role::Operator, None, "")), Err(Error::Forbidden { .. })));
    assert_eq!(plain.permit(&caller(Role::Customer, Some(1), "")), Ok(()));
    let from = |role| OrderPatch::items_from(&caller(role, Some(1), ""));
    assert_eq!(from(Role::Customer), [OrderStatus::Pending]);
    for role in [Role::Service, Role::Operator] {
        assert_eq!(from(role), [OrderStatus::Pending, OrderStatus::Confirmed]);
    }
}

#[test]
fn a_customer_may_cancel_and_no_more() {
    for &status in OrderStatus::ALL {
        let patch = OrderPatch { status: Some(status), ..OrderPatch::default() };
        let allowed = patch.permit(&caller(Role::Customer, Some(1), "")).is_ok();
        assert_eq!(allowed, status == OrderStatus::Cancelled, "{status:?}");
        assert!(patch.permit(&caller(Role::Service, None, "")).is_ok());
    }
}

#[test]
fn bulk_requests_name_up_to_200_ids_none_twice() {
    let ids = |count: u128| (1..=count).map(Uuid::from_u128).collect::<Vec<_>>();
    let read = |ids: Value| BulkRead::decode(json!({ "ids": ids }).to_string().as_bytes());
    assert_eq!(read(json!(ids(200))), Ok(BulkRead { ids: ids(200) }));
    assert_eq!(fields(read(json!(ids(201)))), ["ids"]);
    assert_eq!(fields(read(json!([]))), ["ids"]);
    assert_eq!(fields(read(json!("1"))), ["ids"]);
    assert_eq!(fields(read(json!([Uuid::from_u128(1), "x", 7, Uuid::from_u128(1)]))), ["ids[1]", "ids[2]", "ids[3]"]);
    assert_eq!(fields(BulkRead::decode(b"{}")), ["ids"]);

    let write = json!({"ids": ids(2), "status": "shipped"}).to_string();
    assert_eq!(BulkWrite::decode(write.as_bytes()), Ok(BulkWrite { ids: ids(2), status: OrderStatus::Shipped }));
    assert_eq!(fields(BulkWrite::decode(json!({"ids": ids(1)}).to_string().as_bytes())), ["status"]);
    assert_eq!(fields(BulkWrite::decode(json!({"ids": ids(1), "status": "x"}).to_string().as_bytes())), ["status"]);
}

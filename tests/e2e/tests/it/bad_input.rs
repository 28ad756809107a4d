//! Bad input is a 4xx that names the field; never a 5xx, never an empty body.

use e2e::App;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn malformed_ids_are_refused() {
    let app = App::spawn().await;
    for id in [
        "x",
        "1",
        "0190b7c4-0000-7000-8000",
        "0190b7c4-0000-7000-8000-00000000000g",
        "%00",
        "%ff",
        "..%2f",
        "'%20OR%201=1--",
        "%F0%9F%8D%8C",
    ] {
        for path in crate::views(id) {
            app.client.get(&path).await.expect_problem_naming(400, "id");
        }
        app.client.patch(id, json!({"notes": "x"})).await.expect_problem_naming(400, "id");
        app.client.delete(id).await.expect_problem_naming(400, "id");
        app.client.history(id, "").await.expect_problem_naming(400, "id");
    }
    let long = "a".repeat(4000);
    app.client.order(&long).await.expect_problem_naming(400, "id");
}

#[tokio::test]
async fn bad_parameters_are_named() {
    let app = App::spawn().await;
    let list = [
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=1000000", "limit"),
        ("limit=ten", "limit"),
        ("limit=", "limit"),
        ("limit=1.5", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("page=0", "page"),
        ("page=-3", "page"),
        ("page=99999999999999999999", "page"),
        ("page=999999999999", "page"),
        ("sort=password", "sort"),
        ("sort=createdAt;DROP TABLE orders", "sort"),
        ("order=sideways", "order"),
        ("status=lost", "status"),
        ("status=", "status"),
        ("paymentStatus=maybe", "paymentStatus"),
        ("currency=euro", "currency"),
        ("currency=%00", "currency"),
        ("customerId=me", "customerId"),
        ("createdFrom=yesterday", "createdFrom"),
        ("createdTo=2026-13-45", "createdTo"),
        ("search=%00", "search"),
        ("colour=red", "colour"),
        ("limit=1&limit=2", "limit"),
    ];
    for (query, field) in list {
        app.client.orders(query).await.expect_problem_naming(400, field);
    }
    let history =
        [("size=0", "size"), ("size=-1", "size"), ("size=100000", "size"), ("page=x", "page"), ("limit=5", "limit")];
    for (query, field) in history {
        app.client.history(&app.sample.customer, query).await.expect_problem_naming(400, field);
    }
    app.client.stats("organizationId=all").await.expect_problem_naming(400, "organizationId");
    let order = format!("/orders/{}", app.sample.order);
    app.client
        .send(app.client.request(Method::DELETE, &format!("{order}?hard=perhaps")))
        .await
        .expect_problem_naming(400, "hard");
}

#[tokio::test]
async fn bad_fields_of_a_new_order_are_named() {
    let app = App::spawn().await;
    let item = |field: &str, value: Value| {
        let mut items = json!([{"sku": app.sample.sku, "quantity": 1}]);
        items[0][field] = value;
        items
    };
    let cases = [
        ("customerId", json!(null), "customerId"),
        ("customerId", json!(7), "customerId"),
        ("customerId", json!("me"), "customerId"),
        ("currency", json!("euro"), "currency"),
        ("currency", json!(978), "currency"),
        ("currency", json!("XXQ"), "currency"),
        ("items", json!([]), "items"),
        ("items", json!({}), "items"),
        ("items", json!("all"), "items"),
        ("items", json!([1]), "items[0]"),
        ("items", item("quantity", json!(0)), "items[0].quantity"),
        ("items", item("quantity", json!(-1)), "items[0].quantity"),
        ("items", item("quantity", json!(1.5)), "items[0].quantity"),
        ("items", item("quantity", json!("1")), "items[0].quantity"),
        ("items", item("quantity", json!(1e300)), "items[0].quantity"),
        ("items", item("sku", json!("")), "items[0].sku"),
        ("items", item("sku", json!(5)), "items[0].sku"),
        ("items", item("sku", json!("a\u{0}b")), "items[0].sku"),
        ("items", item("sku", json!("x".repeat(10_000))), "items[0].sku"),
        ("items", item("colour", json!("red")), "items[0].colour"),
        ("notes", json!(5), "notes"),
        ("notes", json!("a\u{0}b"), "notes"),
        ("notes", json!("x".repeat(100_000)), "notes"),
        ("surprise", json!(true), "surprise"),
    ];
    for (field, value, named) in cases {
        let mut order = app.order_request();
        order[field] = value;
        app.client.create(order, &crate::new_key()).await.expect_problem_naming(400, named);
    }
    let no_key = app.client.request(Method::POST, "/orders").json(&app.order_request());
    app.client.send(no_key).await.expect_problem_naming(400, "Idempotency-Key");
    app.client.create(app.order_request(), &"k".repeat(5000)).await.expect_problem_naming(400, "Idempotency-Key");
}

#[tokio::test]
async fn bad_fields_of_a_change_are_named() {
    let app = App::spawn().await;
    let order = app.new_order_id().await;
    let cases = [
        (json!({}), "body"),
        (json!({"status": 5}), "status"),
        (json!({"status": "lost"}), "status"),
        (json!({"status": null}), "status"),
        (json!({"notes": 5}), "notes"),
        (json!({"notes": "a\u{0}"}), "notes"),
        (json!({"notes": "x".repeat(100_000)}), "notes"),
        (json!({"shippingAddress": "here"}), "shippingAddress"),
        (json!({"totalAmount": "0.01"}), "totalAmount"),
        (json!({"version": 9}), "version"),
    ];
    for (change, named) in cases {
        app.client.patch(&order, change).await.expect_problem_naming(400, named);
    }
    let statuses = [
        (json!({}), "ids"),
        (json!({"ids": "all", "status": "confirmed"}), "ids"),
        (json!({"ids": [], "status": "confirmed"}), "ids"),
        (json!({"ids": ["x"], "status": "confirmed"}), "ids[0]"),
        (json!({"ids": [order], "status": "lost"}), "status"),
        (json!({"ids": [order]}), "status"),
    ];
    for (change, named) in statuses {
        let request = app.client.request(Method::PATCH, "/orders/statuses").json(&change);
        app.client.send(request).await.expect_problem_naming(400, named);
    }
}

#[tokio::test]
async fn bodies_that_are_not_json_objects_are_refused() {
    let app = App::spawn().await;
    let order = app.new_order_id().await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_object = format!("{}1{}", "{\"notes\":".repeat(20_000), "}".repeat(20_000));
    let bodies: [(&str, Vec<u8>); 12] = [
        ("empty", vec![]),
        ("half", b"{\"notes\":".to_vec()),
        ("an array", b"[]".to_vec()),
        ("a number", b"5".to_vec()),
        ("null", b"null".to_vec()),
        ("a NUL", b"{\"notes\":\"a\0b\"}".to_vec()),
        ("not UTF-8", b"{\"notes\":\"\xff\xfe\"}".to_vec()),
        ("half a surrogate", b"{\"notes\":\"\\ud800\"}".to_vec()),
        ("two values", b"{\"notes\":\"a\"}{}".to_vec()),
        ("one field twice", b"{\"notes\":\"a\",\"notes\":\"b\"}".to_vec()),
        ("deep arrays", deep.into_bytes()),
        ("deep objects", deep_object.into_bytes()),
    ];
    for (what, body) in bodies {
        for (method, path) in [
            (Method::PATCH, format!("/orders/{order}")),
            (Method::POST, "/orders".to_owned()),
            (Method::POST, "/orders/statuses".to_owned()),
        ] {
            let request = app
                .client
                .request(method, &path)
                .header("idempotency-key", "bad")
                .header("content-type", "application/json");
            let answer = app.client.send(request.body(body.clone())).await;
            assert!((400..500).contains(&answer.status), "{what} to {path}: {} {}", answer.status, answer.text());
            let status = answer.status;
            answer.expect_problem(status);
        }
    }
}

#[tokio::test]
async fn two_megabytes_are_too_much() {
    let app = App::spawn().await;
    let order = app.new_order_id().await;
    let change = json!({"notes": "x".repeat(2_000_000)});
    app.client.patch(&order, change.clone()).await.expect_problem_naming(413, "body");
    app.client.create(change.clone(), "large").await.expect_problem_naming(413, "body");
    let request = app.client.request(Method::POST, "/orders/statuses").json(&change);
    app.client.send(request).await.expect_problem_naming(413, "body");
    // The connection and the server go on.
    app.client.order(&order).await.expect(200);
}

#[tokio::test]
async fn unknown_routes_and_methods_are_problems() {
    let app = App::spawn().await;
    for path in ["/nothing", "/orders/a/b/c", "/customers/a/b", "/orders/stats/more"] {
        app.client.get(path).await.expect_problem(404);
    }
    let order = format!("/orders/{}", app.sample.order);
    for (method, path) in [
        (Method::PUT, order.clone()),
        (Method::POST, order.clone()),
        (Method::DELETE, "/orders".to_owned()),
        (Method::POST, "/orders/stats".to_owned()),
        (Method::PATCH, format!("{order}/invoice")),
        (Method::DELETE, "/orders/statuses".to_owned()),
    ] {
        let answer = app.client.send(app.client.request(method, &path)).await;
        assert!(!answer.header("allow").is_empty(), "{} names no allowed methods", answer.request);
        answer.expect_problem(405);
    }
}

#[tokio::test]
async fn another_content_type_is_refused() {
    let app = App::spawn().await;
    let order = app.new_order_id().await;
    let request = app
        .client
        .request(Method::PATCH, &format!("/orders/{order}"))
        .header("content-type", "text/plain")
        .body("{\"notes\":\"x\"}");
    app.client.send(request).await.expect_problem(415);
}

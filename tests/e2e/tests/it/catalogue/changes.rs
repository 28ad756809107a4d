//! Products are made, changed and deleted; no read shows what was.

use e2e::{App, Caller};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{ids, new_product, new_schema, product};

/// Every read that shows a product, and whether it shows one of this name.
async fn shown(app: &App, id: &str, schema: &str, name: &str) -> Vec<bool> {
    let one = app.client.product(id).await;
    let mut shown = vec![one.status == 200 && one.json()["name"] == name];
    let lists = [
        format!("/products?limit=100&schemaId={schema}"),
        format!("/organizations/{}/products?limit=100", app.sample.org),
        format!("/schemas/{schema}/products"),
    ];
    for list in lists {
        let items = app.client.get(&list).await.expect(200).items();
        shown.push(items.iter().any(|item| item["id"] == id && item["name"] == name));
    }
    shown
}

#[tokio::test]
async fn every_list_shows_a_product_as_it_is_after_each_write() {
    let Some(app) = App::spawn_with_callers().await else { return };
    let schema = new_schema(&app, &json!({"name": "Plain", "fields": []})).await;
    for path in super::reads(&app.sample) {
        app.warm(&path).await;
    }
    let mut wanted = product("NEW-1");
    wanted["schemaId"] = json!(schema);
    shown(&app, &Uuid::nil().to_string(), &schema, "x").await;
    let id = new_product(&app, &wanted).await;
    assert_eq!(shown(&app, &id, &schema, "Thing of NEW-1").await, [true; 4], "made");
    app.client.patch_product(&id, &json!({"name": "Better thing"})).await.expect(200);
    assert_eq!(shown(&app, &id, &schema, "Better thing").await, [true; 4], "changed");
    app.client.patch_product(&id, &json!({"status": "inactive"})).await.expect(200);
    assert_eq!(shown(&app, &id, &schema, "Better thing").await, [true, true, false, false], "not sold any more");
    app.client.patch_product(&id, &json!({"status": "active", "schemaId": null})).await.expect(200);
    assert_eq!(shown(&app, &id, &schema, "Better thing").await, [true, false, true, false], "of no schema any more");
    app.client.delete_product(&id).await.expect(204);
    assert_eq!(shown(&app, &id, &schema, "Better thing").await, [false; 4], "deleted");
    app.client.product_details(&id).await.expect_problem(404);
    app.client.delete_product(&id).await.expect_problem(404);
    new_product(&app, &wanted).await;
}

#[tokio::test]
async fn details_show_what_was_given_and_change_with_it() {
    let Some(app) = App::spawn_with_callers().await else { return };
    let fields = json!([
        {"name": "size", "type": "number", "required": true},
        {"name": "colour", "type": "choice", "choices": ["red", "blue"]},
        {"name": "waterproof", "type": "boolean"},
    ]);
    let schema = new_schema(&app, &json!({"name": "Shoes", "fields": fields})).await;
    let mut wanted = product("SHOE-1");
    wanted["schemaId"] = json!(schema);
    wanted["fields"] = json!({"size": "42.5", "colour": "red"});
    wanted["description"] = json!("Two lines\nof text");
    wanted["images"] = json!([{"url": "https://images.example.com/1.jpg", "alt": "From the side"}]);
    let id = new_product(&app, &wanted).await;
    let details = app.warm(&format!("/products/{id}/details")).await.json();
    assert_eq!(details["fields"], json!({"size": "42.5", "colour": "red"}));
    assert_eq!((&details["description"], &details["images"]), (&wanted["description"], &wanted["images"]));
    let change = json!({"fields": {"waterproof": true, "colour": null}, "images": []});
    app.client.patch_product(&id, &change).await.expect(200);
    let details = app.client.product_details(&id).await.expect(200).json();
    assert_eq!(details["fields"], json!({"size": "42.5", "waterproof": true}));
    assert_eq!(details["images"], json!([]));
    assert_eq!(details["version"], 2);
}

#[tokio::test]
async fn values_that_do_not_fit_the_schema_are_named() {
    let Some(app) = App::spawn_with_callers().await else { return };
    let fields = json!([
        {"name": "size", "type": "number", "required": true},
        {"name": "since", "type": "date"},
    ]);
    let schema = new_schema(&app, &json!({"name": "Shoes", "fields": fields})).await;
    let with = |fields: Value| {
        let mut product = product("SHOE-1");
        product["schemaId"] = json!(schema);
        product["fields"] = fields;
        product
    };
    let key = crate::new_key();
    for (fields, named) in [
        (json!({}), "fields.size"),
        (json!({"size": "large"}), "fields.size"),
        (json!({"size": 1, "since": "yesterday"}), "fields.since"),
        (json!({"size": 1, "weight": 2}), "fields.weight"),
    ] {
        app.client.create_product(&with(fields), &key).await.expect_problem_naming(400, named);
    }
    let mut nowhere = with(json!({"size": 1}));
    for other in [app.sample.foreign_schema.clone(), Uuid::nil().to_string()] {
        nowhere["schemaId"] = json!(other);
        app.client.create_product(&nowhere, &key).await.expect_problem_naming(422, "schemaId");
    }
    // The key is still free.
    let made = app.client.create_product(&with(json!({"size": 1})), &key).await.expect(201);
    assert_eq!(made.header("location"), format!("/api/v1/products/{}", super::id(&made)));
    let again = app.client.create_product(&with(json!({"size": 1})), &key).await.expect(201);
    assert_eq!(made.body, again.body);
    app.client.create_product(&with(json!({"size": 2})), &key).await.expect_problem_naming(422, "Idempotency-Key");
    // A repeated request is answered as it was, whatever the schema asks for by now.
    let narrower = json!({"fields": [
        {"name": "size", "type": "number", "required": true},
        {"name": "since", "type": "date"},
        {"name": "colour", "type": "text", "required": true},
    ]});
    app.operator().patch_schema(&schema, &narrower).await.expect(200);
    let again = app.client.create_product(&with(json!({"size": 1})), &key).await.expect(201);
    assert_eq!(made.body, again.body);
    let id = super::id(&made);
    app.client.patch_product(&id, &json!({"fields": {"size": 3}})).await.expect_problem_naming(400, "fields.colour");
    app.client.patch_product(&id, &json!({"price": "1.999"})).await.expect_problem_naming(400, "price");
}

#[tokio::test]
async fn a_change_is_made_only_to_the_version_that_it_is_meant_for() {
    let app = App::spawn().await;
    let id = new_product(&app, &product("NEW-1")).await;
    let path = format!("/products/{id}");
    let ask = async |method: Method, if_match: &str| {
        let mut request = app.client.request(method.clone(), &path).header("if-match", if_match);
        if method == Method::PATCH {
            request = request.json(&json!({"name": "Other"}));
        }
        app.client.send(request).await
    };
    assert_eq!(app.client.product(&id).await.expect(200).header("etag"), "\"1\"");
    assert_eq!(ask(Method::PATCH, "\"7\"").await.expect_problem(412)["currentVersion"], 1);
    assert_eq!(ask(Method::PATCH, "\"1\"").await.expect(200).header("etag"), "\"2\"");
    assert_eq!(ask(Method::DELETE, "\"1\"").await.expect_problem(412)["currentVersion"], 2);
    ask(Method::DELETE, "\"2\"").await.expect(204);
}

#[tokio::test]
async fn an_article_has_one_product_for_each_currency() {
    let app = App::spawn().await;
    let mut wanted = product("ONE");
    let euro = new_product(&app, &wanted).await;
    app.client.create_product(&wanted, &crate::new_key()).await.expect_problem(409);
    wanted["currency"] = json!("JPY");
    let yen = new_product(&app, &wanted).await;
    let other = new_product(&app, &product("TWO")).await;
    app.client.patch_product(&other, &json!({"sku": "ONE"})).await.expect_problem(409);
    app.client.delete_product(&euro).await.expect(204);
    app.client.patch_product(&other, &json!({"sku": "ONE"})).await.expect(200);
    assert_eq!(app.client.product(&yen).await.expect(200).json()["price"], "10");
}

#[tokio::test]
async fn a_deleted_product_stays_in_its_orders_and_can_not_be_ordered_again() {
    let app = App::spawn().await;
    new_product(&app, &product("NEW-1")).await;
    let mut order = app.order_request();
    order["currency"] = json!("EUR");
    order["items"] = json!([{"sku": "NEW-1", "quantity": 1}]);
    let made = app.client.create(order.clone(), &crate::new_key()).await.expect(201).json();
    let found = app.client.products("search=new-1").await.expect(200);
    app.client.delete_product(&ids(&found)[0]).await.expect(204);
    let kept = app.client.order(made["id"].as_str().expect("an id")).await.expect(200).json();
    assert_eq!(kept["items"][0]["name"], "Thing of NEW-1");
    app.client.create(order, &crate::new_key()).await.expect_problem_naming(422, "items[0].sku");
}

#[tokio::test]
async fn many_products_are_deleted_at_once_each_with_its_outcome() {
    let app = App::spawn().await;
    let (one, two) = (new_product(&app, &product("A")).await, new_product(&app, &product("B")).await);
    app.warm(&format!("/products/{one}")).await;
    let foreign = &app.sample.foreign_product;
    let outcomes = async |ids: &[&str]| -> Vec<String> {
        let items = app.client.bulk_delete_products(ids).await.expect(200).items();
        items.iter().map(|item| item["outcome"].as_str().expect("an outcome").to_owned()).collect()
    };
    assert_eq!(outcomes(&[&one, foreign, &two]).await, ["deleted", "not_found", "deleted"]);
    for gone in [&one, &two] {
        app.client.product(gone).await.expect_problem(404);
    }
    assert_eq!(outcomes(&[&one]).await, ["not_found"]);
    let many: Vec<String> = (0..201).map(|_| Uuid::new_v4().to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    app.client.bulk_delete_products(&many).await.expect_problem_naming(400, "ids");
    assert_eq!(outcomes(&many[..200]).await, vec!["not_found"; 200]);
}

#[tokio::test]
async fn customers_change_nothing_and_another_organisations_product_is_not_there() {
    let Some(app) = App::spawn_with_callers().await else { return };
    let customer = app.as_caller(&Caller::customer(&app.sample.org, &app.sample.customer));
    let id = &app.sample.product;
    customer.create_product(&product("X"), &crate::new_key()).await.expect_problem(403);
    customer.patch_product(id, &json!({"name": "x"})).await.expect_problem(403);
    customer.delete_product(id).await.expect_problem(403);
    customer.bulk_delete_products(&[id]).await.expect_problem(403);
    let schema = json!({"name": "X", "fields": []});
    for caller in [&customer, &app.client] {
        caller.create_schema(&schema, &crate::new_key()).await.expect_problem(403);
        caller.patch_schema(&app.sample.schema, &json!({"name": "x"})).await.expect_problem(403);
    }
    let foreign = &app.sample.foreign_product;
    app.client.patch_product(foreign, &json!({"name": "x"})).await.expect_problem(404);
    app.client.patch_product(foreign, &json!({"price": "1"})).await.expect_problem(404);
    app.client.delete_product(foreign).await.expect_problem(404);
    app.client.product_details(foreign).await.expect_problem(404);
    app.client.organization_products(&app.sample.other_org, "").await.expect_problem(404);
    app.client.schema(&app.sample.foreign_schema).await.expect_problem(404);
    app.client.schema_products(&app.sample.foreign_schema, "").await.expect_problem(404);
    app.operator().patch_schema(&app.sample.foreign_schema, &json!({"name": "x"})).await.expect_problem(404);
}

//! Schemas: made and changed by operators, and never against the values that products have.

use e2e::App;
use serde_json::{Value, json};

use super::{new_product, new_schema, product};

fn shoes(name: &str) -> Value {
    json!({"name": name, "fields": [
        {"name": "size", "type": "number", "required": true},
        {"name": "colour", "label": "Colour", "type": "choice", "choices": ["red", "blue"]},
    ]})
}

#[tokio::test]
async fn a_schema_is_shown_as_it_was_made_and_changed() {
    let Some(app) = App::spawn_with_callers().await else { return };
    app.warm("/schemas").await;
    let key = crate::new_key();
    let made = app.operator().create_schema(&shoes("Shoes"), &key).await.expect(201);
    let id = super::id(&made);
    assert_eq!(made.body, app.operator().create_schema(&shoes("Shoes"), &key).await.expect(201).body);
    app.operator().create_schema(&shoes("Shoes"), &crate::new_key()).await.expect_problem(409);
    assert_eq!(app.client.get("/schemas").await.expect(200).items()[0]["id"], id.as_str(), "the newest first");
    let shown = app.warm(&format!("/schemas/{id}")).await;
    assert_eq!((shown.header("etag"), shown.json()["fields"][1]["label"].as_str()), ("\"1\"", Some("Colour")));
    app.operator().patch_schema(&id, &json!({"name": "Boots"})).await.expect(200);
    assert_eq!(app.client.schema(&id).await.expect(200).json()["name"], "Boots");
    assert_eq!(app.client.get("/schemas").await.expect(200).items()[0]["name"], "Boots");
    let other = new_schema(&app, &shoes("Shoes")).await;
    app.operator().patch_schema(&other, &json!({"name": "Boots"})).await.expect_problem(409);
    let stale = app.operator().request(reqwest::Method::PATCH, &format!("/schemas/{id}")).header("if-match", "\"1\"");
    assert_eq!(app.client.send(stale.json(&json!({"name": "x"}))).await.expect_problem(412)["currentVersion"], 2);
}

#[tokio::test]
async fn a_schema_that_products_have_is_only_widened() {
    let Some(app) = App::spawn_with_callers().await else { return };
    let id = new_schema(&app, &shoes("Shoes")).await;
    let mut wanted = product("SHOE-1");
    wanted["schemaId"] = json!(id);
    wanted["fields"] = json!({"size": 42, "colour": "red"});
    let shoe = new_product(&app, &wanted).await;
    let fields = shoes("x")["fields"].clone();
    let change = |change: &dyn Fn(&mut Vec<Value>)| {
        let mut fields = fields.as_array().expect("fields").clone();
        change(&mut fields);
        json!({"fields": fields})
    };
    let narrower = [
        change(&|fields| drop(fields.remove(1))),
        change(&|fields| fields[0]["type"] = json!("text")),
        change(&|fields| fields[1]["choices"] = json!(["red"])),
    ];
    for narrower in &narrower {
        app.operator().patch_schema(&id, narrower).await.expect_problem(409);
    }
    let wider = change(&|fields| {
        fields[1]["choices"] = json!(["red", "blue", "green"]);
        fields.push(json!({"name": "since", "type": "date", "required": true}));
    });
    app.operator().patch_schema(&id, &wider).await.expect(200);
    app.client.patch_product(&shoe, &json!({"name": "Still a shoe"})).await.expect(200);
    app.client
        .patch_product(&shoe, &json!({"fields": {"colour": "green"}}))
        .await
        .expect_problem_naming(400, "fields.since");
    let both = json!({"fields": {"colour": "green", "since": "2026-01-31"}});
    app.client.patch_product(&shoe, &both).await.expect(200);
    app.client.delete_product(&shoe).await.expect(204);
    app.operator().patch_schema(&id, &narrower[0]).await.expect(200);
}

#[tokio::test]
async fn bad_fields_of_a_schema_are_named() {
    let Some(app) = App::spawn_with_callers().await else { return };
    for (schema, named) in [
        (json!({"fields": []}), "name"),
        (json!({"name": "x"}), "fields"),
        (json!({"name": "x", "fields": [{"name": "Size", "type": "text"}]}), "fields[0].name"),
        (json!({"name": "x", "fields": [{"name": "size", "type": "colour"}]}), "fields[0].type"),
        (json!({"name": "x", "fields": [{"name": "size", "type": "choice"}]}), "fields[0].choices"),
    ] {
        app.operator().create_schema(&schema, &crate::new_key()).await.expect_problem_naming(400, named);
    }
}

//! Changes of products and schemas that meet others.

use serde_json::{Value, json};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use crate::database::{Database, ORG, OTHER_ORG, call};

const NONE: Option<Vec<i64>> = None;

async fn create(client: &Client, request: Option<&Value>, schema: Option<i64>, key: &str) -> Row {
    let hash = request.map(Value::to_string).unwrap_or_default();
    let statement = call("product_create", 7);
    client.query_one(&statement, &[&ORG, &request, &schema, &"somebody", &key, &hash, &Uuid::now_v7()]).await.unwrap()
}

fn request(sku: &str, schema: Option<Uuid>) -> Value {
    json!({"sku": sku, "name": "x", "description": null, "currency": "EUR", "price": "1.00", "status": "active",
        "schemaId": schema, "fields": {}, "images": []})
}

async fn patch(client: &Client, id: Uuid, change: &Value, basis: Option<i64>, schema: Option<(Uuid, i64)>) -> Row {
    let (schema, version) = schema.unzip();
    let none: Vec<i64> = vec![];
    let statement = call("product_patch", 8);
    client.query_one(&statement, &[&ORG, &id, change, &basis, &schema, &version, &NONE, &none]).await.unwrap()
}

fn outcome(row: &Row) -> &str {
    row.get("outcome")
}

fn id(row: &Row) -> Uuid {
    serde_json::from_str::<Value>(row.get("body")).unwrap()["id"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_product_is_made_once_per_key_and_a_refused_one_frees_its_key() {
    let db = Database::new().await;
    let wanted = request("NEW", None);
    assert_eq!(outcome(&create(&db.client, None, None, "k").await), "refused");
    let made = create(&db.client, Some(&wanted), None, "k").await;
    assert_eq!((outcome(&made), made.get::<_, i64>("version")), ("created", 1));
    let again = create(&db.client, Some(&wanted), None, "k").await;
    assert_eq!((outcome(&again), again.get::<_, &str>("body")), ("replay", made.get("body")));
    assert_eq!(again.get::<_, Option<&str>>("xid"), None);
    assert_eq!(
        again.get::<_, Vec<String>>("tags"),
        [format!("product:{ORG}/{}", id(&made)), format!("products:{ORG}")]
    );
    let other = request("OTHER", None);
    assert_eq!(outcome(&create(&db.client, Some(&other), None, "k").await), "mismatch");
    assert_eq!(outcome(&create(&db.client, Some(&wanted), None, "k2").await), "sku_taken");
    assert_eq!(db.text("SELECT count(*) FROM idempotency_keys").await, "1");
    let (statement, nothing) = (call("product_create", 7), None::<i64>);
    let params: [&(dyn ToSql + Sync); 7] =
        [&Uuid::nil(), &Some(&wanted), &nothing, &"somebody", &"k", &"h", &Uuid::nil()];
    let nowhere = db.client.query_one(&statement, &params).await.unwrap();
    assert_eq!(outcome(&nowhere), "unknown_organization");
}

#[tokio::test]
async fn what_was_judged_by_something_that_is_not_so_any_more_is_stale() {
    let db = Database::new().await;
    let (one, foreign) = (super::schema(&db, "One").await, super::schema(&db, "Foreign").await);
    db.run(&format!("UPDATE product_schemas SET organization_id = '{OTHER_ORG}' WHERE id = '{foreign}'")).await;
    let wanted = request("NEW", Some(one));
    assert_eq!(outcome(&create(&db.client, Some(&wanted), Some(2), "k").await), "stale");
    let made = create(&db.client, Some(&wanted), Some(1), "k").await;
    let product = id(&made);
    for (schema, version) in [(foreign, 2), (Uuid::nil(), 1)] {
        let row = create(&db.client, Some(&request("X", Some(schema))), Some(version), "k2").await;
        assert_eq!(outcome(&row), "stale", "{schema}");
    }
    let change = json!({"fields": {}});
    assert_eq!(outcome(&patch(&db.client, product, &change, Some(1), Some((one, 1))).await), "updated");
    assert_eq!(outcome(&patch(&db.client, product, &change, Some(1), Some((one, 1))).await), "stale");
    db.run("UPDATE product_schemas SET name = 'x'").await;
    assert_eq!(outcome(&patch(&db.client, product, &change, Some(2), Some((one, 1))).await), "stale");
    assert_eq!(outcome(&patch(&db.client, product, &json!({"name": "y"}), None, None).await), "updated");
}

#[tokio::test]
async fn a_schema_waits_for_a_product_that_is_being_judged_by_it() {
    let db = Database::new().await;
    let schema = super::schema(&db, "One").await;
    let other = db.connect().await;
    db.run("BEGIN").await;
    assert_eq!(outcome(&create(&db.client, Some(&request("NEW", Some(schema))), Some(1), "k").await), "created");
    let none: Vec<i64> = vec![];
    let statement = call("schema_patch", 8);
    let name: Option<&str> = None;
    let params: [&(dyn ToSql + Sync); 8] = [&ORG, &schema, &1i64, &name, &Some(json!([])), &true, &NONE, &none];
    let narrowed = other.query_one(&statement, &params);
    let (narrowed, ()) = tokio::join!(narrowed, async {
        db.wait_for_a_lock().await;
        db.run("COMMIT").await;
    });
    assert_eq!(outcome(&narrowed.unwrap()), "in_use");
}

#[tokio::test]
async fn a_repeated_deletion_names_what_a_cache_may_still_hold() {
    let db = Database::new().await;
    let schema = super::schema(&db, "One").await;
    let made = create(&db.client, Some(&request("NEW", Some(schema))), Some(1), "k").await;
    let product = id(&made);
    let none: Vec<i64> = vec![];
    let statement = call("product_delete", 4);
    let delete = async || db.client.query_one(&statement, &[&ORG, &product, &NONE, &none]).await.unwrap();
    assert_eq!(outcome(&delete().await), "deleted");
    let again = delete().await;
    assert_eq!((outcome(&again), again.get::<_, Option<&str>>("xid")), ("not_found", None));
    let mut tags: Vec<String> = again.get("tags");
    tags.sort();
    assert_eq!(tags, super::tags(product, &[schema]));
    let many = vec![product.to_string()];
    let row = db.client.query_one(&call("product_bulk_delete", 2), &[&ORG, &many]).await.unwrap();
    let mut tags: Vec<String> = row.get("tags");
    tags.sort();
    assert_eq!((outcome(&row), tags), ("not_found", super::tags(product, &[schema])));
}

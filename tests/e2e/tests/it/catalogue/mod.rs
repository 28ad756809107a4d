//! The catalogue: products, their schemas, and what a shop looks up.

mod changes;
mod lists;
mod lookups;
mod products;
mod schemas;
mod stock;
pub mod stock_service;

use e2e::{Answer, App, Sample};
use serde_json::{Value, json};

/// Every cached read of the catalogue that has an entry in Redis alone, below `/api/v1`.
pub fn reads(sample: &Sample) -> Vec<String> {
    let Sample { product, schema, org, .. } = sample;
    vec![
        format!("/products/{product}"),
        format!("/products/{product}/details"),
        "/products?limit=5&search=c".to_owned(),
        format!("/organizations/{org}/products"),
        "/schemas".to_owned(),
        format!("/schemas/{schema}"),
        format!("/schemas/{schema}/products"),
    ]
}

/// A valid request for a product without a schema.
fn product(sku: &str) -> Value {
    json!({"sku": sku, "name": format!("Thing of {sku}"), "currency": "EUR", "price": "10"})
}

/// Makes a product and gives its id.
async fn new_product(app: &App, product: &Value) -> String {
    id(&app.client.create_product(product, &crate::new_key()).await.expect(201))
}

/// Makes a schema by an operator and gives its id.
async fn new_schema(app: &App, schema: &Value) -> String {
    id(&app.operator().create_schema(schema, &crate::new_key()).await.expect(201))
}

fn id(answer: &Answer) -> String {
    answer.json()["id"].as_str().expect("an id").to_owned()
}

/// The ids of a list's items.
fn ids(answer: &Answer) -> Vec<String> {
    answer.items().iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
}

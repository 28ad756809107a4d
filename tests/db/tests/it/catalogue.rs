//! The catalogue: what a change of a product announces, and what it does to its version.

mod changes;
mod lists;
mod words;

use uuid::Uuid;

use crate::database::{Database, ORG, OTHER_ORG, tenant};

/// The tags of a product of ORG, sorted as they are announced.
fn tags(id: Uuid, schemas: &[Uuid]) -> Vec<String> {
    let mut tags = vec![format!("product:{ORG}/{id}"), format!("products:{ORG}")];
    tags.extend(schemas.iter().map(|schema| format!("schema:{ORG}/{schema}")));
    tags.sort();
    tags
}

/// The announcements, but for those of the product's stock.
async fn announced(db: &Database) -> Vec<Vec<String>> {
    let mut announced = db.announced().await;
    announced.retain(|tags| !tags.iter().all(|tag| tag.starts_with("stock:")));
    announced
}

async fn schema(db: &Database, name: &str) -> Uuid {
    let sql = format!(
        "INSERT INTO product_schemas (organization_id, name, fields) VALUES ('{ORG}', '{name}', '[]') RETURNING id"
    );
    db.client.query_one(&sql, &[]).await.unwrap().get(0)
}

async fn product(db: &Database, sku: &str) -> Uuid {
    let sql = format!(
        "INSERT INTO products (organization_id, sku, name, currency, price) VALUES ('{ORG}', '{sku}', 'x', 'EUR', 1) RETURNING id"
    );
    db.client.query_one(&sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn every_change_of_a_product_announces_it_its_organisation_and_its_schemas() {
    let db = Database::new().await;
    let (one, two) = (schema(&db, "One").await, schema(&db, "Two").await);
    db.announced().await;
    let id = product(&db, "NEW").await;
    assert_eq!(db.announced().await, [tags(id, &[])]);
    for (change, schemas) in [
        (format!("UPDATE products SET schema_id = '{one}' WHERE id = '{id}'"), &[one][..]),
        (format!("UPDATE products SET schema_id = '{two}' WHERE id = '{id}'"), &[one, two]),
        (format!("UPDATE products SET price = 2 WHERE id = '{id}'"), &[two]),
        (format!("UPDATE products SET deleted_at = now() WHERE id = '{id}'"), &[two]),
        (format!("DELETE FROM products WHERE id = '{id}'"), &[two]),
    ] {
        db.run(&change).await;
        assert_eq!(announced(&db).await, [tags(id, schemas)], "{change}");
    }
    let moved = product(&db, "MOVED").await;
    announced(&db).await;
    db.run(&format!("UPDATE products SET organization_id = '{OTHER_ORG}' WHERE id = '{moved}'")).await;
    let there = vec![format!("product:{OTHER_ORG}/{moved}"), format!("products:{OTHER_ORG}")];
    let mut announced = announced(&db).await;
    announced.sort();
    assert_eq!(announced, [tags(moved, &[]), there], "a row for each organisation");
}

#[tokio::test]
async fn every_change_of_a_schema_announces_it_and_the_list_of_schemas() {
    let db = Database::new().await;
    let id = schema(&db, "One").await;
    let tags = [[format!("schema:{ORG}/{id}"), format!("schemas:{ORG}")].to_vec()];
    assert_eq!(db.announced().await, tags);
    for change in ["UPDATE product_schemas SET name = 'x'", "DELETE FROM product_schemas"] {
        db.run(change).await;
        assert_eq!(db.announced().await, tags, "{change}");
    }
}

#[tokio::test]
async fn many_products_at_once_announce_their_organisation_and_an_emptied_table_everything() {
    let db = Database::new().await;
    let insert = |count: u32| {
        format!(
            "INSERT INTO products (organization_id, sku, name, currency, price) SELECT '{ORG}', 'N{count}-' || n, 'x', 'EUR', 1 FROM generate_series(1, {count}) AS n"
        )
    };
    db.run(&insert(200)).await;
    assert_eq!(db.announced().await[0].len(), 201);
    let own = format!("organization_id = '{ORG}'");
    for change in
        [insert(201), format!("UPDATE products SET price = 2 WHERE {own}"), format!("DELETE FROM products WHERE {own}")]
    {
        db.run(&change).await;
        let mut announced = db.announced().await;
        announced.dedup();
        assert_eq!(announced, [tenant(ORG)], "{change}");
    }
    for change in
        ["TRUNCATE products", "TRUNCATE product_schemas CASCADE", "TRUNCATE product_words", "DELETE FROM product_words"]
    {
        db.run(change).await;
        let announced = db.announced().await;
        assert!(!announced.is_empty() && announced.iter().all(|tags| tags == &["*"]), "{change}: {announced:?}");
    }
}

#[tokio::test]
async fn a_products_version_grows_by_one_with_each_transaction_that_changes_it() {
    let db = Database::new().await;
    let id = product(&db, "NEW").await;
    let shown = format!("SELECT version || ' ' || (updated_at > created_at) FROM products WHERE id = '{id}'");
    let update = format!("UPDATE products SET name = 'y' WHERE id = '{id}'");
    for (change, version) in [
        (update.clone(), 2),
        (format!("BEGIN; {update}; {update}; COMMIT"), 3),
        (format!("UPDATE products SET version = 100 WHERE id = '{id}'"), 4),
    ] {
        db.run(&change).await;
        assert_eq!(db.text(&shown).await, format!("{version} true"), "{change}");
    }
}

#[tokio::test]
async fn a_hidden_product_is_shown_nowhere_and_leaves_its_article_free() {
    let db = Database::new().await;
    let hide = "UPDATE products SET deleted_at = now() WHERE sku = 'JUG'";
    db.run(hide).await;
    let request = serde_json::json!({"customerId": crate::database::CUSTOMER, "currency": "EUR", "items": [{"sku": "JUG", "quantity": 1}]});
    let outcome = async || db.create(&request, &Uuid::now_v7().to_string(), Uuid::now_v7()).await;
    assert_eq!(outcome().await.get::<_, &str>("outcome"), "unknown_sku:0");
    let again = product(&db, "JUG").await;
    assert_eq!(outcome().await.get::<_, &str>("outcome"), "created");
    assert_eq!(db.text("SELECT count(*) FROM product_documents WHERE document ->> 'sku' = 'JUG'").await, "1");
    let other = format!(
        "INSERT INTO products (organization_id, sku, name, currency, price) VALUES ('{ORG}', 'JUG', 'x', 'EUR', 1)"
    );
    assert!(db.client.batch_execute(&other).await.is_err(), "{again} has the article");
}

#[tokio::test]
async fn every_change_of_a_looked_up_name_announces_the_lookups() {
    let db = Database::new().await;
    for change in ["UPDATE lookups SET name = 'x' WHERE code = 'RO'", "DELETE FROM lookups", "TRUNCATE lookups"] {
        db.run(change).await;
        assert_eq!(db.announced().await, [["lookups"]], "{change}");
    }
}

#[tokio::test]
async fn every_currency_in_use_has_a_name_and_its_digits() {
    let db = Database::new().await;
    let codes: Vec<&str> = commerce::money::Currency::codes().collect();
    let unnamed = "SELECT coalesce(string_agg(c, ' '), 'none') FROM unnest($1::text[]) AS c
        WHERE NOT EXISTS (SELECT FROM lookups l WHERE l.kind = 'currency' AND l.code = c)";
    assert_eq!(db.client.query_one(unnamed, &[&codes]).await.unwrap().get::<_, &str>(0), "none");
    let body: String = db.client.query_one("SELECT body FROM lookup_currencies($1)", &[&codes]).await.unwrap().get(0);
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["items"].as_array().unwrap().len(), codes.len());
    for item in body["items"].as_array().unwrap() {
        let currency = commerce::money::Currency::parse(item["code"].as_str().unwrap()).unwrap();
        assert_eq!(item["minorDigits"], currency.minor_digits(), "{currency}");
    }
}

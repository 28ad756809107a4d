//! One product: who sees it, and never as it was.

use std::time::{Duration, Instant};

use e2e::{App, Caller};
use uuid::Uuid;

#[tokio::test]
async fn a_product_is_shown_to_every_caller_of_its_organisation_and_to_no_other() {
    let Some(app) = App::spawn_with_callers().await else { return };
    let product = app.client.product(&app.sample.product).await.expect(200).json();
    assert_eq!(product["sku"], app.sample.sku.as_str());
    assert_eq!(product["organizationId"], app.sample.org.as_str());
    let customer = Caller::customer(&app.sample.org, &app.sample.customer);
    for caller in [app.as_caller(&customer), app.operator()] {
        assert_eq!(caller.product(&app.sample.product).await.expect(200).json(), product);
    }
    for other in [app.sample.foreign_product.clone(), Uuid::nil().to_string(), app.sample.order.clone()] {
        app.client.product(&other).await.expect_problem(404);
    }
    app.client.product("x").await.expect_problem_naming(400, "id");
    app.client.get(&format!("/products/{}?colour=red", app.sample.product)).await.expect_problem_naming(400, "colour");
}

#[tokio::test]
async fn a_product_that_is_changed_in_psql_is_seen_within_a_second() {
    let app = App::spawn().await;
    let (product, path) = (&app.sample.product, format!("/products/{}", app.sample.product));
    let version = app.warm(&path).await.version();
    app.psql(&format!("UPDATE products SET name = 'Cup of another colour' WHERE id = '{product}'")).await;
    let committed = Instant::now();
    loop {
        let began = committed.elapsed();
        let shown = app.client.product(product).await.expect(200).json();
        if shown["name"] == "Cup of another colour" {
            assert_eq!(shown["version"], version + 1);
            break;
        }
        assert!(began < Duration::from_secs(1), "the old product is still shown after {began:?}");
    }
}

#[tokio::test]
async fn a_product_that_was_not_there_is_seen_as_soon_as_it_is() {
    let app = App::spawn().await;
    let (id, org) = (Uuid::now_v7().to_string(), &app.sample.org);
    app.client.product(&id).await.expect_problem(404);
    app.client.product(&id).await.expect_problem(404);
    app.psql(&format!(
        "INSERT INTO products (id, organization_id, sku, name, currency, price) VALUES ('{id}', '{org}', 'NEW', 'New', 'EUR', 1)"
    ))
    .await;
    app.client.product(&id).await.expect(200);
}

//! Lists of products: found by words, in every order, page by page while products arrive.

use std::time::{Duration, Instant};

use e2e::App;
use serde_json::{Value, json};

use super::{ids, new_product, product};

#[tokio::test]
async fn products_are_found_by_beginnings_of_words_whatever_case_and_accents() {
    let app = App::spawn().await;
    let mut wanted = product("HAT-77");
    wanted["name"] = json!("Pălărie Ștrengară");
    let id = new_product(&app, &wanted).await;
    for search in ["palarie", "P%C4%82L", "strengara+pal", "hat-77", "77+pal", "hat"] {
        let found = app.client.products(&format!("search={search}")).await.expect(200);
        assert!(ids(&found).contains(&id), "{search}");
    }
    for search in ["alarie", "palarie+gri", "hat-78"] {
        let found = app.client.products(&format!("search={search}")).await.expect(200).json();
        assert_eq!((&found["items"], &found["total"]), (&json!([]), &json!(0)), "{search}");
    }
    app.client.patch_product(&id, &json!({"name": "Bonnet"})).await.expect(200);
    assert_eq!(ids(&app.client.products("search=palarie").await.expect(200)), Vec::<String>::new());
    assert_eq!(ids(&app.client.products("search=bonn").await.expect(200)), [id]);
}

#[tokio::test]
async fn every_order_is_total_and_its_pages_meet_by_number_and_by_place() {
    let app = App::spawn().await;
    for sort in ["createdAt", "updatedAt", "name", "sku", "price"] {
        for order in ["asc", "desc"] {
            let list = format!("sort={sort}&order={order}");
            let whole = app.client.products(&format!("{list}&limit=100")).await.expect(200);
            let all = ids(&whole);
            let total = whole.json()["total"].as_u64().expect("a total");
            let (mut counted, mut placed) = (Vec::new(), Vec::new());
            for page in 1..=3 {
                counted.extend(ids(&app.client.products(&format!("{list}&limit=30&page={page}")).await.expect(200)));
            }
            assert_eq!(counted, all[..90], "{list}");
            let mut after = String::new();
            while placed.len() < total as usize {
                let page = app.client.get(&format!("/products?{list}&limit=30{after}")).await.expect(200);
                placed.extend(ids(&page));
                let Some(next) = page.json()["next"].as_str().map(str::to_owned) else { break };
                after = format!("&after={}", encoded(&next));
            }
            assert_eq!(placed.len(), total as usize, "{list}");
            assert_eq!(placed[..100], all[..], "{list}");
        }
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn pages_that_begin_at_a_place_stay_what_they_are_while_products_arrive() {
    let app = App::spawn().await;
    let organization = format!("/organizations/{}/products", app.sample.org);
    for list in ["/products?limit=10".to_owned(), format!("{organization}?limit=10")] {
        let first = app.client.get(&list).await.expect(200);
        let next = encoded(first.json()["next"].as_str().expect("a next page"));
        let second = format!("{list}&after={next}");
        let before = ids(&app.client.get(&second).await.expect(200));
        let sku = format!("LATE-{}", before[0]);
        let late = new_product(&app, &product(&sku)).await;
        assert_eq!(ids(&app.client.get(&second).await.expect(200)), before, "{list}");
        assert_eq!(ids(&app.client.get(&list).await.expect(200))[0], late, "{list}");
    }
}

#[tokio::test]
async fn a_list_is_narrowed_by_schema_and_status() {
    let app = App::spawn().await;
    let schema = &app.sample.schema;
    let of_schema = app.client.products(&format!("schemaId={schema}&limit=100")).await.expect(200);
    assert!(!of_schema.items().is_empty());
    assert!(of_schema.items().iter().all(|item| item["schemaId"] == schema.as_str()));
    let one = ids(&of_schema)[0].clone();
    app.client.patch_product(&one, &json!({"status": "inactive"})).await.expect(200);
    let total =
        async |query: &str| app.client.products(query).await.expect(200).json()["total"].as_u64().expect("a total");
    assert_eq!(ids(&app.client.products("status=inactive").await.expect(200)), [one]);
    assert_eq!(total("status=active").await + 1, total("").await);
    assert_eq!(total(&format!("schemaId={schema}&status=active")).await + 1, of_schema.items().len() as u64);
    assert_eq!(total(&format!("schemaId={}", app.sample.foreign_schema)).await, 0);
}

#[tokio::test]
async fn bad_parameters_of_lists_of_products_are_named() {
    let app = App::spawn().await;
    for (query, field) in [
        ("limit=0", "limit"),
        ("page=501", "page"),
        ("search=--", "search"),
        ("sort=colour", "sort"),
        ("order=up", "order"),
        ("schemaId=x", "schemaId"),
        ("status=sold", "status"),
        ("after=x", "after"),
        ("colour=red", "colour"),
    ] {
        app.client.products(query).await.expect_problem_naming(400, field);
    }
    for (query, field) in [("limit=0", "limit"), ("after=x", "after"), ("page=1", "page")] {
        app.client.organization_products(&app.sample.org, query).await.expect_problem_naming(400, field);
        app.client.schema_products(&app.sample.schema, query).await.expect_problem_naming(400, field);
        app.client.get(&format!("/schemas?{query}")).await.expect_problem_naming(400, field);
    }
    app.client.organization_products("x", "").await.expect_problem_naming(400, "id");
    app.client.schema("x").await.expect_problem_naming(400, "id");
}

#[tokio::test]
async fn a_change_in_psql_shows_in_every_list_within_a_second() {
    let app = App::spawn().await;
    let (product, schema) = (&app.sample.schema, app.sample.schema.clone());
    let _ = product;
    let product = ids(&app.client.schema_products(&schema, "").await.expect(200))[0].clone();
    let paths = [
        format!("/products/{product}"),
        format!("/products?schemaId={schema}"),
        format!("/organizations/{}/products?limit=100", app.sample.org),
        format!("/schemas/{schema}/products?limit=100"),
    ];
    for path in &paths {
        app.warm(path).await;
    }
    app.psql(&format!("UPDATE products SET name = 'Typed by hand' WHERE id = '{product}'")).await;
    let committed = Instant::now();
    let shows = |body: &Value| {
        let items = body["items"].as_array().cloned().unwrap_or_else(|| vec![body.clone()]);
        items.iter().any(|item| item["id"] == product.as_str() && item["name"] == "Typed by hand")
    };
    for path in &paths {
        loop {
            let began = committed.elapsed();
            if shows(&app.client.get(path).await.expect(200).json()) {
                break;
            }
            assert!(began < Duration::from_secs(1), "{path} still shows the old name after {began:?}");
        }
    }
}

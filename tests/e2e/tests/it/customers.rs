//! Customers: made, changed, listed, and named in summaries.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use e2e::{App, Caller};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::new_key;

fn mara(email: &str) -> Value {
    json!({
        "name": "Mara Ionescu", "email": email,
        "address": {"line1": "Strada Lungă 1", "city": "Brașov", "country": "RO", "phone": "+40 700 000 000"}
    })
}

fn email() -> String {
    format!("{}@example.com", Uuid::new_v4())
}

async fn made(app: &App) -> String {
    let made = app.client.create_customer(&mara(&email()), &new_key()).await.expect(201).json();
    made["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn a_customer_is_made_once_and_read_as_it_was_answered() {
    let app = App::spawn().await;
    let (wanted, key) = (mara(&email()), new_key());
    let made = app.client.create_customer(&wanted, &key).await.expect(201);
    let customer = made.json();
    let id = customer["id"].as_str().expect("an id");
    assert_eq!(made.header("location"), format!("/api/v1/customers/{id}"));
    assert_eq!((made.header("etag"), &customer["version"]), ("\"1\"", &json!(1)));
    for field in ["name", "email", "address"] {
        assert_eq!(customer[field], wanted[field], "{field}");
    }
    assert_eq!((&customer["companyName"], &customer["cui"]), (&Value::Null, &Value::Null));
    let read = app.client.customer(id).await.expect(200);
    assert_eq!((&read.body, read.header("etag")), (&made.body, "\"1\""));
    assert_eq!(app.client.create_customer(&wanted, &key).await.expect(201).body, made.body);
    app.client.create_customer(&mara(&email()), &key).await.expect_problem_naming(422, "Idempotency-Key");
    app.client.history(id, "").await.expect(200);
    let mut order = app.order_request();
    order["customerId"] = json!(id);
    app.client.create(order, &new_key()).await.expect(201);
}

#[tokio::test]
async fn an_address_that_another_has_is_409_and_names_the_field() {
    let app = App::spawn().await;
    let taken = email();
    app.client.create_customer(&mara(&taken), &new_key()).await.expect(201);
    app.client.create_customer(&mara(&taken.to_uppercase()), &new_key()).await.expect_problem_naming(409, "email");
    let other = made(&app).await;
    app.client.patch_customer(&other, &json!({"email": taken})).await.expect_problem_naming(409, "email");
    assert_eq!(app.client.customer(&other).await.expect(200).version(), 1);
}

#[tokio::test]
async fn bad_customers_are_refused_and_the_field_is_named() {
    let app = App::spawn().await;
    for (name, value, field) in [
        ("name", json!(""), "name"),
        ("email", json!("mara"), "email"),
        ("cui", json!("RO18189442"), "companyName"),
        ("companyName", json!("Mara SRL"), "cui"),
        ("cui", json!("RO1"), "cui"),
        ("address", json!({"line1": "a", "city": "b"}), "address.country"),
        ("password", json!("x"), "password"),
    ] {
        let mut wanted = mara(&email());
        wanted[name] = value;
        let refused = app.client.create_customer(&wanted, &new_key()).await;
        let errors = refused.expect_problem(400)["errors"].to_string();
        assert!(errors.contains(&format!("\"field\":\"{field}\"")), "{errors}");
    }
    let request = app.client.request(Method::POST, "/customers").json(&mara(&email()));
    app.client.send(request).await.expect_problem_naming(400, "Idempotency-Key");
    let id = made(&app).await;
    app.client.patch_customer(&id, &json!({})).await.expect_problem_naming(400, "body");
    app.client.patch_customer(&id, &json!({"companyName": "Mara SRL"})).await.expect_problem_naming(422, "companyName");
    app.client.patch_customer("me", &json!({"name": "x"})).await.expect_problem_naming(400, "id");
    for (query, field) in [("limit=0", "limit"), ("after=x", "after"), ("email=", "email"), ("search=a", "search")] {
        app.client.customers(query).await.expect_problem_naming(400, field);
    }
    let elsewhere = format!("after={}", app.sample.foreign_customer);
    app.client.customers(&elsewhere).await.expect_problem_naming(400, "after");
}

#[tokio::test]
async fn a_change_is_seen_at_once_and_its_etag_guards_the_next() {
    let app = App::spawn_alone().await;
    let id = made(&app).await;
    let path = format!("/customers/{id}");
    app.warm(&path).await;
    let company = json!({"companyName": "Mara SRL", "cui": "RO18189442"});
    let changed = app.client.patch_customer(&id, &company).await.expect(200);
    assert_eq!((changed.version(), &changed.json()["companyName"]), (2, &json!("Mara SRL")));
    let read = app.client.get(&path).await.expect(200);
    assert_eq!((&read.body, read.header("etag")), (&changed.body, "\"2\""));
    let patch =
        |tag: &'static str, body: Value| app.client.request(Method::PATCH, &path).header("if-match", tag).json(&body);
    let stale = app.client.send(patch("\"1\"", json!({"name": "Mara Pop"}))).await.expect_problem(412);
    assert_eq!(stale["currentVersion"], 2);
    app.client.send(patch("\"2\"", json!({"name": "Mara Pop"}))).await.expect(200);
    app.warm(&path).await;
    app.psql(&format!("UPDATE customers SET name = 'by psql' WHERE id = '{id}'")).await;
    let committed = Instant::now();
    loop {
        let began = committed.elapsed();
        if app.client.get(&path).await.expect(200).json()["name"] == "by psql" {
            break;
        }
        assert!(began < Duration::from_secs(1), "the old name after {began:?}");
    }
}

#[tokio::test]
async fn an_orders_change_leaves_its_customer_in_the_cache() {
    let app = App::spawn_alone().await;
    let path = format!("/customers/{}", app.sample.customer);
    let order = app.new_order_id().await;
    app.warm(&path).await;
    app.client.patch(&order, json!({"notes": "changed"})).await.expect(200);
    app.new_order_id().await;
    assert!(app.client.get(&path).await.expect(200).is_hit());
}

#[tokio::test]
async fn a_summary_names_its_customer_and_never_by_an_old_name() {
    let Some(app) = App::spawn_with_callers().await else { return };
    let customer = made(&app).await;
    let owner = app.as_caller(&Caller::customer(&app.sample.org, &customer));
    let mut request = app.order_request();
    request["customerId"] = json!(customer);
    let order = app.client.create(request, &new_key()).await.expect(201).json();
    let order = order["id"].as_str().expect("an id").to_owned();
    let path = format!("/orders/{order}/summary");
    let expected = json!({"id": customer, "name": "Mara Ionescu", "companyName": null});
    assert_eq!(app.client.get(&path).await.expect(200).json()["customer"], expected);
    // Names that only grow: a read that began after an answer shows its name or a later one.
    let acknowledged = Arc::new(AtomicU64::new(0));
    let over = Arc::new(AtomicU64::new(0));
    let readers: Vec<_> = [app.client.clone(), owner]
        .into_iter()
        .map(|client| {
            let (acknowledged, over, path, order) = (acknowledged.clone(), over.clone(), path.clone(), order.clone());
            tokio::spawn(async move {
                while over.load(Ordering::SeqCst) == 0 {
                    let floor = acknowledged.load(Ordering::SeqCst);
                    let single = client.get(&path).await.expect(200).json();
                    let many = client.summaries(&[&order]).await.expect(200).json();
                    for name in [&single["customer"]["name"], &many["items"][0]["customer"]["name"]] {
                        let shown = name.as_str().and_then(|name| name.rsplit(' ').next()?.parse().ok()).unwrap_or(0);
                        assert!(floor <= shown, "{name} after {floor} had been acknowledged");
                    }
                }
            })
        })
        .collect();
    for round in 1..=20 {
        app.client.patch_customer(&customer, &json!({"name": format!("Mara {round}")})).await.expect(200);
        acknowledged.store(round, Ordering::SeqCst);
    }
    over.store(1, Ordering::SeqCst);
    for reader in readers {
        reader.await.expect("no reader saw an old name");
    }
}

#[tokio::test]
async fn a_customer_sees_and_changes_itself_by_name_and_address() {
    let Some(app) = App::spawn_with_callers().await else { return };
    let (mine, other) = (made(&app).await, made(&app).await);
    let me = app.as_caller(&Caller::customer(&app.sample.org, &mine));
    for _ in ["uncached", "cached"] {
        me.customer(&mine).await.expect(200);
        me.customer(&other).await.expect_problem(404);
        app.client.customer(&other).await.expect(200);
        app.client.customer(&app.sample.foreign_customer).await.expect_problem(404);
    }
    me.patch_customer(&mine, &json!({"name": "Mara Pop"})).await.expect(200);
    me.patch_customer(&mine, &json!({"address": {"line1": "a", "city": "b", "country": "RO"}})).await.expect(200);
    for change in [json!({"email": email()}), json!({"companyName": null, "cui": null})] {
        me.patch_customer(&mine, &change).await.expect_problem(403);
    }
    me.patch_customer(&other, &json!({"name": "Mara Pop"})).await.expect_problem(404);
    me.customers("").await.expect_problem(403);
    me.create_customer(&mara(&email()), &new_key()).await.expect_problem(403);
    app.client.patch_customer(&app.sample.foreign_customer, &json!({"name": "x"})).await.expect_problem(404);
}

#[tokio::test]
async fn staff_pages_through_customers_and_finds_them_by_address() {
    let app = App::spawn().await;
    let beginning = format!("z{}", Uuid::new_v4().simple());
    for round in 0..5 {
        app.client.create_customer(&mara(&format!("{beginning}.{round}@example.com")), &new_key()).await.expect(201);
    }
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let query = format!("email={}&limit=2{after}", beginning.to_uppercase());
        let page = app.client.customers(&query).await.expect(200).json();
        found.extend(
            page["items"]
                .as_array()
                .expect("items")
                .iter()
                .map(|item| item["email"].as_str().expect("text").to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    let expected: Vec<_> = (0..5).map(|round| format!("{beginning}.{round}@example.com")).collect();
    assert_eq!(found, expected);
    let newest = app.client.customers("limit=1").await.expect(200).json();
    assert_eq!(newest["items"][0]["email"], expected[4]);
}

#[tokio::test]
async fn personal_data_is_in_no_log_and_in_no_key() {
    let Some(app) = App::private().own_redis().spawn().await else { return };
    let address = email();
    let customer = app.client.create_customer(&mara(&address), &new_key()).await.expect(201).json();
    let id = customer["id"].as_str().expect("an id");
    app.warm(&format!("/customers/{id}")).await;
    app.client.create_customer(&mara(&address), &new_key()).await.expect_problem(409);
    app.client.customers(&format!("email={address}")).await.expect(200);
    app.client.patch_customer(id, &json!({"name": "Mara Pop"})).await.expect(200);
    let client = redis::Client::open(&*app.redis_url).expect("an address");
    let mut redis = client.get_multiplexed_async_connection().await.expect("Redis");
    let keys: Vec<String> = redis::AsyncCommands::keys(&mut redis, "*").await.expect("KEYS");
    assert!(keys.iter().any(|key| key.ends_with(&format!("customer:{}/{id}", app.sample.org))), "{keys:?}");
    for word in [&*address, "Mara", "Brașov", "+40"] {
        assert!(keys.iter().all(|key| !key.contains(word)), "{word} in {keys:?}");
        assert!(!app.log().contains(word), "{word} is in the log");
    }
}

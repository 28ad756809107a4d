//! How long entries are kept, and how: each view by its own setting.

use e2e::App;
use redis::AsyncCommands;
use reqwest::Method;
use serde_json::json;

/// At most this part of a lifetime is taken off by chance, so that entries that were filled
/// together don't expire together.
const JITTER: f64 = 0.1;

/// The default of a setting that is a number, as spin.toml declares it.
fn default_of(setting: &str) -> i32 {
    let manifest = include_str!("../../../../spin.toml");
    let (_, rest) = manifest.split_once(&format!("\n{setting} = {{ default = \"")).expect("a setting");
    rest.split('"').next().and_then(|default| default.parse().ok()).expect("a number")
}

#[tokio::test]
async fn each_view_lives_as_long_as_its_setting_says() {
    let private = App::private()
        .own_redis()
        .variable("cache_ttl_seconds", "200")
        .variable("ttl_order_summary", "700")
        .variable("ttl_payment_status", "");
    let Some(app) = private.spawn().await else { return };
    let (order, customer, org) = (&app.sample.order, &app.sample.customer, &app.sample.org);
    let (product, schema) = (&app.sample.product, &app.sample.schema);
    app.client.request(Method::POST, "/orders/statuses").json(&json!({ "ids": [order] })).send().await.expect("read");
    let pair = format!("{org}/{order}");
    let table = [
        (Some(format!("/orders/{order}")), format!("order:{pair}"), 200),
        (Some("/orders?limit=5".to_owned()), format!("orders:list:{org}:*"), 200),
        (Some("/orders/stats".to_owned()), format!("order:stats:{org}"), 200),
        (Some(format!("/orders/{order}/summary")), format!("order-summaries:{pair}"), 700),
        (
            Some(format!("/customers/{customer}/orders?page=1&size=5")),
            format!("order-history:{org}/{customer}:1:5"),
            default_of("ttl_order_history"),
        ),
        (Some(format!("/orders/{order}/payment-status")), format!("payment-status:{pair}"), 200),
        (Some(format!("/orders/{order}/tracking")), format!("order-tracking:{pair}"), default_of("ttl_order_tracking")),
        (Some(format!("/orders/{order}/invoice")), format!("invoice-data:{pair}"), default_of("ttl_invoice_data")),
        (Some(format!("/customers/{customer}")), format!("customer:{org}/{customer}"), default_of("ttl_customer")),
        (None, format!("order-status:{pair}"), 200),
        (None, format!("access:{org}"), default_of("ttl_access")),
        (Some(format!("/products/{product}")), format!("product:{org}/{product}"), default_of("ttl_product")),
        (
            Some(format!("/products/{product}/details")),
            format!("product:{org}/{product}:details"),
            default_of("ttl_product"),
        ),
        (
            Some("/products?search=Honey&sort=name&limit=5".to_owned()),
            format!("products:org:{org}:page:1:limit:5:search:honey:order:name.desc"),
            default_of("ttl_products_list"),
        ),
        (
            Some(format!("/organizations/{org}/products")),
            format!("org:{org}:products"),
            default_of("ttl_organization_products"),
        ),
        (Some(format!("/schemas/{schema}")), format!("schema:{org}/{schema}"), default_of("ttl_schema")),
        (
            Some(format!("/schemas/{schema}/products")),
            format!("schema:{org}/{schema}:products"),
            default_of("ttl_schema_products"),
        ),
        (Some("/schemas".to_owned()), format!("org:{org}:schemas"), default_of("ttl_schema")),
        (Some("/lookups/countries".to_owned()), "lookup:countries".to_owned(), default_of("ttl_lookup")),
        (Some("/lookups/currencies".to_owned()), "lookup:currencies".to_owned(), default_of("ttl_lookup")),
    ];
    let client = redis::Client::open(&*app.redis_url).expect("an address");
    let mut redis = client.get_multiplexed_async_connection().await.expect("Redis");
    for (path, key, seconds) in table {
        if let Some(path) = path {
            app.warm(&path).await;
        }
        let mut keys: Vec<String> = redis.keys(format!("{}{key}", app.prefix())).await.expect("KEYS");
        // What is noted of a page's parts ends with it.
        keys.sort_by_key(|key| key.ends_with(":parts"));
        let [key, parts @ ..] = keys.as_slice() else { panic!("{key}: {keys:?}") };
        let left: i64 = redis.pttl(key).await.expect("PTTL");
        for parts in parts {
            assert_eq!(*parts, format!("{key}:parts"));
            assert!(redis.pttl::<_, i64>(parts).await.expect("PTTL") <= left, "{parts}");
        }
        let (longest, shortest) = (f64::from(seconds) * 1e3, f64::from(seconds) * 1e3 * (1.0 - JITTER) - 30e3);
        assert!((shortest..=longest).contains(&(left as f64)), "{key}: {left} ms of {seconds} s");
    }
}

#[tokio::test]
async fn a_single_document_is_packed_too_once_it_is_long_enough() {
    let Some(app) = App::private().variable("compress_min_bytes", "200").spawn().await else { return };
    let path = format!("/orders/{}", app.sample.order);
    let plain = app.warm(&path).await;
    assert!(plain.headers.get("content-encoding").is_none() && plain.body.len() > 200);
    let request = app.client.request(Method::GET, &path).header("accept-encoding", "gzip");
    let packed = app.client.send(request).await.expect(200);
    assert!(packed.is_hit());
    assert_eq!(packed.header("content-encoding"), "gzip");
    let unpacked = miniz_oxide::inflate::decompress_to_vec(&packed.body[10..packed.body.len() - 8]).expect("DEFLATE");
    assert!(unpacked == plain.body);
}

#[tokio::test]
async fn an_order_deleted_for_good_is_gone_from_a_warm_cache() {
    let app = App::spawn_alone().await;
    let order = app.new_order_id().await;
    let mine = format!("/orders?customerId={}&limit=100", app.sample.customer);
    let paths = [format!("/orders/{order}"), format!("/orders/{order}/summary"), format!("/orders/{order}/tracking")];
    for path in &paths {
        assert!(app.warm(path).await.is_hit(), "{path}");
    }
    let listed = app.warm(&mine).await.json()["total"].as_u64().expect("a total");
    let total = app.warm("/orders/stats").await.json()["totalOrders"].as_u64().expect("a total");
    let deletion = app.operator().request(Method::DELETE, &format!("/orders/{order}?hard=true"));
    app.client.send(deletion).await.expect(204);
    for path in &paths {
        app.client.get(path).await.expect(404);
    }
    assert_eq!(app.client.get(&mine).await.expect(200).json()["total"], listed - 1);
    assert_eq!(app.client.get("/orders/stats").await.expect(200).json()["totalOrders"], total - 1);
}

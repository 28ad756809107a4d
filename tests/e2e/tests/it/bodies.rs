//! Bodies and their validators are the same with and without the cache.

use e2e::App;
use serde_json::json;

#[tokio::test]
async fn cached_and_uncached_bodies_are_the_same_bytes() {
    let app = App::spawn().await;
    for path in crate::cached_reads(&app.sample) {
        let miss = app.client.get(&path).await.expect(200);
        let hit = app.warm(&path).await;
        assert_eq!(miss.body, hit.body, "{path}");
        for header in ["etag", "content-type", "cache-control", "vary"] {
            assert_eq!(miss.header(header), hit.header(header), "{path}: {header}");
        }
        assert_eq!(hit.header("content-type"), "application/json", "{path}");
        assert_eq!(hit.header("cache-control"), "private, no-cache", "{path}");
        assert!(hit.header("vary").to_lowercase().contains("authorization"), "{path}");
        assert!(
            hit.header("cache-status").starts_with("edge-orders; hit; ttl="),
            "{path}: {}",
            hit.header("cache-status")
        );
    }
}

#[tokio::test]
async fn without_redis_bodies_and_tags_are_the_same() {
    let Some(mut app) = App::private().own_redis().spawn().await else { return };
    let mut cached = Vec::new();
    for path in crate::cached_reads(&app.sample) {
        cached.push((path.clone(), app.warm(&path).await));
    }
    app.redis.as_mut().expect("an own Redis").kill();
    for (path, hit) in cached {
        let bypass = app.client.get(&path).await.expect(200);
        assert!(bypass.header("cache-status").contains("fwd=bypass"), "{path}: {}", bypass.header("cache-status"));
        assert_eq!(bypass.body, hit.body, "{path}");
        assert_eq!(bypass.header("etag"), hit.header("etag"), "{path}");
    }
}

#[tokio::test]
async fn an_unchanged_body_is_304_cached_or_not() {
    let app = App::spawn().await;
    for path in crate::cached_reads(&app.sample) {
        let tag = app.client.get(&path).await.expect(200).header("etag").to_owned();
        assert!(tag.ends_with('"'), "{path} has no ETag");
        for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
            let answer = app.client.get_if_none_match(&path, &known).await.expect(304);
            assert!(answer.body.is_empty());
            assert_eq!(answer.header("etag"), tag, "{path}");
        }
        app.warm(&path).await;
        app.client.get_if_none_match(&path, &tag).await.expect(304);
        app.client.get_if_none_match(&path, "\"other\"").await.expect(200);
    }
}

#[tokio::test]
async fn the_tag_changes_with_the_order() {
    let app = App::spawn().await;
    let order = app.new_order_id().await;
    let paths = [format!("/orders/{order}"), format!("/orders/{order}/summary"), "/orders?limit=1".to_owned()];
    let mut tags = Vec::new();
    for path in &paths {
        tags.push(app.client.get(path).await.expect(200).header("etag").to_owned());
    }
    app.client.patch(&order, json!({"status": "confirmed"})).await.expect(200);
    for (path, tag) in paths.iter().zip(tags) {
        app.client.get_if_none_match(path, &tag).await.expect(200);
    }
}

#[tokio::test]
async fn request_ids_come_back() {
    let app = App::spawn().await;
    let request = app.client.request(reqwest::Method::GET, "/orders?limit=1").header("x-request-id", "my-id-1");
    assert_eq!(app.client.send(request).await.header("x-request-id"), "my-id-1");
    assert!(!app.client.orders("limit=1").await.header("x-request-id").is_empty());
    assert!(!app.client.anonymous().orders("limit=1").await.header("x-request-id").is_empty());
}

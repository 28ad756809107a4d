//! Scenarios over HTTP, named as claims. The library `e2e` beside starts the server and asks it.

mod access;
mod alerts;
mod bad_input;
mod bodies;
mod cache_compared;
mod cache_invalidated;
mod callers;
mod catalogue;
mod components;
mod concurrency;
mod configuration;
mod console;
mod contract;
mod cors;
mod cost;
mod customers;
mod database_faults;
mod database_writes;
mod failover;
mod feed;
mod fill_after_write;
mod invoices;
mod jobs;
mod lifetimes;
mod limits;
mod list_parts;
mod live;
mod logs;
mod metrics;
mod monitoring;
mod never_stale;
mod openapi;
mod orders;
mod orders_items;
mod orders_listed;
mod orders_searched;
mod orders_statuses;
mod packed;
mod payments;
mod permits;
mod postgres_faults;
mod postgres_kept;
mod postgres_servers;
mod preconditions;
mod promise;
mod redis_faults;
mod redis_hung;
mod redis_refuses;
mod redis_runs;
mod refreshed;
mod restores;
mod shipments;
mod statistics;
mod tags;
mod tenants;
mod user_sessions;
mod warming;
mod wire;
mod without_redis;

use e2e::{App, Client, Sample};
use reqwest::{Method, RequestBuilder};
use serde_json::json;

/// Every read of one order, below `/api/v1`.
fn views(order: &str) -> Vec<String> {
    ["", "/summary", "/payment-status", "/tracking", "/invoice"]
        .iter()
        .map(|view| format!("/orders/{order}{view}"))
        .collect()
}

/// Every cached read, below `/api/v1`.
fn cached_reads(sample: &Sample) -> Vec<String> {
    let mut paths = views(&sample.order);
    paths.push("/orders?limit=5".to_owned());
    paths.push("/orders/stats".to_owned());
    paths.push(format!("/customers/{}/orders?page=1&size=5", sample.customer));
    paths.extend(catalogue::reads(sample));
    paths.push(format!("/customers/{}", sample.customer));
    paths
}

/// Requests that each look at the caller's token in another way, and change nothing.
fn requests_of_all_kinds(app: &App, client: &Client) -> Vec<RequestBuilder> {
    let order = format!("/orders/{}", app.sample.order);
    let get = |path: &str| client.request(Method::GET, path);
    vec![
        get(&order),
        get("/orders?limit=5"),
        get("/lookups/currencies"),
        get("/orders/00000000-0000-7000-8000-000000000000"),
        get("/payments/sessions"),
        get("/transactions/export"),
        client.request(Method::POST, "/orders/statuses").json(&json!({"ids": [app.sample.order]})),
        client.request(Method::PUT, &order),
    ]
}

/// An unused idempotency key.
fn new_key() -> String {
    uuid::Uuid::new_v4().to_string()
}

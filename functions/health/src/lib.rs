//! The state of the dependencies, statistics of the cache, metrics, the description of the API, and
//! a 404 for every path that no other component has. Only statistics and metrics can need a token,
//! if `metrics_access` says so.

mod backlog;
mod cache;
mod faults;
mod metrics;
mod probe;
mod report;
mod series;

use commerce::error::Error;
use edge::{Open, Reply};

edge::component! {
    GET open "/api/v1/health" => report::report;
    GET open "/api/v1/health/cache" => cache::report;
    GET open "/health/cache" => cache::report;
    GET open "/api/v1/metrics" => metrics::report;
    GET open "/metrics" => metrics::report;
    GET open "/api/v1/openapi.yaml" => openapi;
    ANY open "/..." => unknown;
}

/// `GET /openapi.yaml`: the description that every route is tested against.
async fn openapi(_: Open<'_>) -> Result<Reply, Error> {
    let description = include_str!("../../../openapi.yaml");
    Ok(Reply::of_type(200, "application/yaml", description).with("cache-control", "no-cache"))
}

/// Every path that no other row has.
async fn unknown(_: Open<'_>) -> Result<Reply, Error> {
    Err(Error::not_found("route"))
}

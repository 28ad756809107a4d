//! The state of the dependencies, statistics of the cache, metrics, the description of the API, and a 404 for every path that nobody else
//! has. No token is needed, but for statistics and metrics where `metrics_access` says so.

use commerce::error::Error;
use spin_adapters::backend::Backend;
use spin_adapters::http::{Incoming, Reply, serve_open};
use spin_adapters::{health, metrics};
use spin_sdk::wasip3::http::types::{Request, Response};

/// The description that every route is tested against.
const DESCRIPTION: &str = include_str!("../../../openapi.yaml");

spin_adapters::component!(handle);

async fn handle(request: Request) -> Response {
    serve_open(request, route).await
}

async fn route(request: &Incoming) -> Result<Reply, Error> {
    let path = match request.path.as_str() {
        // Where Prometheus looks.
        "/metrics" => "/metrics",
        path => path.strip_prefix("/api/v1").unwrap_or_default(),
    };
    match path.strip_suffix('/').unwrap_or(path) {
        "/health" | "/health/cache" | "/metrics" | "/openapi.yaml" if !request.reads() => {
            Err(Error::MethodNotAllowed { allow: "GET, HEAD" })
        }
        "/health" => Ok(health::report().await),
        "/health/cache" => Ok(health::cache::report(permitted(request).await?).await),
        "/metrics" => Ok(metrics::report(permitted(request).await?).await),
        "/openapi.yaml" => Ok(Reply::of_type(200, "application/yaml", DESCRIPTION).with("cache-control", "no-cache")),
        _ => Err(Error::not_found("route")),
    }
}

async fn permitted(request: &Incoming) -> Result<&'static Backend, Error> {
    let backend = Backend::ready().await?;
    metrics::permit(backend, request).await?;
    Ok(backend)
}

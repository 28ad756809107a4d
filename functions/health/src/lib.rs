//! The state of the dependencies, the description of the API, and a 404 for every path that nobody else has. No token is needed.

use commerce::error::Error;
use spin_adapters::health;
use spin_adapters::http::{Incoming, Reply, serve_open};
use spin_sdk::wasip3::http::types::{Request, Response};

/// The description that every route is tested against.
const DESCRIPTION: &str = include_str!("../../../openapi.yaml");

spin_adapters::component!(handle);

async fn handle(request: Request) -> Response {
    serve_open(request, route).await
}

async fn route(request: &Incoming) -> Result<Reply, Error> {
    match (request.segment(0), request.segment(1)) {
        (Some("health" | "openapi.yaml"), None) if !request.reads() => {
            Err(Error::MethodNotAllowed { allow: "GET, HEAD" })
        }
        (Some("health"), None) => Ok(health::report().await),
        (Some("openapi.yaml"), None) => {
            Ok(Reply::of_type(200, "application/yaml", DESCRIPTION).with("cache-control", "no-cache"))
        }
        _ => Err(Error::not_found("route")),
    }
}

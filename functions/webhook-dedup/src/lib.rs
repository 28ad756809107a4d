//! Webhooks of PayPal and Stripe, and what operators do with their events.

use commerce::error::Error;
use spin_adapters::http::{Incoming, Reply, serve_open};
use spin_sdk::wasip3::http::types::{Request, Response};

spin_adapters::component!(handle);

async fn handle(request: Request) -> Response {
    serve_open(request, route).await
}

async fn route(_request: &Incoming) -> Result<Reply, Error> {
    Err(Error::not_found("route"))
}

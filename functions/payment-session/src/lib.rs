//! Payment and checkout sessions, guest access, refunds and captures.

use commerce::caller::Caller;
use commerce::error::Error;
use spin_adapters::backend::Backend;
use spin_adapters::http::{Incoming, Reply, serve};
use spin_sdk::wasip3::http::types::{Request, Response};

spin_adapters::component!(handle);

async fn handle(request: Request) -> Response {
    serve(request, route).await
}

async fn route(_backend: &'static Backend, _caller: &Caller, _request: &Incoming) -> Result<Reply, Error> {
    Err(Error::not_found("route"))
}

//! One order and its views, and its changes.

use commerce::caller::Caller;
use commerce::error::Error;
use commerce::order::PatchOrder;
use commerce::preconditions::if_match;
use commerce::query::{parse_hard, parse_id, parse_none};
use http::Method;
use spin_adapters::backend::Backend;
use spin_adapters::http::{Incoming, Reply, serve};
use spin_adapters::orders::{View, change, view};
use spin_sdk::wasip3::http::types::{Request, Response};

spin_adapters::component!(handle);

async fn handle(request: Request) -> Response {
    serve(request, route).await
}

/// `/orders/:id` and, below it, its views.
async fn route(backend: &'static Backend, caller: &Caller, request: &Incoming) -> Result<Reply, Error> {
    let asked = View::named(request.segment(2)).ok_or_else(|| Error::not_found("route"))?;
    match (&request.method, asked) {
        (_, asked) if request.reads() => read(backend, caller, request, asked).await,
        // Futures of their own: a read doesn't carry theirs about.
        (&Method::PATCH, View::Order) => Box::pin(patch(backend, caller, request)).await,
        (&Method::DELETE, View::Order) => Box::pin(delete(backend, caller, request)).await,
        (_, View::Order) => Err(Error::MethodNotAllowed { allow: "GET, HEAD, PATCH, DELETE" }),
        _ => Err(Error::MethodNotAllowed { allow: "GET, HEAD" }),
    }
}

async fn read(backend: &'static Backend, caller: &Caller, request: &Incoming, asked: View) -> Result<Reply, Error> {
    let id = parse_id("id", request.segment(1).unwrap_or_default())?;
    parse_none(request.query.as_deref())?;
    Ok(view(backend, caller, id, asked).await?.into_reply(request))
}

async fn patch(backend: &'static Backend, caller: &Caller, request: &Incoming) -> Result<Reply, Error> {
    let id = parse_id("id", request.segment(1).unwrap_or_default())?;
    parse_none(request.query.as_deref())?;
    let version = if_match(request.values("if-match"))?;
    let body = request.json().await?;
    let changed = change::patch(backend, caller, id, &PatchOrder::decode(&body)?, version).await?;
    Ok(changed.into_reply(200))
}

async fn delete(backend: &'static Backend, caller: &Caller, request: &Incoming) -> Result<Reply, Error> {
    let id = parse_id("id", request.segment(1).unwrap_or_default())?;
    let hard = parse_hard(request.query.as_deref())?;
    let version = if_match(request.values("if-match"))?;
    change::delete(backend, caller, id, hard, version).await?;
    Ok(Reply::no_content())
}

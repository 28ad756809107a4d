//! Orders by the many: lists, creation, statistics, histories, bulk statuses.

use commerce::caller::Caller;
use commerce::error::Error;
use commerce::order::{BulkRead, BulkWrite, NewOrder};
use commerce::preconditions::idempotency_key;
use commerce::query::{ListQuery, Page, parse_id, parse_none, parse_stats};
use http::Method;
use spin_adapters::backend::Backend;
use spin_adapters::http::{Incoming, Reply, serve};
use spin_adapters::orders::{self, change};
use spin_sdk::wasip3::http::types::{Request, Response};

spin_adapters::component!(handle);

async fn handle(request: Request) -> Response {
    serve(request, route).await
}

/// `/orders`, `/orders/stats`, `/orders/statuses` and `/customers/:id/orders`.
async fn route(backend: &'static Backend, caller: &Caller, request: &Incoming) -> Result<Reply, Error> {
    match (request.segment(0), request.segment(1), &request.method) {
        (Some("orders"), None, _) if request.reads() => list(backend, caller, request).await,
        (Some("orders"), None, &Method::POST) => create(backend, caller, request).await,
        (Some("orders"), None, _) => Err(Error::MethodNotAllowed { allow: "GET, HEAD, POST" }),
        (Some("orders"), Some("stats"), _) if request.reads() => stats(backend, caller, request).await,
        (Some("orders"), Some("statuses"), &Method::POST) => read_statuses(backend, caller, request).await,
        (Some("orders"), Some("statuses"), &Method::PATCH) => set_statuses(backend, caller, request).await,
        (Some("orders"), Some("statuses"), _) => Err(Error::MethodNotAllowed { allow: "POST, PATCH" }),
        (Some("customers"), Some(_), _) if request.reads() => history(backend, caller, request).await,
        (Some("orders"), Some("stats"), _) | (Some("customers"), Some(_), _) => {
            Err(Error::MethodNotAllowed { allow: "GET, HEAD" })
        }
        _ => Err(Error::not_found("route")),
    }
}

async fn list(backend: &'static Backend, caller: &Caller, request: &Incoming) -> Result<Reply, Error> {
    let query = ListQuery::parse(request.query.as_deref())?;
    Ok(orders::list(backend, caller, query).await?.into_reply(request))
}

async fn create(backend: &'static Backend, caller: &Caller, request: &Incoming) -> Result<Reply, Error> {
    parse_none(request.query.as_deref())?;
    let body = request.json().await?;
    let key = idempotency_key(request.values("idempotency-key"))?;
    let (id, created) = change::create(backend, caller, &NewOrder::decode(&body)?, key, &body).await?;
    Ok(created.into_reply(201).with("location", format!("/api/v1/orders/{id}")))
}

async fn stats(backend: &'static Backend, caller: &Caller, request: &Incoming) -> Result<Reply, Error> {
    let organization = parse_stats(request.query.as_deref())?;
    Ok(orders::stats(backend, caller, organization).await?.into_reply(request))
}

async fn history(backend: &'static Backend, caller: &Caller, request: &Incoming) -> Result<Reply, Error> {
    let customer = parse_id("id", request.param("id"))?;
    let page = Page::parse(request.query.as_deref())?;
    Ok(orders::history(backend, caller, customer, page).await?.into_reply(request))
}

async fn read_statuses(backend: &'static Backend, caller: &Caller, request: &Incoming) -> Result<Reply, Error> {
    parse_none(request.query.as_deref())?;
    let body = request.json().await?;
    let statuses = orders::statuses(backend, caller, &BulkRead::decode(&body)?.ids).await?;
    Ok(Reply::json(200, statuses.body)
        .with("cache-status", statuses.cache_status)
        .with("cache-control", "private, no-cache")
        .with("vary", "Authorization"))
}

async fn set_statuses(backend: &'static Backend, caller: &Caller, request: &Incoming) -> Result<Reply, Error> {
    parse_none(request.query.as_deref())?;
    let body = request.json().await?;
    let states = change::set_statuses(backend, caller, &BulkWrite::decode(&body)?).await?;
    Ok(Reply::json(200, states).with("cache-control", "private, no-cache"))
}

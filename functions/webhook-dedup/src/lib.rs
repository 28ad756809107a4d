//! Webhooks of PayPal and Stripe, and what operators do with their events.

use commerce::caller::Caller;
use commerce::error::Error;
use commerce::query::{parse_id, parse_none};
use commerce::webhook::amount::Provider;
use commerce::webhook::requests::{EventsQuery, Reconcile, parse_redrive};
use http::Method;
use spin_adapters::backend::Backend;
use spin_adapters::http::{Incoming, Reply, authenticated, serve_open};
use spin_adapters::payments::{deliveries, events};
use spin_sdk::wasip3::http::types::{Request, Response};

spin_adapters::component!(handle);

async fn handle(request: Request) -> Response {
    serve_open(request, route).await
}

/// `/webhooks/paypal` and `/webhooks/stripe` are authenticated by signature, all else by token.
async fn route(request: &Incoming) -> Result<Reply, Error> {
    match (request.segment(1), request.segment(2), &request.method) {
        (Some("paypal"), None, &Method::POST) => deliver(Provider::PayPal, request).await,
        (Some("stripe"), None, &Method::POST) => deliver(Provider::Stripe, request).await,
        (Some("paypal" | "stripe"), None, _) => Err(Error::MethodNotAllowed { allow: "POST" }),
        _ => authenticated(request, operator).await,
    }
}

async fn deliver(provider: Provider, request: &Incoming) -> Result<Reply, Error> {
    parse_none(request.query.as_deref())?;
    deliveries::deliver(Backend::ready().await?, provider, request).await
}

async fn operator(backend: &'static Backend, caller: &Caller, request: &Incoming) -> Result<Reply, Error> {
    let query = request.query.as_deref();
    match (request.segment(1), request.segment(3), &request.method) {
        (Some("events"), None, _) if request.reads() => {
            events::list(backend, caller, &EventsQuery::parse(query)?).await
        }
        (Some("events"), None, _) => Err(Error::MethodNotAllowed { allow: "GET, HEAD" }),
        (Some("events"), Some("replay"), &Method::POST) => {
            parse_none(query)?;
            events::replay(backend, caller, parse_id("id", request.param("id"))?).await
        }
        (Some("events"), Some("dismiss"), &Method::POST) => {
            parse_none(query)?;
            events::dismiss(backend, caller, parse_id("id", request.param("id"))?, request).await
        }
        (Some("redrive"), None, &Method::POST) => events::redrive(backend, caller, parse_redrive(query)?).await,
        (Some("reconcile"), None, &Method::POST) => {
            events::reconcile(backend, caller, Reconcile::parse(query, events::now().0)?).await
        }
        (Some("events" | "redrive" | "reconcile"), _, _) => Err(Error::MethodNotAllowed { allow: "POST" }),
        _ => Err(Error::not_found("route")),
    }
}

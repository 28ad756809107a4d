//! Payment and checkout sessions, guest access, refunds and captures.

mod checkout;
mod guests;
mod operations;
mod sessions;

use commerce::caller::Caller;
use commerce::error::Error;
use http::Method;
use spin_adapters::backend::Backend;
use spin_adapters::http::{Incoming, Reply, serve, serve_open};
use spin_adapters::payments::Payments;
use spin_sdk::wasip3::http::types::{Request, Response};

spin_adapters::component!(handle);

async fn handle(request: Request) -> Response {
    // A guest is nobody's caller: the token says what it opens.
    match request.get_path_with_query() {
        Some(path) if path.split('?').next() == Some(guests::PATH) => serve_open(request, guests::order).await,
        _ => serve(request, route).await,
    }
}

async fn route(backend: &'static Backend, caller: &Caller, request: &Incoming) -> Result<Reply, Error> {
    let call = Call { backend, payments: Payments::ready().await?, caller, request };
    let segment = |index| request.segment(index);
    match (segment(0), segment(1), segment(2), segment(3)) {
        (Some("payments"), Some("sessions"), None, None) => sessions::all(call).await,
        (Some("payments"), Some("sessions"), Some("sweep"), None) => sessions::sweep(call).await,
        (Some("payments"), Some("sessions"), Some(_), part) => sessions::one(call, part).await,
        (Some("payments"), Some("refunds"), Some("send"), None) => operations::send(call).await,
        (Some("payments"), Some(_), Some("refunds"), None) => operations::refunds(call).await,
        (Some("payments"), Some(_), Some("capture"), None) => operations::capture(call).await,
        (Some("checkout"), Some("sessions"), Some(_), None) => checkout::cart(call).await,
        (Some("checkout"), Some("sessions"), Some(_), Some("order")) => checkout::order(call).await,
        (Some("orders"), Some(_), Some("guest-token"), None) => guests::token(call).await,
        _ => Err(Error::not_found("route")),
    }
}

/// A request by token, who makes it, and what it is answered with.
struct Call<'a> {
    backend: &'static Backend,
    payments: &'static Payments,
    caller: &'a Caller,
    request: &'a Incoming,
}

/// Refuses a method that a resource doesn't have.
fn only(method: &Method, request: &Incoming, allow: &'static str) -> Result<(), Error> {
    if request.method == *method { Ok(()) } else { Err(Error::MethodNotAllowed { allow }) }
}

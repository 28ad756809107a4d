//! Money that operators move: `/payments/:id/refunds`, `/payments/:id/capture`, `/payments/refunds/send`.

use commerce::caller::Caller;
use commerce::error::Error;
use http::Method;
use spin_adapters::backend::Backend;
use spin_adapters::http::{Incoming, Reply};
use spin_adapters::payments::{Payments, captures, refunds};

use crate::only;

/// `/payments/:id/refunds`.
pub async fn refunds(
    backend: &'static Backend,
    payments: &'static Payments,
    caller: &Caller,
    request: &Incoming,
) -> Result<Reply, Error> {
    if request.reads() {
        return refunds::list(backend, caller, request).await;
    }
    only(&Method::POST, request, "GET, HEAD, POST")?;
    refunds::refund(backend, payments, caller, request).await
}

/// `/payments/refunds/send`.
pub async fn send(
    backend: &'static Backend,
    payments: &'static Payments,
    caller: &Caller,
    request: &Incoming,
) -> Result<Reply, Error> {
    only(&Method::POST, request, "POST")?;
    refunds::send(backend, payments, caller, request).await
}

/// `/payments/:id/capture`.
pub async fn capture(
    backend: &'static Backend,
    payments: &'static Payments,
    caller: &Caller,
    request: &Incoming,
) -> Result<Reply, Error> {
    only(&Method::POST, request, "POST")?;
    captures::capture(backend, payments, caller, request).await
}

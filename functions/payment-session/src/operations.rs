//! Money that operators move: `/payments/:id/refunds`, `/payments/:id/capture`, `/payments/refunds/send`.

use commerce::error::Error;
use http::Method;
use spin_adapters::http::Reply;
use spin_adapters::payments::{captures, refunds};

use crate::{Call, only};

/// `/payments/:id/refunds`.
pub async fn refunds(Call { backend, payments, caller, request }: Call<'_>) -> Result<Reply, Error> {
    if request.reads() {
        return refunds::list(backend, caller, request).await;
    }
    only(&Method::POST, request, "GET, HEAD, POST")?;
    refunds::refund(backend, payments, caller, request).await
}

/// `/payments/refunds/send`.
pub async fn send(Call { backend, payments, caller, request }: Call<'_>) -> Result<Reply, Error> {
    only(&Method::POST, request, "POST")?;
    refunds::send(backend, payments, caller, request).await
}

/// `/payments/:id/capture`.
pub async fn capture(Call { backend, payments, caller, request }: Call<'_>) -> Result<Reply, Error> {
    only(&Method::POST, request, "POST")?;
    captures::capture(backend, payments, caller, request).await
}

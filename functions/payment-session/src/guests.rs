//! `/orders/:id/guest-token` and `/guest/order`.

use commerce::error::Error;
use commerce::guest::GuestToken;
use commerce::query::{parse_id, parse_none};
use http::Method;
use spin_adapters::backend::Backend;
use spin_adapters::http::{Incoming, Reply};
use spin_adapters::payments::address::client_address;
use spin_adapters::payments::{Payments, guests};

use crate::Call;

/// Where a guest looks at an order.
pub const PATH: &str = "/api/v1/guest/order";

/// Gives an order a token, or takes all of them back.
pub async fn token(Call { backend, payments, caller, request }: Call<'_>) -> Result<Reply, Error> {
    let id = parse_id("id", request.param("id"))?;
    parse_none(request.query.as_deref())?;
    match request.method {
        Method::POST => {
            // Whoever asks for a shorter life must not believe to have got it.
            let body = request.whole_body().await?;
            if !matches!(body.trim_ascii(), b"" | b"{}") {
                return Err(Error::invalid("body", "must be empty: nothing about a token can be asked for"));
            }
            guests::create(backend, payments, caller, id).await
        }
        Method::DELETE => guests::revoke(backend, caller, id).await,
        _ => Err(Error::MethodNotAllowed { allow: "POST, DELETE" }),
    }
}

/// The order that a guest's token opens.
pub async fn order(request: &Incoming) -> Result<Reply, Error> {
    if !request.reads() {
        return Err(Error::MethodNotAllowed { allow: "GET, HEAD" });
    }
    // The token never stands in an address, where logs and histories would keep it.
    parse_none(request.query.as_deref())?;
    let (backend, payments) = (Backend::ready().await?, Payments::ready().await?);
    let address = client_address(backend, &payments.config.trusted_proxies, request);
    guests::order(backend, payments, address, GuestToken::from_authorization(request.values("authorization"))).await
}

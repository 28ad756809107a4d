//! `/checkout/sessions/:id` and `/checkout/sessions/:id/order`.

use commerce::error::Error;
use commerce::query::{parse_id, parse_none};
use http::Method;
use spin_adapters::http::Reply;
use spin_adapters::payments::checkout::Checkout;

use crate::{Call, only};

/// The cart.
pub async fn cart(Call { backend, payments, caller, request }: Call<'_>) -> Result<Reply, Error> {
    let id = parse_id("id", request.param("id"))?;
    parse_none(request.query.as_deref())?;
    let checkout = Checkout::of(backend, payments, caller, id)?;
    match request.method {
        Method::GET | Method::HEAD => checkout.get().await,
        Method::PUT => checkout.put(&request.json().await?).await,
        Method::DELETE => checkout.delete().await,
        _ => Err(Error::MethodNotAllowed { allow: "GET, HEAD, PUT, DELETE" }),
    }
}

/// From cart to order.
pub async fn order(Call { backend, payments, caller, request }: Call<'_>) -> Result<Reply, Error> {
    let id = parse_id("id", request.param("id"))?;
    parse_none(request.query.as_deref())?;
    only(&Method::POST, request, "POST")?;
    Checkout::of(backend, payments, caller, id)?.order().await
}

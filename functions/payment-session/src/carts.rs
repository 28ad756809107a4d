//! Carts that a user-service keeps, on their way into checkout sessions. The last good cart of each
//! user is kept in Postgres, for when that service is away.

use commerce::error::Error;
use commerce::gateway::GatewayError;
use commerce::user_cart::{CartRequest, UserCart};
use edge::clock::now_millis;
use edge::{Call, Reply, params};
use payments::Payments;
use uuid::Uuid;

use crate::checkout::{CartOwner, Checkout};

/// `Retry-After` if the service names no time, in seconds.
const RETRY_AFTER: u32 = 5;

/// `POST /checkout/sessions/:id/cart`: takes the user's cart into the session, in place of what is
/// there. 201 if there was none, else 200. While the service is away, it is the last good cart.
///
/// # Errors
/// [`Error::Misconfigured`] without a user-service. [`Error::NotFound`] for another user's cart.
/// [`Error::Unprocessable`] if the cart is empty. [`Error::Unavailable`] if the service is away and
/// no cart is kept. [`Error::Conflict`] if the session has become an order.
pub async fn fetch(call: Call<'_>) -> Result<Reply, Error> {
    let payments = Payments::ready().await?;
    let missing = GatewayError::Unconfigured { variable: "user_service_url" };
    let service = payments.user_service.as_ref().ok_or(missing)?;
    let checkout = Checkout::of(&call)?;
    let request = CartRequest::decode(&call.json().await?)?;
    request.permit(call.caller)?;
    let organization = call.caller.organization;
    match service.cart(organization, request, Uuid::now_v7(), now_millis()).await {
        Ok(UserCart::Full(order)) => {
            let keep_seconds = payments.config.cart_ttl.as_secs() as i64;
            let owner = CartOwner { user: request.user, keep_seconds };
            let (status, document) = checkout.put(&order, Some(owner)).await?;
            Ok(Reply::fresh(status, document))
        }
        Ok(UserCart::Empty) => {
            edge::change(call.app, "cart_drop", params![organization, request.user]).await?;
            Err(Error::unprocessable("userId", "the user's cart is empty"))
        }
        Err(error) => {
            let kept = checkout.put_kept(request.user).await?;
            let (status, document) = kept.ok_or_else(|| away(&error))?;
            Ok(Reply::fresh(status, document))
        }
    }
}

fn away(error: &GatewayError) -> Error {
    Error::Unavailable {
        detail: "the user-service gives no cart, and none of this user is kept".into(),
        retry_after_seconds: error.retry_after().unwrap_or(RETRY_AFTER),
    }
}

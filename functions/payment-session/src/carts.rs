//! Carts that a user-service keeps, on their way into checkout sessions. The last good cart of each
//! user is kept in the Redis of state, for when that service is away.

use commerce::checkout::Cart;
use commerce::error::Error;
use commerce::gateway::GatewayError;
use commerce::time::Moment;
use commerce::user_cart::{CartRequest, UserCart};
use edge::clock::now_millis;
use edge::state::{Argument, KeyBuilder, Redis, Value, millis, text};
use edge::{App, Call, Reply};
use payments::Payments;
use serde_json::Map;
use uuid::Uuid;

use crate::checkout::Checkout;

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
    let checkout = Checkout::of(call).await?;
    let request = CartRequest::decode(&call.json().await?)?;
    request.permit(call.caller)?;
    let last = LastCart::of(call.app, call.caller.organization, request.user);
    let now = now_millis();
    let (cart, as_of) = match service.cart(call.caller.organization, request, Uuid::now_v7(), now).await {
        Ok(UserCart::Full(order)) => {
            let cart = Cart::of(&order, Moment::of_millis(now))?;
            last.keep(&cart, payments).await;
            (cart, None)
        }
        Ok(UserCart::Empty) => {
            last.forget().await;
            return Err(Error::unprocessable("userId", "the user's cart is empty"));
        }
        Err(error) => {
            let cart = last.load().await.ok_or_else(|| away(&error))?;
            let as_of = cart.updated_at;
            (Cart { updated_at: Moment::of_millis(now), ..cart }, Some(as_of))
        }
    };
    let status = checkout.keep(&cart).await?;
    show(status, &checkout.document(&cart)?, as_of)
}

/// The session's document, and how far its cart can be trusted. `as_of`: when the cart was given,
/// if it is a kept one.
fn show(status: u16, document: &str, as_of: Option<Moment>) -> Result<Reply, Error> {
    let mut shown: Map<String, serde_json::Value> =
        serde_json::from_str(document).map_err(|error| Error::internal(error.to_string()))?;
    shown.insert("fromCache".into(), as_of.is_some().into());
    shown.insert("requiresVerification".into(), as_of.is_some().into());
    shown.insert("cartAsOf".into(), as_of.map(Moment::to_rfc3339).into());
    Ok(Reply::fresh(status, serde_json::Value::Object(shown).to_string()))
}

fn away(error: &GatewayError) -> Error {
    Error::Unavailable {
        detail: "the user-service gives no cart, and none of this user is kept".into(),
        retry_after_seconds: error.retry_after().unwrap_or(RETRY_AFTER),
    }
}

/// The place of a user's last good cart. Whatever becomes of it in Redis, the service's answer
/// counts before it.
struct LastCart {
    app: &'static App,
    key: String,
}

impl LastCart {
    fn of(app: &'static App, organization: Uuid, user: Uuid) -> Self {
        let key = KeyBuilder::new("cart").pair(organization.to_string(), user.to_string()).build();
        Self { app, key: app.state.prefixed(&key) }
    }

    /// If Redis is away, the cart before this one stays, or none.
    async fn keep(&self, cart: &Cart, payments: &Payments) {
        let bytes = Argument::Binary(cart.to_bytes());
        let arguments = vec![text(&self.key), bytes, text("PX"), millis(payments.config.cart_ttl)];
        let _ = self.app.state.redis().command("SET", arguments).await;
    }

    async fn forget(&self) {
        let _ = self.app.state.redis().command("DEL", vec![text(&self.key)]).await;
    }

    /// The cart. `None` if there is none, if it is damaged, or if Redis is away.
    async fn load(&self) -> Option<Cart> {
        let read = async |redis: &Redis| redis.command("GET", vec![text(&self.key)]).await;
        let (values, _) = self.app.state.retry_until_back("the last good cart can't be read", read).await.ok()?;
        match values.as_slice() {
            [Value::Binary(bytes)] => Cart::from_bytes(bytes).ok(),
            _ => None,
        }
    }
}

//! One payment, and what has become of an order and its money.

use commerce::error::Error;
use commerce::query::parse_stretch;
use edge::{Call, Reply, params};

/// `GET /payments/:id`: one payment with its sums, refunds and disputes. A customer sees those of
/// its own orders, without the account.
///
/// # Errors
/// [`Error::NotFound`] if it isn't there or isn't the caller's.
pub async fn get(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    call.no_query()?;
    let payment = call.id()?;
    let params = params![caller.organization, caller.restriction()?, payment];
    edge::document(app, "payment_get", params, "payment").await
}

/// `GET /orders/:id/timeline`: a page of it, the newest first.
///
/// # Errors
/// [`Error::Forbidden`] for customers. [`Error::NotFound`].
pub async fn timeline(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    let order = call.id()?;
    let (limit, after) = parse_stretch(call.query())?;
    caller.require_staff("an order's timeline")?;
    let params = params![caller.organization, order, limit as i32, after.map(|place| place.to_string())];
    edge::document(app, "order_timeline", params, "order").await
}

//! A PayPal order that the shopper has approved is not paid: somebody has to capture it. The event of the approval does.

use commerce::error::Error;
use commerce::gateway::{GatewayError, NewCapture};
use commerce::webhook::event::ProviderObject;

use crate::backend::Backend;
use crate::payments::Payments;
use crate::payments::effects::Cause;
use crate::postgres::Param;

/// Captures an order that PayPal shows without a payment, where one of our sessions still waits for it. Gives what PayPal says then; nothing
/// where there is nothing to capture, or PayPal refuses: the shopper may try again.
///
/// Any number of times, by any number of deliveries, takes the money once: the request id is the order's until PayPal refuses.
///
/// # Errors
/// [`Cause`]: then the event stays as it is, and the capture is tried again.
pub async fn capture(
    backend: &'static Backend,
    payments: &Payments,
    order: &str,
) -> Result<Vec<ProviderObject>, Cause> {
    let params = vec![Param::Text("paypal".into()), Param::Text(order.to_owned())];
    let waiting = backend.ports.postgres.query(include_str!("../sql/payment_approval.sql"), params).await;
    let Some(waiting) = waiting.map_err(Cause::Ours)?.into_iter().next() else { return Ok(Vec::new()) };
    let refusals = waiting.int("refusals").map_err(Cause::Ours)?.unwrap_or_default();
    match payments.gateway.capture(&NewCapture::of_paypal_order(order, refusals)).await {
        Err(GatewayError::Refused { reason, .. }) => {
            eprintln!("info: PayPal doesn't capture order {order}: {reason}");
            refused(backend, order, refusals).await.map_err(Cause::Ours)?;
            Ok(Vec::new())
        }
        outcome => outcome.map_err(Cause::Provider),
    }
}

/// Writes down that the capture which was asked for after so many refusals was refused, too: PayPal would answer the same to the same request
/// id, so the next attempt has another.
///
/// # Errors
/// What Postgres gave.
pub(super) async fn refused(backend: &'static Backend, order: &str, refusals: i64) -> Result<(), Error> {
    let count = i32::try_from(refusals).unwrap_or(i32::MAX - 1);
    let params = vec![Param::Text("paypal".into()), Param::Text(order.to_owned()), Param::Int(count)];
    backend.write(include_str!("../sql/capture_refused.sql"), params).await.map(drop)
}

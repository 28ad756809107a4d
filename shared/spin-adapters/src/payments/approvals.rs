//! A PayPal order that the shopper has approved is not paid: somebody has to capture it. The event of the approval does.

use commerce::gateway::{GatewayError, NewCapture};
use commerce::webhook::event::ProviderObject;

use crate::backend::Backend;
use crate::payments::Payments;
use crate::payments::effects::Cause;
use crate::postgres::Param;

/// Captures an order that PayPal shows without a payment, where one of our sessions still waits for it. Gives what PayPal says then; nothing
/// where there is nothing to capture, or PayPal refuses: the shopper may try again.
///
/// Any number of times, by any number of deliveries, takes the money once: the request id is the order's.
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
    if waiting.map_err(Cause::Ours)?.is_empty() {
        return Ok(Vec::new());
    }
    match payments.gateway.capture(&NewCapture::of_paypal_order(order)).await {
        Err(GatewayError::Refused { reason, .. }) => {
            eprintln!("info: PayPal doesn't capture order {order}: {reason}");
            Ok(Vec::new())
        }
        outcome => outcome.map_err(Cause::Provider),
    }
}

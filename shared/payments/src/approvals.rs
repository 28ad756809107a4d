//! The capture of approved PayPal orders. Approval by the shopper pays nothing; only a capture
//! takes the money. The event of the approval makes it.

use commerce::error::Error;
use commerce::gateway::{GatewayError, NewCapture};
use commerce::provider::Provider;
use commerce::webhook::event::ProviderObject;

use edge::{App, params};

use crate::Payments;

/// Why an approved order could not be captured now.
#[derive(Debug)]
pub enum Cause {
    /// The provider couldn't be asked, or its answer couldn't be used.
    Provider(GatewayError),
    /// Our own store failed.
    Ours(Error),
}

impl Cause {
    /// A fault of our own store.
    pub fn ours(fault: impl Into<Error>) -> Self {
        Self::Ours(fault.into())
    }
}

/// Captures an order that PayPal shows without a payment, if one of our sessions still waits for
/// it. Gives PayPal's answer. It is empty if there is nothing to capture, or if PayPal refuses:
/// then the shopper may try again.
///
/// Any number of deliveries may call this any number of times; the money is taken once. The request
/// id is the order's until PayPal refuses.
///
/// # Errors
/// [`Cause`]: the event stays as it is, and the capture is tried again.
pub async fn capture(app: &'static App, payments: &Payments, order: &str) -> Result<Vec<ProviderObject>, Cause> {
    let provider = Provider::PayPal.as_str();
    let waiting = edge::query(app, "payment_approval", params![provider, order]).await;
    let Some(waiting) = waiting.map_err(Cause::ours)?.into_iter().next() else { return Ok(Vec::new()) };
    let refusals = waiting.int("refusals").map_err(Cause::ours)?.unwrap_or_default();
    match payments.gateway.capture(&NewCapture::of_paypal_order(order, refusals)).await {
        Err(GatewayError::Refused { reason, .. }) => {
            eprintln!("info: PayPal doesn't capture order {order}: {reason}");
            record_refusal(app, order, refusals).await.map_err(Cause::ours)?;
            Ok(Vec::new())
        }
        outcome => outcome.map_err(Cause::Provider),
    }
}

/// Records a refusal of the capture that was asked for after so many refusals. PayPal answers the
/// same to the same request id, so the next attempt has another.
///
/// # Errors
/// The error that Postgres gave.
pub async fn record_refusal(app: &'static App, order: &str, refusals: i64) -> Result<(), Error> {
    let count = i32::try_from(refusals).unwrap_or(i32::MAX - 1);
    edge::write(app, "capture_refused", params![Provider::PayPal.as_str(), order, count]).await.map(drop)
}

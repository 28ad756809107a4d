//! A PayPal order that the shopper has approved is not paid: somebody has to capture it. The event
//! of the approval does.

use commerce::error::Error;
use commerce::gateway::{GatewayError, NewCapture};
use commerce::provider::Provider;
use commerce::webhook::event::ProviderObject;

use edge::{App, params};

use crate::Payments;

/// Why an approved order could not be captured now.
#[derive(Debug)]
pub enum Cause {
    /// The provider couldn't be asked, or gave no usable answer.
    Provider(GatewayError),
    /// Our own store.
    Ours(Error),
}

impl Cause {
    /// Our own store's.
    pub fn ours(fault: impl Into<Error>) -> Self {
        Self::Ours(fault.into())
    }
}

/// Captures an order that PayPal shows without a payment, where one of our sessions still waits for
/// it. Gives what PayPal says then; nothing where there is nothing to capture, or PayPal refuses:
/// the shopper may try again.
///
/// Any number of times, by any number of deliveries, takes the money once: the request id is the
/// order's until PayPal refuses.
///
/// # Errors
/// [`Cause`]: then the event stays as it is, and the capture is tried again.
pub async fn capture(app: &'static App, payments: &Payments, order: &str) -> Result<Vec<ProviderObject>, Cause> {
    let provider = Provider::PayPal.as_str();
    let waiting = edge::query(app, "payment_approval", params![provider, order]).await;
    let Some(waiting) = waiting.map_err(Cause::ours)?.into_iter().next() else { return Ok(Vec::new()) };
    let refusals = waiting.int("refusals").map_err(Cause::ours)?.unwrap_or_default();
    match payments.gateway.capture(&NewCapture::of_paypal_order(order, refusals)).await {
        Err(GatewayError::Refused { reason, .. }) => {
            eprintln!("info: PayPal doesn't capture order {order}: {reason}");
            refused(app, order, refusals).await.map_err(Cause::ours)?;
            Ok(Vec::new())
        }
        outcome => outcome.map_err(Cause::Provider),
    }
}

/// Writes down that the capture which was asked for after so many refusals was refused, too: PayPal
/// would answer the same to the same request id, so the next attempt has another.
///
/// # Errors
/// What Postgres gave.
pub async fn refused(app: &'static App, order: &str, refusals: i64) -> Result<(), Error> {
    let count = i32::try_from(refusals).unwrap_or(i32::MAX - 1);
    edge::write(app, "capture_refused", params![Provider::PayPal.as_str(), order, count]).await.map(drop)
}

//! The capture of approved PayPal orders. Approval by the shopper pays nothing; only a capture
//! takes the money. The event of the approval makes it.

use commerce::error::Error;
use commerce::gateway::paypal::is_payers_refusal;
use commerce::gateway::{GatewayError, NewCapture};
use commerce::outcome::{ApprovalOutcome, ApprovalRefusedOutcome, Outcome};
use commerce::provider::Provider;
use commerce::webhook::event::ProviderObject;

use edge::log::{self, Level};
use edge::{App, Param, params};

use crate::Payments;

/// Why an approved order could not be captured now.
#[derive(Debug)]
pub enum Cause {
    /// The provider couldn't be asked, or its answer couldn't be used.
    Provider(GatewayError),
    /// The provider doesn't capture it yet, or another payment of the order is under way. The
    /// stable name of why.
    Approval(String),
    /// Our own store failed.
    Ours(Error),
}

impl Cause {
    /// A fault of our own store.
    pub fn ours(fault: impl Into<Error>) -> Self {
        Self::Ours(fault.into())
    }
}

/// The outcome of an approval.
#[derive(Debug, PartialEq, Eq)]
pub enum Approval {
    /// The money was taken: PayPal's answer.
    Captured(Vec<ProviderObject>),
    /// There is nothing to capture, or the shopper's means refuse and the shopper may try again.
    Over,
    /// The event shows it for review, for this reason.
    Review(String),
}

/// Captures an order that PayPal shows without a payment, if our order still wants it. `event` has
/// told of the approval.
///
/// Any number of deliveries may call this any number of times; the money is taken once. The request
/// id is the order's until PayPal refuses.
///
/// # Errors
/// [`Cause`]: the event stays as it is, and the capture is tried again.
pub async fn capture(app: &'static App, payments: &Payments, event: &str, order: &str) -> Result<Approval, Cause> {
    let event = || Param::Uuid(event.to_owned());
    let params = params![Provider::PayPal.as_str(), order, event(), payments.lease()];
    let mut row = edge::change_one(app, "approval_begin", params).await.map_err(Cause::ours)?;
    match ApprovalOutcome::read(row.text("outcome").map_err(Cause::ours)?).map_err(Cause::ours)? {
        ApprovalOutcome::Capture => {}
        ApprovalOutcome::Nothing => return Ok(Approval::Over),
        ApprovalOutcome::Waiting => return Err(Cause::Approval(row.take_text("reason").map_err(Cause::ours)?)),
        ApprovalOutcome::NeedsReview => return Ok(Approval::Review(row.take_text("reason").map_err(Cause::ours)?)),
    }
    let refusals = row.int("refusals").map_err(Cause::ours)?.unwrap_or_default();
    let reason = match payments.gateway.capture(&NewCapture::of_paypal_order(order, refusals)).await {
        Err(GatewayError::Refused { reason, .. }) => reason,
        outcome => return outcome.map(Approval::Captured).map_err(Cause::Provider),
    };
    log::say(Level::Warn, "capture", format_args!("PayPal doesn't capture order {order}: {reason}"));
    let (count, final_) = (count(refusals), is_payers_refusal(&reason));
    let params = params![Provider::PayPal.as_str(), order, count, event(), reason, final_];
    let mut row = edge::write_one(app, "approval_refused", params).await.map_err(Cause::ours)?;
    let reason = row.take_text("reason").map_err(Cause::ours)?;
    match ApprovalRefusedOutcome::read(row.text("outcome").map_err(Cause::ours)?).map_err(Cause::ours)? {
        ApprovalRefusedOutcome::Ended => Ok(Approval::Over),
        ApprovalRefusedOutcome::Waiting => Err(Cause::Approval(reason)),
        ApprovalRefusedOutcome::NeedsReview => Ok(Approval::Review(reason)),
    }
}

/// Records a refusal of the capture that was asked for after so many refusals. PayPal answers the
/// same to the same request id, so the next attempt has another.
///
/// # Errors
/// The error that Postgres gave.
pub async fn record_refusal(app: &'static App, order: &str, refusals: i64) -> Result<(), Error> {
    let params = params![Provider::PayPal.as_str(), order, count(refusals)];
    edge::write(app, "capture_refused", params).await.map(drop)
}

fn count(refusals: i64) -> i32 {
    i32::try_from(refusals).unwrap_or(i32::MAX - 1)
}

//! One stored event takes effect: its subject is proved, then the database folds it.

use commerce::error::Error;
use commerce::gateway::GatewayError;
use commerce::outcome::{ApplyOutcome, Outcome};
use commerce::provider::Provider;
use commerce::status::PaymentStatus;
use commerce::webhook::Reason;
use commerce::webhook::event::paypal::ResourceKind;
use commerce::webhook::event::{ProviderObject, Subject};
use spin_sdk::wasip3::spawn;

use edge::{App, Json, Param, Row, params};
use payments::approvals::Approval;
use payments::config::PayPalMode;
use payments::{Payments, approvals, attempts, needs, objects};

pub use payments::approvals::Cause;

/// The outcome of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// It has taken effect, here and now.
    Processed,
    /// It had taken effect before.
    AlreadyProcessed,
    /// The certain part has been recorded; an operator has to look.
    NeedsReview(String),
    /// It concerns nothing of ours.
    Ignored(String),
    /// It is kept until its order or its payment is there.
    Waiting(String),
}

/// Lets a stored event take effect: one statement, after one look at the provider's API if the mode
/// or the event asks for it. `account`: the one that the event belongs to.
///
/// # Errors
/// [`Cause`]: the event stays as it is.
pub async fn apply(
    app: &'static App,
    payments: &Payments,
    event: &str,
    account: &str,
    subject: &Subject,
) -> Result<Effect, Cause> {
    let mut named = (None, false);
    let (objects, shown) = match subject {
        Subject::Nothing => return settle(app, event, Effect::Ignored("unknown-type".into())).await,
        Subject::Unreadable => {
            return settle(app, event, Effect::NeedsReview(Reason::EventMalformed.as_str().into())).await;
        }
        Subject::Object(object) => (vec![ProviderObject::clone(object)], true),
        Subject::Named(named) => {
            let connected = Some(account).filter(|account| *account != payments.config.stripe.account);
            match payments.gateway.named(named, connected).await {
                Ok(Some(object)) => (vec![object], true),
                Ok(None) => return settle(app, event, Effect::Ignored("nothing-to-fold".into())).await,
                // It isn't ours to read, or is something else than the event says.
                Err(refused @ (GatewayError::Refused { .. } | GatewayError::Unexpected)) => {
                    let reason = reason(&Cause::Provider(refused)).to_owned();
                    return settle(app, event, Effect::NeedsReview(reason)).await;
                }
                Err(error) => return Err(Cause::Provider(error)),
            }
        }
        Subject::Resource { event: name, resource, claimed } => {
            let observed = match payments.config.paypal.mode {
                PayPalMode::Api => {
                    let mut objects = payments.gateway.observe(resource).await.map_err(Cause::Provider)?;
                    let reversal = resource.reversal
                        && payments.gateway.is_reversal(name, resource).await.map_err(Cause::Provider)?;
                    objects.iter_mut().for_each(|object| object.reversal &= reversal);
                    named = (Some(resource.path()), resource.is_as_claimed(claimed, &objects));
                    (objects, true)
                }
                PayPalMode::PostBack | PayPalMode::SignatureOnly => match resource.objects(claimed) {
                    Ok(objects) => {
                        named.0 = Some(resource.path());
                        (objects, false)
                    }
                    Err(reason) => {
                        return settle(app, event, Effect::NeedsReview(reason.as_str().into())).await;
                    }
                },
            };
            // An order without a payment was approved at most. PayPal's API is asked before its
            // money is taken, even if the body says otherwise.
            let unpaid = observed.0.is_empty() && resource.kind == ResourceKind::Order;
            match unpaid && needs::for_calls(&payments.config, Provider::PayPal).is_ok() {
                true => match approvals::capture(app, payments, event, &resource.id).await? {
                    Approval::Captured(objects) => (objects, true),
                    Approval::Over => (Vec::new(), true),
                    Approval::Review(reason) => return Ok(Effect::NeedsReview(reason)),
                },
                false => observed,
            }
        }
    };
    let objects = objects::parameter(objects).map_err(Cause::Ours)?;
    let params = params![Param::Uuid(event.to_owned()), objects, shown, named.0, named.1];
    let row = edge::write_one(app, "webhook_apply", params).await.map_err(Cause::Ours)?;
    told(app, payments, &row).map_err(Cause::Ours)
}

/// The effect that a row of `webhook_apply` or `webhook_deliver` tells.
///
/// # Errors
/// [`Error::Internal`] if it tells none.
pub(super) fn told(app: &'static App, payments: &Payments, row: &Row) -> Result<Effect, Error> {
    let reason = row.text("reason")?.unwrap_or_default().to_owned();
    Ok(match ApplyOutcome::read(row.text("outcome")?)? {
        ApplyOutcome::Applied => {
            if row.text("payment_status")? == Some(PaymentStatus::Paid.as_str()) {
                let (keys, tags) = (payments.config.hmac_keys.clone(), row.texts("tags")?);
                // Runs behind the answer. If it is cut off, the count runs out by itself.
                spawn(async move { attempts::forget_paid(app, &keys, &tags).await });
            }
            Effect::Processed
        }
        ApplyOutcome::AlreadyApplied => Effect::AlreadyProcessed,
        ApplyOutcome::NeedsReview => Effect::NeedsReview(reason),
        ApplyOutcome::Ignored => Effect::Ignored(reason),
        ApplyOutcome::Waiting => Effect::Waiting(reason),
        // Another body of its transmission has meanwhile taken its place.
        ApplyOutcome::UnknownEvent => Effect::Waiting("displaced".into()),
    })
}

/// Records an outcome that needs no fold. An event that stayed `received` would be taken up for
/// ever. If the event isn't `received`, this changes nothing.
///
/// # Errors
/// [`Cause::Ours`]: the event stays as it is.
pub(super) async fn settle(app: &'static App, event: &str, effect: Effect) -> Result<Effect, Cause> {
    let noted = |reason: &str| params![Param::Uuid(event.to_owned()), reason];
    let written = match &effect {
        Effect::Ignored(reason) => edge::change(app, "webhook_ignore", noted(reason)).await,
        Effect::NeedsReview(reason) => edge::change(app, "webhook_give_up", noted(reason)).await,
        Effect::Processed | Effect::AlreadyProcessed | Effect::Waiting(_) => return Ok(effect),
    };
    written.map_err(Cause::ours)?;
    Ok(effect)
}

/// Records why an event waits, for operators to see, and when it is tried again. If that fails, it
/// is tried at its old time.
pub(super) async fn postpone(app: &'static App, payments: &Payments, event: &str, cause: &Cause) {
    let rests = payments.gateway.rests_to_tell().map(Json);
    let params = params![Param::Uuid(event.to_owned()), reason(cause), rests];
    let _ = edge::change(app, "webhook_postpone", params).await;
}

/// The stable name of a cause, for an event that waits.
pub fn reason(cause: &Cause) -> &str {
    match cause {
        Cause::Provider(GatewayError::Away { .. } | GatewayError::Unsent { .. }) => "provider-away",
        Cause::Provider(GatewayError::NotYet) => "resource-unknown",
        Cause::Provider(GatewayError::Refused { .. }) => "provider-refused",
        Cause::Provider(GatewayError::Unconfigured { .. }) => "provider-not-configured",
        Cause::Provider(GatewayError::Unexpected) => "provider-answer-unreadable",
        Cause::Provider(GatewayError::Kept { .. }) => "provider-keeps-failure",
        Cause::Approval(reason) => reason,
        Cause::Ours(_) => "not-stored",
    }
}

/// A cause as an answer to the provider: it is asked to come again, for every cause.
pub fn unavailable(cause: Cause) -> Error {
    match cause {
        Cause::Ours(error) => error,
        Cause::Provider(GatewayError::Refused { .. }) => Error::Unavailable {
            detail: "the payment provider doesn't show what the event is about; the event is kept".into(),
            retry_after_seconds: 60,
        },
        Cause::Approval(reason) => Error::Unavailable {
            detail: format!("the approved order isn't captured yet: {reason}; the event is kept"),
            retry_after_seconds: 60,
        },
        Cause::Provider(error) => error.into(),
    }
}

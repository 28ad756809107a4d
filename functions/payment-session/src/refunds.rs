//! Refunds: asked for once, kept in Postgres, sent to the provider exactly once, at once or later.

pub mod settle;

use std::time::Duration;

use commerce::caller::Caller;
use commerce::error::Error;
use commerce::gateway::{GatewayError, NewRefund};
use commerce::hex;
use commerce::money::Currency;
use commerce::outcome::{Outcome, RefundOutcome};
use commerce::provider::Provider;
use commerce::refund::{RefundRequest, RefundRetry, RefundState, RefundsQuery};
use edge::clock::monotonic_millis;
use edge::jobs::{self, Step};
use edge::log::{self, Level};
use edge::{App, Call, Json, KeyedBody, Param, Reply, Row, params};
use payments::Payments;
use payments::needs::account_variable;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::observed;

/// How much longer than the call a lease on a refund is held.
const LEASE_MARGIN: Duration = Duration::from_secs(30);
/// How many refunds one call sends at most.
pub const MOST_AT_ONCE: u32 = 100;
/// No further refund is begun after this time, because the caller is waiting.
const SENDING_TIME: Duration = Duration::from_secs(20);

/// A refund that this instance may send, until its lease ends.
struct Claim {
    request: String,
    lease: String,
    account: String,
    attempts: u32,
    refund: NewRefund,
    /// For how many milliseconds the provider is to be left alone.
    resting_ms: Option<i64>,
}

/// The outcomes of refunds that were due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SendTotals {
    /// The provider has them.
    pub sent: u32,
    /// They stay queued.
    pub queued: u32,
    /// The provider refused them.
    pub failed: u32,
}

impl SendTotals {
    fn to_json(self) -> Value {
        json!({ "sent": self.sent, "queued": self.queued, "failed": self.failed })
    }
}

/// `POST /payments/:id/refunds`: 201 if the provider has the refund, 202 if it is kept to be sent.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators. [`Error::Conflict`] for a payment that can't be
/// refunded. [`Error::Unprocessable`] for more than is left, for a key of another body, and if the
/// provider refuses.
pub async fn refund(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    let payments = Payments::ready().await?;
    caller.require_operator("a refund")?;
    call.no_query()?;
    let payment = call.id()?;
    let KeyedBody { body, key, .. } = call.keyed_json().await?;
    let wanted = RefundRequest::decode(&body)?;
    // The fingerprint covers the payment, so one key can't stand for refunds of two payments.
    let fingerprint = Sha256::new().chain_update(payment.as_bytes()).chain_update(&body).finalize();
    let params = params![
        caller.organization,
        payment,
        wanted.amount,
        wanted.note,
        caller.principal(),
        key,
        hex::encode(&fingerprint),
        Uuid::now_v7(),
    ];
    let row = edge::change_one(app, "refund_request", params).await?;
    let outcome = RefundOutcome::read(row.text("outcome")?)?;
    match outcome {
        RefundOutcome::Queued | RefundOutcome::ByHand | RefundOutcome::Replay => {}
        RefundOutcome::Mismatch => return Err(Error::idempotency_mismatch("refund")),
        RefundOutcome::NotFound => return Err(Error::not_found("payment")),
        RefundOutcome::NotRefundable => {
            let detail = "nothing of the payment can be refunded: it isn't paid, or is disputed";
            return Err(Error::conflict(detail, None));
        }
        RefundOutcome::TooMuch => {
            let detail = "must be above zero, have no more digits than the currency, and be no more than what is left";
            return Err(Error::unprocessable("amount", detail));
        }
    }
    let id = row.text("request")?.ok_or_else(|| Error::internal("a refund without an id"))?.to_owned();
    if outcome == RefundOutcome::ByHand {
        let params = params![caller.organization, Param::Uuid(id.clone()), caller.principal()];
        edge::write(app, "manual_refund", params).await?;
        return show(app, caller, payment, &id).await;
    }
    // The refund is queued, and that is enough: a later sending mends any fault from here on.
    if let Some(claim) = claim(app, payments, Some(&id)).await.unwrap_or_else(logged) {
        let _ = send_one(app, payments, claim).await.map(Some).unwrap_or_else(logged);
    }
    show(app, caller, payment, &id).await
}

/// `GET /payments/:id/refunds`: the refunds that were asked for, the newest first.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators, [`Error::NotFound`].
pub async fn list(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    caller.require_operator("the list of refunds")?;
    call.no_query()?;
    let payment = call.id()?;
    edge::document(app, "refund_list", params![caller.organization, payment], "payment").await
}

/// `GET /payments/refunds`: the refunds of all payments, the newest first.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators.
pub async fn search(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    let query = RefundsQuery::parse(call.query())?;
    caller.require_operator("the list of refunds")?;
    let after = query.after.map(|place| place.to_string());
    let params = params![caller.organization, query.state.map(RefundState::as_str), query.limit as i32, after];
    edge::page(app, "refund_search", params).await
}

/// `POST /payments/refunds/send`: sends the refunds that are due. A scheduler calls it.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators.
pub async fn send(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    let payments = Payments::ready().await?;
    caller.require_operator("sending refunds")?;
    call.no_query()?;
    let (totals, _) = send_due(app, payments, MOST_AT_ONCE, SENDING_TIME).await?;
    Ok(Reply::fresh(200, totals.to_json().to_string()))
}

/// [`send`] as a job.
///
/// # Errors
/// The error that Postgres gave.
pub async fn step(app: &'static App) -> Result<Step, Error> {
    let (totals, more) = send_due(app, Payments::ready().await?, MOST_AT_ONCE, jobs::STEP).await?;
    Ok(Step::of(totals.to_json(), more))
}

/// Sends refunds that are due, at most `limit`, one after the other, and begins none after
/// `patience`. Gives whether more may be due. Many callers may do so at once, because each refund
/// has one holder.
///
/// # Errors
/// The error that Postgres gave.
async fn send_due(
    app: &'static App,
    payments: &'static Payments,
    limit: u32,
    patience: Duration,
) -> Result<(SendTotals, bool), Error> {
    let began = monotonic_millis();
    let mut totals = SendTotals::default();
    for _ in 0..limit {
        let elapsed = Duration::from_millis(monotonic_millis().saturating_sub(began));
        if elapsed >= patience {
            return Ok((totals, true));
        }
        let Some(claim) = claim(app, payments, None).await? else { return Ok((totals, false)) };
        match send_one(app, payments, claim).await? {
            SendOutcome::Sent => totals.sent += 1,
            // One that nobody knows the fate of counts as one that stays.
            SendOutcome::Queued | SendOutcome::Review => totals.queued += 1,
            SendOutcome::Failed => totals.failed += 1,
        }
    }
    Ok((totals, true))
}

/// The outcome of one attempt.
enum SendOutcome {
    Sent,
    Queued,
    Review,
    Failed,
}

/// Sends a refund that this instance holds, and stores the outcome.
async fn send_one(app: &'static App, payments: &'static Payments, claim: Claim) -> Result<SendOutcome, Error> {
    let account = payments.account(claim.refund.gateway, &claim.account);
    let outcome = match account {
        Some(account) => {
            account.gateway.heard(claim.refund.gateway, claim.resting_ms);
            account.gateway.refund(&claim.refund).await
        }
        // There are no credentials for the payment's account.
        None => Err(GatewayError::Unconfigured { variable: account_variable(claim.refund.gateway) }),
    };
    let (state, external, reason, retry) = match &outcome {
        Ok(refund) => (SendOutcome::Sent, Some(refund.id.clone()), None, None),
        Err(error) => match RefundRetry::after(error.clone(), claim.attempts) {
            RefundRetry::Later(seconds, reason) => {
                (SendOutcome::Queued, None, Some(reason.to_owned()), Some(format!("{seconds} seconds")))
            }
            RefundRetry::Review(reason) => (SendOutcome::Review, None, Some(reason.to_owned()), None),
            RefundRetry::Never(reason) => (SendOutcome::Failed, None, Some(reason), None),
        },
    };
    let review = matches!(state, SendOutcome::Review);
    let rests = account.and_then(|account| account.gateway.rests_to_tell()).map(Json);
    let unsent = outcome.as_ref().is_err_and(GatewayError::is_unsent);
    if let Ok(mut refund) = outcome {
        refund.parent = refund.parent.or(Some(claim.refund.payment));
        // Folded before the refund is marked as sent. A crash between the two leaves it queued, and
        // it is folded again.
        let provider = claim.refund.gateway;
        observed::apply(app, provider, &claim.account, &claim.request, "api.refund", vec![refund]).await?;
    }
    let params =
        params![Param::Uuid(claim.request), Param::Uuid(claim.lease), external, reason, retry, unsent, review, rests];
    let row = edge::change_one(app, "refund_done", params).await?;
    // The lease ran out, so another instance sends it, under the same request id.
    let held = row.text("done")? == Some("true");
    Ok(if held { state } else { SendOutcome::Queued })
}

/// Claims one refund: the named one, or one that is due.
async fn claim(app: &'static App, payments: &Payments, only: Option<&str>) -> Result<Option<Claim>, Error> {
    let lease = payments.gateway.longest() + LEASE_MARGIN;
    let only = only.map_or(Param::Null("uuid"), |id| Param::Uuid(id.to_owned()));
    let params = params![1, format!("{} milliseconds", lease.as_millis()), only];
    let rows = edge::change(app, "refund_claim", params).await?;
    rows.first().map(read).transpose()
}

fn read(row: &Row) -> Result<Claim, Error> {
    let wrong = || Error::internal("a claimed refund can't be read");
    let text = |column: &str| row.text(column)?.map(str::to_owned).ok_or_else(wrong);
    let uuid = |column: &str| Uuid::try_parse(&text(column)?).map_err(|_| wrong());
    let refund = NewRefund {
        gateway: Provider::parse(&text("provider")?).ok_or_else(wrong)?,
        payment: text("payment")?,
        request: uuid("request")?,
        order: uuid("order_id")?,
        amount: text("amount")?,
        currency: Currency::recorded(&text("currency")?).ok_or_else(wrong)?,
        note: row.text("note")?.map(str::to_owned),
    };
    let attempts = row.int("attempts")?.and_then(|attempts| u32::try_from(attempts).ok()).unwrap_or(1);
    let resting_ms = row.int("resting_ms")?;
    Ok(Claim {
        resting_ms,
        request: text("request")?,
        lease: text("lease")?,
        account: text("account")?,
        attempts,
        refund,
    })
}

/// The refund as it stands: 201 if sent, 202 if queued, 422 if refused.
async fn show(app: &'static App, caller: &Caller, payment: Uuid, id: &str) -> Result<Reply, Error> {
    let rows = edge::query(app, "refund_get", params![caller.organization, Param::Uuid(id.to_owned())]).await?;
    let mut row = rows.into_iter().next().ok_or_else(|| Error::internal("a refund that was asked for is gone"))?;
    let status = match row.text("state")? {
        Some("sent") => 201,
        Some("failed") => {
            let reason = row.text("reason")?.unwrap_or("unknown").to_owned();
            return Err(GatewayError::Refused { reason, field: Some("payment".into()) }.into());
        }
        _ => 202,
    };
    let reply = Reply::fresh(status, row.take_text("body")?);
    Ok(reply.with("location", format!("/api/v1/payments/{payment}/refunds")))
}

fn logged<T>(error: Error) -> Option<T> {
    log::say(Level::Warn, "refund", format_args!("a refund stays queued: {error}"));
    None
}

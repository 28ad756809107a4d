//! The judging of an attempt to pay, before its provider is asked: by the shop's own fraud check,
//! if it has one, else by the built-in score.

use commerce::client_address::ClientAddress;
use commerce::error::Error;
use commerce::fraud::check::{Decision, Judgement, Question};
use commerce::fraud::{Facts, Scorer, SimpleScore};
use edge::{App, Json, Row, clock, params};
use payments::Payments;
use uuid::Uuid;

use super::begin::{SessionDraft, gone};
use crate::limits::Admission;

/// How long a held session waits for an operator, in seconds.
const HELD: i64 = 24 * 3600;

/// The shopper behind an attempt.
#[derive(Debug, Clone, Copy)]
pub struct Shopper {
    /// The customer that the attempt counts for.
    pub customer: Uuid,
    /// The address that it comes from; `None` if a service names none.
    pub address: Option<ClientAddress>,
}

/// What becomes of a draft.
pub enum Judged {
    /// Its provider is asked.
    Allowed,
    /// It is held: the session's JSON.
    Held(Vec<u8>),
    /// It is refused.
    Denied,
}

/// Judges a draft, and keeps the check's verdict with its session. `row` is that of
/// `session_begin`. A draft that was judged before isn't judged again.
///
/// # Errors
/// [`Error::Conflict`] if another request has taken the session on. The error that Postgres gave.
pub async fn judge(
    app: &'static App,
    payments: &'static Payments,
    draft: &SessionDraft,
    row: &Row,
    shopper: Shopper,
    admission: &Admission,
) -> Result<Judged, Error> {
    // Only what was allowed is still being created.
    if row.text("fraud")?.is_some() {
        return Ok(Judged::Allowed);
    }
    let facts = facts(row, admission)?;
    let score = SimpleScore.score(&facts);
    let asked = match &payments.fraud_check {
        Some(check) => {
            let question = Question {
                session: draft.id,
                organization: draft.organization,
                order: draft.order,
                customer: shopper.customer,
                amount: &draft.amount,
                currency: &draft.currency,
                gateway: draft.gateway,
                address: shopper.address,
                facts,
                score: &score,
            };
            Some(check.ask(payments.gateway.client(), &question, clock::now_millis()).await)
        }
        None => None,
    };
    let judgement = Judgement::of(score, payments.config.fraud_review_score, asked);
    match judgement.decision {
        Decision::Review => hold(app, draft, &judgement).await,
        Decision::Deny => deny(app, draft, judgement.record()).await,
        Decision::Allow => {
            if let Some(record) = judgement.record() {
                let kept = edge::write(app, "session_judged", params![draft.id, draft.organization, Json(record)]);
                kept.await?.first().ok_or_else(gone)?;
            }
            Ok(Judged::Allowed)
        }
    }
}

async fn hold(app: &'static App, draft: &SessionDraft, judgement: &Judgement) -> Result<Judged, Error> {
    let signals = judgement.score.signals.iter().map(|signal| signal.as_str().to_owned());
    let params = params![
        draft.id,
        judgement.shown_score() as i32,
        signals.collect::<Vec<_>>(),
        &*draft.cancel_url,
        HELD,
        draft.organization,
        judgement.record().map(Json),
    ];
    let rows = edge::write(app, "session_hold", params).await?;
    Ok(Judged::Held(rows.into_iter().next().ok_or_else(gone)?.take_text("body")?.into_bytes()))
}

async fn deny(app: &'static App, draft: &SessionDraft, record: Option<String>) -> Result<Judged, Error> {
    let params = params![draft.id, draft.organization, record.map(Json)];
    edge::write(app, "session_deny", params).await?.first().ok_or_else(gone)?;
    Ok(Judged::Denied)
}

fn facts(row: &Row, admission: &Admission) -> Result<Facts, Error> {
    let small = |column: &str| Ok::<_, Error>(row.int(column)?.map(|count| u32::try_from(count).unwrap_or(u32::MAX)));
    Ok(Facts {
        sessions_last_hour: small("sessions_last_hour")?.unwrap_or_default(),
        failed_last_day: small("failed_last_day")?.unwrap_or_default(),
        paid_before: small("paid_before")?.unwrap_or_default(),
        percent_of_largest: small("percent_of_largest")?,
        customers_on_address: admission.customers_on_address,
    })
}

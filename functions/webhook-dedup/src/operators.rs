//! The operations of operators on events: list them, replay one, dismiss one.

use commerce::caller::{Caller, SCOPE_BODY};
use commerce::error::Error;
use commerce::outcome::{BodyOutcome, DismissOutcome, Outcome, ReplayOutcome};
use commerce::webhook::requests::{EventsQuery, parse_dismissal};
use serde_json::{Value, json};
use uuid::Uuid;

use edge::{App, Call, Reply, Row, params};
use payments::Payments;

use crate::apply::{Cause, Effect, unavailable};
use crate::bulk::filtered;
use crate::resume::resume;

/// How long an event that is taken up belongs to its taker, in seconds.
pub(super) const LEASE: i64 = 60;
/// How long one operation on many events goes on before it leaves the rest to the next, in
/// milliseconds.
pub(super) const PATIENCE_MS: u64 = 20_000;

/// The number of events by outcome.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Counts {
    processed: u32,
    already_processed: u32,
    needs_review: u32,
    ignored: u32,
    waiting: u32,
    pub(super) failed: u32,
}

impl Counts {
    pub(super) fn add(&mut self, outcome: &Result<Effect, Cause>) {
        let count = match outcome {
            Ok(Effect::Processed) => &mut self.processed,
            Ok(Effect::AlreadyProcessed) => &mut self.already_processed,
            Ok(Effect::NeedsReview(_)) => &mut self.needs_review,
            Ok(Effect::Ignored(_)) => &mut self.ignored,
            Ok(Effect::Waiting(_)) => &mut self.waiting,
            Err(_) => &mut self.failed,
        };
        *count += 1;
    }

    /// How many events there are, whatever came of them.
    pub(super) fn total(self) -> u32 {
        self.processed + self.already_processed + self.needs_review + self.ignored + self.waiting + self.failed
    }

    pub(super) fn to_json(self) -> Value {
        json!({ "processed": self.processed, "alreadyProcessed": self.already_processed, "needsReview": self.needs_review,
            "ignored": self.ignored, "waiting": self.waiting, "failed": self.failed })
    }
}

/// A page of events.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators.
pub async fn list(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    let query = EventsQuery::parse(call.query())?;
    caller.require_operator("the list of webhook events")?;
    let params = filtered(&query.filter, query.after, &[query.page.limit(), query.page.offset()]);
    edge::page(app, "webhook_list", params).await
}

/// One event: its attempts, the verdict, what it has changed, what operators have decided.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators. [`Error::NotFound`].
pub async fn get(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    call.no_query()?;
    let event = call.id()?;
    caller.require_operator("a webhook event")?;
    edge::document(app, "webhook_get", params![event], "event").await
}

/// Headers and body of one event, for operators with the scope for it. Who has looked is written
/// down.
///
/// # Errors
/// [`Error::Forbidden`]. [`Error::NotFound`]. [`Error::Conflict`] if they have been forgotten.
pub async fn body(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    call.no_query()?;
    let event = call.id()?;
    caller.require_operator("the body of an event")?;
    if !caller.has_scope(SCOPE_BODY) {
        return Err(Error::forbidden(format!("the body of an event needs the scope {SCOPE_BODY}")));
    }
    let row = edge::change_one(app, "webhook_body", params![event, operator(caller)]).await?;
    match BodyOutcome::read(row.text("outcome")?)? {
        BodyOutcome::Read => {}
        BodyOutcome::WithoutBody => {
            return Err(Error::conflict("the event's body has been forgotten", None));
        }
        BodyOutcome::NotFound => return Err(Error::not_found("event")),
    }
    let headers: Value = row.text("headers")?.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let text = String::from_utf8_lossy(row.bytes("body")?.unwrap_or_default());
    let body = json!({ "id": event, "eventId": row.text("event_id")?, "headers": headers, "body": text });
    Ok(Reply::fresh(200, body.to_string()))
}

/// Lets one event take effect that hasn't yet, against any earlier decision about it.
///
/// # Errors
/// [`Error::NotFound`]. [`Error::Conflict`] if it has taken effect, or its body is forgotten. The
/// error of [`apply`]: then the event waits.
pub async fn replay(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    call.no_query()?;
    let event = call.id()?;
    caller.require_operator("a replay")?;
    let payments = Payments::ready().await?;
    let (outcome, row) = take_up(app, event, operator(caller)).await?;
    match outcome {
        ReplayOutcome::Replayed => {}
        ReplayOutcome::Applied => {
            return Err(Error::conflict("the event has taken effect", Some("applied")));
        }
        ReplayOutcome::WithoutBody => {
            return Err(Error::conflict("the event's body has been forgotten", None));
        }
        ReplayOutcome::NotFound => return Err(Error::not_found("event")),
    }
    let effect = resume(app, payments, &row).await.map_err(unavailable)?;
    let (status, reason) = match effect {
        Effect::Processed => ("processed", None),
        Effect::AlreadyProcessed => ("already_processed", None),
        Effect::NeedsReview(reason) => ("needs_review", Some(reason)),
        Effect::Ignored(reason) => ("ignored", Some(reason)),
        Effect::Waiting(reason) => ("received", Some(reason)),
    };
    let body = json!({ "status": status, "eventId": row.text("event_id")?, "reason": reason });
    Ok(Reply::fresh(200, body.to_string()))
}

/// Dismisses one event in review, with an operator's note if there is one. Nothing else changes,
/// and a repetition changes nothing.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators. [`Error::Invalid`]. [`Error::NotFound`].
/// [`Error::Conflict`] if it isn't in review.
pub async fn dismiss(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    call.no_query()?;
    let event = call.id()?;
    caller.require_operator("putting an event aside")?;
    let note = parse_dismissal(call.optional_json().await?.as_deref())?;
    let (outcome, row) = put_aside(app, event, operator(caller), note).await?;
    match outcome {
        DismissOutcome::Dismissed => {}
        DismissOutcome::NotInReview => {
            return Err(Error::conflict("the event isn't in review", row.text("state")?));
        }
        DismissOutcome::NotFound => return Err(Error::not_found("event")),
    }
    let body = json!({ "status": "dismissed", "eventId": row.text("event_id")?, "reason": row.text("reason")? });
    Ok(Reply::fresh(200, body.to_string()))
}

/// An operator's name in the history of events.
pub(super) fn operator(caller: &Caller) -> String {
    format!("operator:{}", caller.subject)
}

/// Decides that one event is to take effect. The row has what is needed for that.
pub(super) async fn take_up(app: &App, event: Uuid, operator: String) -> Result<(ReplayOutcome, Row), Error> {
    let params = params![None::<Uuid>, event, operator, LEASE];
    let row = edge::change_one(app, "webhook_replay", params).await?;
    Ok((ReplayOutcome::read(row.text("outcome")?)?, row))
}

/// Decides that one event in review is to have no effect.
pub(super) async fn put_aside(
    app: &App,
    event: Uuid,
    operator: String,
    note: Option<String>,
) -> Result<(DismissOutcome, Row), Error> {
    let row = edge::change_one(app, "webhook_dismiss", params![event, operator, note]).await?;
    Ok((DismissOutcome::read(row.text("outcome")?)?, row))
}

//! Operators' work with all events that a filter finds, step by step. A step walks the list from
//! its place on and says where the next one goes on. If it dies, the same request again does no
//! harm: each event takes effect once.

use commerce::error::Error;
use commerce::outcome::{DismissOutcome, ReplayOutcome};
use commerce::provider::Provider;
use commerce::query::Place;
use commerce::time::Moment;
use commerce::webhook::EventState;
use commerce::webhook::requests::{BulkQuery, EventFilter, parse_dismissal};
use futures_util::stream::{self, StreamExt as _};
use serde_json::{Value, json};
use uuid::Uuid;

use edge::clock::monotonic_millis;
use edge::{App, Call, Param, Reply, params};
use payments::Payments;
use payments::config::PayPalMode;
use payments::pace::Pace;

use crate::apply::{Cause, Effect};
use crate::operators::{Counts, PATIENCE_MS, operator, put_aside, take_up};
use crate::pages::{PageSize, take_up_many};
use crate::resume::resume;

/// How many events are worked on at a time. Each waits for Postgres and Redis in turn.
pub(super) const AT_ONCE: usize = 8;
/// How many events one look into the list brings.
const PAGE: u32 = 200;

/// What came of an event. `None`: there was nothing to take up, since it has taken effect
/// meanwhile, or its body is forgotten.
pub(super) type Taken = Option<Result<Effect, Cause>>;

/// `POST /webhooks/events/replay`: lets the events of a filter take effect that haven't yet.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators, [`Error::Invalid`]; the error that Postgres gave.
pub async fn replay(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    let query = BulkQuery::parse(call.query(), &[EventState::Applied])?;
    caller.require_operator("a replay")?;
    if query.dry_run {
        return count(app, &query).await;
    }
    let payments = Payments::ready().await?;
    let (principal, pace) = (operator(caller), pace(payments));
    let (mut counts, mut taken, mut skipped) = (Counts::default(), 0, 0);
    let size = PageSize::default();
    let one = async |event| replay_one(app, payments, event, &principal).await;
    let next = walk(
        app,
        &query,
        async |found: &[Found], time: &Patience| {
            // Events of one provider that follow each other.
            let provider = found.first().and_then(|first| first.provider);
            let alike = found.iter().take_while(|other| other.provider == provider);
            if provider == Some(Provider::Stripe) {
                let events: Vec<Uuid> = alike.map(|event| event.id).collect();
                return take_up_many(app, payments, &size, &events, &principal, one).await;
            }
            one_by_one(alike, time, async |event| {
                if provider == Some(Provider::PayPal) {
                    pace.wait().await;
                }
                one(event).await
            })
            .await
        },
        |outcome: Taken| match outcome {
            Some(outcome) => {
                taken += 1;
                counts.add(&outcome);
            }
            None => skipped += 1,
        },
    )
    .await?;
    let body = json!({ "taken": taken, "skipped": skipped, "outcomes": counts.to_json(), "next": next });
    Ok(Reply::fresh(200, body.to_string()))
}

/// `POST /webhooks/events/dismiss`: dismisses the events in review that a filter finds.
///
/// # Errors
/// As [`replay`].
pub async fn dismiss(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    let others = [EventState::Received, EventState::Applied, EventState::Ignored, EventState::Dismissed];
    let query = BulkQuery::parse(call.query(), &others)?;
    caller.require_operator("putting events aside")?;
    let note = parse_dismissal(call.optional_json().await?.as_deref())?;
    if query.dry_run {
        return count(app, &query).await;
    }
    let principal = operator(caller);
    let (mut dismissed, mut skipped) = (0, 0);
    let next = walk(
        app,
        &query,
        async |found: &[Found], time: &Patience| {
            one_by_one(found.iter(), time, async |event| {
                put_aside(app, event, principal.clone(), note.clone()).await.map(|(outcome, _)| outcome)
            })
            .await
        },
        |outcome: Result<DismissOutcome, Error>| match outcome {
            Ok(DismissOutcome::Dismissed) => dismissed += 1,
            _ => skipped += 1,
        },
    )
    .await?;
    let body = json!({ "dismissed": dismissed, "skipped": skipped, "next": next });
    Ok(Reply::fresh(200, body.to_string()))
}

/// The number of events that a filter finds; nothing is done.
async fn count(app: &'static App, query: &BulkQuery) -> Result<Reply, Error> {
    let row = edge::one(edge::query(app, "webhook_count", filtered(&query.filter, query.after, &[])).await?)?;
    Ok(Reply::fresh(200, json!({ "matching": row.int("events")?.unwrap_or_default() }).to_string()))
}

/// An event in the list.
struct Found {
    id: Uuid,
    provider: Option<Provider>,
    place: Place,
}

/// How long a step may go on.
struct Patience {
    until_ms: u64,
}

impl Patience {
    /// From now on.
    fn begin() -> Self {
        Self { until_ms: monotonic_millis() + PATIENCE_MS }
    }

    fn lasts(&self) -> bool {
        monotonic_millis() < self.until_ms
    }
}

/// Works on the events of a filter, the newest first, until the limit or the time is reached. Gives
/// the place where the next step goes on, `None` if there is nothing more.
///
/// `work` is given what is left of a look into the list. It works on the first of it, and gives one
/// outcome for each that it worked on.
async fn walk<T>(
    app: &'static App,
    query: &BulkQuery,
    work: impl AsyncFn(&[Found], &Patience) -> Vec<T>,
    mut done: impl FnMut(T),
) -> Result<Option<String>, Error> {
    let (time, mut left, mut after) = (Patience::begin(), query.limit, query.after);
    while left > 0 && time.lasts() {
        let limits = [left.min(PAGE) as i32, 0];
        let row = edge::one(edge::query(app, "webhook_list", filtered(&query.filter, after, &limits)).await?)?;
        let page: Value = serde_json::from_str(row.text("body")?.unwrap_or_default())
            .map_err(|_| Error::internal("webhook_list gave no JSON"))?;
        let items: Vec<Found> = page["items"].as_array().into_iter().flatten().filter_map(found).collect();
        let mut rest = items.as_slice();
        while !rest.is_empty() && time.lasts() {
            let outcomes = work(rest, &time).await;
            let Some(last) = outcomes.len().checked_sub(1) else { break };
            after = rest.get(last).map(|event| event.place).or(after);
            rest = rest.get(outcomes.len()..).unwrap_or_default();
            left = left.saturating_sub(outcomes.len() as u32);
            outcomes.into_iter().for_each(&mut done);
        }
        if !rest.is_empty() {
            break;
        }
        match page["next"].as_str() {
            None => return Ok(None),
            Some(next) => after = Place::parse(next).or(after),
        }
    }
    Ok(after.map(|place| place.to_string()))
}

/// Works on one event after the other, some at a time, as long as there is time. Gives the outcomes
/// of those that were begun.
async fn one_by_one<T>(events: impl Iterator<Item = &Found>, time: &Patience, work: impl AsyncFn(Uuid) -> T) -> Vec<T> {
    let work = &work;
    let begun = stream::iter(events.take_while(|_| time.lasts()));
    begun.map(async |event| work(event.id).await).buffered(AT_ONCE).collect().await
}

/// An item of the list.
fn found(item: &Value) -> Option<Found> {
    let id = Uuid::try_parse(item["id"].as_str()?).ok()?;
    let place = Place { at: Moment::parse(item["receivedAt"].as_str()?)?, id };
    Some(Found { id, provider: item["provider"].as_str().and_then(Provider::parse), place })
}

/// The parameters of `webhook_list`, or, without `limits`, those of `webhook_count`.
pub fn filtered(filter: &EventFilter, after: Option<Place>, limits: &[i32]) -> Vec<Param> {
    let filter = filter.clone();
    let mut params = params![filter.organization, filter.state];
    params.extend(limits.iter().map(|limit| Param::from(*limit)));
    params.extend(params![
        filter.order,
        filter.provider.map(Provider::as_str),
        filter.account,
        filter.kind,
        filter.reason,
        filter.transmission,
        filter.from.map(Moment::to_rfc3339),
        filter.to.map(Moment::to_rfc3339),
        after.map(|place| place.to_string()),
    ]);
    params
}

/// Takes up one event.
async fn replay_one(app: &'static App, payments: &Payments, event: Uuid, principal: &str) -> Taken {
    match take_up(app, event, principal.to_owned()).await {
        Ok((ReplayOutcome::Replayed, row)) => Some(resume(app, payments, &row).await),
        Ok(_) => None,
        Err(error) => Some(Err(Cause::Ours(error))),
    }
}

/// Each event of PayPal asks its API, unless its signature is believed.
fn pace(payments: &Payments) -> Pace {
    let asked = payments.config.paypal.mode != PayPalMode::SignatureOnly;
    if asked { Pace::of(&payments.config) } else { Pace::unlimited() }
}

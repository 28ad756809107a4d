//! Many stored events take effect in one statement, if their own bodies say all that is to be
//! known.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};

use commerce::error::Error;
use commerce::outcome::{Outcome, ReplayPageOutcome};
use commerce::provider::Provider;
use commerce::webhook::event::{Event, ProviderObject, Subject};
use futures_util::stream::{self, StreamExt as _};
use spin_sdk::wasip3::spawn;
use uuid::Uuid;

use edge::clock::monotonic_millis;
use edge::{App, Row, params};
use payments::{Payments, attempts, objects};

use crate::apply::Effect;
use crate::bulk::{AT_ONCE, Taken};
use crate::verify::is_of_test_mode;

/// The most events of one statement: it keeps their orders locked, one in ten of all orders.
const MOST: usize = 50;
/// After a statement that took longer, the next one has half as many events, in milliseconds. A
/// statement that takes 2 s is cut off.
const LONG_MS: u64 = 400;
/// After a statement that took no longer, the next one has twice as many, in milliseconds.
const SHORT_MS: u64 = 150;

/// How many events the next statement has: as many as the database does in a short time.
pub struct PageSize(Cell<usize>);

impl Default for PageSize {
    fn default() -> Self {
        Self(Cell::new(MOST))
    }
}

impl PageSize {
    /// The size after a statement that took so long; `None` if it failed.
    fn note(&self, took_ms: Option<u64>) {
        let size = self.0.get();
        self.0.set(match took_ms {
            Some(..=SHORT_MS) => (size * 2).min(MOST),
            Some(..=LONG_MS) => size,
            Some(_) | None => (size / 2).max(1),
        });
    }
}

/// An event whose body says all that is to be known.
struct Proved {
    id: Uuid,
    account: String,
    object: ProviderObject,
}

/// Takes up the first of these events, as many as one statement may have, and gives what came of
/// each. Those that need more than one statement, and those of a statement that failed, are taken
/// up one by one by `alone`. So a bad event keeps none of the others waiting.
pub async fn take_up_many(
    app: &'static App,
    payments: &Payments,
    size: &PageSize,
    events: &[Uuid],
    principal: &str,
    alone: impl AsyncFn(Uuid) -> Taken,
) -> Vec<Taken> {
    let events = &events[..size.0.get().min(events.len())];
    let mut effects = HashMap::new();
    // If the bodies can't be read, each event says so for itself.
    for mut rest in proved(app, payments, events).await.unwrap_or_default() {
        while !rest.is_empty() {
            let began = monotonic_millis();
            let Ok(page) = take_effect(app, payments, &rest, principal).await else {
                size.note(None);
                break;
            };
            size.note(Some(monotonic_millis().saturating_sub(began)));
            let before = rest.len();
            rest.retain(|event| page.later.contains(&event.id));
            effects.extend(page.effects);
            // The first one is never late, so this ends.
            if rest.len() == before {
                break;
            }
        }
    }
    let effects = &effects;
    let alone = &alone;
    stream::iter(events)
        .map(async |event| match effects.get(event) {
            Some(effect) => Some(Ok(Effect::clone(effect))),
            None => alone(*event).await,
        })
        .buffered(AT_ONCE)
        .collect()
        .await
}

/// Those of these events of Stripe whose bodies say all that is to be known, by their accounts.
async fn proved(app: &'static App, payments: &Payments, events: &[Uuid]) -> Result<Vec<Vec<Proved>>, Error> {
    let ids: Vec<String> = events.iter().map(Uuid::to_string).collect();
    let mut accounts: BTreeMap<String, Vec<Proved>> = BTreeMap::new();
    for row in edge::query(app, "webhook_bodies", params![ids]).await? {
        let Some(proved) = read(payments, &row)? else { continue };
        accounts.entry(proved.account.clone()).or_default().push(proved);
    }
    Ok(accounts.into_values().collect())
}

/// An event as it is stored; `None` if it is to be taken up alone.
fn read(payments: &Payments, row: &Row) -> Result<Option<Proved>, Error> {
    let (id, account) = (id(row)?, row.text("account")?.unwrap_or_default().to_owned());
    let config = &payments.account(Provider::Stripe, &account).unwrap_or(payments).config;
    let Ok(event) = Event::read(Provider::Stripe, row.bytes("body")?.unwrap_or_default()) else { return Ok(None) };
    Ok(match event.subject {
        Subject::Object(object) if !is_of_test_mode(config, event.livemode) => {
            Some(Proved { id, account, object: *object })
        }
        _ => None,
    })
}

/// What came of the events of one statement.
#[derive(Default)]
struct Page {
    effects: HashMap<Uuid, Effect>,
    /// They speak of what one before them speaks of, and need another statement.
    later: Vec<Uuid>,
}

/// Lets events of one account take effect in one statement: all of them, or none.
async fn take_effect(
    app: &'static App,
    payments: &Payments,
    events: &[Proved],
    principal: &str,
) -> Result<Page, Error> {
    let account = events.first().map(|event| event.account.as_str()).unwrap_or_default();
    let ids: Vec<String> = events.iter().map(|event| event.id.to_string()).collect();
    let told = objects::parameter(events.iter().map(|event| event.object.clone()).collect())?;
    let params = params![Provider::Stripe.as_str(), account, ids, told, principal];
    let rows = edge::write(app, "webhook_replay_page", params).await?;
    let (mut page, mut paid) = (Page::default(), Vec::new());
    for row in &rows {
        let (id, reason) = (id(row)?, row.text("reason")?.unwrap_or_default().to_owned());
        paid.extend(row.text("customer")?.map(str::to_owned));
        let effect = match ReplayPageOutcome::read(row.text("outcome")?)? {
            ReplayPageOutcome::Applied => Effect::Processed,
            ReplayPageOutcome::NeedsReview => Effect::NeedsReview(reason),
            ReplayPageOutcome::Waiting => Effect::Waiting(reason),
            ReplayPageOutcome::Later => {
                page.later.push(id);
                continue;
            }
        };
        page.effects.insert(id, effect);
    }
    if !paid.is_empty() {
        let keys = payments.config.hmac_keys.clone();
        // Runs behind the answer. If it is cut off, the counts run out by themselves.
        spawn(async move { attempts::forget_paid(app, &keys, &paid).await });
    }
    Ok(page)
}

/// The event that a row is about.
fn id(row: &Row) -> Result<Uuid, Error> {
    let id = row.text("event")?.and_then(|text| Uuid::try_parse(text).ok());
    id.ok_or_else(|| Error::internal("a row of events names none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_has_as_many_events_as_are_done_in_a_short_time() {
        let size = PageSize::default();
        let after = |took_ms| {
            size.note(took_ms);
            size.0.get()
        };
        assert_eq!(after(Some(40)), 50);
        assert_eq!([after(Some(401)), after(None), after(Some(400)), after(Some(151))], [25, 12, 12, 12]);
        assert_eq!([after(Some(150)), after(Some(1)), after(Some(1))], [24, 48, 50]);
        (0..9).for_each(|_| size.note(None));
        assert_eq!(size.0.get(), 1);
    }
}

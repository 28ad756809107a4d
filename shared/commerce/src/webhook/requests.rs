//! Requests of operators and schedulers about events: query strings and bodies, decoded.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::EventState;
use crate::error::Error;
use crate::fields::{Fields, Mistakes, text};
use crate::json;
use crate::params::Params;
use crate::provider::Provider;
use crate::query::{
    MAX_LIMIT, Page, Place, after_wanted, in_order, parse_uuid, take_page, take_period, take_provider, uuid_wanted,
};
use crate::time::Moment;

/// The number of events that one redrive takes, unless it is told.
const REDRIVE: u32 = 50;
/// The time that a reconciliation looks back, unless it is told, in microseconds: as long as
/// providers retry.
const LOOK_BACK: i64 = 3 * 86_400 * 1_000_000;
/// How much of what the last one has seen a job looks at again: a list may show an event late.
const OVERLAP: Duration = Duration::from_secs(6 * 3600);

/// The longest account, type, reason or transmission that can be searched for, in characters.
const MAX_WORD: usize = 128;

/// The largest number of events that one step works on.
const MAX_BULK: u32 = 10_000;

/// The longest note, in characters.
const MAX_NOTE: usize = 500;

/// `GET /webhooks/events`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventsQuery {
    /// Only such events.
    pub filter: EventFilter,
    /// The page, counted from 1; the first one if `after` is given.
    pub page: Page,
    /// The place at which the last page ended.
    pub after: Option<Place>,
}

/// Which events.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventFilter {
    /// In this state.
    pub state: Option<&'static str>,
    /// Of this organisation; else of all, and of accounts that nobody has.
    pub organization: Option<Uuid>,
    /// Of this order.
    pub order: Option<Uuid>,
    /// Of this provider.
    pub provider: Option<Provider>,
    /// Of this account at the provider.
    pub account: Option<String>,
    /// Of this type.
    pub kind: Option<String>,
    /// With this reason.
    pub reason: Option<String>,
    /// Of this transmission of PayPal's.
    pub transmission: Option<String>,
    /// Received at or after this moment.
    pub from: Option<Moment>,
    /// Received before this moment.
    pub to: Option<Moment>,
}

impl EventFilter {
    /// The names of its parameters.
    const NAMES: [&'static str; 10] = [
        "status",
        "organizationId",
        "orderId",
        "provider",
        "account",
        "type",
        "reason",
        "transmissionId",
        "from",
        "to",
    ];

    /// Takes them from a query.
    fn take(params: &mut Params) -> Self {
        let state = params.take("status", || format!("must be one of {}", EventState::names()), EventState::parse);
        let (from, to) = take_period(params);
        Self {
            state: state.map(EventState::as_str),
            organization: params.take("organizationId", uuid_wanted, parse_uuid),
            order: params.take("orderId", uuid_wanted, parse_uuid),
            provider: take_provider(params),
            account: params.take("account", word_wanted, word),
            kind: params.take("type", word_wanted, word),
            reason: params.take("reason", word_wanted, word),
            transmission: params.take("transmissionId", word_wanted, word),
            from,
            to,
        }
    }
}

impl EventsQuery {
    /// Reads a raw query string.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every parameter that is wrong.
    pub fn parse(raw: Option<&str>) -> Result<Self, Error> {
        let mut known = EventFilter::NAMES.to_vec();
        known.extend(["page", "limit", "after"]);
        let mut params = Params::parse(raw, &known)?;
        let filter = EventFilter::take(&mut params);
        let page = take_page(&mut params);
        let after = params.take("after", after_wanted, Place::parse);
        let query = params.finish(Self { filter, page, after })?;
        in_order(query.filter.from, query.filter.to, ("from", "to"))?;
        if query.after.is_some() && query.page.number > 1 {
            return Err(Error::invalid("page", "can't be counted from a place: leave out page or after"));
        }
        Ok(query)
    }
}

/// `POST /webhooks/events/replay` and `/dismiss`: all events of a filter, step by step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkQuery {
    /// Only such events; their state is always given.
    pub filter: EventFilter,
    /// Only count them.
    pub dry_run: bool,
    /// At most so many in this step.
    pub limit: u32,
    /// The place at which the last step ended.
    pub after: Option<Place>,
}

impl BulkQuery {
    /// Reads a raw query string; `barred` are states whose events nothing can be done with.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every parameter that is wrong.
    pub fn parse(raw: Option<&str>, barred: &[EventState]) -> Result<Self, Error> {
        let mut known = EventFilter::NAMES.to_vec();
        known.extend(["dryRun", "limit", "after"]);
        let mut params = Params::parse(raw, &known)?;
        let filter = EventFilter::take(&mut params);
        let dry_run = params.take("dryRun", || "must be true or false".to_owned(), |text| text.parse().ok());
        let limit = params.take(
            "limit",
            || format!("must be a whole number from 1 to {MAX_BULK}"),
            |text| text.parse().ok().filter(|limit| (1..=MAX_BULK).contains(limit)),
        );
        let after = params.take("after", || "must be the next of an earlier answer".to_owned(), Place::parse);
        let dry_run = dry_run.unwrap_or(false);
        let query = params.finish(Self { filter, dry_run, limit: limit.unwrap_or(MAX_BULK), after })?;
        in_order(query.filter.from, query.filter.to, ("from", "to"))?;
        let possible = EventState::ALL.iter().filter(|state| !barred.contains(state)).map(|state| state.as_str());
        let possible: Vec<&str> = possible.collect();
        match query.filter.state {
            Some(state) if possible.contains(&state) => Ok(query),
            _ => Err(Error::invalid("status", format!("is needed: {}", possible.join(", ")))),
        }
    }
}

/// `POST /webhooks/events/:id/dismiss`: the note in an operator's own words, if the body has one.
///
/// # Errors
/// [`Error::Invalid`] naming every field that is wrong.
pub fn parse_dismissal(body: Option<&[u8]>) -> Result<Option<String>, Error> {
    let Some(body) = body else { return Ok(None) };
    let mut mistakes = Mistakes::default();
    let note = Fields::of("", json::parse(body)?, &["note"], &mut mistakes)
        .map(|mut fields| fields.optional("note", text(1, MAX_NOTE)));
    mistakes.finish(note)
}

/// `POST /webhooks/redrive`: how many events it takes.
///
/// # Errors
/// [`Error::Invalid`].
pub fn parse_redrive(raw: Option<&str>) -> Result<u32, Error> {
    let mut params = Params::parse(raw, &["limit"])?;
    let limit = params.take(
        "limit",
        || format!("must be a whole number from 1 to {MAX_LIMIT}"),
        |text| text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit)),
    );
    params.finish(limit.unwrap_or(REDRIVE))
}

fn word(text: &str) -> Option<String> {
    let fits = (1..=MAX_WORD).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then(|| text.to_owned())
}

fn word_wanted() -> String {
    format!("must be 1 to {MAX_WORD} visible ASCII characters")
}

/// `POST /webhooks/reconcile`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciliation {
    /// The provider that lists its events.
    pub provider: Provider,
    /// Since when.
    pub since: Moment,
    /// The page at which an earlier one stopped.
    pub page: Option<String>,
    /// The account that lists them; `None`: the one that the variables name.
    pub account: Option<String>,
}

impl Reconciliation {
    /// Reads a raw query string; `now` in microseconds since 1970.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every parameter that is wrong.
    pub fn parse(raw: Option<&str>, now: i64) -> Result<Self, Error> {
        let mut params = Params::parse(raw, &["provider", "since", "page", "account"])?;
        let provider = params.take("provider", || "must be paypal or stripe".to_owned(), Provider::parse);
        let moment = || "must be a date or an RFC 3339 time such as 2026-01-31T12:00:00Z".to_owned();
        let since = params.take("since", moment, Moment::parse).unwrap_or(Moment(now.saturating_sub(LOOK_BACK)));
        let printable = |text: &str| {
            let fits = (1..=2000).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
            fits.then(|| text.to_owned())
        };
        let page = params.take("page", || "must be the next of an earlier answer".to_owned(), printable);
        let account = params.take("account", word_wanted, word);
        let provider = params.finish(provider)?;
        let provider = provider.ok_or_else(|| Error::invalid("provider", "is needed: paypal or stripe"))?;
        Ok(Self { provider, since, page, account })
    }
}

/// A job's way through the lists of all accounts, one after the other, as far as its steps have
/// come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReconciliationRun {
    /// Since when, in microseconds since 1970. It is the same for all accounts and steps.
    pub since: i64,
    /// The account whose turn it is; `None`: the first.
    pub account: Option<String>,
    /// The page of its list that comes next; `None`: the first.
    pub page: Option<String>,
    /// An account's list couldn't be read. The others are gone through all the same.
    pub failed: bool,
}

impl ReconciliationRun {
    /// From where a step has stopped (`cursor`), else from the beginning. `now` in microseconds
    /// since 1970; `last`: how long ago the last whole run ended.
    pub fn of_job(now: i64, last: Option<Duration>, cursor: Option<&str>) -> Self {
        if let Some(run) = cursor.and_then(|cursor| serde_json::from_str(cursor).ok()) {
            return run;
        }
        let back = last.and_then(|last| i64::try_from((last + OVERLAP).as_micros()).ok()).unwrap_or(LOOK_BACK);
        Self { since: now.saturating_sub(back.min(LOOK_BACK)), account: None, page: None, failed: false }
    }

    /// The cursor of a step that stopped here.
    pub fn cursor(&self) -> String {
        json!(self).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_events_is_asked_for_by_state() {
        let query = EventsQuery::parse(Some("status=needs_review&page=2&limit=5")).unwrap();
        assert_eq!((query.filter.state, query.page.offset(), query.page.limit()), (Some("needs_review"), 5, 5));
        assert_eq!(EventsQuery::parse(None).unwrap(), EventsQuery::default());
        assert_eq!(EventsQuery::parse(Some("status=dismissed")).unwrap().filter.state, Some("dismissed"));
        for wrong in ["status=open", "limit=0", "page=0", "organizationId=x", "size=5", "after=x"] {
            assert!(EventsQuery::parse(Some(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn events_are_searched_for_by_all_that_tells_them_apart() {
        let id = Uuid::from_u128(7);
        let raw = format!(
            "orderId={id}&provider=stripe&account=acct_1&type=charge.refunded&reason=overpaid&transmissionId=T-1\
             &from=2026-01-01&to=2026-02-01&after=2026-01-15T12:00:00Z_{id}"
        );
        let query = EventsQuery::parse(Some(&raw)).unwrap();
        let EventFilter { order, provider, account, kind, reason, transmission, from, to, .. } = query.filter;
        assert_eq!(
            (order, provider, from, to),
            (Some(id), Some(Provider::Stripe), Moment::parse("2026-01-01"), Moment::parse("2026-02-01"))
        );
        assert_eq!(
            [account, kind, reason, transmission].map(Option::unwrap_or_default),
            ["acct_1", "charge.refunded", "overpaid", "T-1"]
        );
        assert_eq!(query.after.map(|place| place.id), Some(id));
        let both = format!("page=2&after=2026-01-15_{id}");
        for wrong in ["type=", "account=a%20b", "provider=cash", "from=2026-02-01&to=2026-01-01", &both] {
            assert!(EventsQuery::parse(Some(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn work_with_many_events_names_their_state() {
        let query = BulkQuery::parse(Some("status=needs_review&reason=overpaid&dryRun=true"), &[]).unwrap();
        assert_eq!((query.filter.state, query.dry_run, query.limit), (Some("needs_review"), true, MAX_BULK));
        assert!(!BulkQuery::parse(Some("status=received&limit=7"), &[EventState::Applied]).unwrap().dry_run);
        for wrong in ["", "reason=overpaid", "status=applied", "status=received&limit=0", "status=received&dryRun=1"] {
            assert!(BulkQuery::parse(Some(wrong), &[EventState::Applied]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_dismissal_may_have_a_note_and_nothing_else() {
        assert_eq!(parse_dismissal(None), Ok(None));
        assert_eq!(parse_dismissal(Some(b"{}")), Ok(None));
        assert_eq!(parse_dismissal(Some(br#"{"note":null}"#)), Ok(None));
        assert_eq!(parse_dismissal(Some(br#"{"note":"forged"}"#)), Ok(Some("forged".to_owned())));
        let long = format!(r#"{{"note":"{}"}}"#, "x".repeat(MAX_NOTE + 1));
        for wrong in ["[]", "5", r#"{"note":""}"#, r#"{"note":1}"#, r#"{"reason":"x"}"#, &long] {
            assert!(matches!(parse_dismissal(Some(wrong.as_bytes())), Err(Error::Invalid(_))), "{wrong}");
        }
    }

    #[test]
    fn a_redrive_and_a_reconciliation_are_bounded() {
        assert_eq!(parse_redrive(None), Ok(REDRIVE));
        assert_eq!(parse_redrive(Some("limit=7")), Ok(7));
        assert!(parse_redrive(Some("limit=0")).is_err() && parse_redrive(Some("limit=101")).is_err());

        let now = 1_700_000_000_000_000;
        let asked = Reconciliation::parse(Some("provider=stripe"), now).unwrap();
        assert_eq!((asked.provider, asked.since, asked.page), (Provider::Stripe, Moment(now - LOOK_BACK), None));
        let asked = Reconciliation::parse(Some("provider=paypal&since=2026-01-31&page=abc"), now).unwrap();
        assert_eq!((asked.provider, asked.page.as_deref()), (Provider::PayPal, Some("abc")));
        let job = |last: Option<u64>, cursor: Option<&str>| {
            ReconciliationRun::of_job(now, last.map(Duration::from_secs), cursor)
        };
        let back = |last| now - job(last, None).since;
        assert_eq!((back(None), back(Some(10 * 86_400))), (LOOK_BACK, LOOK_BACK));
        assert_eq!(back(Some(3600)), 7 * 3600 * 1_000_000);
        let stopped = ReconciliationRun {
            account: Some("acct_2".into()),
            page: Some("evt_1".into()),
            failed: true,
            ..job(Some(60), None)
        };
        assert_eq!(job(None, Some(&stopped.cursor())), stopped);
        assert_eq!(job(Some(60), Some("of another release")), job(Some(60), None));
        for wrong in ["", "provider=other", "provider=stripe&since=yesterday", "provider=stripe&page="] {
            assert!(Reconciliation::parse(Some(wrong), now).is_err(), "{wrong}");
        }
    }
}

//! Requests of operators and schedulers about events: query strings and bodies, decoded.

use uuid::Uuid;

use super::EventState;
use crate::error::Error;
use crate::fields::{Fields, Mistakes, text};
use crate::json;
use crate::params::Params;
use crate::provider::Provider;
use crate::query::{MAX_LIMIT, Page, parse_uuid, take_page, uuid_wanted};
use crate::time::Moment;

/// The number of events that one redrive takes, unless it is told.
const REDRIVE: u32 = 50;
/// The time that a reconciliation looks back, unless it is told, in microseconds: as long as
/// providers retry.
const LOOK_BACK: i64 = 3 * 86_400 * 1_000_000;

/// The longest note, in characters.
const MAX_NOTE: usize = 500;

/// `GET /webhooks/events`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventsQuery {
    /// Only in this state.
    pub state: Option<&'static str>,
    /// Only of this organisation; else of all, and of accounts that nobody has.
    pub organization: Option<Uuid>,
    /// The page.
    pub page: Page,
}

impl EventsQuery {
    /// Reads a raw query string.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every parameter that is wrong.
    pub fn parse(raw: Option<&str>) -> Result<Self, Error> {
        let mut params = Params::parse(raw, &["status", "organizationId", "page", "limit"])?;
        let wanted = || format!("must be one of {}", EventState::names());
        let state = params.take("status", wanted, EventState::parse).map(EventState::as_str);
        let organization = params.take("organizationId", uuid_wanted, parse_uuid);
        let page = take_page(&mut params);
        params.finish(Self { state, organization, page })
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

/// `POST /webhooks/reconcile`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciliation {
    /// The provider that lists its events.
    pub provider: Provider,
    /// Since when.
    pub since: Moment,
    /// The page at which an earlier one stopped.
    pub page: Option<String>,
}

impl Reconciliation {
    /// Reads a raw query string; `now` in microseconds since 1970.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every parameter that is wrong.
    pub fn parse(raw: Option<&str>, now: i64) -> Result<Self, Error> {
        let mut params = Params::parse(raw, &["provider", "since", "page"])?;
        let provider = params.take("provider", || "must be paypal or stripe".to_owned(), Provider::parse);
        let moment = || "must be a date or an RFC 3339 time such as 2026-01-31T12:00:00Z".to_owned();
        let since = params.take("since", moment, Moment::parse).unwrap_or(Moment(now.saturating_sub(LOOK_BACK)));
        let printable = |text: &str| {
            let fits = (1..=2000).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
            fits.then(|| text.to_owned())
        };
        let page = params.take("page", || "must be the next of an earlier answer".to_owned(), printable);
        let provider = params.finish(provider)?;
        let provider = provider.ok_or_else(|| Error::invalid("provider", "is needed: paypal or stripe"))?;
        Ok(Self { provider, since, page })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_events_is_asked_for_by_state() {
        let query = EventsQuery::parse(Some("status=needs_review&page=2&limit=5")).unwrap();
        assert_eq!((query.state, query.page.offset(), query.page.limit()), (Some("needs_review"), 5, 5));
        assert_eq!(EventsQuery::parse(None).unwrap().organization, None);
        assert_eq!(EventsQuery::parse(Some("status=dismissed")).unwrap().state, Some("dismissed"));
        for wrong in ["status=open", "limit=0", "page=0", "organizationId=x", "size=5"] {
            assert!(EventsQuery::parse(Some(wrong)).is_err(), "{wrong}");
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
        for wrong in ["", "provider=other", "provider=stripe&since=yesterday", "provider=stripe&page="] {
            assert!(Reconciliation::parse(Some(wrong), now).is_err(), "{wrong}");
        }
    }
}

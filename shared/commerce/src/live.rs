//! The live status of an order, as its viewers ask for it. Pure.

use std::time::Duration;

use uuid::Uuid;

use crate::error::Error;
use crate::params::Params;
use crate::pseudonym::{PseudonymKeys, Purpose};

/// The longest that a viewer may ask to wait, in seconds; `live_seconds` may be less.
const MOST: u64 = 300;

/// `GET /orders/:id/live`: how it is watched.
#[derive(Clone, PartialEq, Eq)]
pub struct LiveQuery {
    /// One answer, after so long at the latest. `None`: a stream.
    pub wait: Option<Duration>,
    /// In place of a token.
    pub ticket: Option<String>,
}

impl LiveQuery {
    /// Reads a raw query string.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every parameter that is wrong.
    pub fn parse(raw: Option<&str>) -> Result<Self, Error> {
        let mut params = Params::parse(raw, &["wait", "ticket"])?;
        let seconds = |text: &str| digits(text).filter(|seconds| (1..=MOST).contains(seconds));
        let wait = params.take("wait", || format!("must be a whole number of seconds from 1 to {MOST}"), seconds);
        let ticket = params.take("ticket", || "must be a ticket".to_owned(), |text| Some(text.to_owned()));
        params.finish(Self { wait: wait.map(Duration::from_secs), ticket })
    }
}

/// The version in `Last-Event-ID`. `None` if there is none, or if it isn't one of ours: the stream
/// then begins with the present state.
pub fn last_event_id(value: Option<&str>) -> Option<i64> {
    digits(value?.trim()).and_then(|version| i64::try_from(version).ok())
}

fn digits(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

/// An event of a stream (WHATWG HTML, section 9.2). `data` may have several lines.
pub fn event(name: &str, id: Option<i64>, data: &str) -> String {
    let mut text = format!("event: {name}\n");
    if let Some(id) = id {
        text.push_str(&format!("id: {id}\n"));
    }
    for line in data.split(['\r', '\n']) {
        text.push_str(&format!("data: {line}\n"));
    }
    text.push('\n');
    text
}

/// Opens the live status of one order for some minutes, for clients that can send no header, such
/// as a browser's `EventSource`. It can be used again, and isn't stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    /// The organisation of the order.
    pub organization: Uuid,
    /// The order.
    pub order: Uuid,
    /// The first unix second at which it opens nothing.
    pub expires_at: i64,
}

impl Ticket {
    /// The text that is handed out: the end, the organisation, and the seal over both and the
    /// order.
    pub fn seal(&self, keys: &PseudonymKeys) -> String {
        let seal = keys.short_pseudonym(Purpose::LiveTicket, &self.sealed());
        format!("{}.{}.{seal}", self.expires_at, self.organization.simple())
    }

    /// The ticket of an order that a text is; `None` if it opens nothing there at this unix second.
    pub fn open(text: &str, order: Uuid, keys: &PseudonymKeys, now: i64) -> Option<Self> {
        let mut parts = text.split('.');
        let (expires_at, organization, seal) = (parts.next()?, parts.next()?, parts.next()?);
        let expires_at = i64::try_from(digits(expires_at)?).ok()?;
        let organization = Uuid::try_parse(organization).ok()?;
        let ticket = Self { organization, order, expires_at };
        let whole = parts.next().is_none() && keys.is_short_pseudonym(Purpose::LiveTicket, &ticket.sealed(), seal);
        (whole && now < expires_at).then_some(ticket)
    }

    fn sealed(&self) -> Vec<u8> {
        format!("{}/{}/{}", self.organization, self.order, self.expires_at).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::Secret;

    const ORG: Uuid = Uuid::from_u128(1);
    const ORDER: Uuid = Uuid::from_u128(2);

    fn keys(keys: &[&str]) -> PseudonymKeys {
        PseudonymKeys::new(keys.iter().map(|key| Secret::new(*key)).collect())
    }

    #[test]
    fn a_ticket_opens_its_own_order_until_its_end_and_nothing_else() {
        let ticket = Ticket { organization: ORG, order: ORDER, expires_at: 100 };
        let text = ticket.seal(&keys(&["new"]));
        let open = |text: &str, order, keys: &PseudonymKeys, now| Ticket::open(text, order, keys, now);
        assert_eq!(open(&text, ORDER, &keys(&["new"]), 99), Some(ticket));
        assert_eq!(open(&text, ORDER, &keys(&["newer", "new"]), 99), Some(ticket), "while a key is replaced");
        assert_eq!(open(&text, ORDER, &keys(&["new"]), 100), None, "its time is over");
        assert_eq!(open(&text, ORG, &keys(&["new"]), 99), None, "another order");
        assert_eq!(open(&text, ORDER, &keys(&["other"]), 99), None);
        assert_eq!(open(&text, ORDER, &keys(&[]), 99), None);
        let other_org = text.replace(&ORG.simple().to_string(), &ORDER.simple().to_string());
        let longer = text.replacen("100", "900", 1);
        for wrong in ["", ".", "100", &text[1..], &format!("{text}."), &format!("+{text}"), &other_org, &longer] {
            assert_eq!(open(wrong, ORDER, &keys(&["new"]), 99), None, "{wrong}");
        }
    }

    #[test]
    fn a_query_names_what_is_wrong_with_it() {
        let read = |raw: &str| LiveQuery::parse(Some(raw));
        assert!(LiveQuery::parse(None).is_ok_and(|query| query.wait.is_none() && query.ticket.is_none()));
        assert!(read("wait=25&ticket=x").is_ok_and(|query| query.wait == Some(Duration::from_secs(25))));
        for (raw, field) in [("wait=0", "wait"), ("wait=301", "wait"), ("wait=x", "wait"), ("version=1", "version")] {
            let Err(Error::Invalid(wrong)) = read(raw) else { panic!("{raw} is refused") };
            assert_eq!(wrong[0].field, field, "{raw}");
        }
    }

    #[test]
    fn an_event_has_a_data_line_for_each_line() {
        assert_eq!(event("order", Some(7), "{}"), "event: order\nid: 7\ndata: {}\n\n");
        assert_eq!(event("gone", None, "a\nb"), "event: gone\ndata: a\ndata: b\n\n");
        assert_eq!(last_event_id(Some(" 7 ")), Some(7));
        for none in [None, Some(""), Some("-7"), Some("x"), Some("99999999999999999999")] {
            assert_eq!(last_event_id(none), None, "{none:?}");
        }
    }
}

//! What a read gives to a function, and how it is sent.

use crate::http::{Incoming, Reply};
use crate::packing::{Packing, Sent};
use crate::problem;
use cache_logic::entry::Value;
use cache_logic::freshness::Freshness;
use cache_logic::read::{Outcome, Read};

/// An answer to a read.
#[derive(Debug)]
pub struct Answer {
    /// The exact bytes to send.
    pub body: Vec<u8>,
    /// The entity tag, quotes included.
    pub etag: String,
    /// The customer whose it is.
    pub owner: Option<String>,
    /// The value of `Cache-Status` (RFC 9211).
    pub cache_status: String,
    /// How the body is encoded, where it may be.
    pub(crate) packing: Option<Packing>,
}

impl From<Read> for Answer {
    fn from(read: Read) -> Self {
        let Value { payload, etag, owner } = read.value;
        Self { body: payload, etag, owner, cache_status: cache_status(&read.outcome), packing: None }
    }
}

impl Answer {
    /// 200, or 304 where the caller has it already.
    pub fn into_reply(self, request: &Incoming) -> Reply {
        let matched = request.header("if-none-match").is_some_and(|wanted| none_match(&wanted, &self.etag));
        let vary = if self.packing.is_some() { "Authorization, Accept-Encoding" } else { "Authorization" };
        let sent = match self.packing {
            Some(packing) => packing.send(self.body, self.etag, request),
            None => Ok(Sent { body: self.body, etag: self.etag, coding: None }),
        };
        let Sent { body, etag, coding } = match sent {
            Ok(sent) => sent,
            Err(error) => return problem::reply(&error, &request.path, &request.request_id),
        };
        let reply = if matched { Reply::not_modified() } else { Reply::json(200, body) };
        let reply = match coding.filter(|_| !matched) {
            Some(coding) => reply.with("content-encoding", coding),
            None => reply,
        };
        reply
            .with("etag", etag)
            .with("cache-control", "private, no-cache")
            .with("vary", vary)
            .with("cache-status", self.cache_status)
    }
}

/// `If-None-Match` (RFC 9110, section 13.1.2): a list of tags, compared weakly, or `*`.
fn none_match(wanted: &str, etag: &str) -> bool {
    wanted.split(',').map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == etag)
}

/// How the answer came about, in the words of RFC 9211.
fn cache_status(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Hit { freshness: Freshness::Stale, .. } => {
            "edge-orders; hit; ttl=0; detail=stale-while-revalidate".into()
        }
        Outcome::Hit { ttl_ms, .. } => ["edge-orders; hit; ttl=", &(ttl_ms / 1000).to_string()].concat(),
        Outcome::Miss { stored: true } => "edge-orders; fwd=miss; stored".into(),
        Outcome::Miss { stored: false } => "edge-orders; fwd=miss".into(),
        Outcome::Bypass(why) => format!("edge-orders; fwd=bypass; detail={}", why.name()),
        Outcome::StaleIfError => "edge-orders; hit; detail=stale-if-error".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cache_logic::read::Bypass;

    #[test]
    fn an_entity_tag_matches_weakly_in_a_list_or_by_star() {
        for (wanted, matches) in [
            ("\"5\"", true),
            ("W/\"5\"", true),
            ("\"4\", \"5\"", true),
            ("*", true),
            ("\"4\"", false),
            ("5", false),
            ("", false),
        ] {
            assert_eq!(none_match(wanted, "\"5\""), matches, "{wanted}");
        }
    }

    #[test]
    fn cache_status_speaks_rfc_9211() {
        let hit = Outcome::Hit { freshness: Freshness::Fresh, ttl_ms: 212_900 };
        assert_eq!(cache_status(&hit), "edge-orders; hit; ttl=212");
        let away = Outcome::Bypass(Bypass::Fault(cache_logic::ports::CacheFault::Skipped));
        assert_eq!(cache_status(&away), "edge-orders; fwd=bypass; detail=redis-unavailable");
    }
}

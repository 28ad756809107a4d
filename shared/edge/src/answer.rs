//! The answer to a cached read, and how it is sent.

use crate::app::NAME;
use crate::packing::{Packing, Representation};
use crate::problem;
use crate::reply::Reply;
use crate::request::Incoming;
use cache_logic::entry::{Encoding, Value};
use cache_logic::policy::Compression;
use cache_logic::read::{Outcome, Read};
use cache_spin::answer::cache_status;
use commerce::error::Error;
use commerce::preconditions::{Tags, not_tags};

/// An answer to a read.
#[derive(Debug)]
pub struct Answer {
    /// The exact bytes to send.
    pub body: Vec<u8>,
    /// The entity tag, quotes included.
    pub etag: String,
    /// The customer that it belongs to; `None` if it belongs to the whole organisation.
    pub owner: Option<String>,
    /// The value of `Cache-Status` (RFC 9211).
    pub cache_status: String,
    /// How the body is encoded; `None` if it is never packed.
    pub(crate) packing: Option<Packing>,
}

impl Answer {
    /// Makes the answer of a read. `compress` is how its entry may be packed.
    pub(crate) fn new(read: Read, compress: Option<Compression>) -> Self {
        // An answer that is too short to be packed has one form for all clients.
        let packing = compress
            .filter(|compress| read.encoding != Encoding::Identity || read.value.payload.len() >= compress.min_bytes)
            .map(|compress| Packing::new(read.encoding, compress.packer));
        let Value { payload, etag, owner } = read.value;
        Self { body: payload, etag, owner, cache_status: cache_status(NAME, &read.outcome), packing }
    }

    /// Makes the answer of a read of reference data; `outcome` is `None` if the instance had it.
    pub(crate) fn near(value: &Value, outcome: Option<Outcome>) -> Self {
        let Value { payload, etag, owner } = value.clone();
        let cache_status = match outcome {
            Some(outcome) => cache_status(NAME, &outcome),
            None => [NAME, "; hit; detail=instance"].concat(),
        };
        Self { body: payload, etag, owner, cache_status, packing: None }
    }

    /// 200 with the body, 304 if the caller already has it, or 412 if `If-Match` names others.
    pub fn into_reply(self, request: &Incoming) -> Reply {
        let matched = request.list("if-none-match").is_some_and(|wanted| none_match(&wanted, &self.etag));
        let vary = if self.packing.is_some() { "Authorization, Accept-Encoding" } else { "Authorization" };
        let sent = match self.packing {
            Some(packing) => packing.send(self.body, self.etag, request),
            None => Ok(Representation { body: self.body, etag: self.etag, coding: None }),
        };
        let Representation { body, etag, coding } = match sent {
            Ok(sent) => sent,
            Err(error) => return problem::reply(&error, &request.path, &request.request_id),
        };
        if let Some(wanted) = request.list("if-match")
            && let Err(error) = require_match(&wanted, &etag)
        {
            return problem::reply(&error, &request.path, &request.request_id);
        }
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
pub(crate) fn none_match(wanted: &str, etag: &str) -> bool {
    Tags::read(wanted).is_some_and(|tags| tags.match_weakly(etag))
}

/// `If-Match` (RFC 9110, section 13.1.1): a list of tags, compared strongly, or `*`.
fn require_match(wanted: &str, etag: &str) -> Result<(), Error> {
    let tags = Tags::read(wanted).ok_or_else(|| not_tags("If-Match"))?;
    // An order's tag is its version.
    let current = etag.trim_matches('"').parse().ok();
    if tags.match_strongly(etag) { Ok(()) } else { Err(Error::PreconditionFailed { current }) }
}

/// One word for many answers: a hit is one only if all are.
pub fn common_status(answers: &[Option<Answer>]) -> String {
    let is_hit = |answer: &&Answer| {
        let told = answer.cache_status.strip_prefix(NAME);
        told.is_some_and(|told| told.starts_with("; hit"))
    };
    let found = || answers.iter().flatten();
    match (found().find(|answer| !is_hit(answer)), found().any(|answer| is_hit(&answer))) {
        (None, true) => [NAME, "; hit"].concat(),
        (Some(_), true) => [NAME, "; fwd=partial"].concat(),
        (Some(forwarded), false) => forwarded.cache_status.clone(),
        (None, false) => [NAME, "; fwd=miss"].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(cache_status: &str) -> Option<Answer> {
        Some(Answer {
            body: vec![],
            etag: String::new(),
            owner: None,
            cache_status: cache_status.to_owned(),
            packing: None,
        })
    }

    #[test]
    fn many_answers_are_a_hit_only_if_all_are() {
        let (hit, miss, bypass) =
            ("edge-orders; hit; ttl=7", "edge-orders; fwd=miss; stored", "edge-orders; fwd=bypass; detail=x");
        let table = [
            (vec![], "edge-orders; fwd=miss"),
            (vec![None], "edge-orders; fwd=miss"),
            (vec![answer(hit), answer(hit)], "edge-orders; hit"),
            (vec![answer(hit), answer(miss)], "edge-orders; fwd=partial"),
            (vec![answer(miss), None], miss),
            (vec![answer(bypass), answer(bypass)], bypass),
        ];
        for (answers, expected) in table {
            assert_eq!(common_status(&answers), expected);
        }
    }

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
    fn a_read_under_if_match_is_refused_unless_a_strong_tag_is_the_answers() {
        let status = |wanted: &str, etag: &str| match require_match(wanted, etag) {
            Ok(()) => 200,
            Err(Error::PreconditionFailed { .. }) => 412,
            Err(_) => 400,
        };
        assert_eq!(require_match("\"4\"", "\"5\""), Err(Error::PreconditionFailed { current: Some(5) }));
        for (wanted, etag, expected) in [
            ("\"5\"", "\"5\"", 200),
            ("*", "W/\"5\"", 200),
            ("\"4\", \"5\"", "\"5\"", 200),
            ("W/\"5\"", "\"5\"", 412),
            ("\"5\"", "W/\"5\"", 412),
            ("5", "\"5\"", 400),
        ] {
            assert_eq!(status(wanted, etag), expected, "{wanted} {etag}");
        }
    }
}

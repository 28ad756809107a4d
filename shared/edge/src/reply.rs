//! A response in the making.

use std::borrow::Cow;

use crate::stream::Parts;

/// About how many headers a response has.
const HEADERS: usize = 8;

/// A response in the making.
#[derive(Debug)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// Headers besides those that every response has.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// The whole body; `None` if the status has none.
    pub body: Option<Vec<u8>>,
    /// In place of it a body that is made while it is sent.
    pub parts: Option<Parts>,
}

impl Reply {
    /// JSON bytes, sent as they are.
    pub fn json(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::of_type(status, "application/json", body)
    }

    /// A body of any type.
    pub fn of_type(status: u16, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        let reply = Self { status, headers: Vec::with_capacity(HEADERS), body: Some(body.into()), parts: None };
        reply.with("content-type", content_type)
    }

    /// A body of any type that describes this moment only and is made while it is sent.
    pub fn in_parts(content_type: &'static str, parts: Parts) -> Self {
        let reply = Self { status: 200, headers: Vec::with_capacity(HEADERS), body: None, parts: Some(parts) };
        reply.with("content-type", content_type).with("cache-control", "no-store")
    }

    /// 204: done, and nothing to say.
    pub fn no_content() -> Self {
        Self { status: 204, headers: Vec::new(), body: None, parts: None }
    }

    /// 304: the caller already has the body.
    pub fn not_modified() -> Self {
        Self { status: 304, headers: Vec::new(), body: None, parts: None }
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Adds what is limited and what remains. Several limits are one list each (RFC 9110, section
    /// 5.3).
    #[must_use]
    pub fn with_limits(self, policy: String, limit: String) -> Self {
        self.with_listed("ratelimit-policy", policy).with_listed("ratelimit", limit)
    }

    fn with_listed(mut self, name: &'static str, value: String) -> Self {
        match self.headers.iter_mut().find(|(known, _)| *known == name) {
            Some((_, list)) => list.to_mut().push_str(&[", ", &value].concat()),
            None => self.headers.push((name, value.into())),
        }
        self
    }

    /// JSON that describes this moment only, so no cache may keep it.
    pub fn fresh(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::json(status, body).with("cache-control", "no-store")
    }
}

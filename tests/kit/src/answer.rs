use std::borrow::Cow;

use bytes::Bytes;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// A whole response, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Method and path, for messages.
    pub request: String,
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body's bytes.
    pub body: Bytes,
}

impl Answer {
    /// The answer itself if it has this status; panics with the body if it hasn't.
    #[track_caller]
    pub fn expect(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "{} answered {}: {}", self.request, self.status, self.text());
        self
    }

    /// The body without its gzip, if it came packed. Panics if that is damaged.
    pub fn unpacked(&self) -> Cow<'_, [u8]> {
        if self.header("content-encoding") != "gzip" {
            return Cow::Borrowed(&self.body);
        }
        // A header of ten bytes and a trailer of eight (RFC 1952). The server sends none of the
        // optional fields.
        let packed = self.body.get(10..self.body.len().saturating_sub(8)).unwrap_or_default();
        match miniz_oxide::inflate::decompress_to_vec(packed) {
            Ok(body) => Cow::Owned(body),
            Err(e) => panic!("{}: {e} in a body that is said to be gzip", self.request),
        }
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; panics if it isn't JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(e) => panic!("{}: {e} in the body: {}", self.request, self.text()),
        }
    }

    /// A header's value; empty if it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    /// The order's `version` in the body.
    #[track_caller]
    pub fn version(&self) -> i64 {
        let body = self.json();
        body["version"].as_i64().unwrap_or_else(|| panic!("{} has no version: {body}", self.request))
    }

    /// The `items` of a list.
    #[track_caller]
    pub fn items(&self) -> Vec<Value> {
        let body = self.json();
        body["items"].as_array().cloned().unwrap_or_else(|| panic!("{} has no items: {body}", self.request))
    }

    /// Whether the cache answered, by `Cache-Status`.
    pub fn is_hit(&self) -> bool {
        self.header("cache-status").contains("; hit")
    }

    /// Expects a complete problem (RFC 9457) of this status; gives the body.
    #[track_caller]
    pub fn expect_problem(self, status: u16) -> Value {
        let answer = self.expect(status);
        assert_eq!(answer.header("content-type"), "application/problem+json", "{}: {}", answer.request, answer.text());
        let body = answer.json();
        assert_eq!(body["status"], status, "{}: {body}", answer.request);
        for member in ["type", "title"] {
            assert!(
                body[member].as_str().is_some_and(|text| !text.is_empty()),
                "{}: no {member} in {body}",
                answer.request
            );
        }
        body
    }

    /// A problem whose text names this field.
    #[track_caller]
    pub fn expect_problem_naming(self, status: u16, field: &str) {
        let request = self.request.clone();
        let body = self.expect_problem(status).to_string();
        assert!(body.contains(field), "{request}: the problem doesn't name {field}: {body}");
    }
}

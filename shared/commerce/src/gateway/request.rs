//! A request to a provider's API and its answer, as values.

use std::fmt;

use super::{GatewayError, Secret};

/// The action on a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Read it.
    Get,
    /// Do something. Every such request carries an idempotent request id or changes nothing, so any
    /// may be sent twice.
    Post,
}

/// A request. Its `Debug` shows neither what headers hold nor the body.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The action.
    pub method: Method,
    /// Path and query, below the API's origin.
    pub path: String,
    /// Names in small letters, and values.
    pub headers: Vec<(&'static str, String)>,
    /// The whole body; empty for none.
    pub body: Vec<u8>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.split('?').next().unwrap_or_default();
        write!(f, "{:?} {path} ({} bytes)", self.method, self.body.len())
    }
}

impl Request {
    pub(super) fn get(path: impl Into<String>) -> Self {
        let headers = vec![("accept", "application/json".to_owned())];
        Self { method: Method::Get, path: path.into(), headers, body: Vec::new() }
    }

    pub(super) fn post(path: impl Into<String>, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let request = Self { method: Method::Post, body: body.into(), ..Self::get(path) };
        request.with("content-type", content_type)
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same request under another request id of ours, so that its answer is another one.
    /// `number` is that of the attempt; 0 changes nothing.
    #[must_use]
    pub fn renewed(mut self, number: u32) -> Self {
        let ids = self.headers.iter_mut().filter(|(name, _)| *name == "idempotency-key" && number > 0);
        ids.for_each(|(_, id)| id.push_str(&format!("-{number}")));
        self
    }

    /// With the token or key that it is allowed by.
    #[must_use]
    pub fn authorized(self, token: &Secret) -> Self {
        self.with("authorization", format!("Bearer {}", token.expose()))
    }
}

/// A provider's word about sending the same request again. Stripe gives one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RetryHints {
    /// `Stripe-Should-Retry`.
    pub should_retry: Option<bool>,
    /// `Idempotent-Replayed`: the answer is the one that the request id got before.
    pub replayed: bool,
}

/// An answer of a provider's API.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// `Retry-After` in seconds, if it is given so.
    pub retry_after: Option<u32>,
    /// The provider's word about sending the request again.
    pub hints: RetryHints,
    /// The whole body.
    pub body: Vec<u8>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.status, self.body.len())
    }
}

impl Answer {
    /// The body of a success.
    ///
    /// # Errors
    /// The failure that the status says, by what a retry helps. `no` reads the provider's own words
    /// for a refusal.
    pub(super) fn success(&self, no: impl FnOnce(&[u8]) -> GatewayError) -> Result<&[u8], GatewayError> {
        match self.status {
            200..=299 => Ok(&self.body),
            _ if self.is_kept() => Err(GatewayError::Kept { replayed: self.hints.replayed }),
            _ if self.may_pass() => Err(GatewayError::Away { retry_after: self.retry_after }),
            404 => Err(GatewayError::NotYet),
            400..=499 => Err(no(&self.body)),
            // A redirect is never followed: it would carry the token elsewhere.
            _ => Err(GatewayError::Unexpected),
        }
    }

    /// Whether the same request may get another answer in a moment.
    pub fn retry_helps(&self) -> bool {
        self.may_pass() && !self.is_kept() && self.hints.should_retry != Some(false)
    }

    /// Whether the failure is one that passes.
    fn may_pass(&self) -> bool {
        // 409: the same request id is being worked on. 408, 425: it came too slowly or too soon.
        matches!(self.status, 408 | 409 | 425 | 429 | 500..=599)
            || self.status >= 400 && self.hints.should_retry == Some(true)
    }

    /// Whether the provider failed and gives the same failure to the same request id from now on.
    fn is_kept(&self) -> bool {
        self.status >= 500 && (self.hints.replayed || self.hints.should_retry == Some(false))
    }

    /// Whether the provider itself works; for the breaker. Too many requests is an answer of one
    /// that does, and so is a failure that it keeps.
    pub fn is_reached(&self) -> bool {
        self.status < 500 || self.is_kept()
    }
}

/// A provider's code as we show it: small letters, digits and dashes. Anything that isn't a code
/// isn't shown.
pub(super) fn code(text: &str) -> String {
    let known =
        (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if known { text.to_ascii_lowercase().replace('_', "-") } else { "unknown".to_owned() }
}

/// A link that a shopper may be sent to: a whole URL without anything that could end it early.
pub(super) fn link(text: &str) -> Option<String> {
    let known = text.starts_with("https://") || text.starts_with("http://");
    (known && text.len() <= 2048 && text.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'<'))
        .then(|| text.to_owned())
}

/// Percent-encodes what isn't unreserved (RFC 3986, section 2.3), for forms and queries.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => escaped.push(char::from(byte)),
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

/// `application/x-www-form-urlencoded`.
pub(super) fn form(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
    pairs.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(_: &[u8]) -> GatewayError {
        GatewayError::Refused { reason: "no".into(), field: None }
    }

    #[test]
    fn a_status_says_what_a_retry_helps() {
        let away = Err(GatewayError::Away { retry_after: Some(3) });
        let table = [
            (200, Ok(&b"{}"[..])),
            (201, Ok(b"{}")),
            (301, Err(GatewayError::Unexpected)),
            (100, Err(GatewayError::Unexpected)),
            (400, Err(refused(b""))),
            (402, Err(refused(b""))),
            (404, Err(GatewayError::NotYet)),
            (408, away.clone()),
            (409, away.clone()),
            (422, Err(refused(b""))),
            (429, away.clone()),
            (500, away.clone()),
            (503, away),
        ];
        for (status, expected) in table {
            let answer = Answer { status, retry_after: Some(3), hints: RetryHints::default(), body: b"{}".to_vec() };
            assert_eq!(answer.success(refused), expected, "{status}");
            assert_eq!(answer.is_reached(), status < 500);
        }
    }

    #[test]
    fn what_a_provider_says_about_a_retry_is_obeyed() {
        let hints = |should_retry, replayed| RetryHints { should_retry, replayed };
        let away = Err(GatewayError::Away { retry_after: None });
        let table = [
            (500, hints(None, false), true, away.clone()),
            (500, hints(Some(true), false), true, away.clone()),
            (500, hints(Some(false), false), false, Err(GatewayError::Kept { replayed: false })),
            (500, hints(None, true), false, Err(GatewayError::Kept { replayed: true })),
            (429, hints(Some(false), false), false, away.clone()),
            (409, hints(Some(true), false), true, away.clone()),
            (400, hints(Some(true), false), true, away),
            (400, hints(Some(false), true), false, Err(refused(b""))),
            (200, hints(Some(true), true), false, Ok(&b""[..])),
        ];
        for (status, hints, again, expected) in table {
            let answer = Answer { status, retry_after: None, hints, body: Vec::new() };
            assert_eq!((answer.retry_helps(), answer.success(refused)), (again, expected), "{status} {hints:?}");
        }
    }

    #[test]
    fn a_renewed_request_differs_in_its_request_id_alone() {
        let request = Request::post("/v1/x", "text/plain", "a=b").with("idempotency-key", "key");
        assert_eq!(request.clone().renewed(0), request);
        let renewed = request.clone().renewed(2);
        assert_eq!((&renewed.path, &renewed.body), (&request.path, &request.body));
        assert!(renewed.headers.contains(&("idempotency-key", "key-2".to_owned())));
    }

    #[test]
    fn forms_are_escaped() {
        let fields = [("metadata[order_id]", "a b&c=d"), ("success_url", "https://shop.example/é?x=1")];
        assert_eq!(
            form(&fields),
            "metadata%5Border_id%5D=a%20b%26c%3Dd&success_url=https%3A%2F%2Fshop.example%2F%C3%A9%3Fx%3D1"
        );
    }

    #[test]
    fn nothing_of_a_request_is_printed_that_could_be_secret() {
        let request =
            Request::post("/v1/oauth2/token?x=secret", "text/plain", "secret").authorized(&Secret::new("secret"));
        assert_eq!(format!("{request:?}"), "Post /v1/oauth2/token (6 bytes)");
        assert!(request.headers.contains(&("authorization", "Bearer secret".to_owned())));
        let answer = Answer { status: 200, retry_after: None, hints: RetryHints::default(), body: b"secret".to_vec() };
        assert_eq!(format!("{answer:?}"), "200 (6 bytes)");
    }

    #[test]
    fn codes_and_links_are_shown_only_where_they_are_some() {
        assert_eq!(code("INSTRUMENT_DECLINED"), "instrument-declined");
        for odd in ["", "a b", "<script>", &"x".repeat(65)] {
            assert_eq!(code(odd), "unknown", "{odd}");
        }
        assert!(link("https://www.paypal.com/checkoutnow?token=1").is_some());
        for odd in ["javascript:alert(1)", "https://a b", "https://a\"b", "//a", ""] {
            assert_eq!(link(odd), None, "{odd}");
        }
    }
}

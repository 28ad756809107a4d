//! Request headers that decide whether, and how often, something is done.

use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::hex;

/// The longest idempotency key, in bytes.
pub const MAX_IDEMPOTENCY_KEY: usize = 255;

/// The version that nothing has: a tag that never came from us, or a weak one.
pub const NO_VERSION: i64 = 0;

/// Stands for every version, in what [`if_none_match`] gives.
pub const EVERY_VERSION: i64 = 0;

/// One entity tag (RFC 9110, section 8.8.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag<'a> {
    weak: bool,
    /// Its text, without the quotes.
    opaque: &'a str,
}

impl Tag<'_> {
    /// The version that it names, weakly compared.
    fn version(&self) -> Option<i64> {
        let canonical = self.opaque.starts_with(|first| matches!(first, '1'..='9'));
        self.opaque.parse().ok().filter(|_| canonical)
    }
}

/// The value of `If-Match` or `If-None-Match`: `*`, or a list of tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tags<'a> {
    /// `*`: whatever is there.
    Any,
    /// These.
    List(Vec<Tag<'a>>),
}

impl<'a> Tags<'a> {
    /// Reads a value; several lines of a header are joined by commas before. `None` if it breaks
    /// the standard.
    pub fn read(text: &'a str) -> Option<Self> {
        let mut rest = text.trim_matches([' ', '\t', ',']);
        if rest == "*" {
            return Some(Self::Any);
        }
        let mut list = Vec::new();
        loop {
            let weak = rest.starts_with("W/");
            let (opaque, behind) = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?.split_once('"')?;
            list.push(Tag { weak, opaque });
            let next = behind.trim_start_matches([' ', '\t']);
            if next.is_empty() {
                return Some(Self::List(list));
            }
            rest = next.strip_prefix(',')?.trim_start_matches([' ', '\t', ',']);
        }
    }

    /// Whether one of them is `etag`: for `If-None-Match`, which compares weakly.
    pub fn match_weakly(&self, etag: &str) -> bool {
        let plain = etag.strip_prefix("W/").unwrap_or(etag).trim_matches('"');
        self.any(|tag| tag.opaque == plain)
    }

    /// Whether one of them is `etag`, both strong: for `If-Match`. `*` is whatever is there.
    pub fn match_strongly(&self, etag: &str) -> bool {
        let strong = !etag.starts_with("W/");
        self.any(|tag| strong && !tag.weak && tag.opaque == etag.trim_matches('"'))
    }

    fn any(&self, fits: impl Fn(&Tag<'_>) -> bool) -> bool {
        match self {
            Self::Any => true,
            Self::List(list) => list.iter().any(fits),
        }
    }
}

/// A header that doesn't hold entity tags.
pub fn not_tags(header: &str) -> Error {
    Error::invalid(header, "must be * or a list of ETags, such as \"5\" with its quotes")
}

/// Reads `If-Match` (RFC 9110, section 13.1.1) of what has versions, such as orders.
///
/// Gives the versions of which the thing must have one; `None` if any will do: no header, or `*`. A
/// tag that isn't a version is [`NO_VERSION`]: well-formed, and never a match. So is a weak one: a
/// proxy that weakens tags makes the condition fail, not the request wrong.
///
/// # Errors
/// [`Error::Invalid`] for what isn't a list of tags.
pub fn if_match<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Result<Option<Vec<i64>>, Error> {
    let Some(text) = joined(values) else { return Ok(None) };
    match Tags::read(&text).ok_or_else(|| not_tags("If-Match"))? {
        Tags::Any => Ok(None),
        Tags::List(list) => {
            let version = |tag: &Tag<'_>| tag.version().filter(|_| !tag.weak).unwrap_or(NO_VERSION);
            Ok(Some(list.iter().map(version).collect()))
        }
    }
}

/// Reads `If-None-Match` (RFC 9110, section 13.1.2) of a request that changes something.
///
/// Gives the versions that the thing must not have, [`EVERY_VERSION`] for `*`.
///
/// # Errors
/// As [`if_match`].
pub fn if_none_match<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<i64>, Error> {
    let Some(text) = joined(values) else { return Ok(Vec::new()) };
    match Tags::read(&text).ok_or_else(|| not_tags("If-None-Match"))? {
        Tags::Any => Ok(vec![EVERY_VERSION]),
        Tags::List(list) => Ok(list.iter().filter_map(Tag::version).collect()),
    }
}

/// All lines of a header as one (RFC 9110, section 5.3); `None` without any.
fn joined<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Option<String> {
    let lines: Vec<_> = values.into_iter().map(String::from_utf8_lossy).collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}

/// Reads `Idempotency-Key`, which must be there once: 1 to 255 visible ASCII characters.
pub fn idempotency_key<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Result<&'a str, Error> {
    let wrong = |detail: &str| Error::invalid("Idempotency-Key", detail);
    let mut values = values.into_iter();
    let (Some(key), None) = (values.next(), values.next()) else {
        return Err(wrong("must be given once: a text of your choice that is new for every new request"));
    };
    let usable = (1..=MAX_IDEMPOTENCY_KEY).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic);
    std::str::from_utf8(key).ok().filter(|_| usable).ok_or_else(|| wrong("must be 1 to 255 visible ASCII characters"))
}

/// The hash of a request's body, in hexadecimal (SHA-256): it tells a repetition of a key from its
/// use for something else.
pub fn body_hash(body: &[u8]) -> String {
    hex::encode(&Sha256::digest(body))
}

/// Refuses a body in an encoding (RFC 9110, section 8.4): we decode none.
pub fn require_plain<'a>(content_encodings: impl IntoIterator<Item = &'a [u8]>) -> Result<(), Error> {
    let plain = |value: &[u8]| {
        value.split(|byte| *byte == b',').all(|coding| {
            let coding = coding.trim_ascii();
            coding.is_empty() || coding.eq_ignore_ascii_case(b"identity")
        })
    };
    if content_encodings.into_iter().all(plain) { Ok(()) } else { Err(Error::UnsupportedEncoding) }
}

/// Refuses a body that doesn't say that it is JSON in UTF-8.
pub fn require_json<'a>(content_types: impl IntoIterator<Item = &'a [u8]>) -> Result<(), Error> {
    let mut values = content_types.into_iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(Error::UnsupportedMediaType) };
    let value = String::from_utf8_lossy(value).to_ascii_lowercase();
    let mut parts = value.split(';').map(str::trim);
    let json = parts.next() == Some("application/json");
    let utf8 = parts.all(|parameter| match parameter.split_once('=') {
        Some(("charset", charset)) => matches!(charset.trim_matches('"'), "utf-8" | "utf8"),
        _ => true,
    });
    if json && utf8 { Ok(()) } else { Err(Error::UnsupportedMediaType) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn if_match_is_a_list_of_versions_or_any_and_a_weak_tag_never_matches() {
        type Case = (&'static [&'static str], Result<Option<&'static [i64]>, ()>);
        let table: [Case; 21] = [
            (&[], Ok(None)),
            (&["*"], Ok(None)),
            (&["\"5\""], Ok(Some(&[5]))),
            (&[" \"12\" "], Ok(Some(&[12]))),
            (&["\"5\", \"6\""], Ok(Some(&[5, 6]))),
            (&["\"5\",,\"6\","], Ok(Some(&[5, 6]))),
            (&["\"5\"", "\"6\""], Ok(Some(&[5, 6]))),
            (&["W/\"5\""], Ok(Some(&[NO_VERSION]))),
            (&["W/\"5\", \"6\""], Ok(Some(&[NO_VERSION, 6]))),
            (&["\"9223372036854775807\""], Ok(Some(&[i64::MAX]))),
            (&["\"9223372036854775808\""], Ok(Some(&[NO_VERSION]))),
            (&["\"\""], Ok(Some(&[NO_VERSION]))),
            (&["\"0\", \"05\", \"-5\", \"+5\""], Ok(Some(&[NO_VERSION; 4]))),
            (&["\"a,b\""], Ok(Some(&[NO_VERSION]))),
            (&["5"], Err(())),
            (&["\""], Err(())),
            (&["\"5"], Err(())),
            (&["\"5\" \"6\""], Err(())),
            (&["w/\"5\""], Err(())),
            (&["*, \"5\""], Err(())),
            (&[""], Err(())),
        ];
        for (values, expected) in table {
            let read = if_match(values.iter().map(|value| value.as_bytes()));
            let versions = read.as_ref().map(Option::as_deref).map_err(|_| ());
            assert_eq!(versions, expected, "{values:?}");
            assert!(read.is_ok() || matches!(read, Err(Error::Invalid(errors)) if errors[0].field == "If-Match"));
        }
    }

    #[test]
    fn if_none_match_names_versions_weak_or_not_and_by_a_star_all() {
        let read = |values: &[&str]| if_none_match(values.iter().map(|value| value.as_bytes()));
        assert_eq!(read(&[]), Ok(vec![]));
        assert_eq!(read(&["*"]), Ok(vec![EVERY_VERSION]));
        assert_eq!(read(&["W/\"5\", \"abc\"", "\"6\""]), Ok(vec![5, 6]));
        assert!(matches!(read(&["5"]), Err(Error::Invalid(errors)) if errors[0].field == "If-None-Match"));
    }

    #[test]
    fn tags_are_compared_strongly_or_weakly() {
        for (wanted, etag, strongly, weakly) in [
            ("\"5\"", "\"5\"", true, true),
            ("W/\"5\"", "\"5\"", false, true),
            ("\"5\"", "W/\"5\"", false, true),
            ("\"4\", \"5\"", "\"5\"", true, true),
            ("*", "\"5\"", true, true),
            ("*", "W/\"5\"", true, true),
            ("\"4\"", "\"5\"", false, false),
        ] {
            let tags = Tags::read(wanted).unwrap();
            assert_eq!((tags.match_strongly(etag), tags.match_weakly(etag)), (strongly, weakly), "{wanted} {etag}");
        }
    }

    #[test]
    fn a_body_in_an_encoding_is_refused() {
        let table: [(&[&str], bool); 7] = [
            (&[], true),
            (&[""], true),
            (&["identity"], true),
            (&["Identity, identity"], true),
            (&["gzip"], false),
            (&["identity, br"], false),
            (&["identity", "gzip"], false),
        ];
        for (values, taken) in table {
            let read = require_plain(values.iter().map(|value| value.as_bytes()));
            assert_eq!(read, if taken { Ok(()) } else { Err(Error::UnsupportedEncoding) }, "{values:?}");
        }
    }

    #[test]
    fn an_idempotency_key_is_needed_once_and_visible() {
        let long = "x".repeat(256);
        let good: &[u8] = b"a-key_1!";
        assert_eq!(idempotency_key([good]), Ok("a-key_1!"));
        let table: [&[&[u8]]; 7] = [&[], &[b""], &[b"a b"], &[b"a\tb"], &[b"\xff"], &[b"a", b"a"], &[long.as_bytes()]];
        for values in table {
            let refused = idempotency_key(values.iter().copied());
            assert!(
                matches!(refused, Err(Error::Invalid(errors)) if errors[0].field == "Idempotency-Key"),
                "{values:?}"
            );
        }
    }

    #[test]
    fn only_json_in_utf8_is_read() {
        let table: [(&[&str], bool); 10] = [
            (&["application/json"], true),
            (&["Application/JSON; charset=UTF-8"], true),
            (&["application/json;charset=\"utf-8\""], true),
            (&["application/json; charset=latin1"], false),
            (&["application/jsonp"], false),
            (&["text/plain"], false),
            (&["application/x-www-form-urlencoded"], false),
            (&[""], false),
            (&[], false),
            (&["application/json", "application/json"], false),
        ];
        for (values, accepted) in table {
            assert_eq!(require_json(values.iter().map(|value| value.as_bytes())).is_ok(), accepted, "{values:?}");
        }
    }
}

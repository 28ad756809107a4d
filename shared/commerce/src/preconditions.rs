//! Request headers that decide whether, and how often, something is done.

use crate::error::Error;

/// The longest idempotency key, in bytes.
pub const MAX_IDEMPOTENCY_KEY: usize = 255;

/// The version that no order has: what an `If-Match` asks for that never came from us.
pub const NO_VERSION: i64 = 0;

/// Reads `If-Match` (RFC 9110, section 13.1.1) as orders have it: one strong tag, or `*`.
///
/// Gives the version that the order must have; `None` if any will do: no header, or `*`. A tag that
/// isn't a version is [`NO_VERSION`]: well-formed, and never a match. A weak tag never matches by
/// the standard, and a list would leave open what the caller has seen. Both are refused instead of
/// failing silently.
pub fn if_match<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Result<Option<i64>, Error> {
    let mut values = values.into_iter();
    let Some(value) = values.next() else { return Ok(None) };
    let wrong = || Error::invalid("If-Match", "must be the order's ETag, such as \"5\" with its quotes, or *");
    if values.next().is_some() {
        return Err(wrong());
    }
    match value.trim_ascii() {
        b"*" => Ok(None),
        [b'"', tag @ .., b'"'] if !tag.contains(&b'"') => {
            let canonical = matches!(tag.first(), Some(b'1'..=b'9')) && tag.iter().all(u8::is_ascii_digit);
            let version = std::str::from_utf8(tag).ok().filter(|_| canonical).and_then(|tag| tag.parse().ok());
            Ok(Some(version.unwrap_or(NO_VERSION)))
        }
        _ => Err(wrong()),
    }
}

/// Reads `Idempotency-Key`, which must be there once: 1 to 255 visible ASCII characters.
pub fn idempotency_key<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Result<&'a str, Error> {
    let wrong = |detail: &str| Error::invalid("Idempotency-Key", detail);
    let mut values = values.into_iter();
    let (Some(key), None) = (values.next(), values.next()) else {
        return Err(wrong("must be given once: a text of your choice that is new for every new order"));
    };
    let usable = (1..=MAX_IDEMPOTENCY_KEY).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic);
    std::str::from_utf8(key).ok().filter(|_| usable).ok_or_else(|| wrong("must be 1 to 255 visible ASCII characters"))
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
    fn if_match_is_one_version_or_any() {
        type Case = (&'static [&'static str], Result<Option<i64>, ()>);
        let table: [Case; 18] = [
            (&[], Ok(None)),
            (&["*"], Ok(None)),
            (&["\"5\""], Ok(Some(5))),
            (&[" \"12\" "], Ok(Some(12))),
            (&["\"9223372036854775807\""], Ok(Some(i64::MAX))),
            (&["\"9223372036854775808\""], Ok(Some(NO_VERSION))),
            (&["\"\""], Ok(Some(NO_VERSION))),
            (&["\"0\""], Ok(Some(NO_VERSION))),
            (&["\"05\""], Ok(Some(NO_VERSION))),
            (&["\"-5\""], Ok(Some(NO_VERSION))),
            (&["\"abc\""], Ok(Some(NO_VERSION))),
            (&["5"], Err(())),
            (&["\""], Err(())),
            (&["\"5"], Err(())),
            (&["W/\"5\""], Err(())),
            (&["\"5\", \"6\""], Err(())),
            (&["\"5\"", "\"5\""], Err(())),
            (&[""], Err(())),
        ];
        for (values, expected) in table {
            let read = if_match(values.iter().map(|value| value.as_bytes()));
            assert_eq!(read.as_ref().map_err(|_| ()), expected.as_ref().map_err(|_| ()), "{values:?}");
            assert!(read.is_ok() || matches!(read, Err(Error::Invalid(errors)) if errors[0].field == "If-Match"));
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

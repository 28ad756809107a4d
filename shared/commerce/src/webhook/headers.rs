//! Request headers as the verification sees them: every occurrence, so that a repeated one is
//! noticed.

use super::Reason;

/// All headers of one request, in order, names in any case.
#[derive(Debug, Clone, Default)]
pub struct Headers<'a>(Vec<(&'a str, &'a [u8])>);

impl<'a> Headers<'a> {
    /// From the pairs of a request. Pass every occurrence: a map that kept only the last one would
    /// hide a duplicate.
    pub fn new(pairs: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// The value of a header that has to be there exactly once, without surrounding blanks.
    ///
    /// # Errors
    /// `header-missing` when absent or empty, `header-duplicated` when repeated (even with equal
    /// values: proxies and servers disagree on which one counts), `header-malformed` for anything
    /// but printable ASCII.
    pub fn single(&self, name: &str) -> Result<&'a str, Reason> {
        let mut values = self.0.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
        let (_, value) = values.next().ok_or(Reason::HeaderMissing)?;
        if values.next().is_some() {
            return Err(Reason::HeaderDuplicated);
        }
        let text = std::str::from_utf8(value).map_err(|_| Reason::HeaderMalformed)?;
        let text = text.trim_matches([' ', '\t']);
        if text.is_empty() {
            return Err(Reason::HeaderMissing);
        }
        if !text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
            return Err(Reason::HeaderMalformed);
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pairs: &[(&str, &[u8])], expected: Result<&str, Reason>) {
        let headers = Headers::new(pairs.iter().copied());
        assert_eq!(headers.single("webhook-id"), expected, "{pairs:?}");
    }

    #[test]
    fn a_header_is_taken_only_when_it_is_single_and_printable() {
        check(&[("Webhook-ID", b" a1 "), ("other", b"x")], Ok("a1"));
        check(&[("other", b"x")], Err(Reason::HeaderMissing));
        check(&[("webhook-id", b"  ")], Err(Reason::HeaderMissing));
        check(&[("webhook-id", b"a"), ("WEBHOOK-ID", b"a")], Err(Reason::HeaderDuplicated));
        check(&[("webhook-id", b"a\nb")], Err(Reason::HeaderMalformed));
        check(&[("webhook-id", b"\xff")], Err(Reason::HeaderMalformed));
        check(&[("webhook-id", "é".as_bytes())], Err(Reason::HeaderMalformed));
    }
}

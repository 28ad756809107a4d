//! A stretch of time that a report is asked for.

use crate::error::Error;
use crate::params::Params;
use crate::time::Moment;

/// A stretch of time, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Its beginning.
    pub since: u64,
    /// Its end.
    pub until: u64,
}

impl Span {
    /// Reads `?since&until`. `None` if no time is asked for. Without `until` it ends now.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every parameter that is wrong.
    pub fn parse(raw: Option<&str>, now: u64) -> Result<Option<Self>, Error> {
        let mut params = Params::parse(raw, &["since", "until"])?;
        let millis = |text: &str| u64::try_from(Moment::parse(text)?.0 / 1000).ok();
        let past = || "must be a time such as 2026-01-31T12:00:00Z, not ahead of now".to_owned();
        let since = params.take("since", past, |text| millis(text).filter(|since| *since <= now));
        let behind = || "must be a time behind since, which it needs".to_owned();
        let is_behind = |until: &u64| since.is_some_and(|since| since < *until);
        let until = params.take("until", behind, |text| millis(text).filter(is_behind));
        params.finish(since.map(|since| Self { since, until: until.unwrap_or(now) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-31T12:00:00Z.
    const NOW: u64 = 1_769_860_800_000;
    const HOUR: u64 = 3_600_000;

    #[test]
    fn a_time_is_asked_for_by_its_beginning_and_perhaps_its_end() {
        let span = |since, until| Ok(Some(Span { since, until }));
        assert_eq!(Span::parse(None, NOW), Ok(None));
        assert_eq!(Span::parse(Some("since=2026-01-31T11:00:00Z"), NOW), span(NOW - HOUR, NOW));
        let both = "since=2026-01-31T10:00:00Z&until=2026-01-31T11:00:00Z";
        assert_eq!(Span::parse(Some(both), NOW), span(NOW - 2 * HOUR, NOW - HOUR));
        for (query, field) in [
            ("since=yesterday", "since"),
            ("since=2026-01-31T12:00:01Z", "since"),
            ("until=2026-01-31T11:00:00Z", "until"),
            ("since=2026-01-31T11:00:00Z&until=2026-01-31T11:00:00Z", "until"),
            ("from=2026-01-31", "from"),
        ] {
            let Err(Error::Invalid(errors)) = Span::parse(Some(query), NOW) else { panic!("{query} is taken") };
            assert_eq!(errors[0].field, field, "{query}");
        }
    }
}

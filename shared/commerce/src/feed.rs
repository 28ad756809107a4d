//! The feed of changes, as its readers ask for it.

use uuid::Uuid;

use crate::error::Error;
use crate::params::Params;
use crate::query::{parse_uuid, take_number, uuid_wanted};

/// The most events of a page.
const MOST: u32 = 1000;
/// How many a page has unless it is told.
const USUAL: u32 = 100;

/// `GET /events`: which events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedQuery {
    /// Of this organisation.
    pub organization: Option<Uuid>,
    /// Behind this position; `None`: from the first that is kept.
    pub after: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

impl FeedQuery {
    /// Reads a raw query string.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every parameter that is wrong.
    pub fn parse(raw: Option<&str>) -> Result<Self, Error> {
        let mut params = Params::parse(raw, &["organizationId", "after", "limit"])?;
        let organization = params.take("organizationId", uuid_wanted, parse_uuid);
        let after = params.take("after", || "must be a position: a whole number from 0".to_owned(), position);
        let limit = take_number(&mut params, "limit", MOST, USUAL);
        params.finish(Self { organization, after, limit })
    }
}

/// A position in plain digits.
pub fn position(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// The events behind a position are kept no more, or nobody has given it: the reader has missed
/// some.
pub fn missed(after: Option<i64>, oldest: i64) -> Error {
    let detail = format!(
        "the events behind {} are not all there; read afresh what you need, then the feed without `after`",
        after.unwrap_or_default()
    );
    Error::Gone { detail, oldest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_the_feed_is_asked_for_by_position() {
        let read = |raw: &str| FeedQuery::parse(Some(raw)).map(|query| (query.after, query.limit));
        assert_eq!(FeedQuery::parse(None), Ok(FeedQuery { organization: None, after: None, limit: 100 }));
        assert_eq!(read("after=0&limit=1000"), Ok((Some(0), 1000)));
        assert_eq!(read("after=9223372036854775807"), Ok((Some(i64::MAX), 100)));
        for (raw, field) in [
            ("after=-1", "after"),
            ("after=9223372036854775808", "after"),
            ("after=", "after"),
            ("limit=1001", "limit"),
            ("limit=0", "limit"),
            ("organizationId=mine", "organizationId"),
            ("since=1", "since"),
        ] {
            let Err(Error::Invalid(wrong)) = FeedQuery::parse(Some(raw)) else { panic!("{raw} is refused") };
            assert_eq!(wrong[0].field, field, "{raw}");
        }
    }
}

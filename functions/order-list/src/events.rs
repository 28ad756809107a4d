//! The feed of changes.

use commerce::error::Error;
use commerce::feed::{FeedQuery, missed};
use commerce::outcome::{EventListOutcome, Outcome};
use edge::{Call, Reply, params};

/// `GET /events`: a page of events behind a position; see
/// [`commerce::caller::Caller::feed_organization`]. What is committed gets its positions first.
///
/// # Errors
/// [`Error::Forbidden`] for customers, [`Error::NotFound`] for another organisation's,
/// [`Error::Gone`] if the reader has missed some.
pub async fn list(call: Call<'_>) -> Result<Reply, Error> {
    let query = FeedQuery::parse(call.query())?;
    let organization = call.caller.feed_organization(query.organization)?;
    edge::feed::sequence(call.app).await?;
    let params = params![organization, query.after, query.limit as i32];
    let mut row = edge::one(edge::query(call.app, "event_list", params).await?)?;
    match EventListOutcome::read(row.text("outcome")?)? {
        EventListOutcome::Ok => Ok(Reply::fresh(200, row.take_text("body")?)),
        EventListOutcome::Gone => Err(missed(query.after, row.int("oldest")?.unwrap_or_default())),
    }
}

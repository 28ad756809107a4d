//! Entries of the cache that somebody has made anew.

use commerce::error::Error;
use commerce::outcome::{InvalidateOutcome, Outcome};
use commerce::views::invalidation::{Invalidation, Target};

use crate::app::App;
use crate::data::write_one;
use crate::params;

/// Announces what is named as changed, as a trigger would, so it holds while Redis is away, too.
/// That `principal` has asked for it is written down. Gives the tags that were announced, sorted.
///
/// # Errors
/// [`Error::NotFound`] if there is no such organisation. The error that Postgres gave.
pub async fn invalidate(
    app: &'static App,
    Invalidation { target, note }: Invalidation,
    principal: String,
) -> Result<Vec<String>, Error> {
    let (organization, tags) = match target {
        Target::Organization(organization) => (Some(organization), Vec::new()),
        Target::Tag(tag) => (None, vec![tag]),
    };
    let row = write_one(app, "cache_invalidate", params![organization, tags, principal, note]).await?;
    match InvalidateOutcome::read(row.text("outcome")?)? {
        InvalidateOutcome::Invalidated => {}
        InvalidateOutcome::NotFound => return Err(Error::not_found("organisation")),
    }
    let mut tags = row.texts("tags")?;
    tags.sort();
    Ok(tags)
}

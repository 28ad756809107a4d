//! Entries of the cache that an operator has made anew.

use commerce::error::Error;
use commerce::outcome::{InvalidateOutcome, Outcome};
use commerce::views::invalidation::{Invalidation, Target};
use edge::{Call, Reply, params};
use serde_json::json;

/// `POST /cache/invalidate`: announces an organisation, an entity or a tag as changed, as a trigger
/// would. So it holds while Redis is away, too. Who has asked for it is written down.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators. [`Error::Invalid`]. [`Error::NotFound`] if there is
/// no such organisation.
pub async fn invalidate(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    caller.require_operator("invalidating entries")?;
    call.no_query()?;
    let Invalidation { target, note } = Invalidation::decode(&call.json().await?, caller.organization)?;
    let (organization, tags) = match target {
        Target::Organization(organization) => (Some(organization), Vec::new()),
        Target::Tag(tag) => (None, vec![tag]),
    };
    let params = params![organization, tags, caller.principal(), note];
    let row = edge::write_one(app, "cache_invalidate", params).await?;
    match InvalidateOutcome::read(row.text("outcome")?)? {
        InvalidateOutcome::Invalidated => {}
        InvalidateOutcome::NotFound => return Err(Error::not_found("organisation")),
    }
    let mut tags = row.texts("tags")?;
    tags.sort();
    Ok(Reply::fresh(200, json!({ "status": "invalidated", "tags": tags }).to_string()))
}

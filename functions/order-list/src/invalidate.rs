//! Entries of the cache that an operator has made anew.

use commerce::error::Error;
use commerce::views::invalidation::Invalidation;
use edge::{Call, Reply};
use serde_json::json;

/// `POST /cache/invalidate`: announces an organisation, an entity or a tag as changed.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators. [`Error::Invalid`]. As [`edge::invalidate`].
pub async fn invalidate(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    caller.require_operator("invalidating entries")?;
    call.no_query()?;
    let invalidation = Invalidation::decode(&call.json().await?, caller.organization)?;
    let tags = edge::invalidate(app, invalidation, caller.principal()).await?;
    Ok(Reply::fresh(200, json!({ "status": "invalidated", "tags": tags }).to_string()))
}

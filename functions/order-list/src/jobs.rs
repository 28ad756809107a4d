//! Jobs, as operators see them.

use commerce::error::Error;
use edge::{Call, Reply};

/// `GET /jobs`: when each was carried out, what came of it, and when it is due.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators; the error that Postgres gave.
pub async fn list(call: Call<'_>) -> Result<Reply, Error> {
    call.no_query()?;
    call.caller.require_operator("the list of jobs")?;
    edge::page(call.app, "job_list", Vec::new()).await
}

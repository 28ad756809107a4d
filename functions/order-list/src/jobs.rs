//! Jobs, as operators see them, and those of this component.

use commerce::error::Error;
use commerce::jobs::JobName;
use edge::jobs::{self, Job};
use edge::{Call, Open, Reply};

use crate::warm;

/// `GET /jobs`: when each was carried out, what came of it, and when it is due.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators; the error that Postgres gave.
pub async fn list(call: Call<'_>) -> Result<Reply, Error> {
    call.no_query()?;
    call.caller.require_operator("the list of jobs")?;
    edge::page(call.app, "job_list", Vec::new()).await
}

/// `POST /jobs/order-list/tick`.
///
/// # Errors
/// As [`jobs::tick`].
pub async fn tick(open: Open<'_>) -> Result<Reply, Error> {
    jobs::tick(open, async |app, job: &Job| match job.name {
        JobName::Warm => warm::step(app, job).await,
        other => Err(jobs::not_here(other)),
    })
    .await
}

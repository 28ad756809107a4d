//! The jobs of this component.

use commerce::error::Error;
use commerce::jobs::JobName;
use edge::jobs::{self, Job};
use edge::{Open, Reply};

use crate::{prune, refunds, sessions};

/// `POST /jobs/payment-session/tick`.
///
/// # Errors
/// As [`jobs::tick`].
pub async fn tick(open: Open<'_>) -> Result<Reply, Error> {
    jobs::tick(open, async |app, job: &Job| match job.name {
        JobName::Refunds => refunds::step(app).await,
        JobName::Sweep => sessions::step(app).await,
        JobName::Prune => prune::step(app).await,
        other => Err(jobs::not_here(other)),
    })
    .await
}

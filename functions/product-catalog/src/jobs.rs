//! The jobs of this component.

use commerce::error::Error;
use commerce::jobs::JobName;
use edge::jobs::{self, Job};
use edge::{Open, Reply};

use crate::{holds, stock};

/// `POST /jobs/product-catalog/tick`.
///
/// # Errors
/// As [`jobs::tick`].
pub async fn tick(open: Open<'_>) -> Result<Reply, Error> {
    jobs::tick(open, async |app, job: &Job| match job.name {
        JobName::ExpireStock => stock::step(app).await,
        JobName::StockHolds => holds::step(app).await,
        other => Err(jobs::not_here(other)),
    })
    .await
}

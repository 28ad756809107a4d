//! The jobs of this component.

use commerce::error::Error;
use commerce::jobs::JobName;
use commerce::provider::Provider;
use edge::jobs::{self, Job};
use edge::{Open, Reply};

use crate::{reconcile, redrive};

/// `POST /jobs/webhook-dedup/tick`.
///
/// # Errors
/// As [`jobs::tick`].
pub async fn tick(open: Open<'_>) -> Result<Reply, Error> {
    jobs::tick(open, async |app, job: &Job| match job.name {
        JobName::Redrive => redrive::step(app).await,
        JobName::ReconcilePaypal => reconcile::step(app, job, Provider::PayPal).await,
        JobName::ReconcileStripe => reconcile::step(app, job, Provider::Stripe).await,
        other => Err(jobs::not_here(other)),
    })
    .await
}

//! Events that wait are taken up again: by an operator or a scheduler, or as a job.

use commerce::error::Error;
use commerce::webhook::requests::parse_redrive;
use edge::clock::monotonic_millis;
use edge::jobs::{self, Step};
use edge::{App, Call, Reply, Row, params};
use payments::Payments;
use serde_json::json;

use crate::operators::{Counts, LEASE, PATIENCE_MS};
use crate::resume::resume;

/// How many bodies one redrive forgets.
const SWEEP: i32 = 1_000;
/// How many events are taken at once. Those that aren't reached in time stay free for others.
const AT_ONCE: u32 = 10;
/// The most events that one step of the job takes up.
const STEP: u32 = 200;

/// `POST /webhooks/redrive`: takes up waiting events, at most `limit`, and forgets bodies whose
/// time is over.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators; the error that Postgres gave.
pub async fn redrive(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    let limit = parse_redrive(call.query())?;
    caller.require_operator("a redrive")?;
    let (payments, mut counts) = (Payments::ready().await?, Counts::default());
    take_due(app, payments, limit, AT_ONCE, PATIENCE_MS, &mut counts).await?;
    let rows = edge::change(app, "webhook_sweep", params![SWEEP]).await?;
    let forgotten = rows.first().map_or(Ok(None), |row| row.int("forgotten"))?.unwrap_or(0);
    let body = json!({ "taken": counts.total(), "outcomes": counts.to_json(), "bodiesForgotten": forgotten });
    Ok(Reply::fresh(200, body.to_string()))
}

/// The same as a job. If nothing is due, events that wait for a provider that was away are tried
/// ahead of their time, one by one, until one fails. So one that has waited for hours takes effect
/// soon after the provider is back, and a provider that stays away is asked once in a run.
///
/// # Errors
/// The error that Postgres gave.
pub async fn step(app: &'static App) -> Result<Step, Error> {
    let payments = Payments::ready().await?;
    let (began, patience) = (monotonic_millis(), jobs::STEP.as_millis() as u64);
    let mut counts = Counts::default();
    let mut more = take_due(app, payments, STEP, 1, patience, &mut counts).await?;
    while !more {
        let rows = edge::change(app, "webhook_claim_ahead", params![LEASE]).await?;
        let Some(row) = rows.first() else { break };
        let outcome = resume(app, payments, row).await;
        counts.add(&outcome);
        if outcome.is_err() {
            break;
        }
        more = monotonic_millis().saturating_sub(began) >= patience;
    }
    Ok(Step::of(json!({ "taken": counts.total(), "outcomes": counts.to_json() }), more))
}

/// Takes up events that are due until `counts` holds `limit`, `at_once` by one call, for
/// `patience_ms`. Gives whether more may be due.
async fn take_due(
    app: &'static App,
    payments: &Payments,
    limit: u32,
    at_once: u32,
    patience_ms: u64,
    counts: &mut Counts,
) -> Result<bool, Error> {
    let began = monotonic_millis();
    while counts.total() < limit && monotonic_millis().saturating_sub(began) < patience_ms {
        let params = params![(limit - counts.total()).min(at_once) as i32, LEASE];
        let rows: Vec<Row> = edge::change(app, "webhook_claim", params).await?;
        if rows.is_empty() {
            return Ok(false);
        }
        for row in &rows {
            counts.add(&resume(app, payments, row).await);
        }
    }
    Ok(true)
}

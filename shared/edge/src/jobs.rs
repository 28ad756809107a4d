//! Jobs: work that no request asks for. [`tick`] carries out what is due in a component; an
//! instance that sees that something is due calls the component's route for it (`look`).

mod look;

pub use look::look_behind;
pub(crate) use look::{look, look_by_chance};

use std::time::Duration;

use cache_spin::log::{self, Level};
use commerce::error::Error;
use commerce::jobs::JobName;
use commerce::query::parse_none;
use serde_json::{Value, json};

use crate::app::App;
use crate::call::Open;
use crate::clock::monotonic_millis;
use crate::data::{Json, Row, change, change_one};
use crate::params;
use crate::problem;
use crate::reply::Reply;
use crate::settings::component;

/// How long a step may go on before it leaves the rest to the next.
pub const STEP: Duration = Duration::from_secs(2);
/// How long a job belongs to the one that took it, in milliseconds. A step whose last call takes
/// longest, such as a provider that hangs, is still within it.
const LEASE_MS: i64 = 30_000;
/// No step is begun when a tick has lasted this long, in milliseconds: its caller waits.
const TICK_MS: u64 = 4_000;
/// The most steps of one tick.
const MOST_STEPS: usize = 20;

/// A job that this instance has taken, until its lease ends.
#[derive(Debug)]
pub struct Job {
    /// Its name.
    pub name: JobName,
    /// Where its last step stopped; `None`: at the beginning.
    pub cursor: Option<String>,
    /// How long ago its last whole run ended; `None`: there was none.
    pub since: Option<Duration>,
    fence: i64,
}

/// What a step has done.
#[derive(Debug)]
pub struct Step {
    result: Value,
    cursor: Option<String>,
    more: bool,
}

impl Step {
    /// A step after which nothing is left, or, if there is `more`, one that begins as the last did.
    /// The result is for people to read: counts, no personal value.
    pub fn of(result: Value, more: bool) -> Self {
        Self { result, cursor: None, more }
    }

    /// A step after which the next one goes on at `cursor`; `None`: nothing is left.
    pub fn up_to(result: Value, cursor: Option<String>) -> Self {
        Self { result, more: cursor.is_some(), cursor }
    }
}

/// `POST /jobs/{component}/tick`: takes the jobs of this component that are due, one after the
/// other, and lets `run` make a step of each. It needs no token, since it does nothing that isn't
/// due. Two at once never have the same job: Postgres gives each to one of them, for a time.
///
/// # Errors
/// [`Error::Invalid`] for a parameter; the error that Postgres gave. A job that fails is no error
/// of the tick: it is tried again later.
pub async fn tick(
    open: Open<'_>,
    run: impl AsyncFn(&'static App, &Job) -> Result<Step, Error>,
) -> Result<Reply, Error> {
    parse_none(open.request.query.as_deref())?;
    let app = App::ready().await?;
    let (began, mut ran) = (monotonic_millis(), Vec::new());
    while ran.len() < MOST_STEPS && monotonic_millis().saturating_sub(began) < TICK_MS {
        let Some(job) = claim(app).await? else { break };
        let outcome = run(app, &job).await;
        if let Err(error) = &outcome {
            log::say(
                Level::Warn,
                "job-failed",
                format_args!("job {} failed, and is tried again later: {error}", job.name.as_str()),
            );
        }
        let word = match &outcome {
            Ok(Step { more: true, .. }) => "more",
            Ok(_) => "done",
            Err(_) => "failed",
        };
        finish(app, &job, outcome).await?;
        ran.push(json!({ "name": job.name.as_str(), "outcome": word }));
    }
    Ok(Reply::fresh(200, json!({ "ran": ran }).to_string()))
}

/// A job of another component. [`tick`] takes none, so this is a mistake in a table.
pub fn not_here(name: JobName) -> Error {
    Error::internal(format!("job {} belongs to {}", name.as_str(), name.component()))
}

async fn claim(app: &App) -> Result<Option<Job>, Error> {
    let params = params![component(), JobName::names_of(component()), LEASE_MS];
    let rows = change(app, "job_claim", params).await?;
    rows.first().map(job).transpose()
}

fn job(row: &Row) -> Result<Job, Error> {
    let name = row.text("name")?.and_then(JobName::parse);
    let since = row.int("since_ms")?.map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or_default()));
    Ok(Job {
        name: name.ok_or_else(|| Error::internal("job_claim gave a job that wasn't asked for"))?,
        cursor: row.text("cursor")?.map(str::to_owned),
        since,
        fence: row.int("fence")?.unwrap_or_default(),
    })
}

/// Ends a step. If somebody else has the job by now, that one goes on, and this changes nothing.
async fn finish(app: &App, job: &Job, outcome: Result<Step, Error>) -> Result<(), Error> {
    let failed = outcome.is_err();
    let step = outcome.unwrap_or_else(|error| Step::of(json!({ "error": problem::slug(&error) }), false));
    let result = step.result.to_string();
    if let Some(line) = log::at(Level::Info, "job").filter(|_| !failed) {
        line.text("name", job.name.as_str()).json("more", &step.more.to_string()).json("result", &result).write();
    }
    let params = params![job.name.as_str(), job.fence, step.cursor, step.more, failed, Json(result)];
    change_one(app, "job_finish", params).await.map(drop)
}

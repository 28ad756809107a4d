//! Brings a Postgres database up to date with the SQL files of this folder.
//!
//! Numbered files of `schema/` are applied once each, in order. Functions and views stand in
//! `code/`, one per file; those that have changed are applied together, in one transaction.
//! README.md says how to change either.
//!
//! The files are read when the runner runs, and not embedded: a deployment has the checkout anyway,
//! a changed file needs no build, and a test gives a changed copy of the folder.

mod apply;
mod catalog;
mod files;
mod release_0;
mod service;
mod session;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use tokio_postgres::Config;

pub use files::{CodeFile, Files, Kind, Part, SchemaFile};

/// How a run behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder with schema/, code/ and code.sql.
    pub dir: PathBuf,
    /// How long a statement waits for a lock before its transaction is rolled back.
    pub lock_timeout: Duration,
    /// How often a transaction is begun before the run gives up on a lock. The pause between two
    /// doubles each time.
    pub attempts: u32,
    /// The first of these pauses.
    pub pause: Duration,
    /// How long the run waits for another one that is at work.
    pub patience: Duration,
}

impl Default for Options {
    /// This crate's own folder; locks are waited for 3 s, six times, with pauses of 1, 2, 4, 8 and
    /// 16 s.
    fn default() -> Self {
        Options {
            dir: default_dir().to_owned(),
            lock_timeout: Duration::from_secs(3),
            attempts: 6,
            pause: Duration::from_secs(1),
            patience: Duration::from_secs(600),
        }
    }
}

/// The folder of this crate, as it was when it was built.
#[must_use]
pub fn default_dir() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The work that a run has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The last release's database was taken over.
    pub taken_over: bool,
    /// The numbered files that were applied.
    pub schema: Vec<String>,
    /// The code files that were applied.
    pub code: Vec<String>,
    /// The functions and views that were dropped, since no file makes them any more.
    pub dropped: Vec<String>,
}

impl Report {
    /// Whether the run found nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Report::default()
    }
}

/// Brings a database up to date. `say` gets a line for each step, before the step.
///
/// # Errors
/// The files contradict each other, the database isn't one of ours, a change is refused, a lock
/// isn't to be had, or Postgres fails. Each transaction that was committed before stands, and the
/// next run goes on from there.
pub async fn migrate(config: &Config, options: &Options, say: &(dyn Fn(&str) + Send + Sync)) -> Result<Report> {
    let files = Files::read(&options.dir)?;
    let session = session::Session::open(config, options, say).await?;
    apply::run(&session, &files).await
}

/// Takes the release of these files for the only one in service, once the last component of every
/// release before it has ended. What those called may be dropped from now on, and changes of many
/// rows are announced by their organisations. Gives the functions that only those called.
///
/// # Errors
/// The database isn't what the files make: then nothing was changed. Postgres fails.
pub async fn retire(config: &Config, options: &Options, say: &(dyn Fn(&str) + Send + Sync)) -> Result<Vec<String>> {
    let files = Files::read(&options.dir)?;
    let session = session::Session::open(config, options, say).await?;
    service::retire(&session, &files).await
}

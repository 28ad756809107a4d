//! The write: commit, invalidate, answer; then tidy up.

use crate::protocol::certificate::RunId;
use crate::protocol::event::Event;
use crate::protocol::ports::{CacheFault, Clock, Ledger, Registry};
use std::time::Duration;

/// The answer of a committed statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit<T> {
    /// The value for the caller.
    pub value: T,
    /// The transaction, as Postgres names it. Empty if nothing was written.
    pub xid: String,
    /// The tags that its triggers wrote to the outbox, and those of an earlier write that a
    /// repeated request found done. Empty if there is nothing to invalidate.
    pub tags: Vec<String>,
    /// The run of Redis that the database named to it.
    pub named: NamedRun,
}

/// The run of Redis that a database named when a write was committed. Two runs may answer to one
/// name for a while: a pod that is replaced, a failover, an address that moves. Only the named one
/// gets certificates, so only what that one was told counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NamedRun {
    /// None yet, so no certificate was ever given.
    Never,
    /// None that can be relied on: another cache is served.
    Unknown,
    /// This one. The writer held a lock from before it read the name until its commit, and a
    /// renewal that names another run waits for that lock.
    Run {
        /// The run.
        run: RunId,
        /// For how long it had been named. Certificates of the run before it live on for a while.
        named_for: Duration,
    },
}

impl NamedRun {
    /// How long after its commit a writer waits, of `wait` at most, although the run `told` has
    /// carried out its invalidation.
    pub fn rest(self, told: RunId, wait: Duration) -> Duration {
        match self {
            Self::Never => Duration::ZERO,
            Self::Run { run, named_for } if run == told => wait.saturating_sub(named_for),
            Self::Run { .. } | Self::Unknown => wait,
        }
    }
}

/// Outbox rows to delete behind the answer, since this writer has applied them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    xid: String,
    tags: Vec<String>,
}

impl Settlement {
    pub(crate) fn new(xid: String, tags: Vec<String>) -> Self {
        Self { xid, tags }
    }
}

/// How the invalidation went; the write itself stands in every case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invalidation {
    /// Nothing is left to do, since nothing was written.
    Nothing,
    /// Done at once. The settlement is due behind the answer.
    Done(Settlement),
    /// Redis was out of reach, or another run of it was told than the named one. Meanwhile every
    /// certificate that could have hidden the change has run out.
    WaitedOut(CacheFault),
}

/// The tag by which the outbox says "everything".
pub const EVERYTHING: &str = "*";

/// Commits and invalidates. Once this returns, no reader is served anything older than the commit.
///
/// # Errors
/// The error of `commit`: then nothing was invalidated.
pub async fn write<P, T, E>(
    ports: &P,
    outage_wait: Duration,
    commit: impl AsyncFnOnce() -> Result<Commit<T>, E>,
) -> Result<(T, Invalidation), E>
where
    P: Registry + Clock,
{
    let Commit { value, xid, tags, named } = commit().await?;
    // Tags without a transaction: this request wrote nothing, but its answer tells of an earlier
    // write that may have died before it invalidated.
    if tags.is_empty() {
        return Ok((value, Invalidation::Nothing));
    }
    let committed = ports.monotonic();
    let (fault, wait) = if tags.iter().any(|tag| tag == EVERYTHING) {
        // No list of generations says "everything": the next renewal moves the epoch.
        (CacheFault::Skipped, outage_wait)
    } else {
        let names: Vec<&str> = tags.iter().map(String::as_str).collect();
        let told = ports.invalidate(&names).await;
        if told.is_ok() {
            ports.observe(&Event::Invalidation { tags: &names });
        }
        match told.map(|run| named.rest(run, outage_wait)) {
            Ok(Duration::ZERO) if xid.is_empty() => return Ok((value, Invalidation::Nothing)),
            Ok(Duration::ZERO) => return Ok((value, Invalidation::Done(Settlement { xid, tags }))),
            Ok(rest) => (CacheFault::AnotherRun, rest),
            Err(fault) => (fault, outage_wait),
        }
    };
    let gone = Duration::from_millis(ports.monotonic().saturating_sub(committed));
    ports.sleep(wait.saturating_sub(gone)).await;
    ports.observe(&Event::OutageWait { reason: fault.name() });
    Ok((value, Invalidation::WaitedOut(fault)))
}

/// Behind the answer: deletes the outbox rows that this writer has covered. They are named by
/// transaction, never by tag, since rows of other writers with the same tag are still to be
/// applied. If it fails the next renewal does it.
pub async fn settle<P: Ledger>(ports: &P, settled: &Settlement) -> Result<(), P::Error> {
    ports.forget_transaction(&settled.xid, &settled.tags).await
}

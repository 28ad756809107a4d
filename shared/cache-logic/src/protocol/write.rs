//! The write: commit, invalidate, answer; then tidy up.

use crate::protocol::certificate::{RunId, ServerId};
use crate::protocol::event::Event;
use crate::protocol::freshness::{self, Millis};
use crate::protocol::policy::Limits;
use crate::protocol::ports::{CacheFault, Clock, Ledger, Registry};
use crate::protocol::renew::{Renewal, renew};
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
/// gets certificates, so only what that one was told counts. The same holds for two servers of the
/// database: certificates of the other one cover nothing that was committed in this one.
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
        /// The server that the write was committed in.
        server: ServerId,
        /// For how long the run had been named, and the server been known to give it certificates.
        /// Those of the run or of the server before it live on for a while.
        named_for: Duration,
    },
}

impl NamedRun {
    /// How long after its commit a writer waits, of `wait` at most, although the run `told` has
    /// carried out its invalidation.
    pub fn rest(self, told: RunId, wait: Duration) -> Duration {
        match self {
            Self::Never => Duration::ZERO,
            Self::Run { run, named_for, .. } if run == told => wait.saturating_sub(named_for),
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
    /// Redis was out of reach, or another run of it was told than the named one. Or the database's
    /// server wasn't known to give the certificates. Meanwhile every one that could have hidden the
    /// change has run out.
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
    limits: &Limits,
    commit: impl AsyncFnOnce() -> Result<Commit<T>, E>,
) -> Result<(T, Invalidation), E>
where
    P: Registry + Ledger + Clock,
{
    let outage_wait = limits.outage_wait;
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
    wait_out(ports, limits, named, committed, wait).await;
    ports.observe(&Event::OutageWait { reason: fault.name() });
    Ok((value, Invalidation::WaitedOut(fault)))
}

/// Waits until no certificate can stand that hides the commit: `wait` from when it was committed.
///
/// Another server of the database may go on giving certificates, until one of this server is given.
/// So a writer whose server isn't known to give them renews, and tries until that has come about or
/// its time is over.
pub(crate) async fn wait_out<P: Registry + Ledger + Clock>(
    ports: &P,
    limits: &Limits,
    named: NamedRun,
    committed: Millis,
    wait: Duration,
) {
    let left = || wait.saturating_sub(Duration::from_millis(ports.monotonic().saturating_sub(committed)));
    if let NamedRun::Run { server, named_for, .. } = named
        && named_for < limits.outage_wait
    {
        for tries in 0.. {
            if matches!(renew(ports, limits.timing).await, Renewal::Certified(given) if given.server == server) {
                break;
            }
            let pause = Duration::from_millis(freshness::poll_pause_ms(tries, ports.draw()));
            if left() <= pause {
                break;
            }
            ports.sleep(pause).await;
        }
    }
    ports.sleep(left()).await;
}

/// Behind the answer: deletes the outbox rows that this writer has covered. They are named by
/// transaction, never by tag, since rows of other writers with the same tag are still to be
/// applied. If it fails the next renewal does it.
pub async fn settle<P: Ledger>(ports: &P, settled: &Settlement) -> Result<(), P::Error> {
    ports.forget_transaction(&settled.xid, &settled.tags).await
}

//! What the protocol asks of the world. Adapters implement these; [`crate::contract`] says what they must keep.
//!
//! Every method is one round trip at most, and every one may fail.
#![allow(async_fn_in_trait)] // Components run on one thread: no future has to be `Send`.

use crate::protocol::certificate::{Certificate, Epoch, Generation, RunId, Timing};
use crate::protocol::event::Event;
use crate::protocol::freshness::{Draw, Millis};
use std::time::Duration;

/// Why Redis gave no answer. Never shown to a client; each is a way to bypass the cache.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CacheFault {
    /// The connection was refused or broke.
    Unreachable,
    /// No answer within the time limit.
    TimedOut,
    /// Not asked: the breaker is open.
    Skipped,
    /// Not asked: the database serves another cache than this one.
    Misconfigured,
    /// It answered with an error, or with something that isn't an answer.
    Protocol(String),
}

impl CacheFault {
    /// A short stable name, for Cache-Status and counters.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Unreachable | Self::Skipped => "redis-unavailable",
            Self::TimedOut => "redis-timeout",
            Self::Misconfigured => "misconfigured",
            Self::Protocol(_) => "redis-error",
        }
    }
}

/// What one look showed, all of it at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Snapshot {
    /// The stored bytes, in the order of the keys asked for.
    pub entries: Vec<Option<Vec<u8>>>,
    /// The generations, in the order of the tags asked for.
    pub generations: Vec<Option<Generation>>,
    /// Whatever certificate stands there; whether it counts is for the reader to judge.
    pub certificate: Option<Certificate>,
    /// It needs no renewal yet.
    pub fresh: bool,
    /// Somebody is at a renewal: nobody else has to try.
    pub claimed: bool,
    /// The run of Redis on this connection, learned when it was opened.
    pub run: RunId,
}

/// The answer to a wish to fill an entry.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Lease {
    /// Load and fill; these are the generations to fill under, made where they were missing.
    Granted(Vec<Generation>),
    /// Somebody else is at it.
    Held,
    /// It has been filled since the look: look again.
    Changed,
}

/// One entry to store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fill<'a> {
    /// Under which key.
    pub key: &'a str,
    /// An encoded entry.
    pub bytes: Vec<u8>,
    /// The hard limit.
    pub ttl_ms: u64,
}

/// Entries and their generations.
pub trait Store {
    /// Reads entries, generations, certificate, fresh key and claim at one moment (`MGET`).
    async fn look(&self, keys: &[&str], tags: &[&str]) -> Result<Snapshot, CacheFault>;

    /// Takes the lease for a key, unless it is held or the entry's fill id is no longer `known`; makes missing generations
    /// (`SET NX GET`) from `holder`, which is random. The lease ends by itself after `hold`.
    async fn lease(
        &self,
        key: &str,
        known: Option<u128>,
        tags: &[&str],
        holder: u128,
        hold: Duration,
    ) -> Result<Lease, CacheFault>;

    /// The generations of these tags, made from `candidate` where they were missing.
    async fn generations(&self, tags: &[&str], candidate: u128) -> Result<Vec<Generation>, CacheFault>;

    /// Stores entries; where `holder` still has the lease of the first one it is given back.
    async fn fill(&self, fills: &[Fill<'_>], holder: Option<u128>) -> Result<(), CacheFault>;

    /// Gives a lease back unused, if `holder` still has it.
    async fn release(&self, key: &str, holder: u128) -> Result<(), CacheFault>;

    /// Deletes entries that are damaged.
    async fn discard(&self, keys: &[&str]) -> Result<(), CacheFault>;
}

/// Generations as writers see them, and the certificate.
pub trait Registry {
    /// Deletes the generations of these tags (`DEL`): everything that depends on one is a miss from now on.
    async fn invalidate(&self, tags: &[&str]) -> Result<(), CacheFault>;

    /// Claims the renewal (`SET NX PX`). `Ok(None)`: somebody else has it. The run is that of the connection used.
    async fn claim(&self, token: u128, hold: Duration) -> Result<Option<RunId>, CacheFault>;

    /// Gives a claim back unused, if `token` still has it: the next one need not wait for its end.
    async fn abandon(&self, token: u128) -> Result<(), CacheFault>;

    /// Sets the certificate if its token still holds the claim, which was held for [`Timing::claim`], and ends the claim. False where it
    /// doesn't, and where the claim doesn't say by its own end how long ago it was made. It lives for [`Timing::life_after`] that time, and
    /// needs no renewal for half of that.
    async fn certify(&self, certificate: &Certificate, timing: Timing) -> Result<bool, CacheFault>;

    /// The newest certificate there ever was, expired or not: for serving while Postgres is away.
    async fn last_certificate(&self) -> Result<Option<Certificate>, CacheFault>;
}

/// What Postgres says at a renewal, in one statement.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum OutboxState {
    /// This database serves another cache: a configuration error; nothing may be served.
    Mismatch,
    /// The outbox as it stood.
    Rows {
        /// The epoch, moved if the run was new or the rows too many.
        epoch: Epoch,
        /// The rows read.
        ids: Vec<i64>,
        /// Their tags.
        tags: Vec<String>,
    },
}

/// The outbox in Postgres.
pub trait Ledger {
    /// Why Postgres gave no answer.
    type Error;

    /// Reads outbox and epoch for a renewal on this run of Redis.
    async fn pending(&self, run: RunId) -> Result<OutboxState, Self::Error>;

    /// Deletes exactly these rows, after they were applied and certified.
    async fn forget(&self, ids: &[i64]) -> Result<(), Self::Error>;

    /// Deletes the rows of one transaction that name nothing but these tags: what its writer has invalidated itself.
    async fn forget_transaction(&self, xid: &str, tags: &[String]) -> Result<(), Self::Error>;
}

/// Time and chance.
pub trait Clock {
    /// Wall clock: for limits that are stored.
    fn now(&self) -> Millis;

    /// Monotonic clock, milliseconds since any fixed moment: for durations.
    fn monotonic(&self) -> Millis;

    /// Waits.
    async fn sleep(&self, duration: Duration);

    /// A random number from [0, 1).
    fn draw(&self) -> Draw;

    /// 128 random bits, from a source that nobody can guess.
    fn token(&self) -> u128;

    /// Takes an event. By default it does nothing and costs nothing: see [`crate::event`]. It stands
    /// here since every operation asks for a clock.
    fn observe(&self, event: &Event<'_>) {
        let _ = event;
    }
}

/// An error of the origin.
pub trait OriginError {
    /// True where it could not be reached, so that an answer from the cache is better than none.
    fn unreachable(&self) -> bool;
}

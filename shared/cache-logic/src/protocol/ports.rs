//! The ports: what the protocol asks of Redis, the origin and time. Adapters implement them, and
//! the suite in `contract` (feature `testing`) checks an adapter.
//!
//! Every method is one round trip at most, and every one may fail.
#![allow(async_fn_in_trait)] // Components run on one thread: no future has to be `Send`.

use crate::protocol::certificate::{Certificate, ClaimToken, Coverage, Epoch, Generation, RunId, ServerId, Timing};
use crate::protocol::event::Event;
use crate::protocol::freshness::{Draw, Millis};
use std::time::Duration;

/// Why Redis gave no answer. A client never sees it: each fault is a way around the cache.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CacheFault {
    /// The connection was refused or broke.
    Unreachable,
    /// No answer within the time limit.
    TimedOut,
    /// Not asked, since the breaker is open.
    Skipped,
    /// Not asked, since the database serves another cache than this one.
    Misconfigured,
    /// Another run answered than the one that the database names. Or the database has named it only
    /// just, or hasn't been known for long to be the one that gives certificates.
    AnotherRun,
    /// Not asked, since the database gives no certificate for now.
    Withheld,
    /// Redis answered with an error, or with something that is no answer.
    Protocol(String),
}

impl CacheFault {
    /// A short stable name, for Cache-Status and counters.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Unreachable | Self::Skipped => "redis-unavailable",
            Self::TimedOut => "redis-timeout",
            Self::Misconfigured => "misconfigured",
            Self::AnotherRun => "another-run",
            Self::Withheld => "no-certificate",
            Self::Protocol(_) => "redis-error",
        }
    }
}

/// The answer to one look, all of it at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Snapshot {
    /// The stored bytes, in the order of the keys.
    pub entries: Vec<Option<Vec<u8>>>,
    /// The generations, in the order of the tags.
    pub generations: Vec<Option<Generation>>,
    /// The certificate that stands there. The reader judges whether it counts.
    pub certificate: Option<Certificate>,
    /// True while it needs no renewal.
    pub fresh: bool,
    /// True while somebody is at a renewal: nobody else has to try.
    pub claimed: bool,
    /// The run of Redis on this connection, learned when the connection was opened.
    pub run: RunId,
    /// The server of the origin that this instance heard last; `None` if it has heard none.
    pub heard: Option<ServerId>,
}

/// The answer to a reader that wants to fill an entry.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Lease {
    /// Load and fill under these generations. Missing ones were made.
    Granted(Vec<Generation>),
    /// Somebody else holds the lease.
    Held,
    /// The entry was filled since the look: look again.
    Changed,
    /// No lease: the entry that was seen is current, since its parts stand.
    Current(Standing),
}

/// What a look has shown of the entry whose lease is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Known {
    /// None.
    Nothing,
    /// One of this fill, which can't be served.
    Fill(u128),
    /// One of this fill, which its tags alone make outdated: it is current if its parts stand.
    Outdated(u128),
}

impl Known {
    /// The entry's fill.
    pub const fn fill(self) -> Option<u128> {
        match self {
            Self::Nothing => None,
            Self::Fill(fill) | Self::Outdated(fill) => Some(fill),
        }
    }
}

/// How things stood at the moment at which an entry's parts were found to stand.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Standing {
    /// The generations of the entry's tags. Missing ones were made.
    pub generations: Vec<Generation>,
    /// The certificate that stood there.
    pub certificate: Option<Certificate>,
    /// The run of Redis that was asked.
    pub run: RunId,
}

/// One entry to store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fill<'a> {
    /// Its key.
    pub key: &'a str,
    /// An encoded entry.
    pub bytes: Vec<u8>,
    /// The hard limit, in milliseconds.
    pub ttl_ms: u64,
    /// The entry's parts, if it has some: see [`OriginValue::parts`](crate::entry::OriginValue).
    pub parts: Option<Parts<'a>>,
}

/// What is to be noted of an entry's parts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Parts<'a> {
    /// The entry's tags, and the generations that it was loaded under.
    pub tags: &'a [&'a str],
    /// See `tags`.
    pub generations: Vec<Generation>,
    /// The tags of its parts.
    pub parts: Vec<String>,
    /// The entry's fill.
    pub fill: u128,
}

/// Entries and their generations.
pub trait Store {
    /// Reads entries, generations, certificate, fresh key and claim at one moment (`MGET`).
    async fn look(&self, keys: &[&str], tags: &[&str]) -> Result<Snapshot, CacheFault>;

    /// Takes the lease for a key, unless it is held or the entry is no longer the one that was
    /// seen. Missing generations are made from `holder`, which is random (`SET NX GET`). The lease
    /// ends by itself after `hold`.
    ///
    /// For [`Known::Outdated`] there is no lease if its parts were noted with this fill, and each
    /// has the generation that was noted: [`Lease::Current`]. All of it is one moment.
    async fn lease(
        &self,
        key: &str,
        known: Known,
        tags: &[&str],
        holder: u128,
        hold: Duration,
    ) -> Result<Lease, CacheFault>;

    /// Stores `bytes` in place of the entry of this fill, until the end that it has. Nothing if
    /// another one is there, or none.
    async fn restamp(&self, key: &str, fill: u128, bytes: Vec<u8>) -> Result<(), CacheFault>;

    /// The generations of these tags. Missing ones are made from `candidate`.
    async fn generations(&self, tags: &[&str], candidate: u128) -> Result<Vec<Generation>, CacheFault>;

    /// Stores entries. If `holder` still has the lease of the first one, the lease is given back.
    ///
    /// If there is one entry and it has parts, these are noted with it, at the same moment: each
    /// with its generation, which is made from `holder` if it is missing. But only if every tag
    /// still has the generation that the entry was loaded under. An adapter need not note any.
    async fn fill(&self, fills: &[Fill<'_>], holder: Option<u128>) -> Result<(), CacheFault>;

    /// Gives a lease back unused, if `holder` still has it.
    async fn release(&self, key: &str, holder: u128) -> Result<(), CacheFault>;

    /// Deletes entries that are damaged.
    async fn discard(&self, keys: &[&str]) -> Result<(), CacheFault>;
}

/// Generations as writers see them, and the certificate.
pub trait Registry {
    /// Deletes the generations of these tags (`DEL`): everything that depends on one is a miss from
    /// now on, in the run that is answered.
    async fn invalidate(&self, tags: &[&str]) -> Result<RunId, CacheFault>;

    /// Claims the renewal (`SET NX PX`), and reads the record in the same step. `Ok(None)` if
    /// somebody else has it.
    async fn claim(&self, token: ClaimToken, hold: Duration) -> Result<Option<RenewalClaim>, CacheFault>;

    /// Gives a claim back unused, if `token` still has it: the next renewal need not wait for its
    /// end.
    async fn abandon(&self, token: ClaimToken) -> Result<(), CacheFault>;

    /// Sets the certificate and the record beside it if the certificate's token still holds the
    /// claim, and ends the claim. The claim was held for [`Timing::claim`]. The certificate lives
    /// for [`Timing::life_after`] the claim's age, and needs no renewal for half of that. The
    /// record lives longer than any entry.
    ///
    /// False if the token does not hold the claim, or if the claim's age cannot be told from its
    /// end. Then the record stays as it was.
    async fn certify(&self, certificate: &Certificate, record: &str, timing: Timing) -> Result<bool, CacheFault>;

    /// The newest certificate that was ever set, expired or not: for reads while Postgres is away.
    async fn last_certificate(&self) -> Result<Option<Certificate>, CacheFault>;
}

/// A renewal that was claimed: what Redis says about itself at that moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RenewalClaim {
    /// The run of Redis on the connection used.
    pub run: RunId,
    /// The name of the data that it holds (`master_replid`): another one after a resynchronisation,
    /// though the run is the same. Empty if Redis doesn't say it.
    pub replication: String,
    /// The record that the last certificate was given with, for Postgres to compare. `None` if
    /// there is none: then nothing that Redis holds can be shown to be current.
    pub record: Option<String>,
}

/// The answer of Postgres to a renewal, from one statement.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum OutboxState {
    /// The database serves another cache. That is a configuration error: nothing may be served.
    Mismatch,
    /// No certificate may be given now, since a change could go unseen under it.
    Withheld,
    /// The outbox as it stood.
    Rows {
        /// The epoch. It has moved if anything differs from the record, or the rows were too many.
        epoch: Epoch,
        /// The server that answered.
        server: ServerId,
        /// The entries that a certificate may cover now.
        coverage: Coverage,
        /// The record to keep beside the certificate. Nobody but Postgres reads it.
        record: String,
        /// The rows to delete once they are applied. Too many rows are left to Postgres.
        ids: Vec<i64>,
        /// The tags of all rows that were read, or of the tenants that they name.
        tags: Vec<String>,
    },
}

/// The outbox in Postgres.
pub trait Ledger {
    /// Why Postgres gave no answer.
    type Error;

    /// Reads outbox and epoch for a renewal, and compares the claim's record with what is so now.
    async fn pending(&self, claim: &RenewalClaim) -> Result<OutboxState, Self::Error>;

    /// Deletes exactly these rows, after they were applied and certified.
    async fn forget(&self, ids: &[i64]) -> Result<(), Self::Error>;

    /// Deletes the rows of one transaction that name nothing but these tags: its writer has
    /// invalidated them itself.
    async fn forget_transaction(&self, xid: &str, tags: &[String]) -> Result<(), Self::Error>;
}

/// Time and chance.
pub trait Clock {
    /// The wall clock: for limits that are stored.
    fn now(&self) -> Millis;

    /// The monotonic clock, in milliseconds since any fixed moment: for durations.
    fn monotonic(&self) -> Millis;

    /// Waits.
    async fn sleep(&self, duration: Duration);

    /// A random number from [0, 1).
    fn draw(&self) -> Draw;

    /// 128 random bits from a source that nobody can guess.
    fn token(&self) -> u128;

    /// Takes an event. By default it does nothing and costs nothing: see [`crate::event`]. It
    /// belongs to the clock since that is the one port of every operation.
    fn observe(&self, event: &Event<'_>) {
        let _ = event;
    }
}

/// An error of the origin.
pub trait OriginError {
    /// True if the origin could not be reached, so that an answer from the cache is better than
    /// none.
    fn unreachable(&self) -> bool;
}

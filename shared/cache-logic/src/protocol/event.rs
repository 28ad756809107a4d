//! Events: what the protocol tells other people's logs and metrics.
//!
//! An operation tells its ports each event through
//! [`Clock::observe`](crate::ports::Clock::observe), which does nothing unless ports override it.
//! An event is made of borrows and numbers alone. So a component whose ports ignore events carries
//! no code for them: no allocation, no dynamic call.
//!
//! `with_events::WithEvents` (feature `events`) adds an observer to ports that are there already.

use crate::protocol::freshness::Freshness;

/// Something that happened. Each operation tells its events before it returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A read was answered from the cache, certified and before its soft limit.
    Hit {
        /// The entry's key.
        key: &'a str,
        /// [`Freshness::Fresh`], or [`Freshness::Early`] if a refresh follows.
        freshness: Freshness,
    },
    /// A read was answered by an entry past its soft limit, or by one that nothing certifies.
    Stale {
        /// The entry's key.
        key: &'a str,
        /// False for stale-if-error: the origin could not be reached, so the entry may be older
        /// than an acknowledged write. True if the entry is current and only due for a refresh.
        certified: bool,
    },
    /// A read was answered by an entry whose tags were announced and whose parts stand.
    Revalidation {
        /// The entry's key.
        key: &'a str,
    },
    /// A read of reference data was answered from the instance itself.
    NearHit {
        /// The entry's key.
        key: &'a str,
    },
    /// A read was answered by the origin, since the cache held nothing current.
    Miss {
        /// The entry's key.
        key: &'a str,
        /// Whether the value is in the cache now.
        stored: bool,
    },
    /// The origin has no such thing.
    Absence {
        /// The entry's key.
        key: &'a str,
    },
    /// A read was answered by the origin, since the cache could not be used.
    Bypass {
        /// The entry's key.
        key: &'a str,
        /// The name of the cause, see [`crate::read::Bypass::name`].
        reason: &'static str,
    },
    /// A read failed: the origin gave an error and no entry may stand in.
    Failure {
        /// The entry's key.
        key: &'a str,
    },
    /// An entry could not be read and was replaced. The event of the read's end comes beside it.
    Damage {
        /// The entry's key.
        key: &'a str,
    },
    /// A read waited for the fill or the renewal of somebody else.
    Wait {
        /// The entry's key.
        key: &'a str,
        /// How long, in milliseconds.
        ms: u64,
    },
    /// A refresh behind a response ended.
    Refresh {
        /// The entry's key.
        key: &'a str,
        /// False if somebody else was faster or Redis refused the entry.
        stored: bool,
    },
    /// A certificate was set.
    Renewal {
        /// How many tags of the outbox were invalidated before.
        tags: usize,
    },
    /// A write deleted the generations of its tags before it returned.
    Invalidation {
        /// The tags.
        tags: &'a [&'a str],
    },
    /// The value of a write took the place of an entry.
    WriteThrough {
        /// The entry's key.
        key: &'a str,
    },
    /// A write could not invalidate. It waited until no certificate could hide its change.
    OutageWait {
        /// The name of the fault, see [`crate::ports::CacheFault::name`].
        reason: &'static str,
    },
    /// A call to Redis failed. Told by `with_events::WithEvents`, once for each call.
    Fault {
        /// The port's method.
        call: &'static str,
        /// The name of the fault, see [`crate::ports::CacheFault::name`].
        reason: &'static str,
        /// The error that Redis answered with, if it answered. For logs only: it may quote a key.
        detail: &'a str,
    },
    /// A call to the outbox failed. Told by `with_events::WithEvents`, once for each call.
    OutboxFault {
        /// The port's method.
        call: &'static str,
    },
}

impl Event<'_> {
    /// A short stable name, for counters.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Hit { .. } => "hit",
            Self::Stale { .. } => "stale",
            Self::Revalidation { .. } => "revalidation",
            Self::NearHit { .. } => "near-hit",
            Self::Miss { .. } => "miss",
            Self::Absence { .. } => "absence",
            Self::Bypass { .. } => "bypass",
            Self::Failure { .. } => "failure",
            Self::Damage { .. } => "damage",
            Self::Wait { .. } => "wait",
            Self::Refresh { .. } => "refresh",
            Self::Renewal { .. } => "renewal",
            Self::Invalidation { .. } => "invalidation",
            Self::WriteThrough { .. } => "write-through",
            Self::OutageWait { .. } => "outage-wait",
            Self::Fault { .. } => "fault",
            Self::OutboxFault { .. } => "outbox-fault",
        }
    }
}

/// Takes events. It runs inside the operation that tells it: a slow observer makes reads slow.
///
/// Every `Fn(&Event<'_>)` is one.
pub trait Observer {
    /// Takes one event.
    fn observe(&self, event: &Event<'_>);
}

impl<F: Fn(&Event<'_>)> Observer for F {
    fn observe(&self, event: &Event<'_>) {
        self(event);
    }
}

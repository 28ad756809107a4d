//! A cache that is never stale after a write: the protocol, pure.
//!
//! Postgres is the truth, Redis holds copies. An entry is served only while it can be *shown* to be current: every entry names the
//! generations of its tags and the epoch it was made in, and a hit needs a live certificate which says that every invalidation that was
//! committed before it began has been applied. Nothing here does I/O, reads a clock or draws a random number: effects come in through
//! the [`ports`].
//!
//! Reading order:
//! 1. [`key`], [`entry`]: what is stored, under which names
//! 2. [`policy`], [`named`], [`freshness`]: how long it may live, when it is made anew
//! 3. [`certificate`], [`ports`]: what the protocol asks of Redis and of the origin
//! 4. [`read`], [`read_many`], [`mod@write`], [`renew`]: the protocol itself; [`write_through`]: a write whose outcome is the next entry
//! 5. [`declare`], [`content`]: the same, declared once for a type; `gzip`: what is kept packed
//! 6. [`breaker`], [`retry`]: when a dependency is left alone, when it is asked again; [`limit`]: how often something may be tried
//! 7. [`lock`], [`idempotency`]: who is at work, and whether it was done; [`l1`]: reference data inside an instance
//! 8. [`statistics`], [`exposition`]: what is counted, and Prometheus' text format
//! 9. [`memory`], [`contract`]: a Redis in memory, and the suite that every adapter passes
//!
//! The README beside this crate has an example of each, and a table of what it costs.
#![forbid(unsafe_code)]

/// The README, so that its example is run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod kit;
mod protocol;
#[cfg(feature = "testing")]
mod testing;

#[cfg(feature = "breaker")]
pub use kit::breaker;
#[cfg(feature = "exposition")]
pub use kit::exposition;
#[cfg(feature = "gzip")]
pub use kit::gzip;
#[cfg(feature = "idempotency")]
pub use kit::idempotency;
#[cfg(feature = "l1")]
pub use kit::l1;
#[cfg(feature = "named")]
pub use kit::named;
#[cfg(feature = "events")]
pub use kit::with_events;
#[cfg(feature = "declare")]
pub use kit::{content, declare};
pub use protocol::{certificate, event, freshness, key, read_many, renew, write};
#[cfg(feature = "limit")]
pub use renamed::limit;
#[cfg(feature = "lock")]
pub use renamed::lock;
#[cfg(feature = "retry")]
pub use renamed::retry;
#[cfg(feature = "statistics")]
pub use renamed::statistics;
pub use renamed::{entry, policy, ports, read, write_through};
#[cfg(feature = "testing")]
pub use testing::{contract, memory};

/// Types under the names that they had before, for callers that have not changed yet. Once none is
/// left this module goes, and its modules are re-exported from `protocol` and `kit` like the others.
mod renamed {
    #![allow(missing_docs)] // Each has the documentation of what it re-exports.

    pub mod entry {
        pub use crate::protocol::entry::{OriginValue as Given, *};
    }
    pub mod policy {
        pub use crate::protocol::policy::{Compression as Compress, *};
    }
    pub mod ports {
        pub use crate::protocol::ports::{OutboxState as Pending, Snapshot as Seen, *};
    }
    pub mod read {
        pub use crate::protocol::read::{EntrySpec as Wanted, ReadTrace as Course, *};
    }
    pub mod write_through {
        pub use crate::protocol::write_through::{GenerationSwap as Turn, *};
    }
    #[cfg(feature = "limit")]
    pub mod limit {
        pub use crate::kit::limit::{LimitDecision as Decision, WindowCount as Count, *};
    }
    #[cfg(feature = "lock")]
    pub mod lock {
        pub use crate::kit::lock::{Acquisition as Acquired, *};
    }
    #[cfg(feature = "retry")]
    pub mod retry {
        pub use crate::kit::retry::{RetryStep as Next, *};
    }
    #[cfg(feature = "statistics")]
    pub mod statistics {
        pub use crate::kit::statistics::*;
        pub mod counts {
            pub use crate::kit::statistics::counts::{WriteCounter as Written, *};
        }
    }
}

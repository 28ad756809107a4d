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

pub mod breaker;
pub mod certificate;
pub mod content;
pub mod contract;
pub mod declare;
pub mod entry;
pub mod exposition;
pub mod freshness;
#[cfg(feature = "gzip")]
pub mod gzip;
pub mod idempotency;
pub mod key;
pub mod l1;
pub mod limit;
pub mod lock;
pub mod memory;
pub mod named;
pub mod origin;
pub mod policy;
pub mod ports;
pub mod read;
pub mod read_many;
pub mod renew;
pub mod retry;
pub mod statistics;
pub mod write;
pub mod write_through;

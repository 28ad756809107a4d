//! A read-through cache over Redis that is never stale after a write: the protocol, pure.
//!
//! Postgres is the truth, Redis holds copies. An entry is served only while it can be *shown* to be
//! current. It names the generations of its tags and the epoch that it was made in. A hit needs a
//! live certificate, which says that every invalidation committed before it began has been applied.
//! Nothing in here does I/O, reads a clock or draws a random number: the app implements the
//! [`ports`].
//!
//! The protocol, all of it needed for a hit, in reading order:
//! 1. [`key`], [`entry`]: the stored bytes and their names
//! 2. [`policy`], [`freshness`]: how long an entry may live, when it is refreshed
//! 3. [`certificate`], [`ports`]: the questions to Redis and to the origin
//! 4. [`read`], [`read_many`], [`mod@write`], [`renew`]: the protocol itself
//! 5. [`write_through`]: a write whose outcome is the next entry
//! 6. [`event`]: what is told to logs and metrics
//!
//! The kit, each piece behind a feature of its name:
//! - `declare` with `content` (and `json`): key, tags, policy and type, declared once
//! - `named`: policies by the kind of data; `gzip`: packed entries
//! - `lock`, `idempotency`: one holder at a time, one execution for each request
//! - `limit`, `retry`, `breaker`: how often a thing is tried, and when a dependency is left alone
//! - `compare`: whether a hit says what the origin says, for a running system
//! - `loads`: loads that readers of one instance share, and a bound on those that wait
//! - `l1`: reference data inside an instance
//! - `events`: an observer beside ports that are there already (module `with_events`)
//! - `statistics`, `exposition`: counters, and Prometheus' text format
//! - `testing`: a Redis in memory, and the suite that every adapter passes (modules `memory` and
//!   `contract`)
//!
//! The README has an example of each, a table of costs and a glossary.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

/// The README, so that its examples are run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod kit;
mod protocol;
#[cfg(feature = "testing")]
mod testing;

#[cfg(feature = "breaker")]
pub use kit::breaker;
#[cfg(feature = "compare")]
pub use kit::compare;
#[cfg(feature = "exposition")]
pub use kit::exposition;
#[cfg(feature = "gzip")]
pub use kit::gzip;
#[cfg(feature = "idempotency")]
pub use kit::idempotency;
#[cfg(feature = "l1")]
pub use kit::l1;
#[cfg(feature = "limit")]
pub use kit::limit;
#[cfg(feature = "loads")]
pub use kit::loads;
#[cfg(feature = "lock")]
pub use kit::lock;
#[cfg(feature = "named")]
pub use kit::named;
#[cfg(feature = "retry")]
pub use kit::retry;
#[cfg(feature = "statistics")]
pub use kit::statistics;
#[cfg(feature = "events")]
pub use kit::with_events;
#[cfg(feature = "declare")]
pub use kit::{content, declare};
pub use protocol::{
    certificate, entry, event, freshness, key, origin, policy, ports, read, read_many, renew, write, write_through,
};
#[cfg(feature = "testing")]
pub use testing::{contract, memory};

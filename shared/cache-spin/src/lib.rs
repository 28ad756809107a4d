//! The ports of cache-logic over Spin: one Redis, the outbox in Postgres, clock and chance, time
//! limits, statistics. Knows nothing of orders: a component gives its settings, its entries and its
//! statements.
//!
//! Reading order:
//! 1. [`clock`], [`notify`], [`deadline`]: time, chance, and wake-ups between requests of one
//!    instance
//! 2. [`redis`], [`postgres`]: one dependency each, with the time limits and breakers that Spin
//!    lacks
//! 3. [`store`], [`ports`]: what cache-logic asks of both
//! 4. [`cache`]: reads and writes, the one type that a component works with; [`statistics`]: what
//!    they count
//! 5. [`state`]: Redis for what isn't a cache, with [`limits`], [`claims`] and [`locks`] on it

/// The README, so that its examples are compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub use cache_logic;

pub mod answer;
pub mod cache;
pub mod claims;
pub mod clock;
pub mod deadline;
pub mod limits;
pub mod locks;
pub mod notify;
pub mod ports;
pub mod postgres;
pub mod redis;
pub mod state;
pub mod statistics;
pub mod store;
pub mod terms;

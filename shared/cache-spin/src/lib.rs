//! A cache for Spin apps that is never stale after a write: Redis in front of any table of
//! Postgres. The README has a complete example; [`cache::Cache`] is the one type that an app works
//! with.
//!
//! The crate is the ports of cache-logic over Spin. It knows nothing of what is cached: an app
//! gives its settings, its entries and its statements.
//!
//! Reading order:
//! 1. [`clock`], [`notify`], [`deadline`]: time, chance, and wake-ups between requests of an
//!    instance; [`log`]: its lines
//! 2. [`redis`], [`postgres`]: one dependency each, with the time limits and breakers that Spin
//!    lacks
//! 3. [`store`], [`ports`]: the questions of cache-logic to both; [`terms`]: settings of a miss
//! 4. [`cache`]: reads and writes; [`answer`]: their headers; [`statistics`]: their counters;
//!    [`hot`]: what is read most
//! 5. [`state`]: Redis for state that isn't a cache, with [`limits`], [`claims`] and [`locks`] on
//!    it; [`rates`]: limits that cost no look of their own; [`channel`]: messages

/// The README, so that its examples are compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub use cache_logic;

pub mod address;
pub mod answer;
mod batches;
pub mod cache;
pub mod channel;
pub mod claims;
pub mod clock;
mod complaints;
pub mod deadline;
mod gathered;
pub mod hot;
pub mod limits;
mod loads;
pub mod locks;
pub mod log;
pub mod notify;
pub mod ports;
pub mod postgres;
pub mod rates;
pub mod redis;
pub mod state;
pub mod statistics;
pub mod store;
pub mod terms;

//! The pieces that an app may add to the protocol: each behind a feature of its name.

#[cfg(feature = "breaker")]
pub mod breaker;
#[cfg(feature = "declare")]
pub mod content;
#[cfg(feature = "declare")]
pub mod declare;
#[cfg(feature = "exposition")]
pub mod exposition;
#[cfg(feature = "gzip")]
pub mod gzip;
#[cfg(feature = "idempotency")]
pub mod idempotency;
#[cfg(feature = "l1")]
pub mod l1;
#[cfg(feature = "limit")]
pub mod limit;
#[cfg(feature = "lock")]
pub mod lock;
#[cfg(feature = "named")]
pub mod named;
#[cfg(feature = "retry")]
pub mod retry;
#[cfg(feature = "statistics")]
pub mod statistics;
#[cfg(feature = "events")]
pub mod with_events;

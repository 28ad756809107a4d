//! The common base of all tests and the dev program. Nothing here knows a crate of the product: the
//! server is seen over HTTP, its stores over their own protocols.
//!
//! | file | holds |
//! | --- | --- |
//! | `services` | [`Services`]: a private Redis and Postgres in a directory |
//! | `caller` | [`Caller`]: tokens |
//! | `client` | `Client`: one method per endpoint; `answer`: `Answer`, a response read to its end |
//! | `database` | `Database`: an empty or copied one per test, dropped with it |
//! | `description` | `Description`: `openapi.yaml`, and whether an answer is as it says |
//! | `prometheus` | `Metrics`: the text format, read strictly |
//! | `wire` | `Wire`: HTTP as bytes, for requests that a client library would not send |
//! | `eventually` | polling with a deadline, in place of sleeping |
//!
//! `database` needs the feature of its name; all but it and the first two need `client`.

#[cfg(feature = "client")]
mod answer;
mod caller;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "database")]
pub mod database;
#[cfg(feature = "client")]
mod description;
#[cfg(any(feature = "client", feature = "database"))]
mod eventually;
#[cfg(feature = "client")]
mod prometheus;
mod services;
#[cfg(feature = "client")]
mod wire;

#[cfg(feature = "client")]
pub use answer::Answer;
pub use caller::Caller;
#[cfg(feature = "client")]
pub use client::Client;
#[cfg(feature = "client")]
pub use description::{Description, Operation};
#[cfg(any(feature = "client", feature = "database"))]
pub use eventually::{SOON, eventually, eventually_every};
#[cfg(feature = "client")]
pub use prometheus::Metrics;
pub use services::{CACHE_CONF, STATE_CONF, Service, Services, children, free_port};
#[cfg(feature = "client")]
pub use wire::{Reply, Wire};

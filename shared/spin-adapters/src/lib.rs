//! The ports of cache-logic and commerce over spin-sdk: Redis, Postgres, clock, configuration, and the HTTP glue of every function.
//!
//! Reading order: [`config`], [`redis`] and [`postgres`] (one dependency each), [`mod@deadline`] (a time limit for the first), [`store`] and [`ledger`] (the ports), [`backend`] (what
//! functions work with), [`http`] and [`auth`] (requests and responses), [`request`] and [`problem`] (what is read of one, the one
//! mapping of errors), [`orders`] and [`health`] (the operations), [`payments`] (the providers, and what is done with them).

pub mod auth;
pub mod backend;
mod bell;
pub mod clock;
pub mod config;
pub mod deadline;
pub mod health;
pub mod http;
pub mod ledger;
pub mod locks;
pub mod metrics;
pub mod orders;
mod outgoing;
mod packing;
pub mod payments;
pub mod postgres;
pub mod problem;
pub mod redis;
pub mod request;
pub mod statistics;
pub mod store;

//! The ports of cache-logic and commerce over spin-sdk: Redis, Postgres, clock, configuration, and the HTTP glue of every function.
//!
//! Reading order: [`config`], [`redis`] and [`postgres`] (one dependency each), [`store`] and [`ledger`] (the ports), [`backend`] (what
//! functions work with), [`http`] and [`auth`] (requests and responses), [`problem`] (the one mapping of errors), [`orders`].

pub mod auth;
pub mod backend;
pub mod clock;
pub mod config;
pub mod http;
pub mod ledger;
pub mod orders;
pub mod postgres;
pub mod problem;
pub mod redis;
pub mod store;

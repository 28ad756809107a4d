//! The base of the scenarios in `tests/it`. Nothing here knows a crate of the product: the server
//! is seen over HTTP, its stores over their own protocols. `standin` plays the payment providers.
//!
//! Reading order:
//!
//! | file | holds |
//! | --- | --- |
//! | `app`, `private` | [`App`]: one call starts a server with a database and a key prefix of its own |
//! | `suite` | common to all scenarios: the stores, the template database, the server that is meant |
//! | `sample` | [`Sample`]: rows of the seed for scenarios |
//! | `redis_log`, `statements` | the cost of a request in commands and statements |
//! | `history` | whether what readers and writers of one order saw keeps the promise |
//! | `process`, `server` | processes that a scenario may kill, stop and continue |
//! | `failover` | HAProxy and Sentinels before two Redis or two Postgres |
//! | `refresher` | the component that takes messages, beside a server |
//! | `prometheus`, `alertmanager` | a real Prometheus that watches a scenario's server, and a real Alertmanager that it tells |
//! | `contract` | the suite of the ports, run by a component of its own on the runtime's Redis |
//!
//! The client, tokens and the like are `kit`'s; they are re-exported here.

mod alertmanager;
mod app;
mod contract;
mod failover;
pub mod history;
mod private;
mod process;
mod prometheus;
mod redis_log;
mod refresher;
mod sample;
mod server;
mod statements;
mod suite;

pub use alertmanager::Alertmanager;
pub use app::App;
pub use contract::contract_on_the_runtime;
pub use failover::{Haproxy, Sentinels, postgres_check};
pub use kit::{Answer, Caller, Client, Description, Metrics, SOON, Wire, eventually, eventually_every, free_port};
pub use private::{Private, SHOP};
pub use process::{PostgresProcess, RedisProcess};
pub use prometheus::{Prometheus, monitoring};
pub use redis_log::{Command, RedisLog};
pub use refresher::Refresher;
pub use sample::Sample;
pub use server::Server;
pub use statements::Statements;

//! What the scenarios in `tests/it` stand on. Nothing here knows a crate of the product: the server is seen over HTTP, its stores over
//! their own protocols, payment providers are played by `standin`.
//!
//! Reading order:
//!
//! | file | holds |
//! | --- | --- |
//! | `app`, `private` | [`App`]: one call starts a server with a database and a key prefix of its own |
//! | `suite` | what all scenarios share: the stores, the template database, which server is meant |
//! | `client` | [`Client`]: one method per endpoint; `answer`: what comes back |
//! | `caller` | [`Caller`]: tokens |
//! | `sample` | [`Sample`]: rows of the seed to talk about |
//! | `redis_log`, `statements` | what a request cost: commands seen by Redis, statements seen by Postgres |
//! | `prometheus` | [`Metrics`]: the text format, read strictly |
//! | `process`, `server` | what a scenario may kill, stop and continue |
//! | `contract` | the suite of the ports, run by a component of its own on the runtime's Redis |
//! | `wire` | HTTP as bytes, for what a client library would not send |
//! | `eventually` | polling with a deadline, in place of sleeping |

mod answer;
mod app;
mod caller;
mod client;
mod contract;
mod eventually;
mod private;
mod process;
mod prometheus;
mod redis_log;
mod sample;
mod server;
mod statements;
mod suite;
mod wire;

pub use answer::Answer;
pub use app::App;
pub use caller::Caller;
pub use client::Client;
pub use contract::contract_on_the_runtime;
pub use eventually::{eventually, eventually_every};
pub use private::{Private, SHOP};
pub use process::{PostgresProcess, RedisProcess};
pub use prometheus::Metrics;
pub use redis_log::{Command, RedisLog};
pub use sample::Sample;
pub use server::Server;
pub use statements::Statements;
pub use wire::Wire;

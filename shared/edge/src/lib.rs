//! From a request to a response: everything that all components share. Operations see requests,
//! callers, settings, cached views and statements; none of them sees Redis or the cache protocol.
//!
//! Reading order:
//! 1. [`reply`], [`request`], [`problem`]: responses, requests, and the one mapping of errors to
//!    responses; [`file`]: what a component has in it
//! 2. [`settings`]: every setting as a row, read once per instance
//! 3. [`app`]: the parts that a component works with; [`auth`], `access`: the caller of a
//!    request, and whether its token was revoked; [`limits`]: how many requests it may make
//! 4. [`data`], [`answer`], [`changed`]: cached views, statements, and how their outcomes are sent;
//!    [`turn`]: a queue in front of a busy row; [`feed`]: the feed of changes; [`invalidate()`]:
//!    entries that somebody has made anew
//! 5. [`call`], [`route`], [`respond`]: a component as a table of routes; `cors`: scripts of other
//!    origins; [`outgoing`], [`stream`]: bodies on their way out
//! 6. [`jobs`]: work that no request asks for; [`subscriber!`]: a component that takes messages
//! 7. [`client`]: one call of another service; [`upstream`]: its repetitions; [`service`]: services
//!    of the shop's own; [`product_service`], [`holds`]: the one that keeps stock

mod access;
pub mod answer;
pub mod app;
pub mod auth;
pub mod call;
pub mod changed;
pub mod client;
mod cors;
pub mod data;
pub mod feed;
pub mod file;
pub mod holds;
mod invalidate;
pub mod jobs;
pub mod limits;
pub mod outgoing;
mod packing;
pub mod problem;
pub mod product_service;
pub mod reply;
pub mod request;
pub mod respond;
pub mod route;
pub mod service;
pub mod settings;
pub mod stream;
mod subscriber;
pub mod turn;
pub mod upstream;

pub use access::Admitted;
pub use answer::Answer;
pub use app::App;
pub use call::{Call, KeyedBody, Open};
pub use data::{
    HotKey, Json, Mark, Param, Row, change, change_one, document, fill, fill_behind, fill_many, found, json, marks,
    one, page, params, query, read, read_many, read_many_unwatched, read_near, read_small, read_while, take_hot_keys,
    write, write_one, write_through,
};
pub use file::File;
pub use invalidate::invalidate;
pub use reply::Reply;

/// Time and chance.
pub use cache_spin::clock;
/// The log.
pub use cache_spin::log;
pub use cache_spin::notify::Notify;

/// State that isn't a cache: limits and claims.
pub mod state {
    pub use cache_logic::key::KeyBuilder;
    pub use cache_logic::limit::{LimitDecision, Window, WindowCount};
    pub use cache_spin::claims::{Claim, Claims, Permit};
    pub use cache_spin::limits::Windows;
    pub use cache_spin::redis::{Argument, Memory, Redis, Script, Uses, Value, hex, millis, text};
    pub use cache_spin::state::State;
}

/// Counts of events, and Prometheus' text format.
pub mod statistics {
    pub use cache_logic::exposition::{Exposition, Kind};
    pub use cache_logic::statistics::Statistics;
    pub use cache_logic::statistics::counts::{BYPASSES, Counter, Counts, WriteCounter};
    pub use cache_logic::statistics::expose::expose;
    pub use cache_logic::statistics::series::{MEASURES, Point, Stretch};
}

#[doc(hidden)]
pub use commerce;

//! What tests of every kind stand on. Nothing here knows a crate of the product: the server is seen over HTTP.
//!
//! | file | holds |
//! | --- | --- |
//! | `client` | [`Client`]: one method per endpoint; `answer`: [`Answer`], a response read to its end |
//! | `description` | [`Description`]: `openapi.yaml`, and whether an answer is as it says |
//! | `caller` | [`Caller`]: tokens |
//! | `prometheus` | [`Metrics`]: the text format, read strictly |
//! | `wire` | [`Wire`]: HTTP as bytes, for requests that a client library would not send |
//! | `eventually` | polling with a deadline, in place of sleeping |

mod answer;
mod caller;
mod client;
mod description;
mod eventually;
mod prometheus;
mod wire;

pub use answer::Answer;
pub use caller::Caller;
pub use client::Client;
pub use description::{Description, Operation};
pub use eventually::{eventually, eventually_every};
pub use prometheus::Metrics;
pub use wire::{Reply, Wire};

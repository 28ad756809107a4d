//! Orders, payments and products: types, rules, keys, tags, money. Pure: no Spin, no I/O, no clock, no randomness.
//!
//! Reading order:
//! 1. [`error`]: what can go wrong, as values
//! 2. [`caller`]: who asks and what that allows
//! 3. [`status`], [`money`], [`time`]: the words that orders are made of
//! 4. [`query`]: requests, read with errors that name the field
//! 5. [`entries`]: which cache entry has which key and depends on which tags
//! 6. [`webhook`]: signatures and events of payment providers
#![forbid(unsafe_code)]

pub mod caller;
pub mod entries;
pub mod error;
pub mod money;
mod params;
pub mod query;
pub mod status;
pub mod time;
pub mod webhook;

//! Orders, payments and products: types, rules, keys, tags, money. Pure: no Spin, no I/O, no clock, no randomness.
//!
//! Reading order:
//! 1. [`error`]: what can go wrong, as values
//! 2. [`caller`]: who asks and what that allows
//! 3. [`keys`], [`jwt`]: how a token becomes a caller
//! 4. [`status`], [`money`], [`time`]: the words that orders are made of
//! 5. [`query`], [`order`], [`address`], [`preconditions`]: requests, read with errors that name the field
//! 7. [`webhook`]: signatures and events of payment providers
//! 8. [`gateway`]: what payment providers are asked, and what they answer
//! 9. [`session`], [`checkout`], [`guest`]: the shopper's way to a paid order; [`fraud`], [`client_address`], [`pseudonym`]: what guards it
#![forbid(unsafe_code)]

pub mod address;
pub mod caller;
pub mod checkout;
pub mod client_address;
pub mod error;
mod fields;
mod foreign;
pub mod fraud;
pub mod gateway;
pub mod guest;
pub mod hex;
mod json;
pub mod jwt;
pub mod keys;
pub mod money;
pub mod order;
mod origin;
pub mod outcome;
mod params;
pub mod preconditions;
pub mod provider;
pub mod pseudonym;
pub mod query;
pub mod refund;
pub mod session;
pub mod status;
mod text;
pub mod time;
pub mod views;
pub mod webhook;

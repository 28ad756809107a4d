//! Orders, payments and products: types, rules, keys, tags, money. Pure: no Spin, no I/O, no clock,
//! no randomness.
//!
//! Reading order:
//! 1. [`error`]: what can go wrong, as values
//! 2. [`caller`]: who asks and what that allows
//! 3. [`keys`], [`jwt`]: how a token becomes a caller; [`access`]: tokens that were revoked
//! 4. [`status`], [`money`], [`time`]: the words that orders are made of
//! 5. [`query`], [`order`], [`shipment`], [`invoice`], [`customer`], [`organization`],
//!    [`provider_account`], [`address`], [`preconditions`]: requests, read with errors that name
//!    the field
//!    [`catalogue`]: products, and the schemas that say which fields they have
//! 6. [`views`]: the cached views, a row each; [`outcome`]: the answers of SQL functions
//! 7. [`provider`], [`webhook`]: signatures and events of payment providers
//! 8. [`gateway`]: what payment providers are asked, and what they answer
//! 9. [`session`], [`checkout`], [`user_cart`], [`guest`], [`refund`]: the shopper's way to a paid
//!    order and back; [`fraud`], [`client_address`], [`pseudonym`]: what guards it
//!    [`stock`], [`stock_hold`]: pieces that orders hold, here or at a product-service
//! 10. [`transaction`], [`differences`]: what moved money, and whether the providers say so, too
//! 11. [`feed`]: the feed of changes; [`live`]: the live status of an order; [`jobs`]: work that no
//!     request asks for; [`urls`]: addresses in settings
//!
//! # Glossary of payments
//!
//! | word | meaning |
//! | --- | --- |
//! | provider | PayPal or Stripe: a party outside that takes money for us |
//! | gateway | who takes a session's money: a provider, or `other` for cash and bank transfers |
//! | account | our name at a provider; each belongs to one organisation, which gets the money |
//! | payment session | one try to pay an order; it holds the order's place until paid or over |
//! | checkout session | a cart on its way to becoming an order; nothing is paid yet |
//! | attempt | a request to begin a payment session, as limits and the fraud score count it |
//! | object | a provider's record in its latest state: payment, authorization, refund, dispute |
//! | payment | money taken: a PayPal capture or sale, a Stripe payment intent |
//! | authorization | money reserved at a provider, to be captured or let go |
//! | capture | taking money that was approved or reserved; PayPal also calls the result so |
//! | refund | money given back; a reversal is a refund that the provider forced |
//! | dispute | a shopper's complaint at the provider that may take the money back |
//! | event | a provider's message that something happened to an object; it has one id |
//! | delivery | one HTTP request that brings an event; the same event may be delivered often |
//! | transmission | PayPal's name for a delivery: its id and time are part of the signed text |
//! | claim | the right, kept in Redis, to be the only one that works on an event |
//! | subject | what an event is about: a resource to ask PayPal for, or a signed Stripe object |
//! | resource | a record in PayPal's API; only the API's answer about it is believed |
//! | fold | working out an order's payments and status anew from all objects known of it |
//! | review | an event or a session waits for an operator, who replays, dismisses or approves it |
//! | redrive | taking up events again that still wait |
//! | reconciliation | comparing a provider's list of events with ours, to find lost ones |
#![forbid(unsafe_code)]

pub mod access;
pub mod address;
pub mod caller;
pub mod catalogue;
pub mod checkout;
pub mod client_address;
pub mod cors;
pub mod customer;
pub mod differences;
pub mod error;
pub mod feed;
mod fields;
mod foreign;
pub mod fraud;
pub mod gateway;
pub mod guest;
pub mod hex;
pub mod html;
pub mod invoice;
pub mod jobs;
mod json;
pub mod jwt;
pub mod keys;
pub mod live;
pub mod money;
pub mod order;
pub mod organization;
mod origin;
pub mod outcome;
mod params;
mod parts;
pub mod preconditions;
pub mod provider;
pub mod provider_account;
pub mod pseudonym;
pub mod query;
pub mod refund;
pub mod session;
pub mod shipment;
pub mod status;
pub mod stock;
pub mod stock_hold;
mod tax_id;
mod text;
pub mod time;
pub mod transaction;
pub mod urls;
pub mod user_cart;
pub mod user_session;
pub mod views;
pub mod webhook;

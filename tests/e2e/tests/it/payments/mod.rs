//! Payments, with the stand-in for both providers.

mod approvals;
mod by_hand;
mod checkout;
mod differences;
mod embedded;
mod export;
mod faults;
mod fraud_check;
mod guests;
mod killed;
mod limits;
mod lists;
mod operators;
mod orders_of_arrival;
mod refunds_in_doubt;
mod retention;
mod secrets;
mod sessions;
mod sessions_held;
mod shop;
mod shopper;
mod story;
mod tickets;
mod timeline;
mod transactions;
mod webhooks;

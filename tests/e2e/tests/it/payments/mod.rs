//! Payments, with the stand-in for both providers.

mod faults;
mod orders_of_arrival;
mod shop;
mod story;
mod webhooks;

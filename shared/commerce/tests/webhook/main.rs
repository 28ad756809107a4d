//! Verification of webhooks, from outside: our own vectors signed by a CA made for the run, and
//! recorded ones if a folder of them is given.

mod authority;
mod cache;
mod events;
mod paypal;
mod recorded;

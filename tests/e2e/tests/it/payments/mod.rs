//! Payments, with the stand-in for both providers.

mod webhooks;

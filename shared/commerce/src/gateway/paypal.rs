//! PayPal's API: Orders v2, Payments v2, Disputes v1, Webhooks v1.

mod answers;
mod requests;
#[cfg(test)]
mod tests;

pub use answers::{AccessToken, created, is_payers_refusal, join, objects, page, related, resource, token, verified};
pub use requests::{capture, create, event, events, post_back, read, refund, token_request};

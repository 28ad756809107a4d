//! Redis for state that isn't a cache: limits, claims, statistics. State must not be evicted, so it
//! may live on a Redis of its own.
//!
//! Nothing depends on it alone: if Redis is away, Postgres decides, or the caller goes without.

use crate::redis::{Redis, explain};

/// State in Redis, below one key prefix.
pub struct State {
    redis: Redis,
    apart: bool,
    prefix: String,
}

impl State {
    /// State on `redis`. `apart`: the cache is on another one.
    pub fn new(redis: Redis, apart: bool, prefix: String) -> Self {
        Self { redis, apart, prefix }
    }

    /// Asked once, with the cache's time limit.
    pub fn redis(&self) -> &Redis {
        &self.redis
    }

    /// True if state is on another Redis than the cache.
    pub fn is_apart(&self) -> bool {
        self.apart
    }

    /// A key as it stands in Redis, below the prefix.
    pub fn prefixed(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// In front of every key.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Whether Redis answers.
    ///
    /// # Errors
    /// Why it gave no answer, for people to read.
    pub async fn ping(&self) -> Result<(), &'static str> {
        self.redis.command("PING", Vec::new()).await.map(drop).map_err(|fault| explain(&fault))
    }
}

//! Redis for state that isn't a cache: limits, claims, sessions. State must not be evicted, so it
//! may live on a Redis of its own.
//!
//! A cache is passed by if Redis is slow. State has no such way out: an attempt that can't be
//! counted isn't made. So state is also asked with patience, on a connection where the cache's
//! short time limit doesn't count.

use std::cell::OnceCell;
use std::time::Duration;

use cache_logic::origin::OriginFault;
use cache_logic::ports::CacheFault;

use crate::clock::{draw, monotonic_millis, sleep};
use crate::redis::{Redis, explain};

/// How many times the limit of the cache is waited for one answer: a burst may take a busy machine
/// a moment.
const PATIENCE: u32 = 10;
/// When to come again if Redis is away, in seconds.
const RETRY_AFTER: u32 = 1;
/// The shortest wait before Redis is asked again; up to as much more is added by chance.
const PAUSE: Duration = Duration::from_millis(25);

/// State in Redis, below one key prefix.
pub struct State {
    redis: Redis,
    apart: bool,
    url: String,
    prefix: String,
    limit: Duration,
    rest: Duration,
    patient: OnceCell<Redis>,
}

impl State {
    /// State on `redis`, which is at `url`. `apart`: the cache is on another one. `limit` and
    /// `rest` are the cache's.
    pub fn new(redis: Redis, apart: bool, url: String, prefix: String, limit: Duration, rest: Duration) -> Self {
        Self { redis, apart, url, prefix, limit, rest, patient: OnceCell::new() }
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

    /// Asks until there is an answer, for as long as Redis is left alone after a fault and one call
    /// more. `ask` may be made more than once, so it must be as good twice as once.
    ///
    /// # Errors
    /// [`OriginFault::Unavailable`], saying what can't be done meanwhile (`without`).
    pub async fn retry_until_back<T>(
        &self,
        without: &'static str,
        ask: impl AsyncFn(&Redis) -> Result<T, CacheFault>,
    ) -> Result<T, OriginFault> {
        let redis = self
            .patient
            .get_or_init(|| Redis::new("the Redis of limits", self.url.clone(), self.limit * PATIENCE, self.rest));
        let deadline = monotonic_millis() + (self.rest + self.limit * PATIENCE).as_millis() as u64;
        loop {
            match ask(redis).await {
                Ok(answer) => return Ok(answer),
                // Asking again helps against absence only.
                Err(CacheFault::TimedOut | CacheFault::Unreachable | CacheFault::Skipped)
                    if monotonic_millis() < deadline =>
                {
                    sleep(PAUSE.mul_f64(1.0 + draw())).await;
                }
                Err(_) => {
                    let detail = format!("{without} while Redis is away");
                    return Err(OriginFault::Unavailable { detail, retry_after_seconds: RETRY_AFTER });
                }
            }
        }
    }
}

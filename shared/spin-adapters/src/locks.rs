//! Locks of cache-logic over the Redis of state: one script each.

use crate::backend::Backend;
use crate::redis::{Redis, Script, millis, text};
use cache_logic::key::lease_key;
use cache_logic::lock::{Acquired, Fence, Locks, acquire};
use cache_logic::ports::{CacheFault, Clock};
use spin_sdk::redis::{RedisParameter, RedisResult};
use std::time::Duration;

/// The locks below the app's prefix. Their fencing numbers are one counter for all names, which never runs out.
pub struct RedisLocks<'a> {
    backend: &'a Backend,
    take: Script,
    extend: Script,
    give_back: Script,
}

impl<'a> RedisLocks<'a> {
    /// The locks of this instance.
    pub fn new(backend: &'a Backend) -> Self {
        Self {
            backend,
            take: Script::new(include_str!("lua/lock_take.lua")),
            extend: Script::new(include_str!("lua/lock_extend.lua")),
            give_back: Script::new(include_str!("lua/release.lua")),
        }
    }

    /// Takes a lock for `lock_ttl`, and waits for it up to `wait`. What it guards must check its fence: see [`cache_logic::lock`].
    ///
    /// # Errors
    /// Redis gave no answer.
    pub async fn acquire(&self, name: &str, wait: Duration) -> Result<Acquired, CacheFault> {
        acquire(self, name, self.backend.config.lock_ttl, wait).await
    }

    fn redis(&self) -> &Redis {
        self.backend.state()
    }

    fn key(&self, name: &str) -> String {
        self.backend.prefixed(&lease_key(name))
    }
}

fn number(answer: &[RedisResult]) -> Result<u64, CacheFault> {
    match answer {
        [RedisResult::Int64(number)] => Ok(u64::try_from(*number).unwrap_or_default()),
        _ => Err(CacheFault::Protocol("a script of locks gave no number".into())),
    }
}

fn hex(owner: u128) -> RedisParameter {
    text(&format!("{owner:032x}"))
}

impl Locks for RedisLocks<'_> {
    async fn take(&self, name: &str, owner: u128, hold: Duration) -> Result<Option<Fence>, CacheFault> {
        let keys = [self.key(name), self.backend.prefixed("lock:fence")];
        let arguments = vec![hex(owner), millis(hold)];
        let (answer, _) = self.redis().script(&self.take, &[&keys[0], &keys[1]], arguments).await?;
        Ok(Some(number(&answer)?).filter(|fence| *fence > 0).map(Fence))
    }

    async fn extend(&self, name: &str, owner: u128, hold: Duration) -> Result<bool, CacheFault> {
        let arguments = vec![hex(owner), millis(hold)];
        let (answer, _) = self.redis().script(&self.extend, &[&self.key(name)], arguments).await?;
        Ok(number(&answer)? > 0)
    }

    async fn give_back(&self, name: &str, owner: u128) -> Result<bool, CacheFault> {
        let (answer, _) = self.redis().script(&self.give_back, &[&self.key(name)], vec![hex(owner)]).await?;
        Ok(number(&answer)? > 0)
    }
}

impl Clock for RedisLocks<'_> {
    fn now(&self) -> u64 {
        self.backend.ports.now()
    }

    fn monotonic(&self) -> u64 {
        self.backend.ports.monotonic()
    }

    async fn sleep(&self, duration: Duration) {
        self.backend.ports.sleep(duration).await;
    }

    fn draw(&self) -> f64 {
        self.backend.ports.draw()
    }

    fn token(&self) -> u128 {
        self.backend.ports.token()
    }
}

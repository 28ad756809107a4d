//! Locks of cache-logic over the Redis of state: one script each.

use crate::clock;
use crate::redis::{Redis, Script, Value, hex, millis};
use cache_logic::key::lease_key;
use cache_logic::lock::{Fence, Locks};
use cache_logic::ports::{CacheFault, Clock};
use std::time::Duration;

static TAKE: Script = Script::new(include_str!("lua/lock_take.lua"));
static EXTEND: Script = Script::new(include_str!("lua/lock_extend.lua"));
static GIVE_BACK: Script = Script::new(include_str!("lua/release.lua"));

/// The locks below one key prefix. Their fencing numbers are one counter for all names, which never
/// runs out.
pub struct RedisLocks<'a> {
    redis: &'a Redis,
    prefix: &'a str,
    key_of: fn(&str) -> String,
}

impl<'a> RedisLocks<'a> {
    /// The locks in this Redis. The key of a lock is its name with `:lock` behind it, as that of an
    /// entry's lease.
    pub fn new(redis: &'a Redis, prefix: &'a str) -> Self {
        Self { redis, prefix, key_of: lease_key }
    }

    /// The same, for names that are whole keys: of locks that guard no entry.
    pub fn with_keys(redis: &'a Redis, prefix: &'a str) -> Self {
        Self { redis, prefix, key_of: str::to_owned }
    }

    fn key(&self, name: &str) -> String {
        format!("{}{}", self.prefix, (self.key_of)(name))
    }
}

fn number(answer: &[Value]) -> Result<u64, CacheFault> {
    match answer {
        [Value::Int64(number)] => Ok(u64::try_from(*number).unwrap_or_default()),
        _ => Err(CacheFault::Protocol("a script of locks gave no number".into())),
    }
}

impl Locks for RedisLocks<'_> {
    async fn take(&self, name: &str, owner: u128, hold: Duration) -> Result<Option<Fence>, CacheFault> {
        let keys = [self.key(name), format!("{}lock:fence", self.prefix)];
        let arguments = vec![hex(owner), millis(hold)];
        let (answer, _) = self.redis.script(&TAKE, &[&keys[0], &keys[1]], arguments).await?;
        Ok(Some(number(&answer)?).filter(|fence| *fence > 0).map(Fence))
    }

    async fn extend(&self, name: &str, owner: u128, hold: Duration) -> Result<bool, CacheFault> {
        let arguments = vec![hex(owner), millis(hold)];
        let (answer, _) = self.redis.script(&EXTEND, &[&self.key(name)], arguments).await?;
        Ok(number(&answer)? > 0)
    }

    async fn give_back(&self, name: &str, owner: u128) -> Result<bool, CacheFault> {
        let (answer, _) = self.redis.script(&GIVE_BACK, &[&self.key(name)], vec![hex(owner)]).await?;
        Ok(number(&answer)? > 0)
    }
}

impl Clock for RedisLocks<'_> {
    fn now(&self) -> u64 {
        clock::now_millis()
    }

    fn monotonic(&self) -> u64 {
        clock::monotonic_millis()
    }

    async fn sleep(&self, duration: Duration) {
        clock::sleep(duration).await;
    }

    fn draw(&self) -> f64 {
        clock::draw()
    }

    fn token(&self) -> u128 {
        clock::token()
    }
}

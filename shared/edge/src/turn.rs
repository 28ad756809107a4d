//! Turns: requests that would all wait for one row of Postgres queue for a lock in Redis instead,
//! where waiting costs no connection.
//!
//! A turn decides nothing. The row's own lock makes the work right, with turns or without them: a
//! request that can't get its turn, because Redis is away or the queue is long, goes on all the
//! same. So the lock's fence isn't looked at. A holder that is late finds its place at the row.

use std::time::Duration;

use cache_logic::lock::{Acquisition, Lock, acquire};
use cache_spin::locks::RedisLocks;
use spin_sdk::wasip3::spawn;

use crate::app::App;

/// A request's turn. One that is never given back ends with its time.
#[must_use = "the next request waits until it is given back"]
pub struct Turn {
    app: &'static App,
    lock: Option<Lock>,
}

impl Turn {
    /// Waits for the turn at `key` for up to `wait`. It ends by itself after `hold`.
    pub async fn take(app: &'static App, key: &str, hold: Duration, wait: Duration) -> Self {
        let lock = match acquire(&locks(app), key, hold, wait).await {
            Ok(Acquisition::Held(lock)) => Some(lock),
            Ok(Acquisition::Busy) | Err(_) => None,
        };
        Self { app, lock }
    }

    /// Lets the next one have it, without waiting for Redis.
    pub fn give_back(self) {
        if let Some(lock) = self.lock {
            // If it fails, the turn ends with its time.
            spawn(async move {
                let _ = lock.release(&locks(self.app)).await;
            });
        }
    }
}

fn locks(app: &'static App) -> RedisLocks<'static> {
    RedisLocks::with_keys(app.state.redis(), app.state.prefix())
}

//! Locks in memory.

use super::Memory;
use crate::kit::lock::{Fence, Locks};
use crate::protocol::ports::CacheFault;
use std::time::Duration;

impl Locks for Memory {
    async fn take(&self, name: &str, owner: u128, hold: Duration) -> Result<Option<Fence>, CacheFault> {
        self.call("take")?;
        let key = crate::protocol::key::lease_key(name);
        if self.raw(&key).is_some() {
            return Ok(None);
        }
        self.set(&key, owner.to_le_bytes().to_vec(), hold.as_millis() as u64);
        let last = self.number("lock:fence").map_or(0, |last| last as u64);
        let fence = (last + 1).max(self.now.get());
        self.set("lock:fence", u128::from(fence).to_le_bytes().to_vec(), 1_000_000_000);
        Ok(Some(Fence(fence)))
    }

    async fn extend(&self, name: &str, owner: u128, hold: Duration) -> Result<bool, CacheFault> {
        self.call("extend")?;
        let key = crate::protocol::key::lease_key(name);
        let own = self.number(&key) == Some(owner);
        if own {
            self.set(&key, owner.to_le_bytes().to_vec(), hold.as_millis() as u64);
        }
        Ok(own)
    }

    async fn give_back(&self, name: &str, owner: u128) -> Result<bool, CacheFault> {
        self.call("give_back")?;
        let key = crate::protocol::key::lease_key(name);
        let own = self.number(&key) == Some(owner);
        if own {
            self.remove(&key);
        }
        Ok(own)
    }
}

//! Locks and write-through: the scripts of cache-spin.

use crate::{GENERATION, Native, eval, hex, millis};
use cache_logic::certificate::RunId;
use cache_logic::key::lease_key;
use cache_logic::lock::{Fence, Locks};
use cache_logic::ports::{CacheFault, Fill};
use cache_logic::write_through::{GenerationSwap, WriteThrough};
use std::time::Duration;

impl Locks for Native {
    async fn take(&self, name: &str, owner: u128, hold: Duration) -> Result<Option<Fence>, CacheFault> {
        let keys = [self.key(&lease_key(name)), self.key("lock:fence")];
        let mut call = eval(script!("lock_take"), &keys);
        let fence: u64 = self.ask(call.arg(hex(owner)).arg(millis(hold))).await?;
        Ok((fence > 0).then_some(Fence(fence)))
    }

    async fn extend(&self, name: &str, owner: u128, hold: Duration) -> Result<bool, CacheFault> {
        let mut call = eval(script!("lock_extend"), &[self.key(&lease_key(name))]);
        Ok(self.ask::<i64>(call.arg(hex(owner)).arg(millis(hold))).await? == 1)
    }

    async fn give_back(&self, name: &str, owner: u128) -> Result<bool, CacheFault> {
        let mut call = eval(script!("release"), &[self.key(&lease_key(name))]);
        Ok(self.ask::<i64>(call.arg(hex(owner))).await? == 1)
    }
}

impl WriteThrough for Native {
    async fn put(
        &self,
        fill: &Fill<'_>,
        turns: &[GenerationSwap<'_>],
        others: &[&str],
    ) -> Result<(bool, RunId), CacheFault> {
        let tags: Vec<&str> = turns.iter().map(|turn| turn.tag).chain(others.iter().copied()).collect();
        let keys = [vec![self.key(fill.key)], self.tags(&tags)].concat();
        let mut call = eval(script!("put"), &keys);
        call.arg(&fill.bytes).arg(fill.ttl_ms).arg(turns.len()).arg(millis(GENERATION));
        for turn in turns {
            call.arg(hex(turn.seen)).arg(hex(turn.next));
        }
        Ok((self.ask::<i64>(&call).await? == 1, self.run))
    }
}

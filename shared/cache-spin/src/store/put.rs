//! The write-through over Redis: one script.

use super::RedisStore;
use crate::redis::{Argument, Value, hex, number, text};
use cache_logic::certificate::RunId;
use cache_logic::key::generation_key;
use cache_logic::ports::{CacheFault, Fill};
use cache_logic::write_through::{GenerationSwap, WriteThrough};

impl WriteThrough for RedisStore {
    async fn put(
        &self,
        fill: &Fill<'_>,
        turns: &[GenerationSwap<'_>],
        others: &[&str],
    ) -> Result<(bool, RunId), CacheFault> {
        let tags = turns.iter().map(|turn| turn.tag).chain(others.iter().copied());
        let mut keys = vec![self.prefixed(fill.key)];
        keys.extend(tags.map(|tag| generation_key(&self.prefix, tag)));
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let mut arguments = vec![
            Argument::Binary(fill.bytes.clone()),
            number(fill.ttl_ms),
            text(&turns.len().to_string()),
            self.generation_life().await?,
        ];
        arguments.extend(turns.iter().flat_map(|turn| [hex(turn.seen), hex(turn.next)]));
        let (answer, run) = self.redis.script(&self.scripts.put, &keys, arguments).await?;
        Ok((matches!(answer.as_slice(), [Value::Int64(1)]), run ^ self.origin))
    }
}

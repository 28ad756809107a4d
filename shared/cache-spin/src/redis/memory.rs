//! The memory of a Redis, as it tells by itself.

use cache_logic::ports::CacheFault;

use super::{Redis, Value};

/// The memory of a Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// What its data and buffers take.
    pub used_bytes: u64,
    /// How much it may take; 0 if nothing limits it.
    pub limit_bytes: u64,
    /// The keys that it has evicted since it was started.
    pub evicted_keys: u64,
    /// It evicts keys at its limit.
    pub may_evict: bool,
}

impl Redis {
    /// Asks for its memory.
    ///
    /// # Errors
    /// As [`Self::command`].
    pub async fn memory(&self) -> Result<Memory, CacheFault> {
        // All sections: Redis 6 takes the name of one, and these are of two.
        let (info, _) = self.command_without_probing("INFO", Vec::new()).await?;
        let text = match info.as_slice() {
            [Value::Binary(text)] => String::from_utf8_lossy(text),
            _ => return Err(CacheFault::Protocol("INFO gave no text".into())),
        };
        memory(&text).ok_or_else(|| CacheFault::Protocol("INFO names no memory".into()))
    }
}

fn memory(info: &str) -> Option<Memory> {
    let field = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
    let number = |name: &str| field(name)?.parse().ok();
    let limit_bytes = number("maxmemory")?;
    Some(Memory {
        used_bytes: number("used_memory")?,
        limit_bytes,
        evicted_keys: number("evicted_keys")?,
        may_evict: limit_bytes > 0 && field("maxmemory_policy")? != "noeviction",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_and_only_a_limit_with_a_policy_evicts() {
        let info = |limit: &str, policy: &str| {
            format!(
                "# Memory\r\nused_memory:1048576\r\nused_memory_peak:9\r\nmaxmemory:{limit}\r\n\
                 maxmemory_human:1M\r\nmaxmemory_policy:{policy}\r\n# Stats\r\nevicted_keys:7\r\n"
            )
        };
        for (limit, policy, may_evict) in
            [("2000000", "allkeys-lru", true), ("2000000", "noeviction", false), ("0", "allkeys-lru", false)]
        {
            let limit_bytes = limit.parse().expect("a number");
            let expected = Memory { used_bytes: 1_048_576, limit_bytes, evicted_keys: 7, may_evict };
            assert_eq!(memory(&info(limit, policy)), Some(expected));
        }
        assert_eq!(memory("# Server\r\nrun_id:1\r\n"), None);
    }
}

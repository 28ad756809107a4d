//! The entries that are read most, as a sample of hits shows.
//!
//! An instance notes the key of one hit of 64, in memory. The keys go to a sorted set in Redis by
//! the script that adds the instance's counts, so they cost no call of their own. Somebody takes
//! them from there now and then ([`Cache::take_hot_keys`](crate::cache::Cache::take_hot_keys)).

use crate::redis::{Redis, Script, number};
use crate::statistics::utf8;
use cache_logic::ports::CacheFault;
use std::time::Duration;

/// The part of the hits that is noted.
pub(crate) const SAMPLED: f64 = 1.0 / 64.0;
/// As many an instance gathers between two batches at most: those of 4,000 hits.
pub(crate) const MOST_GATHERED: usize = 64;
/// As many keys Redis keeps at most; the least frequent ones go first.
pub(crate) const MOST_KEPT: u64 = 10_000;
/// Redis forgets them if nobody has added to them for so long, since nobody takes them then.
pub(crate) const LIFE: Duration = Duration::from_secs(3600);

static TAKE: Script = Script::new(include_str!("lua/hot_take.lua"));

/// A key, and how many of its hits were sampled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HotKey {
    /// The key, as [`Entry::key`](crate::cache::Entry::key) has it.
    pub key: String,
    /// Its hits that were sampled: one of 64.
    pub samples: u64,
}

pub(crate) async fn take(redis: &Redis, key: &str, most: usize) -> Result<Vec<HotKey>, CacheFault> {
    let (answer, _) = redis.script(&TAKE, &[key], vec![number(most as u64)]).await?;
    let texts: Vec<String> = answer.into_iter().filter_map(utf8).collect();
    let (pairs, _) = texts.as_chunks::<2>();
    let hot = pairs.iter().filter_map(|[key, samples]| {
        // A score is text, and may be that of a double.
        let samples = samples.parse::<f64>().ok()? as u64;
        Some(HotKey { key: key.clone(), samples })
    });
    Ok(hot.collect())
}

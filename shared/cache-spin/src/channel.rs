//! Messages on a channel of Redis. Nobody keeps them: a subscriber that is away misses some.

use cache_logic::ports::CacheFault;

use crate::redis::{Redis, Script, text};

static PUBLISH: Script = Script::new(include_str!("lua/publish.lua"));

/// As many messages go in one command at most.
const MOST: usize = 200;

/// Sends messages on a channel, in their order: one round trip for up to 200.
///
/// # Errors
/// [`CacheFault`]; then some may have been sent.
pub async fn publish(redis: &Redis, channel: &str, messages: &[&str]) -> Result<(), CacheFault> {
    for some in messages.chunks(MOST) {
        let arguments = std::iter::once(&channel).chain(some).map(|message| text(message)).collect();
        redis.script(&PUBLISH, &[], arguments).await?;
    }
    Ok(())
}

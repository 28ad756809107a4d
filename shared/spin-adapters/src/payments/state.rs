//! State in Redis, asked with more patience than a cache: a cache is passed by where Redis is slow, but an attempt to pay that can't be
//! counted isn't made.

use std::time::Duration;

use cache_logic::ports::CacheFault;
use commerce::error::Error;

use crate::backend::Backend;
use crate::clock::{draw, monotonic_millis, sleep};

/// When to come again where Redis is away, in seconds.
const RETRY_AFTER: u32 = 1;
/// The shortest wait before Redis is asked again; up to as much more is added by chance.
const PAUSE: Duration = Duration::from_millis(25);

/// Asks until there is an answer, for as long as Redis is left alone after a fault and two calls more. `ask` is made more than once, so it
/// must be as good twice as once.
///
/// # Errors
/// [`Error::Unavailable`], saying what can't be done meanwhile.
pub(super) async fn patiently<T>(
    backend: &Backend,
    without: &'static str,
    ask: impl AsyncFn() -> Result<T, CacheFault>,
) -> Result<T, Error> {
    let patience = backend.config.redis_rest + 2 * backend.config.redis_timeout;
    let deadline = monotonic_millis() + patience.as_millis() as u64;
    loop {
        match ask().await {
            Ok(answer) => return Ok(answer),
            // Asking again helps against absence only.
            Err(CacheFault::TimedOut | CacheFault::Unreachable | CacheFault::Skipped)
                if monotonic_millis() < deadline =>
            {
                sleep(PAUSE.mul_f64(1.0 + draw())).await;
            }
            Err(_) => {
                let detail = format!("{without} while Redis is away");
                return Err(Error::Unavailable { detail, retry_after_seconds: RETRY_AFTER });
            }
        }
    }
}

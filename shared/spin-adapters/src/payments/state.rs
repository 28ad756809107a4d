//! State in Redis, asked with more patience than a cache: a cache is passed by where Redis is slow, but an attempt to pay that can't be
//! counted isn't made. So it has a connection of its own, on which nobody's short time limit counts.

use std::cell::OnceCell;
use std::time::Duration;

use cache_logic::ports::CacheFault;
use commerce::error::Error;

use crate::backend::Backend;
use crate::clock::{draw, monotonic_millis, sleep};
use crate::redis::Redis;

/// So many times as long as the cache this waits for an answer: a burst of attempts may take a busy machine a moment.
const PATIENCE: u32 = 10;
/// When to come again where Redis is away, in seconds.
const RETRY_AFTER: u32 = 1;
/// The shortest wait before Redis is asked again; up to as much more is added by chance.
const PAUSE: Duration = Duration::from_millis(25);

thread_local! {
    static PATIENT: OnceCell<&'static Redis> = const { OnceCell::new() };
}

/// Asks until there is an answer, for as long as Redis is left alone after a fault and one call more. `ask` may be made more than once, so
/// it must be as good twice as once.
///
/// # Errors
/// [`Error::Unavailable`], saying what can't be done meanwhile.
pub(super) async fn patiently<T>(
    backend: &Backend,
    without: &'static str,
    ask: impl AsyncFn(&Redis) -> Result<T, CacheFault>,
) -> Result<T, Error> {
    let redis = redis(backend);
    let deadline = monotonic_millis() + (backend.config.redis_rest + limit(backend)).as_millis() as u64;
    loop {
        match ask(redis).await {
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

fn redis(backend: &Backend) -> &'static Redis {
    PATIENT.with(|cell| {
        *cell.get_or_init(|| {
            let config = &backend.config;
            let url = config.redis_state_url.as_ref().unwrap_or(&config.redis_url).clone();
            Box::leak(Box::new(Redis::new("the Redis of limits", url, limit(backend), config.redis_rest)))
        })
    })
}

fn limit(backend: &Backend) -> Duration {
    backend.config.redis_timeout * PATIENCE
}

//! How fast a provider's API is asked about many things.

use std::cell::Cell;
use std::time::Duration;

use edge::clock::{monotonic_millis, sleep};

use crate::config::PaymentConfig;

/// Lets so many questions begin in a second.
pub struct Pace {
    /// Between two of them, in milliseconds; 0 if there is no limit.
    gap_ms: u64,
    /// When the next one may begin, on the monotonic clock.
    next_ms: Cell<u64>,
}

impl Pace {
    /// `replay_per_second` of them.
    pub fn of(config: &PaymentConfig) -> Self {
        Self { gap_ms: 1000 / u64::from(config.replay_per_second.max(1)), next_ms: Cell::new(0) }
    }

    /// No limit.
    pub fn unlimited() -> Self {
        Self { gap_ms: 0, next_ms: Cell::new(0) }
    }

    /// Waits until the next one may begin.
    pub async fn wait(&self) {
        let now = monotonic_millis();
        let begin = self.next_ms.get().max(now);
        self.next_ms.set(begin + self.gap_ms);
        if begin > now {
            sleep(Duration::from_millis(begin - now)).await;
        }
    }
}

//! Retry with exponential backoff and full jitter as a pure state machine (M. Brooker, "Exponential
//! Backoff And Jitter", 2015: `sleep = random_between(0, min(cap, base * 2 ** attempt))`). Time and
//! chance are arguments.

use std::time::Duration;

/// How often a call is tried, and how far apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How many attempts are made at most, the first one included.
    pub attempts: u32,
    /// The longest wait before the second attempt; it doubles with each further one.
    pub base: Duration,
    /// The cap of the range that a wait is drawn from.
    pub cap: Duration,
    /// How long all attempts and waits may take together. No attempt begins after it.
    pub budget: Duration,
}

/// The step after an attempt that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryStep {
    /// Wait so long, then try again.
    Wait(Duration),
    /// Make no other attempt.
    GiveUp,
}

/// The attempts of one operation.
#[derive(Debug, Clone)]
pub struct Retry {
    policy: RetryPolicy,
    failed: u32,
}

impl Retry {
    /// Nothing was tried yet.
    pub const fn new(policy: RetryPolicy) -> Self {
        Self { policy, failed: 0 }
    }

    /// How long the next attempt may take after `elapsed`, the time since the first one began.
    pub fn remaining(&self, elapsed: Duration) -> Duration {
        self.policy.budget.saturating_sub(elapsed)
    }

    /// Reports a failed attempt that a retry may help against. `elapsed` is the time since the
    /// first one began. `asked` is the wait that the other side asked for (`Retry-After`). `draw`
    /// is a random number from [0, 1).
    ///
    /// A wait that was asked for is waited in full, and the jitter on top of it: many callers that
    /// were told the same time must not come back at the same moment.
    pub fn failed(&mut self, elapsed: Duration, asked: Option<Duration>, draw: f64) -> RetryStep {
        self.failed += 1;
        if self.failed >= self.policy.attempts {
            return RetryStep::GiveUp;
        }
        let doubled = self.policy.base.saturating_mul(1 << (self.failed - 1).min(31));
        let wait = asked.unwrap_or_default().saturating_add(doubled.min(self.policy.cap).mul_f64(draw.clamp(0.0, 1.0)));
        if elapsed.saturating_add(wait) < self.policy.budget { RetryStep::Wait(wait) } else { RetryStep::GiveUp }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn policy() -> RetryPolicy {
        RetryPolicy { attempts: 6, base: ms(100), cap: ms(500), budget: ms(10_000) }
    }

    #[test]
    fn the_range_doubles_up_to_the_cap_and_the_whole_of_it_is_drawn_from() {
        for (draw, waits) in [(0.0, [0, 0, 0, 0, 0]), (0.5, [50, 100, 200, 250, 250]), (1.0, [100, 200, 400, 500, 500])]
        {
            let mut retry = Retry::new(policy());
            for wait in waits {
                assert_eq!(retry.failed(ms(0), None, draw), RetryStep::Wait(ms(wait)), "draw {draw}");
            }
            assert_eq!(retry.failed(ms(0), None, draw), RetryStep::GiveUp, "six attempts were made");
        }
    }

    #[test]
    fn one_attempt_is_no_retry() {
        let mut retry = Retry::new(RetryPolicy { attempts: 1, ..policy() });
        assert_eq!(retry.failed(ms(0), None, 0.0), RetryStep::GiveUp);
        let mut none = Retry::new(RetryPolicy { attempts: 0, ..policy() });
        assert_eq!(none.failed(ms(0), None, 0.0), RetryStep::GiveUp);
    }

    #[test]
    fn a_wait_that_was_asked_for_is_kept_with_jitter_on_top() {
        let mut retry = Retry::new(policy());
        assert_eq!(retry.failed(ms(0), Some(ms(2000)), 0.5), RetryStep::Wait(ms(2050)));
    }

    #[test]
    fn nothing_begins_after_the_budget() {
        let mut retry = Retry::new(policy());
        assert_eq!(retry.failed(ms(9_950), None, 0.5), RetryStep::GiveUp, "it would begin at the very end");
        let mut retry = Retry::new(policy());
        assert_eq!(retry.failed(ms(9_949), None, 0.5), RetryStep::Wait(ms(50)));
        assert_eq!((retry.remaining(ms(9_999)), retry.remaining(ms(11_000))), (ms(1), ms(0)));
        let mut retry = Retry::new(policy());
        assert_eq!(retry.failed(ms(0), Some(ms(60_000)), 0.0), RetryStep::GiveUp, "asked for longer than there is");
    }

    #[test]
    fn no_number_overflows() {
        let mut retry =
            Retry::new(RetryPolicy { attempts: u32::MAX, base: Duration::MAX, cap: ms(500), budget: Duration::MAX });
        for _ in 0..100 {
            assert_eq!(retry.failed(ms(0), None, 7.0), RetryStep::Wait(ms(500)));
        }
        assert_eq!(retry.failed(ms(0), Some(Duration::MAX), 1.0), RetryStep::GiveUp);
    }
}

//! A sliding window out of two counters: those of the fixed window that is now, and of the one
//! before it. Where a list of attempts costs a step of its own, two counters can be seen beside
//! something else, and be added to later, many attempts at once.
//!
//! The last window's counter weighs as much as the part of it that the sliding window still covers:
//! when a third of this one is gone, two thirds. So its attempts are taken for evenly spread. The
//! method and its error in practice are described in Cloudflare's "How we built rate limiting
//! capable of scaling to millions of domains",
//! <https://blog.cloudflare.com/counting-things-a-lot-of-different-things/>.
//!
//! Only admitted attempts are counted. So a caller that goes on knocking is admitted as often as
//! the quota says in each window.

use super::decision::{Window, WindowCount};
use crate::protocol::freshness::Millis;

/// The admitted attempts of a fixed window and of the one before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Of the window that is now.
    pub current: u64,
    /// Of the one before.
    pub last: u64,
}

impl Window {
    /// The number of the fixed window of this length that a moment is in.
    pub fn number(&self, now: Millis) -> u64 {
        now / self.millis().max(1)
    }
}

impl Counters {
    /// Decides on one attempt more, at `now`, and counts it if it is admitted.
    pub fn attempt(mut self, window: &Window, now: Millis) -> WindowCount {
        let (quota, length) = (u64::from(window.quota), window.millis().max(1));
        let gone = now % length;
        let admitted = self.at(gone, length) < quota;
        self.current = self.current.saturating_add(u64::from(admitted));
        let used = self.at(gone, length).min(quota);
        WindowCount {
            admitted,
            used: u32::try_from(used).unwrap_or(u32::MAX),
            frees_in_ms: self.fewer_in(used.max(1), gone, length),
        }
    }

    /// How many attempts count when so many milliseconds of this window are gone.
    fn at(&self, gone: Millis, length: Millis) -> u64 {
        self.current.saturating_add(share(self.last, gone, length))
    }

    /// How long until fewer than `bound` count, if no more are made.
    fn fewer_in(&self, bound: u64, gone: Millis, length: Millis) -> Millis {
        match bound.checked_sub(self.current) {
            Some(room) if room > 0 => first_below(self.last, room, length).saturating_sub(gone),
            // In the next window this one's counter is that of the last.
            _ => length - gone + first_below(self.current, bound, length),
        }
    }
}

/// The part of the last window's attempts that still counts.
fn share(last: u64, gone: Millis, length: Millis) -> u64 {
    let part = u128::from(last) * u128::from(length - gone) / u128::from(length);
    u64::try_from(part).unwrap_or(u64::MAX)
}

/// The first moment of a window at which the last one's share is below `bound`, which is above 0.
fn first_below(last: u64, bound: u64, length: Millis) -> Millis {
    if last < bound {
        return 0;
    }
    let left = (u128::from(bound) * u128::from(length)).div_ceil(u128::from(last));
    // `left` is 1 to the length, since `bound` is at most `last`.
    length + 1 - Millis::try_from(left).unwrap_or(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const MINUTE: Window = Window { name: "caller-minute", quota: 10, length: Duration::from_secs(60) };
    /// The beginning of a minute.
    const BEGIN: Millis = 29_000_000 * 60_000;

    fn counters(current: u64, last: u64) -> Counters {
        Counters { current, last }
    }

    #[test]
    fn as_many_as_the_quota_are_admitted_in_a_window_after_an_empty_one() {
        for current in 0..20 {
            let count = counters(current, 0).attempt(&MINUTE, BEGIN + 59_999);
            assert_eq!((count.admitted, u64::from(count.used)), (current < 10, (current + 1).min(10)), "{current}");
        }
    }

    #[test]
    fn the_last_window_weighs_as_much_as_is_left_of_this_one() {
        for (gone, last, current, admitted, used) in [
            (0, 10, 0, false, 10),
            (1, 10, 0, true, 10),
            (20_000, 9, 3, true, 10),
            (20_000, 9, 4, false, 10),
            (30_000, 10, 0, true, 6),
            (59_999, 1_000_000, 0, false, 10),
            (59_999, 59_999, 9, true, 10),
            (0, u64::MAX, u64::MAX, false, 10),
        ] {
            let count = counters(current, last).attempt(&MINUTE, BEGIN + gone);
            assert_eq!((count.admitted, count.used), (admitted, used), "{gone} ms, {last}, {current}");
        }
    }

    #[test]
    fn a_caller_that_goes_on_knocking_gets_the_quota_in_each_window() {
        let (mut counted, mut admitted) = (counters(0, 0), Vec::new());
        for minute in 0..5 {
            for tick in 0..600 {
                let count = counted.attempt(&MINUTE, BEGIN + minute * 60_000 + tick * 100);
                counted.current += u64::from(count.admitted);
            }
            admitted.push(counted.current);
            counted = counters(0, counted.current);
        }
        assert_eq!(admitted, [10; 5]);
    }

    #[test]
    fn the_wait_of_a_refused_attempt_is_the_shortest_after_which_one_is_admitted() {
        for (gone, last, current) in
            [(0, 10, 0), (0, 11, 0), (59_999, 0, 10), (30_000, 0, 17), (10, 900, 9), (7, 31, 12)]
        {
            let (counted, now) = (counters(current, last), BEGIN + gone);
            let count = counted.attempt(&MINUTE, now);
            assert!(!count.admitted && count.frees_in_ms > 0, "{gone} {last} {current}");
            let later = |after: Millis| {
                let next = MINUTE.number(now + after) > MINUTE.number(now);
                if next { counters(0, counted.current) } else { counted }.attempt(&MINUTE, now + after).admitted
            };
            assert!(later(count.frees_in_ms), "{gone} {last} {current}: after {}", count.frees_in_ms);
            assert!(!later(count.frees_in_ms - 1), "{gone} {last} {current}: before {}", count.frees_in_ms);
        }
    }

    #[test]
    fn an_admitted_attempt_is_told_when_more_remain_than_now() {
        for (gone, last, current, frees) in [(0, 0, 0, 60_001), (30_000, 10, 0, 1), (30_000, 0, 4, 30_001)] {
            let count = counters(current, last).attempt(&MINUTE, BEGIN + gone);
            assert!(count.admitted);
            assert_eq!(count.frees_in_ms, frees, "{gone} {last} {current}");
        }
    }
}

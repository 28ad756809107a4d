//! The attempts themselves, in memory: a model of a store.

use super::decision::{LimitDecision, Window, WindowCount};
use crate::protocol::freshness::Millis;
use std::collections::VecDeque;

/// The attempts of one window, in memory. A store does the same in one atomic step; this is a model
/// for it, and for tests.
#[derive(Debug, Clone, Default)]
pub struct AttemptLog {
    /// Oldest first; refused ones have no name.
    attempts: VecDeque<(Millis, Option<u128>)>,
}

impl AttemptLog {
    /// Whether there is room for an attempt at `now`, or it was admitted before.
    fn admits(&mut self, window: &Window, name: u128, now: Millis) -> bool {
        self.attempts.retain(|(at, _)| at.saturating_add(window.millis()) > now);
        self.knows(name) || self.attempts.len() < window.quota as usize
    }

    fn knows(&self, name: u128) -> bool {
        self.attempts.iter().any(|(_, known)| *known == Some(name))
    }

    /// Counts an attempt after the decision on it.
    fn record(&mut self, window: &Window, name: u128, now: Millis, admitted: bool) {
        if self.knows(name) {
            return;
        }
        self.keep(window, (now, admitted.then_some(name)));
    }

    fn count(&self, window: &Window, now: Millis, admitted: bool) -> WindowCount {
        // When this one no longer counts, fewer than the quota do.
        let quota = window.quota as usize;
        let first = self.attempts.get(self.attempts.len().saturating_sub(quota)).map_or(now, |(at, _)| *at);
        WindowCount {
            admitted,
            used: self.attempts.len().min(quota) as u32,
            frees_in_ms: first.saturating_add(window.millis()).saturating_sub(now).min(window.millis()),
        }
    }

    /// Nothing came of an attempt: it goes on counting, and counts as often as it comes again.
    fn refuse(&mut self, window: &Window, name: u128, now: Millis) {
        match self.attempts.iter_mut().find(|(_, known)| *known == Some(name)) {
            Some(attempt) => attempt.1 = None,
            // It came while one of the same name was admitted, so it was not counted.
            None => self.keep(window, (now, None)),
        }
    }

    fn keep(&mut self, window: &Window, attempt: (Millis, Option<u128>)) {
        self.attempts.push_back(attempt);
        if self.attempts.len() > 2 * window.quota as usize {
            let refused = self.attempts.iter().position(|(_, name)| name.is_none());
            refused.and_then(|oldest| self.attempts.remove(oldest));
        }
    }

    /// Forgets every attempt, as a success does.
    pub fn clear(&mut self) {
        self.attempts.clear();
    }
}

/// Counts an attempt at `now` in all of its windows and decides on it.
pub fn attempt(windows: &mut [(Window, AttemptLog)], name: u128, now: Millis) -> LimitDecision {
    let each: Vec<bool> = windows.iter_mut().map(|(window, log)| log.admits(window, name, now)).collect();
    let admitted = each.iter().all(|admits| *admits);
    let counts = windows.iter_mut().zip(each).map(|((window, log), admits)| {
        log.record(window, name, now, admitted);
        (*window, log.count(window, now, admits))
    });
    LimitDecision::new(counts.collect())
}

/// Refuses, at `now`, the purpose of an admitted attempt for good. Its name becomes free, so the
/// same attempt sent again is another one.
pub fn refuse(windows: &mut [(Window, AttemptLog)], name: u128, now: Millis) {
    for (window, log) in windows {
        log.refuse(window, name, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const HOUR: Window = Window { name: "customer-hour", quota: 5, length: Duration::from_secs(3600) };
    const MINUTE: Millis = 60_000;

    fn count(admitted: bool, used: u32, frees_in_ms: Millis) -> WindowCount {
        WindowCount { admitted, used, frees_in_ms }
    }

    /// One window alone.
    struct Alone([(Window, AttemptLog); 1]);

    impl Alone {
        fn new() -> Self {
            Self([(HOUR, AttemptLog::default())])
        }

        fn attempt(&mut self, name: u128, now: Millis) -> WindowCount {
            attempt(&mut self.0, name, now).count(HOUR.name).unwrap()
        }
    }

    #[test]
    fn an_attempt_that_one_window_refuses_takes_no_place_and_counts_in_all() {
        let tight = Window { name: "address-hour", quota: 2, ..HOUR };
        let mut windows = [(HOUR, AttemptLog::default()), (tight, AttemptLog::default())];
        let admitted: Vec<bool> = (0..4).map(|n| attempt(&mut windows, n, 0).admitted()).collect();
        assert_eq!(admitted, [true, true, false, false]);
        let again = attempt(&mut windows, 0, 1);
        assert!(again.admitted(), "it was in both");
        assert!(!attempt(&mut windows, 2, 1).admitted(), "it was in neither");
        assert_eq!(windows[0].1.count(&HOUR, 1, false).used, 5);
        windows[1].1.clear();
        assert!(!attempt(&mut windows, 9, 2).admitted(), "the refused ones count in the other window, too");
    }

    #[test]
    fn as_many_as_the_quota_pass_and_then_none_until_the_first_is_an_hour_old() {
        let mut log = Alone::new();
        for n in 0..5 {
            assert_eq!(log.attempt(n, n as u64 * MINUTE), count(true, n as u32 + 1, 60 * MINUTE - n as u64 * MINUTE));
        }
        assert_eq!(log.attempt(5, 5 * MINUTE), count(false, 5, 56 * MINUTE), "the first has made room for this one");
    }

    #[test]
    fn refused_attempts_count() {
        let mut log = Alone::new();
        (0..5).for_each(|n| assert!(log.attempt(n, 0).admitted));
        (0..5).for_each(|n| assert!(!log.attempt(10 + n, 30 * MINUTE).admitted));
        assert!(!log.attempt(20, 61 * MINUTE).admitted, "the refused ones are still within the hour");
        let mut patient = Alone::new();
        (0..5).for_each(|n| assert!(patient.attempt(n, 0).admitted));
        assert!(patient.attempt(20, 61 * MINUTE).admitted);
    }

    #[test]
    fn wherever_the_window_is_laid_no_more_than_the_quota_was_admitted() {
        // Four attempts in each quarter of an hour, for a day.
        let (mut log, mut admitted) = (Alone::new(), Vec::new());
        for n in 0..96_u64 {
            for k in 0..4_u64 {
                let now = n * 15 * MINUTE + k * 7;
                if log.attempt(u128::from(n * 4 + k), now).admitted {
                    admitted.push(now);
                }
                assert!(log.0[0].1.attempts.len() <= 10);
            }
        }
        for (index, &from) in admitted.iter().enumerate() {
            let within = admitted[index..].iter().take_while(|&&at| at < from + 60 * MINUTE).count();
            assert!(within <= 5, "{within} within an hour from {from}");
        }
    }

    #[test]
    fn an_admitted_attempt_counts_once_and_a_refused_one_each_time() {
        let mut log = Alone::new();
        for _ in 0..10 {
            assert_eq!(log.attempt(1, 0), count(true, 1, 60 * MINUTE));
        }
        (2..6).for_each(|n| assert!(log.attempt(n, 0).admitted));
        assert!(log.attempt(1, 1).admitted, "it is in already");
        for n in 6..100 {
            assert!(!log.attempt(n, 2).admitted);
            assert!(!log.attempt(n, 2).admitted);
        }
        assert!((1..6).all(|n| log.attempt(n, 3).admitted), "no refusal makes an admission undone");
    }

    #[test]
    fn an_attempt_refused_for_good_counts_each_time_it_comes_again() {
        let mut log = Alone::new();
        for used in 1..=5 {
            assert_eq!(log.attempt(1, 0).used, used);
            refuse(&mut log.0, 1, 0);
        }
        assert!(!log.attempt(1, 1).admitted, "five of them were made");
        // Three under one name at the same moment: one is counted on its way in, the others on
        // their way out.
        let mut log = Alone::new();
        (0..3).for_each(|_| assert_eq!(log.attempt(1, 0).used, 1));
        (0..3).for_each(|_| refuse(&mut log.0, 1, 0));
        assert_eq!(log.attempt(2, 1).used, 4);
        (0..100).for_each(|_| refuse(&mut log.0, 1, 2));
        assert_eq!(log.0[0].1.attempts.len(), 10, "no more than decide anything");
        assert!(log.attempt(2, 3).admitted, "what was admitted stays");
    }

    #[test]
    fn a_success_clears_the_count() {
        let mut log = Alone::new();
        for n in 0..9 {
            let _ = log.attempt(n, 0);
        }
        log.0[0].1.clear();
        assert_eq!(log.attempt(9, 0), count(true, 1, 60 * MINUTE));
    }

    #[test]
    fn a_clock_that_steps_back_neither_frees_nor_locks_for_longer_than_the_window() {
        let mut log = Alone::new();
        for n in 0..5 {
            let _ = log.attempt(n, 90 * MINUTE);
        }
        assert_eq!(log.attempt(9, 10 * MINUTE), count(false, 5, 60 * MINUTE));
    }
}

//! A sliding-window rate limit: what is counted, what that decides, and how the answer says so.
//!
//! Every attempt counts, refused ones too: who goes on knocking stays out. An attempt that was admitted and comes again under its name
//! counts once, until what it was for has been refused. For that a store keeps, of each window, the attempts that were admitted, which are never more than the quota, and so many of
//! the newest refused ones that there are no more than twice the quota; more would decide nothing.
//!
//! All windows of an attempt are one atomic step: it is admitted by all of them or refused by all. Were they asked one by one, attempts that
//! come at the same moment could take each other's places, and fewer would pass than may.

use crate::freshness::Millis;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::time::Duration;

/// So many attempts within so much time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its name in the headers: letters, digits and dashes.
    pub name: &'static str,
    /// How many attempts are admitted, at least one.
    pub quota: u32,
    /// How long an attempt counts.
    pub length: Duration,
}

impl Window {
    /// The length in milliseconds.
    pub fn millis(&self) -> Millis {
        Millis::try_from(self.length.as_millis()).unwrap_or(Millis::MAX)
    }
}

/// What one window says of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Whether the attempt is within the quota.
    pub admitted: bool,
    /// How many attempts count, this one included; at most the quota.
    pub used: u32,
    /// How long until one of them no longer counts.
    pub frees_in_ms: Millis,
}

/// What all windows together say of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    windows: Vec<(Window, Count)>,
}

impl Decision {
    /// From the count of each window.
    pub fn new(windows: Vec<(Window, Count)>) -> Self {
        Self { windows }
    }

    /// Whether every window admits the attempt.
    pub fn admitted(&self) -> bool {
        self.windows.iter().all(|(_, count)| count.admitted)
    }

    /// The count of a window, by its name.
    pub fn count(&self, name: &str) -> Option<Count> {
        self.windows.iter().find(|(window, _)| window.name == name).map(|(_, count)| *count)
    }

    /// In how many seconds every window that refuses would admit again, were nothing tried meanwhile; at least one. `None`: it is admitted.
    pub fn retry_after(&self) -> Option<u32> {
        self.windows
            .iter()
            .filter(|(_, count)| !count.admitted)
            .map(|(_, count)| seconds(count.frees_in_ms).max(1))
            .max()
    }

    /// The value of `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10, section 3): quotas and windows in seconds.
    pub fn policy(&self) -> String {
        self.list(|out, window, _| {
            let _ = write!(out, ";q={};w={}", window.quota, window.length.as_secs());
        })
    }

    /// The value of `RateLimit` (the same draft, section 4): what remains, and in how many seconds more does.
    pub fn limit(&self) -> String {
        self.list(|out, window, count| {
            let _ = write!(out, ";r={};t={}", window.quota.saturating_sub(count.used), seconds(count.frees_in_ms));
        })
    }

    /// A list of structured fields (RFC 9651), one member for each window. Writing to a String cannot fail.
    fn list(&self, parameters: impl Fn(&mut String, &Window, &Count)) -> String {
        let mut out = String::new();
        for (window, count) in &self.windows {
            let comma = if out.is_empty() { "" } else { ", " };
            let _ = write!(out, "{comma}\"{}\"", window.name);
            parameters(&mut out, window, count);
        }
        out
    }
}

/// Whole seconds, rounded up: whoever waits so long does not come too early.
fn seconds(millis: Millis) -> u32 {
    u32::try_from(millis.div_ceil(1000)).unwrap_or(u32::MAX)
}

/// The attempts of one window, in memory: what a store does in one atomic step, as a model for it and for tests.
#[derive(Debug, Clone, Default)]
pub struct Log {
    /// Oldest first; refused ones have no name.
    attempts: VecDeque<(Millis, Option<u128>)>,
}

impl Log {
    /// Whether there is room for an attempt at `now`, or it was admitted before.
    fn admits(&mut self, window: &Window, name: u128, now: Millis) -> bool {
        self.attempts.retain(|(at, _)| at.saturating_add(window.millis()) > now);
        self.knows(name) || self.attempts.len() < window.quota as usize
    }

    fn knows(&self, name: u128) -> bool {
        self.attempts.iter().any(|(_, known)| *known == Some(name))
    }

    /// Counts an attempt on which has been decided.
    fn record(&mut self, window: &Window, name: u128, now: Millis, admitted: bool) {
        if self.knows(name) {
            return;
        }
        self.keep(window, (now, admitted.then_some(name)));
    }

    fn count(&self, window: &Window, now: Millis, admitted: bool) -> Count {
        // When this one no longer counts, fewer than the quota do.
        let quota = window.quota as usize;
        let first = self.attempts.get(self.attempts.len().saturating_sub(quota)).map_or(now, |(at, _)| *at);
        Count {
            admitted,
            used: self.attempts.len().min(quota) as u32,
            frees_in_ms: first.saturating_add(window.millis()).saturating_sub(now).min(window.millis()),
        }
    }

    /// Nothing came of an attempt: it goes on counting, and counts as often as it comes again.
    fn refuse(&mut self, window: &Window, name: u128, now: Millis) {
        match self.attempts.iter_mut().find(|(_, known)| *known == Some(name)) {
            Some(attempt) => attempt.1 = None,
            // It came while one of the same name was admitted, so it hasn't been counted.
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

    /// Forgets every attempt: what a success does to the count of the hour.
    pub fn clear(&mut self) {
        self.attempts.clear();
    }
}

/// Counts an attempt at `now` in all of its windows and decides on it.
pub fn attempt(windows: &mut [(Window, Log)], name: u128, now: Millis) -> Decision {
    let each: Vec<bool> = windows.iter_mut().map(|(window, log)| log.admits(window, name, now)).collect();
    let admitted = each.iter().all(|admits| *admits);
    let counts = windows.iter_mut().zip(each).map(|((window, log), admits)| {
        log.record(window, name, now, admitted);
        (*window, log.count(window, now, admits))
    });
    Decision::new(counts.collect())
}

/// What an admitted attempt was for has been refused for good, at `now`: its name is free, so the same attempt sent again is another one.
pub fn refuse(windows: &mut [(Window, Log)], name: u128, now: Millis) {
    for (window, log) in windows {
        log.refuse(window, name, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Window = Window { name: "customer-hour", quota: 5, length: Duration::from_secs(3600) };
    const DAY: Window = Window { name: "customer-day", quota: 20, length: Duration::from_secs(86_400) };
    const MINUTE: Millis = 60_000;

    fn count(admitted: bool, used: u32, frees_in_ms: Millis) -> Count {
        Count { admitted, used, frees_in_ms }
    }

    /// One window alone.
    struct Alone([(Window, Log); 1]);

    impl Alone {
        fn new() -> Self {
            Self([(HOUR, Log::default())])
        }

        fn attempt(&mut self, name: u128, now: Millis) -> Count {
            attempt(&mut self.0, name, now).count(HOUR.name).unwrap()
        }
    }

    #[test]
    fn what_one_window_refuses_takes_no_place_in_another_and_counts_in_all() {
        let tight = Window { name: "address-hour", quota: 2, ..HOUR };
        let mut windows = [(HOUR, Log::default()), (tight, Log::default())];
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
        // Four attempts in each quarter of an hour, for a day: wherever the hour is laid, no more than the quota was admitted.
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
    fn the_same_attempt_counts_once_where_it_was_admitted_and_each_time_where_it_was_not() {
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
    fn what_was_refused_for_good_counts_each_time_it_comes_again() {
        let mut log = Alone::new();
        for used in 1..=5 {
            assert_eq!(log.attempt(1, 0).used, used);
            refuse(&mut log.0, 1, 0);
        }
        assert!(!log.attempt(1, 1).admitted, "five of them were made");
        // Three under one name at the same moment: one is counted on its way in, the others on their way out.
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

    #[test]
    fn the_headers_name_every_window() {
        let decision = Decision::new(vec![(HOUR, count(true, 2, 1_799_001)), (DAY, count(true, 19, 40_000_000))]);
        assert_eq!(decision.policy(), "\"customer-hour\";q=5;w=3600, \"customer-day\";q=20;w=86400");
        assert_eq!(decision.limit(), "\"customer-hour\";r=3;t=1800, \"customer-day\";r=1;t=40000");
        assert!(decision.admitted());
        assert_eq!(decision.retry_after(), None);
        assert_eq!(decision.count("customer-day").map(|count| count.used), Some(19));
        assert_eq!(decision.count("other"), None);
    }

    #[test]
    fn one_window_that_refuses_is_enough_and_the_longest_wait_counts() {
        let table = [
            (count(false, 5, 1), count(true, 9, 9_000), Some(1)),
            (count(false, 5, 1_001), count(false, 20, 7_000), Some(7)),
            (count(true, 5, 1_000), count(false, 20, 0), Some(1)),
        ];
        for (hour, day, wait) in table {
            let decision = Decision::new(vec![(HOUR, hour), (DAY, day)]);
            assert_eq!((decision.admitted(), decision.retry_after()), (false, wait));
        }
        let refused = Decision::new(vec![(HOUR, count(false, 5, 1_001))]);
        assert_eq!(refused.limit(), "\"customer-hour\";r=0;t=2");
    }
}

//! Windows, counts, and the decision that they make together.

use crate::protocol::freshness::Millis;
use std::time::Duration;

/// A number of attempts within a time.
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

/// The count of one window for an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowCount {
    /// Whether the attempt is within the quota.
    pub admitted: bool,
    /// How many attempts count, this one included; at most the quota.
    pub used: u32,
    /// How long until one of them no longer counts, in milliseconds.
    pub frees_in_ms: Millis,
}

impl WindowCount {
    /// The one that leaves less room.
    fn stricter(self, other: Self) -> Self {
        let rank = |count: &Self| (!count.admitted, count.used, count.frees_in_ms);
        if rank(&other) > rank(&self) { other } else { self }
    }
}

/// The decision of all windows together on an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitDecision {
    windows: Vec<(Window, WindowCount)>,
}

impl LimitDecision {
    /// From the count of each window. Windows of one name are one: the same attempts, counted in
    /// several places. The strictest count stands.
    pub fn new(windows: Vec<(Window, WindowCount)>) -> Self {
        let mut merged: Vec<(Window, WindowCount)> = Vec::with_capacity(windows.len());
        for (window, count) in windows {
            match merged.iter_mut().find(|(known, _)| known.name == window.name) {
                Some((_, known)) => *known = known.stricter(count),
                None => merged.push((window, count)),
            }
        }
        Self { windows: merged }
    }

    /// The decision of this count and of another one of the same attempt: the stricter of both,
    /// window by window.
    pub fn and(self, other: Self) -> Self {
        Self::new(self.windows.into_iter().chain(other.windows).collect())
    }

    /// Whether every window admits the attempt.
    pub fn admitted(&self) -> bool {
        self.windows.iter().all(|(_, count)| count.admitted)
    }

    /// The count of a window, by its name.
    pub fn count(&self, name: &str) -> Option<WindowCount> {
        self.windows.iter().find(|(window, _)| window.name == name).map(|(_, count)| *count)
    }

    /// The seconds until every window that refuses would admit again, if nothing is tried
    /// meanwhile; at least one. `None` if the attempt is admitted.
    pub fn retry_after(&self) -> Option<u32> {
        self.windows
            .iter()
            .filter(|(_, count)| !count.admitted)
            .map(|(_, count)| seconds(count.frees_in_ms).max(1))
            .max()
    }

    /// The value of `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10, section 3): quotas
    /// and windows in seconds.
    pub fn policy(&self) -> String {
        self.list(|window, _| [(";q=", window.quota.into()), (";w=", window.length.as_secs())])
    }

    /// The value of `RateLimit` (the same draft, section 4): how much remains, and in how many
    /// seconds more does.
    pub fn limit(&self) -> String {
        self.list(|window, count| {
            let remaining = window.quota.saturating_sub(count.used);
            [(";r=", remaining.into()), (";t=", seconds(count.frees_in_ms).into())]
        })
    }

    /// A list of structured fields (RFC 9651), one member for each window. Without the formatter,
    /// since a cached read may carry it.
    fn list(&self, parameters: impl Fn(&Window, &WindowCount) -> [(&'static str, u64); 2]) -> String {
        let mut out = String::with_capacity(self.windows.len() * 48);
        for (window, count) in &self.windows {
            let open = if out.is_empty() { "\"" } else { ", \"" };
            [open, window.name, "\""].iter().for_each(|part| out.push_str(part));
            for (name, number) in parameters(window, count) {
                out.push_str(name);
                out.push_str(itoa::Buffer::new().format(number));
            }
        }
        out
    }
}

/// Whole seconds, rounded up, so that a caller that waits so long does not come too early.
fn seconds(millis: Millis) -> u32 {
    u32::try_from(millis.div_ceil(1000)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Window = Window { name: "customer-hour", quota: 5, length: Duration::from_secs(3600) };
    const DAY: Window = Window { name: "customer-day", quota: 20, length: Duration::from_secs(86_400) };

    fn count(admitted: bool, used: u32, frees_in_ms: Millis) -> WindowCount {
        WindowCount { admitted, used, frees_in_ms }
    }

    #[test]
    fn of_windows_of_one_name_the_strictest_stands() {
        let places = vec![(HOUR, count(true, 2, 50)), (DAY, count(true, 1, 5)), (HOUR, count(false, 5, 9_000))];
        let decision = LimitDecision::new(places);
        assert_eq!(decision.limit(), "\"customer-hour\";r=0;t=9, \"customer-day\";r=19;t=1");
        assert_eq!((decision.admitted(), decision.retry_after()), (false, Some(9)));
        let (here, there) = (vec![(HOUR, count(true, 2, 50))], vec![(HOUR, count(true, 4, 9_000))]);
        let both = LimitDecision::new(here).and(LimitDecision::new(there));
        assert_eq!(both.limit(), "\"customer-hour\";r=1;t=9");
    }

    #[test]
    fn the_headers_name_every_window() {
        let decision = LimitDecision::new(vec![(HOUR, count(true, 2, 1_799_001)), (DAY, count(true, 19, 40_000_000))]);
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
            let decision = LimitDecision::new(vec![(HOUR, hour), (DAY, day)]);
            assert_eq!((decision.admitted(), decision.retry_after()), (false, wait));
        }
        let refused = LimitDecision::new(vec![(HOUR, count(false, 5, 1_001))]);
        assert_eq!(refused.limit(), "\"customer-hour\";r=0;t=2");
    }
}

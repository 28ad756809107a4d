//! A circuit breaker as a pure state machine: closed, open, half-open with one probe (M. Nygard,
//! "Release It!", 2007).

use crate::protocol::freshness::Millis;

/// Whether a call may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Make the call.
    Call,
    /// Make the call: its outcome decides whether the breaker closes.
    Probe,
    /// Make no call.
    Refuse,
}

/// A change of state, to be logged once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Calls are refused from now on.
    Opened,
    /// Calls are made again.
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed,
    Open { until: Millis },
    Probing { until: Millis },
}

/// Guards one dependency. One failure opens it: the next caller must not wait again for a
/// dependency that has just not answered.
#[derive(Debug, Clone)]
pub struct Breaker {
    state: State,
    rest_ms: Millis,
    call_ms: Millis,
}

impl Breaker {
    /// A closed breaker that stays open for `rest_ms` before it lets a probe through. A call takes
    /// `call_ms` at most.
    pub const fn new(rest_ms: Millis, call_ms: Millis) -> Self {
        Self { state: State::Closed, rest_ms, call_ms }
    }

    /// Says whether a call may be made at `now` (monotonic). `now` is asked only if the breaker is
    /// not closed. A probe that has not reported back when its call must have ended is given up.
    pub fn admit(&mut self, now: impl FnOnce() -> Millis) -> Admission {
        let (State::Open { until } | State::Probing { until }) = self.state else { return Admission::Call };
        let now = now();
        if now < until {
            return Admission::Refuse;
        }
        self.state = State::Probing { until: now + self.rest_ms.max(self.call_ms) };
        Admission::Probe
    }

    /// Reports a call that was admitted. `now` is asked only if the call failed.
    pub fn report(&mut self, admission: Admission, succeeded: bool, now: impl FnOnce() -> Millis) -> Option<Change> {
        match (admission, succeeded, self.state) {
            // A call admitted before it opened says nothing about now.
            (Admission::Call, true, _) | (Admission::Refuse, _, _) => None,
            (Admission::Probe, true, State::Closed) => None,
            (Admission::Probe, true, _) => {
                self.state = State::Closed;
                Some(Change::Closed)
            }
            (_, false, State::Closed) => {
                self.state = State::Open { until: now() + self.rest_ms };
                Some(Change::Opened)
            }
            (Admission::Probe, false, _) => {
                self.state = State::Open { until: now() + self.rest_ms };
                None
            }
            (Admission::Call, false, _) => None,
        }
    }

    /// Opens it until a moment, since somebody else has found the dependency away. One that is open
    /// already stays as it is.
    pub fn open_until(&mut self, until: Millis) {
        if self.state == State::Closed {
            self.state = State::Open { until };
        }
    }

    /// True while calls are refused.
    pub fn is_open(&self) -> bool {
        self.state != State::Closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened() -> Breaker {
        let mut breaker = Breaker::new(100, 300);
        assert_eq!(breaker.report(Admission::Call, false, || 0), Some(Change::Opened));
        breaker
    }

    #[test]
    fn one_failure_opens_it_and_says_so_once() {
        let mut breaker = opened();
        assert_eq!(breaker.admit(|| 99), Admission::Refuse);
        assert_eq!(breaker.report(Admission::Call, false, || 50), None, "a call that was under way");
        assert_eq!(breaker.admit(|| 100), Admission::Probe, "late failures don't prolong it");
    }

    #[test]
    fn one_probe_at_a_time_decides() {
        let mut breaker = opened();
        assert_eq!((breaker.admit(|| 100), breaker.admit(|| 100)), (Admission::Probe, Admission::Refuse));
        assert_eq!(breaker.report(Admission::Probe, false, || 110), None, "still open is no news");
        assert_eq!((breaker.admit(|| 209), breaker.admit(|| 210)), (Admission::Refuse, Admission::Probe));
        assert_eq!(breaker.report(Admission::Probe, true, || 211), Some(Change::Closed));
        assert_eq!(breaker.admit(|| 211), Admission::Call);
    }

    #[test]
    fn a_probe_that_never_comes_back_is_replaced() {
        let mut breaker = opened();
        assert_eq!(breaker.admit(|| 100), Admission::Probe);
        assert_eq!(breaker.admit(|| 399), Admission::Refuse, "it may still be under way");
        assert_eq!(breaker.admit(|| 400), Admission::Probe);
    }

    #[test]
    fn what_another_has_found_away_is_left_alone_and_probed_like_ones_own() {
        let mut breaker = Breaker::new(100, 300);
        breaker.open_until(50);
        breaker.open_until(900);
        assert_eq!((breaker.admit(|| 49), breaker.admit(|| 50)), (Admission::Refuse, Admission::Probe));
        assert_eq!(breaker.report(Admission::Probe, true, || 51), Some(Change::Closed));
    }

    #[test]
    fn a_success_from_before_does_not_close_it() {
        let mut breaker = opened();
        assert_eq!(breaker.report(Admission::Call, true, || 1), None);
        assert!(breaker.is_open());
    }
}

//! Connections that an instance keeps for a moment.
//!
//! Spin lends connections from a pool, and cleans each one when it lends it: seven statements in a
//! round trip of their own, which cost about as much as a read of one row. So an instance that asks
//! again and again keeps what it was lent.
//!
//! Nobody else is to wait for that. The pool has 64 places, so an instance that waited for one
//! gives it back with the answer; and a loan ends [`Kept::keep`] after it began, however busy its
//! instance is. A connection has one statement at a time, so no statement waits behind another.

use std::cell::{Cell, RefCell};
use std::time::Duration;

/// So many are kept while nobody uses them.
const MOST: usize = 4;

/// The pool has places to spare if a loan took no longer than so many times the statement. It takes
/// one round trip and a statement two.
const SPARE: u32 = 3;

/// The connections of one instance. Times are those of the monotonic clock.
pub(super) struct Kept<C> {
    /// How long a loan lasts at most; zero: as long as its statement.
    keep: Duration,
    idle: RefCell<Vec<Loan<C>>>,
    /// When the last statement was asked.
    asked: Cell<Option<Duration>>,
}

/// A connection that was lent.
pub(super) struct Loan<C> {
    pub(super) connection: C,
    /// When it goes back.
    ends: Duration,
}

/// How a statement went.
pub(super) struct Course {
    /// When the connection was asked for.
    pub begun: Duration,
    /// When it was there.
    pub lent: Duration,
    /// When the last row was read.
    pub answered: Duration,
}

impl<C> Kept<C> {
    pub(super) const fn new(keep: Duration) -> Self {
        Self { keep, idle: RefCell::new(Vec::new()), asked: Cell::new(None) }
    }

    /// Whether this instance has asked a moment ago. Only then is it worth keeping a connection:
    /// most instances ask for one thing and then for nothing.
    pub(super) fn asks_again(&self, now: Duration) -> bool {
        let before = self.asked.replace(Some(now));
        before.is_some_and(|before| now.saturating_sub(before) < self.keep)
    }

    /// A connection that nobody uses, and whose loan hasn't ended.
    pub(super) fn take(&self, now: Duration) -> Option<Loan<C>> {
        self.give_back(now);
        self.idle.borrow_mut().pop()
    }

    /// The loan of a new connection, if it is to be kept.
    pub(super) fn loan(&self, connection: C, course: &Course) -> Option<Loan<C>> {
        let waited = course.lent.saturating_sub(course.begun);
        let statement = course.answered.saturating_sub(course.lent);
        (waited <= statement * SPARE).then(|| Loan { connection, ends: course.lent + self.keep })
    }

    /// Keeps a connection whose answer was read to its end. False: it went back.
    pub(super) fn put(&self, loan: Loan<C>, now: Duration) -> bool {
        let mut idle = self.idle.borrow_mut();
        let kept = loan.ends > now && idle.len() < MOST;
        if kept {
            idle.push(loan);
        }
        kept
    }

    /// Gives back what was lent for long enough. The answer says in how long the next loan ends.
    pub(super) fn give_back(&self, now: Duration) -> Option<Duration> {
        let mut idle = self.idle.borrow_mut();
        idle.retain(|loan| loan.ends > now);
        idle.iter().map(|loan| loan.ends - now).min()
    }

    /// Gives all back: one of them broke, and the others lead to the same server.
    pub(super) fn clear(&self) {
        self.idle.borrow_mut().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;

    const KEEP: Duration = Duration::from_millis(100);

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn lent(begun: u64, lent: u64, answered: u64) -> Course {
        Course { begun: at(begun), lent: at(lent), answered: at(answered) }
    }

    /// A kept connection that was lent at 0, and what counts who holds it.
    fn kept() -> (Kept<Rc<()>>, Rc<()>) {
        let (kept, connection) = (Kept::new(KEEP), Rc::new(()));
        let loan = kept.loan(connection.clone(), &lent(0, 0, 1)).expect("a loan");
        assert!(kept.put(loan, at(1)));
        (kept, connection)
    }

    #[test]
    fn only_an_instance_that_asked_a_moment_ago_asks_again() {
        let kept = Kept::<()>::new(KEEP);
        let asked = [0, 99, 199, 298].map(|now| kept.asks_again(at(now)));
        assert_eq!(asked, [false, true, false, true]);
        let never = Kept::<()>::new(Duration::ZERO);
        assert!(!never.asks_again(at(0)) && !never.asks_again(at(0)));
    }

    #[test]
    fn a_connection_that_was_waited_for_goes_back() {
        let kept = Kept::new(KEEP);
        for (waited, statement, loan) in [(0, 1, true), (3, 1, true), (4, 1, false), (60, 21, true), (64, 21, false)] {
            let course = lent(10, 10 + waited, 10 + waited + statement);
            assert_eq!(kept.loan((), &course).is_some(), loan, "{waited} ms for a place, {statement} for the answer");
        }
    }

    #[test]
    fn a_loan_ends_however_often_it_is_used() {
        let (kept, connection) = kept();
        for now in [10, 50, 98] {
            let loan = kept.take(at(now)).expect("a loan that hasn't ended");
            assert!(kept.take(at(now)).is_none(), "one statement at a time");
            assert!(kept.put(loan, at(now + 1)));
        }
        let loan = kept.take(at(99)).expect("a loan that hasn't ended");
        assert!(!kept.put(loan, at(100)), "its time was over when the answer was there");
        assert_eq!(Rc::strong_count(&connection), 1);
    }

    #[test]
    fn what_nobody_uses_goes_back_at_its_end() {
        let (kept, connection) = kept();
        assert_eq!(kept.give_back(at(40)), Some(at(60)));
        assert_eq!(kept.give_back(at(100)), None);
        assert_eq!(Rc::strong_count(&connection), 1);
        assert!(kept.take(at(100)).is_none());
    }

    #[test]
    fn few_are_kept_at_once() {
        let kept = Kept::new(KEEP);
        let put = || kept.put(kept.loan((), &lent(0, 0, 1)).expect("a loan"), at(1));
        assert_eq!([(); MOST].map(|()| put()), [true; MOST]);
        assert!(!put());
    }

    #[test]
    fn one_that_broke_takes_the_others_along() {
        let (kept, connection) = kept();
        kept.clear();
        assert_eq!(Rc::strong_count(&connection), 1);
    }
}

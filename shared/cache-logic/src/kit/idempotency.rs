//! Idempotency keys: whether a request is the first, still at work, a repetition, or another
//! request under the same key (IETF draft "The Idempotency-Key HTTP Header Field").
//!
//! The decision is pure. The caller keeps the record next to the data that the request changes, so
//! that both stand or fall together. [`KeyRecords`] keeps records in memory, for tests and for
//! answers that may be forgotten.
//!
//! ```
//! use cache_logic::idempotency::{KeyDecision, KeyRecords};
//!
//! let (mut keys, hour) = (KeyRecords::default(), 3_600_000);
//! let now = 0;
//! // The caller chooses the key, within its own namespace; the fingerprint is a hash of the
//! // request.
//! assert_eq!(keys.begin("alice/7", 0xfeed, 1, now, 30_000), KeyDecision::Started);
//! let busy = KeyDecision::InProgress { retry_after_ms: 30_000 };
//! assert_eq!(keys.begin("alice/7", 0xfeed, 2, now, 30_000), busy);
//! assert!(keys.complete("alice/7", 1, "201 created", now, hour));
//! assert_eq!(keys.begin("alice/7", 0xfeed, 3, now, 30_000), KeyDecision::Replay("201 created"));
//! assert_eq!(keys.begin("alice/7", 0xbeef, 4, now, 30_000), KeyDecision::Mismatch);
//! ```

use crate::protocol::freshness::Millis;
use std::collections::HashMap;

/// The decision on a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyDecision<R> {
    /// Do it: it is the first, or the first that may be done.
    Started,
    /// The first is still at work: ask again after that time.
    InProgress {
        /// Milliseconds until the first is given up.
        retry_after_ms: Millis,
    },
    /// It is done: this is the answer.
    Replay(R),
    /// The key was used for another request.
    Mismatch,
}

/// The record of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<R> {
    /// A hash of the request: method, path and body.
    pub fingerprint: u128,
    /// The progress of the request.
    pub progress: Progress<R>,
    /// From this moment on the record counts for nothing: a request at work is given up, an answer
    /// is forgotten.
    pub until: Millis,
}

/// The progress of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress<R> {
    /// Somebody is at work. Only this owner may complete it.
    Working {
        /// Random, made by the caller that began.
        owner: u128,
    },
    /// It is done.
    Done(R),
}

/// Decides on a request at `now`. A record whose time is up counts for nothing.
pub fn decide<R: Clone>(record: Option<&Record<R>>, fingerprint: u128, now: Millis) -> KeyDecision<R> {
    match record.filter(|record| now < record.until) {
        None => KeyDecision::Started,
        Some(record) if record.fingerprint != fingerprint => KeyDecision::Mismatch,
        Some(Record { progress: Progress::Working { .. }, until, .. }) => {
            KeyDecision::InProgress { retry_after_ms: until - now }
        }
        Some(Record { progress: Progress::Done(answer), .. }) => KeyDecision::Replay(answer.clone()),
    }
}

/// Records in memory, of one instance.
#[derive(Debug, Clone)]
pub struct KeyRecords<R> {
    records: HashMap<String, Record<R>>,
}

impl<R> Default for KeyRecords<R> {
    fn default() -> Self {
        Self { records: HashMap::new() }
    }
}

impl<R: Clone> KeyRecords<R> {
    /// Decides on a request. If it is to be done, notes that `owner` is at work, for `hold_ms` at
    /// most.
    pub fn begin(&mut self, key: &str, fingerprint: u128, owner: u128, now: Millis, hold_ms: Millis) -> KeyDecision<R> {
        let decision = decide(self.records.get(key), fingerprint, now);
        if matches!(decision, KeyDecision::Started) {
            let record = Record { fingerprint, progress: Progress::Working { owner }, until: now + hold_ms };
            self.records.insert(key.to_owned(), record);
        }
        decision
    }

    /// Keeps the answer for `keep_ms`, if `owner` is still the one at work. False if its time is
    /// up: somebody else may have done it since.
    pub fn complete(&mut self, key: &str, owner: u128, answer: R, now: Millis, keep_ms: Millis) -> bool {
        let Some(record) = self.working(key, owner, now) else { return false };
        record.progress = Progress::Done(answer);
        record.until = now + keep_ms;
        true
    }

    /// Forgets a request that may be tried again, such as one that failed for a reason that passes
    /// (5xx, 429). Only its owner can.
    pub fn abandon(&mut self, key: &str, owner: u128, now: Millis) -> bool {
        self.working(key, owner, now).is_some() && self.records.remove(key).is_some()
    }

    /// Drops the records whose time is up.
    pub fn sweep(&mut self, now: Millis) {
        self.records.retain(|_, record| now < record.until);
    }

    fn working(&mut self, key: &str, owner: u128, now: Millis) -> Option<&mut Record<R>> {
        let at_work = |record: &&mut Record<R>| {
            let own = matches!(record.progress, Progress::Working { owner: own } if own == owner);
            own && now < record.until
        };
        self.records.get_mut(key).filter(at_work)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_that_was_given_up_completes_nothing_any_more() {
        let mut keys = KeyRecords::default();
        assert_eq!(keys.begin("k", 1, 10, 0, 100), KeyDecision::Started);
        assert_eq!(keys.begin("k", 1, 11, 99, 100), KeyDecision::InProgress { retry_after_ms: 1 });
        assert_eq!(keys.begin("k", 1, 11, 100, 100), KeyDecision::Started, "given up");
        assert!(!keys.complete("k", 10, "late", 101, 1000), "somebody else is at it");
        assert!(!keys.abandon("k", 10, 101));
        assert!(keys.complete("k", 11, "done", 150, 1000));
        assert!(!keys.complete("k", 11, "twice", 151, 1000));
        assert_eq!(keys.begin("k", 1, 12, 160, 100), KeyDecision::Replay("done"));
    }

    #[test]
    fn a_failure_that_passes_is_forgotten_and_an_answer_kept_for_its_time() {
        let mut keys = KeyRecords::default();
        keys.begin("k", 1, 10, 0, 100);
        assert!(keys.abandon("k", 10, 50));
        assert_eq!(keys.begin("k", 2, 11, 51, 100), KeyDecision::Started, "another request may use the key then");
        keys.complete("k", 11, "done", 60, 40);
        assert_eq!(keys.begin("k", 1, 12, 99, 100), KeyDecision::Mismatch);
        keys.sweep(99);
        assert_eq!(keys.begin("k", 2, 12, 99, 100), KeyDecision::Replay("done"));
        keys.sweep(100);
        assert_eq!(keys.begin("k", 1, 13, 100, 100), KeyDecision::Started);
    }
}

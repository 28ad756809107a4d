//! Counters of what the cache did.
//!
//! An instance counts in fixed arrays, indexed by the number of the entity: on a hit that is an
//! addition, no allocation and no look-up. Now and then it takes its counts, encodes them as pairs
//! of field and increment for one script in Redis, and begins anew. A reader of the sums decodes
//! them for all instances, as numbers or as Prometheus' text (`expose`, feature `exposition`).
//!
//! ```
//! use cache_logic::exposition::Exposition;
//! use cache_logic::statistics::{Statistics, expose::expose};
//! use std::time::Duration;
//!
//! const ENTITIES: &[&str] = &["order", "orders_list"];
//!
//! // In an instance: `read` takes what `cache_logic::read::read` gave.
//! let mut counted = Statistics::new(ENTITIES);
//! counted.read::<()>(0, Ok(None));
//! counted.load(0, Duration::from_millis(3), true);
//!
//! // Behind a response: one HINCRBY for each pair. If it fails: `counted.merge(&batch)`.
//! let batch = counted.drain().expect("something was counted");
//! let pairs = batch.encode();
//! assert!(pairs.contains(&("order:absent".to_owned(), 1)));
//!
//! // A reader of the sums: HGETALL.
//! let stored = pairs.iter().map(|(field, count)| (field.as_str(), *count));
//! let sums = Statistics::decode(ENTITIES, stored);
//! assert_eq!(sums.total().loads(), 1);
//! let mut text = Exposition::default();
//! expose(&sums, "shop_", &mut text);
//! assert!(text.into_text().contains("shop_cache_absent_total{entity=\"order\"} 1"));
//! ```

pub mod counts;
#[cfg(feature = "exposition")]
pub mod expose;
pub mod series;

use crate::protocol::freshness::{Freshness, Millis};
use crate::protocol::ports::CacheFault;
use crate::protocol::read::{Bypass, Outcome, Read};
use crate::protocol::write::Invalidation;
use counts::{BOUNDS, Counter, Counts, WriteCounter};
use std::time::Duration;

/// The counters of all entities, and of writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statistics {
    entities: &'static [&'static str],
    counts: Vec<Counts>,
    writes: [u64; WriteCounter::ALL.len()],
}

impl Statistics {
    /// Nothing counted yet. An entity's number is its place in this list; its name must not hold a
    /// colon.
    pub fn new(entities: &'static [&'static str]) -> Self {
        let counts = vec![Counts::default(); entities.len()];
        Self { entities, counts, writes: [0; WriteCounter::ALL.len()] }
    }

    /// Counts a read of entity number `entity` by how it ended: a value, nothing, or an error. A
    /// number out of range is not counted.
    pub fn read<E>(&mut self, entity: usize, outcome: Result<Option<&Read>, E>) {
        let Some(counts) = self.counts.get_mut(entity) else { return };
        let read = match outcome {
            Ok(Some(read)) => read,
            Ok(None) => return counts.add(Counter::Absent, 1),
            Err(_) => return counts.add(Counter::Failed, 1),
        };
        counts.add(counter(&read.outcome), 1);
        if read.trace.damaged {
            counts.add(Counter::Damaged, 1);
        }
    }

    /// Counts the time that one read, or all reads of one request together, waited for others. Zero
    /// is no wait.
    pub fn waited(&mut self, entity: usize, waited_ms: Millis) {
        if waited_ms > 0
            && let Some(counts) = self.counts.get_mut(entity)
        {
            counts.add(Counter::Waits, 1);
            counts.add(Counter::WaitedMs, waited_ms);
        }
    }

    /// Counts a load from the origin.
    pub fn load(&mut self, entity: usize, took: Duration, succeeded: bool) {
        let Some(counts) = self.counts.get_mut(entity) else { return };
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        counts.add(Counter::LoadMicros, micros);
        counts.add(Counter::LoadErrors, u64::from(!succeeded));
        counts.loads[BOUNDS.iter().position(|&(bound, _)| micros <= bound).unwrap_or(BOUNDS.len())] += 1;
    }

    /// Counts a refresh behind a response. `stored` is the result of [`crate::read::refresh`].
    pub fn refresh(&mut self, entity: usize, stored: bool) {
        if let Some(counts) = self.counts.get_mut(entity) {
            counts.add(if stored { Counter::Refreshed } else { Counter::NotRefreshed }, 1);
        }
    }

    /// Counts a hit that was compared with the origin.
    pub fn compared(&mut self, entity: usize, is_equal: bool) {
        if let Some(counts) = self.counts.get_mut(entity) {
            counts.add(Counter::Compared, 1);
            counts.add(Counter::Inconsistent, u64::from(!is_equal));
        }
    }

    /// Counts a write by how its invalidation went. `outage_wait` is the wait of a write that
    /// cannot invalidate.
    pub fn write(&mut self, invalidation: &Invalidation, outage_wait: Duration) {
        match invalidation {
            Invalidation::Nothing => {}
            Invalidation::Done(_) => self.writes[WriteCounter::Invalidated as usize] += 1,
            Invalidation::WaitedOut(_) => {
                self.writes[WriteCounter::WaitedOut as usize] += 1;
                self.writes[WriteCounter::WaitedMs as usize] += outage_wait.as_millis() as u64;
            }
        }
    }

    /// The names and counters of all entities.
    pub fn entities(&self) -> impl Iterator<Item = (&'static str, &Counts)> {
        self.entities.iter().copied().zip(&self.counts)
    }

    /// The sum over all entities.
    pub fn total(&self) -> Counts {
        let mut total = Counts::default();
        self.counts.iter().for_each(|counts| total.merge(counts));
        total
    }

    /// One counter of writes.
    pub fn written(&self, what: WriteCounter) -> u64 {
        self.writes[what as usize]
    }

    /// Takes all counts, and begins anew. `None` if nothing was counted.
    pub fn drain(&mut self) -> Option<Self> {
        let counted =
            self.counts.iter().any(|counts| *counts != Counts::default()) || self.writes.iter().any(|&n| n > 0);
        counted.then(|| std::mem::replace(self, Self::new(self.entities)))
    }

    /// Adds another's counters, of the same entities.
    pub fn merge(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(ours, theirs)| ours.merge(theirs));
        self.writes.iter_mut().zip(&other.writes).for_each(|(ours, theirs)| *ours = ours.saturating_add(*theirs));
    }

    /// Every counter above 0 as a field of a hash and its increment.
    pub fn encode(&self) -> Vec<(String, u64)> {
        let mut pairs = Vec::new();
        for (entity, counts) in self.entities() {
            let counted = counts.fields().filter(|&(_, count)| count > 0);
            pairs.extend(counted.map(|(field, count)| (format!("{entity}:{field}"), count)));
        }
        let written =
            WriteCounter::ALL.into_iter().map(|what| (what, self.written(what))).filter(|&(_, count)| count > 0);
        pairs.extend(written.map(|(what, count)| (format!(":{}", what.name()), count)));
        pairs
    }

    /// The sums in a hash. Unknown fields, such as those of another version, are left out.
    pub fn decode<'a>(entities: &'static [&'static str], pairs: impl Iterator<Item = (&'a str, u64)>) -> Self {
        let mut all = Self::new(entities);
        for (field, count) in pairs {
            let Some((entity, field)) = field.split_once(':') else { continue };
            let place = if entity.is_empty() {
                WriteCounter::ALL.iter().position(|what| what.name() == field).map(|place| &mut all.writes[place])
            } else {
                let number = entities.iter().position(|name| *name == entity);
                number.and_then(|number| all.counts[number].field_mut(field))
            };
            if let Some(place) = place {
                *place = count;
            }
        }
        all
    }
}

fn counter(outcome: &Outcome) -> Counter {
    match outcome {
        Outcome::Hit { freshness: Freshness::Fresh, .. } => Counter::Fresh,
        Outcome::Hit { freshness: Freshness::Early, .. } => Counter::Early,
        Outcome::Hit { freshness: Freshness::Stale, .. } => Counter::Stale,
        Outcome::Revalidated { .. } => Counter::Revalidated,
        Outcome::Miss { stored: true } => Counter::Stored,
        Outcome::Miss { stored: false } => Counter::Refused,
        Outcome::Bypass(Bypass::Fault(CacheFault::Unreachable | CacheFault::Skipped)) => Counter::RedisUnavailable,
        Outcome::Bypass(Bypass::Fault(CacheFault::TimedOut)) => Counter::RedisTimeout,
        Outcome::Bypass(Bypass::Fault(CacheFault::Protocol(_))) => Counter::RedisError,
        Outcome::Bypass(Bypass::NoCertificate | Bypass::Fault(CacheFault::Withheld | CacheFault::AnotherRun)) => {
            Counter::NoCertificate
        }
        Outcome::Bypass(Bypass::Misconfigured | Bypass::Fault(CacheFault::Misconfigured)) => Counter::Misconfigured,
        Outcome::Bypass(Bypass::Waited) => Counter::FillWait,
        Outcome::Bypass(Bypass::Off) => Counter::Off,
        Outcome::StaleIfError => Counter::StaleIfError,
    }
}

#[cfg(all(test, feature = "exposition"))]
mod tests;

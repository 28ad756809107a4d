//! Counts by time: a few of each entity's counters, added up for each minute and for each quarter
//! of an hour.
//!
//! A bucket is a hash in Redis with a life of its own, so a day is all that is ever kept. A look at
//! a short time reads minutes, one at a longer time quarters: no look reads more than [`MOST`].

use super::Statistics;
use super::counts::{Counter, Counts};

/// The length of the buckets, in milliseconds: the short ones, and the long ones.
pub const LENGTHS: [u64; 2] = [60_000, 900_000];

/// How far back a look may reach, in milliseconds: a day.
pub const REACH: u64 = 86_400_000;

/// A look at no more than this reads short buckets, in milliseconds: two hours.
const SHORT: u64 = 7_200_000;

/// As many buckets are read at most: of two hours that begin within a minute.
pub const MOST: usize = 121;

/// One of the counters that are kept by time.
#[derive(Debug, Clone, Copy)]
pub struct Measure {
    /// Its name for readers.
    pub name: &'static str,
    /// Its field, short because it stands in every bucket. It never changes.
    field: &'static str,
    of: fn(&Counts) -> u64,
}

/// The counters that are kept by time: how reads ended, and how long loads took.
pub const MEASURES: [Measure; 9] = [
    Measure { name: "hits", field: "h", of: Counts::hits },
    Measure { name: "misses", field: "m", of: Counts::misses },
    Measure { name: "bypasses", field: "b", of: Counts::bypasses },
    Measure { name: "staleIfError", field: "s", of: |counts| counts.get(Counter::StaleIfError) },
    Measure { name: "absent", field: "a", of: |counts| counts.get(Counter::Absent) },
    Measure { name: "failed", field: "f", of: |counts| counts.get(Counter::Failed) },
    Measure { name: "loads", field: "l", of: Counts::loads },
    Measure { name: "loadErrors", field: "e", of: |counts| counts.get(Counter::LoadErrors) },
    Measure { name: "loadMicros", field: "u", of: |counts| counts.get(Counter::LoadMicros) },
];

/// What one bucket holds of one entity, in the order of [`MEASURES`].
pub type Point = [u64; MEASURES.len()];

/// A stretch of time in whole buckets of one length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// The length of its buckets, in milliseconds.
    pub length: u64,
    /// The number of the first bucket: its beginning, in lengths.
    pub first: u64,
    /// The number of the last bucket.
    pub last: u64,
}

impl Stretch {
    /// The buckets between two times, in milliseconds, those of both ends included. It reaches back
    /// from `now` for a day at most, and never ahead of it.
    pub fn between(since: u64, until: u64, now: u64) -> Self {
        let until = until.min(now);
        let since = since.clamp(now.saturating_sub(REACH), until.max(now.saturating_sub(REACH)));
        let until = until.max(since);
        let length = LENGTHS[usize::from(until - since > SHORT)];
        Self { length, first: since / length, last: until / length }
    }

    /// Its buckets' numbers.
    pub fn buckets(self) -> impl ExactSizeIterator<Item = u64> {
        (0..(self.last - self.first + 1) as usize).map(move |offset| self.first + offset as u64)
    }
}

/// Every counter above 0 that is kept by time, as a field of a bucket and its increment.
pub fn encode(statistics: &Statistics) -> Vec<(String, u64)> {
    let mut pairs = Vec::new();
    for (entity, counts) in statistics.entities() {
        let counted = MEASURES.iter().map(|measure| (measure.field, (measure.of)(counts)));
        pairs.extend(counted.filter(|&(_, n)| n > 0).map(|(field, n)| (format!("{entity}:{field}"), n)));
    }
    pairs
}

/// What a bucket holds of each entity. `text` is its fields and values between blanks; those that
/// aren't known are left out.
pub fn decode(entities: &[&str], text: &str) -> Vec<Point> {
    let mut points = vec![Point::default(); entities.len()];
    let mut words = text.split(' ');
    while let (Some(field), Some(value)) = (words.next(), words.next()) {
        let place = field.split_once(':').and_then(|(entity, field)| {
            let entity = entities.iter().position(|name| *name == entity)?;
            Some((entity, MEASURES.iter().position(|measure| measure.field == field)?))
        });
        if let (Some((entity, measure)), Ok(value)) = (place, value.parse()) {
            points[entity][measure] = value;
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const ENTITIES: &[&str] = &["order", "list"];
    const NOW: u64 = 1_790_000_000_000;
    const HOUR: u64 = 3_600_000;

    #[test]
    fn what_was_counted_comes_back_by_entity_and_measure() {
        let mut statistics = Statistics::new(ENTITIES);
        statistics.read::<()>(0, Ok(None));
        statistics.read(1, Err("away"));
        statistics.load(1, Duration::from_millis(3), false);
        let pairs = encode(&statistics);
        let text: Vec<String> = pairs.iter().map(|(field, value)| format!("{field} {value}")).collect();
        assert_eq!(text, ["order:a 1", "list:f 1", "list:l 1", "list:e 1", "list:u 3000"]);
        let points = decode(ENTITIES, &(text.join(" ") + " gone:h 9 order:z 9 order:h x"));
        assert_eq!(points, [[0, 0, 0, 0, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1, 1, 1, 3000]]);
        assert_eq!(decode(ENTITIES, ""), [Point::default(); 2]);
    }

    #[test]
    fn a_short_time_is_told_by_the_minute_and_a_day_by_the_quarter_of_an_hour() {
        for (since, until, length, count) in [
            (NOW - HOUR, NOW, 60_000, 61),
            (NOW - 2 * HOUR, NOW, 60_000, 121),
            (NOW - 2 * HOUR - 1, NOW, 900_000, 9),
            (NOW - 24 * HOUR, NOW, 900_000, 97),
            (NOW - 9 * HOUR, NOW - 8 * HOUR, 60_000, 61),
            // Beyond a day, ahead of now, or the wrong way round.
            (0, NOW, 900_000, 97),
            (0, 1, 60_000, 1),
            (NOW + HOUR, NOW + 2 * HOUR, 60_000, 1),
            (NOW, NOW - HOUR, 60_000, 1),
        ] {
            let stretch = Stretch::between(since, until, NOW);
            assert_eq!((stretch.length, stretch.buckets().len()), (length, count), "{since} to {until}");
            assert!(stretch.buckets().len() <= MOST && stretch.last * length <= NOW);
        }
        let hour = Stretch::between(NOW - HOUR, NOW, NOW);
        assert_eq!((hour.buckets().next(), hour.buckets().last()), (Some((NOW - HOUR) / 60_000), Some(NOW / 60_000)));
    }

    #[test]
    fn no_two_measures_share_a_field_or_a_name() {
        for (index, one) in MEASURES.iter().enumerate() {
            for other in &MEASURES[..index] {
                assert!(one.field != other.field && one.name != other.name, "{}", one.name);
            }
        }
    }
}

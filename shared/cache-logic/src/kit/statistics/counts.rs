//! Which counters there are, and those of one entity.

/// Makes an enum whose variants are counters, each with the name of its field.
macro_rules! counters {
    ($(#[$about:meta])* $kind:ident { $($(#[$doc:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $kind {
            $($(#[$doc])* $variant,)+
        }

        impl $kind {
            /// All of them, in the order of their numbers.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// The name of its field. It never changes, since sums of earlier versions stand under
            /// it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

counters! {
    /// The counters of each entity.
    Counter {
        /// Hits before the soft limit.
        Fresh = "hit.fresh",
        /// Hits that began an early refresh.
        Early = "hit.early",
        /// Hits past the soft limit, which began a refresh.
        Stale = "hit.stale",
        /// Entries whose tags were announced, served since their parts stand.
        Revalidated = "hit.revalidated",
        /// Misses whose value was stored.
        Stored = "miss.stored",
        /// Misses whose value was not: it was too large, or Redis refused it.
        Refused = "miss.refused",
        /// Redis was away, or left alone because it had been.
        RedisUnavailable = "bypass.redis-unavailable",
        /// Redis took too long.
        RedisTimeout = "bypass.redis-timeout",
        /// Redis answered with an error.
        RedisError = "bypass.redis-error",
        /// No certificate could be set.
        NoCertificate = "bypass.no-certificate",
        /// The database serves another cache.
        Misconfigured = "bypass.misconfigured",
        /// The fill of somebody else took too long.
        FillWait = "bypass.fill-wait",
        /// Caching is switched off.
        Off = "bypass.off",
        /// Served without a certificate, since the origin could not be reached.
        StaleIfError = "stale-if-error",
        /// The origin had no such thing.
        Absent = "absent",
        /// Reads that failed.
        Failed = "failed",
        /// Entries that could not be read and were deleted.
        Damaged = "damaged",
        /// Reads that waited for the fill or the renewal of somebody else.
        Waits = "wait",
        /// How long they waited, in milliseconds.
        WaitedMs = "wait.ms",
        /// Refreshes behind a response that stored something.
        Refreshed = "refresh.stored",
        /// Refreshes that stored nothing: somebody else was faster, or it failed.
        NotRefreshed = "refresh.dropped",
        /// How long loads took, in microseconds.
        LoadMicros = "load.us",
        /// Loads that failed; they are among the loads, too.
        LoadErrors = "load.error",
        /// Hits that were compared with the origin, and were equal or differed.
        Compared = "compared",
        /// Those that the origin no longer said, longer than it may be.
        Inconsistent = "compared.inconsistent",
    }
}

counters! {
    /// The counters of all writes together.
    WriteCounter {
        /// Writes whose tags were invalidated before the answer.
        Invalidated = "write.invalidated",
        /// Writes that could not invalidate, and waited until no certificate could hide the change.
        WaitedOut = "write.waited-out",
        /// How long they waited, in milliseconds.
        WaitedMs = "write.waited-out.ms",
    }
}

/// The ways past the cache.
pub const BYPASSES: [Counter; 7] = [
    Counter::RedisUnavailable,
    Counter::RedisTimeout,
    Counter::RedisError,
    Counter::NoCertificate,
    Counter::Misconfigured,
    Counter::FillWait,
    Counter::Off,
];

/// The upper bounds of the histogram of load times, in microseconds, and the fields that count the
/// loads up to them.
pub(super) const BOUNDS: [(u64, &str); 11] = [
    (1_000, "load.le.1000"),
    (2_500, "load.le.2500"),
    (5_000, "load.le.5000"),
    (10_000, "load.le.10000"),
    (25_000, "load.le.25000"),
    (50_000, "load.le.50000"),
    (100_000, "load.le.100000"),
    (250_000, "load.le.250000"),
    (500_000, "load.le.500000"),
    (1_000_000, "load.le.1000000"),
    (2_500_000, "load.le.2500000"),
];

/// The field of loads that took longer than every bound.
const BEYOND: &str = "load.le.inf";

/// The counters of one entity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    counts: [u64; Counter::ALL.len()],
    /// Loads by how long they took: those up to each bound and above the one before, and at the end
    /// those beyond.
    pub(super) loads: [u64; BOUNDS.len() + 1],
}

impl Counts {
    /// One counter.
    pub fn get(&self, counter: Counter) -> u64 {
        self.counts[counter as usize]
    }

    /// Reads that the cache answered, certified.
    pub fn hits(&self) -> u64 {
        let ways = [Counter::Fresh, Counter::Early, Counter::Stale, Counter::Revalidated];
        ways.into_iter().map(|way| self.get(way)).sum()
    }

    /// Reads that the origin answered since the cache held nothing current.
    pub fn misses(&self) -> u64 {
        self.get(Counter::Stored) + self.get(Counter::Refused)
    }

    /// Reads that the origin answered since the cache could not be used.
    pub fn bypasses(&self) -> u64 {
        BYPASSES.iter().map(|&way| self.get(way)).sum()
    }

    /// Reads of something that exists.
    pub fn reads(&self) -> u64 {
        self.hits() + self.misses() + self.bypasses() + self.get(Counter::StaleIfError)
    }

    /// The part of all reads that were hits; `None` before the first.
    pub fn hit_rate(&self) -> Option<f64> {
        let reads = self.reads();
        (reads > 0).then(|| self.hits() as f64 / reads as f64)
    }

    /// Loads from the origin.
    pub fn loads(&self) -> u64 {
        self.loads.iter().sum()
    }

    /// Adds another's counters.
    pub fn merge(&mut self, other: &Self) {
        let ours = self.counts.iter_mut().chain(&mut self.loads);
        for (ours, theirs) in ours.zip(other.counts.iter().chain(&other.loads)) {
            *ours = ours.saturating_add(*theirs);
        }
    }

    pub(super) fn add(&mut self, counter: Counter, count: u64) {
        let place = &mut self.counts[counter as usize];
        *place = place.saturating_add(count);
    }

    /// Every counter with its field.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let names = Counter::ALL.into_iter().map(Counter::name);
        let bounds = BOUNDS.iter().map(|&(_, name)| name).chain([BEYOND]);
        names.chain(bounds).zip(self.counts.iter().chain(&self.loads).copied())
    }

    pub(super) fn field_mut(&mut self, field: &str) -> Option<&mut u64> {
        let place = self.fields().position(|(name, _)| name == field)?;
        self.counts.iter_mut().chain(&mut self.loads).nth(place)
    }
}

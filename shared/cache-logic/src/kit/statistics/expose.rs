//! Statistics for Prometheus.

use super::Statistics;
use super::counts::{BOUNDS, BYPASSES, Counter, Counts, WriteCounter};
use crate::kit::exposition::{Exposition, Kind};

/// The bound of each bucket in seconds, as `le` has it.
pub(super) const SECONDS: [&str; BOUNDS.len()] =
    ["0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5"];

/// Writes all families; their names begin with `prefix`. Every series stands there from the
/// beginning, even with 0, so that its first increase is seen as one.
pub fn expose(statistics: &Statistics, prefix: &str, text: &mut Exposition) {
    let by = |text: &mut Exposition, name: &str, help: &str, label: &str, counters: &[(&str, Counter)]| {
        let name = format!("{prefix}{name}");
        text.family(&name, Kind::Counter, help);
        for (entity, counts) in statistics.entities() {
            for (value, counter) in counters {
                text.sample(&name, &[("entity", entity), (label, value)], counts.get(*counter) as f64);
            }
        }
    };
    let hits = [
        ("fresh", Counter::Fresh),
        ("early", Counter::Early),
        ("stale", Counter::Stale),
        ("revalidated", Counter::Revalidated),
    ];
    by(text, "cache_hits_total", "Reads that the cache answered, certified to be current.", "freshness", &hits);
    let misses = [("stored", Counter::Stored), ("refused", Counter::Refused)];
    by(
        text,
        "cache_misses_total",
        "Reads that Postgres answered because the cache had nothing current.",
        "fill",
        &misses,
    );
    let ways = BYPASSES.map(|way| (way.name().trim_start_matches("bypass."), way));
    by(
        text,
        "cache_bypasses_total",
        "Reads that Postgres answered because the cache couldn't be used.",
        "reason",
        &ways,
    );
    let refreshes = [("stored", Counter::Refreshed), ("dropped", Counter::NotRefreshed)];
    by(text, "cache_refreshes_total", "Entries made anew behind a response.", "result", &refreshes);

    let mut one = |name: &str, help: &str, value: fn(&Counts) -> f64| {
        let name = format!("{prefix}{name}");
        text.family(&name, Kind::Counter, help);
        for (entity, counts) in statistics.entities() {
            text.sample(&name, &[("entity", entity)], value(counts));
        }
    };
    one("cache_stale_if_error_total", "Reads answered by what nothing certified, since Postgres was away.", |counts| {
        counts.get(Counter::StaleIfError) as f64
    });
    one("cache_absent_total", "Reads of what doesn't exist.", |counts| counts.get(Counter::Absent) as f64);
    one("cache_failures_total", "Reads that failed.", |counts| counts.get(Counter::Failed) as f64);
    one("cache_damaged_entries_total", "Entries that couldn't be read and were deleted.", |counts| {
        counts.get(Counter::Damaged) as f64
    });
    one("cache_waits_total", "Reads that waited for somebody else's fill or renewal.", |counts| {
        counts.get(Counter::Waits) as f64
    });
    one("cache_wait_seconds_total", "How long they did.", |counts| counts.get(Counter::WaitedMs) as f64 / 1e3);
    one("cache_load_errors_total", "Loads from Postgres that failed.", |counts| counts.get(Counter::LoadErrors) as f64);
    one("cache_compared_total", "Hits that were compared with Postgres behind their answer.", |counts| {
        counts.get(Counter::Compared) as f64
    });
    one("cache_inconsistent_total", "Those that Postgres no longer said, longer than it may be.", |counts| {
        counts.get(Counter::Inconsistent) as f64
    });
    loads(statistics, prefix, text);

    let writes = [
        (
            "cache_invalidations_total",
            "Writes whose invalidation was done before the answer.",
            WriteCounter::Invalidated,
            1.0,
        ),
        (
            "cache_outage_waits_total",
            "Writes that couldn't invalidate and waited it out.",
            WriteCounter::WaitedOut,
            1.0,
        ),
        ("cache_outage_wait_seconds_total", "How long they did.", WriteCounter::WaitedMs, 1e3),
    ];
    for (name, help, what, unit) in writes {
        text.single(&format!("{prefix}{name}"), Kind::Counter, help, statistics.written(what) as f64 / unit);
    }
}

fn loads(statistics: &Statistics, prefix: &str, text: &mut Exposition) {
    let name = format!("{prefix}cache_load_duration_seconds");
    text.family(&name, Kind::Histogram, "How long Postgres took, failed loads among them.");
    for (entity, counts) in statistics.entities() {
        let mut so_far = 0;
        for (bound, count) in SECONDS.into_iter().chain(["+Inf"]).zip(counts.loads) {
            so_far += count;
            text.sample(&format!("{name}_bucket"), &[("entity", entity), ("le", bound)], so_far as f64);
        }
        text.sample(&format!("{name}_sum"), &[("entity", entity)], counts.get(Counter::LoadMicros) as f64 / 1e6);
        text.sample(&format!("{name}_count"), &[("entity", entity)], so_far as f64);
    }
}

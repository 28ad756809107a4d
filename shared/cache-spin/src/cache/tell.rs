//! What the log is told of reads, changes and renewals. Entries are named by what they depend on: a
//! key may hold a search, which may be a name.

use super::{Cache, Entry};
use crate::log::{self, Level};
use crate::postgres::Row;
use cache_logic::origin::OriginFault;
use cache_logic::read::Outcome;
use cache_logic::renew::Renewal;
use cache_logic::write::Invalidation;

/// How many tags of a change the log has.
const MOST_TAGS: usize = 8;

impl Entry {
    /// What stands for it in the log.
    fn first_tag(&self) -> &str {
        self.tags.first().map_or("", String::as_str)
    }
}

impl Cache {
    /// Tells the log of a read that was no hit.
    pub(super) fn tell_read(&self, entry: &Entry, outcome: &Outcome) {
        let Some(line) = log::at(Level::Debug, "read") else { return };
        let line = line.text("entity", self.recorder.name(entry.entity)).text("outcome", outcome_name(outcome));
        line.text("tag", entry.first_tag()).write();
    }

    /// Tells the log of an entry that is served otherwise than Postgres has it. `fill` names its
    /// fill.
    pub(super) fn tell_difference(&self, entry: &Entry, fill: u128) {
        let Some(line) = log::at(Level::Error, "cache-differs") else { return };
        let line = line.text("entity", self.recorder.name(entry.entity)).text("tag", entry.first_tag());
        let line = line.text("fill", &format!("{fill:032x}"));
        line.text("message", "the cache serves an entry otherwise than Postgres has it").write();
    }
}

/// Tells the log how a renewal of the certificate ended.
pub(super) fn tell_renewal(renewal: &Renewal<OriginFault>) {
    if let Some(line) = log::at(Level::Debug, "renewal") {
        line.text("outcome", renewal_name(renewal)).write();
    }
}

/// Tells the log of a change, of the first tags that it has announced, and whether readers were
/// told of it at once or the certificate was waited out.
pub(super) fn tell_write(function: &str, row: Option<&Row>, invalidation: &Invalidation) {
    let Some(line) = log::at(Level::Info, "write") else { return };
    let tags = row.and_then(|row| row.texts("tags").ok()).unwrap_or_default();
    let line = line.text("function", function).number("tags", tags.len() as u64);
    let line = line.texts("first", tags.iter().take(MOST_TAGS).map(String::as_str));
    let told = match invalidation {
        Invalidation::Done(_) => "invalidated",
        Invalidation::Nothing => "nothing-announced",
        Invalidation::WaitedOut(fault) => fault.name(),
    };
    line.text("outcome", told).write();
}

/// The name of an outcome in the log.
fn outcome_name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Hit { .. } => "hit",
        Outcome::Revalidated { .. } => "revalidated",
        Outcome::Miss { stored: true } => "miss",
        Outcome::Miss { stored: false } => "miss-not-stored",
        Outcome::Bypass(why) => why.name(),
        Outcome::StaleIfError => "stale-if-error",
    }
}

/// The name of a renewal's end in the log.
fn renewal_name(renewal: &Renewal<OriginFault>) -> &'static str {
    match renewal {
        Renewal::Certified(_) => "certified",
        Renewal::Busy => "busy",
        Renewal::TooLate => "too-late",
        Renewal::Mismatch => "mismatch",
        Renewal::Withheld => "withheld",
        Renewal::Cache(fault) => fault.name(),
        Renewal::Ledger(_) => "postgres",
    }
}

//! How a read ended, told to its ports.

use super::outcome::{EntrySpec, Outcome, Read};
use crate::protocol::event::Event;
use crate::protocol::freshness::Freshness;
use crate::protocol::ports::Clock;

/// Tells the end of a read that gave a value.
pub(super) fn tell<P: Clock>(ports: &P, key: &str, read: &Read) {
    tell_wait(ports, key, read);
    tell_outcome(ports, key, read);
}

/// Tells the end of any read of one entry.
pub(super) fn tell_end<P: Clock, E>(ports: &P, key: &str, read: Result<Option<&Read>, &E>) {
    match read {
        Ok(Some(read)) => tell(ports, key, read),
        Ok(None) => ports.observe(&Event::Absence { key }),
        Err(_) => ports.observe(&Event::Failure { key }),
    }
}

/// Tells the end of a bulk read. All of its entries waited together, so the wait is told once.
pub(crate) fn tell_all<P: Clock, E>(ports: &P, wanted: &[EntrySpec<'_>], reads: &Result<Vec<Option<Read>>, E>) {
    let Ok(reads) = reads else {
        return wanted.iter().for_each(|one| ports.observe(&Event::Failure { key: one.key }));
    };
    let each = || wanted.iter().map(|one| one.key).zip(reads);
    if let Some((key, Some(read))) = each().find(|(_, read)| read.is_some()) {
        tell_wait(ports, key, read);
    }
    for (key, read) in each() {
        match read {
            Some(read) => tell_outcome(ports, key, read),
            None => ports.observe(&Event::Absence { key }),
        }
    }
}

fn tell_wait<P: Clock>(ports: &P, key: &str, read: &Read) {
    if read.trace.waited_ms > 0 {
        ports.observe(&Event::Wait { key, ms: read.trace.waited_ms });
    }
}

fn tell_outcome<P: Clock>(ports: &P, key: &str, read: &Read) {
    if read.trace.damaged {
        ports.observe(&Event::Damage { key });
    }
    ports.observe(&match &read.outcome {
        Outcome::Hit { freshness: Freshness::Stale, .. } => Event::Stale { key, certified: true },
        Outcome::Revalidated { .. } => Event::Revalidation { key },
        &Outcome::Hit { freshness, .. } => Event::Hit { key, freshness },
        &Outcome::Miss { stored } => Event::Miss { key, stored },
        Outcome::Bypass(why) => Event::Bypass { key, reason: why.name() },
        Outcome::StaleIfError => Event::Stale { key, certified: false },
    });
}

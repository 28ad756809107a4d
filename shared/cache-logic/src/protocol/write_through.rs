//! The write-through: a write whose own result becomes the entry, so that the next read is a hit.
//!
//! What a commit gave may only be stored where it can be shown that nothing newer was hidden by it. The rule is the reader's: generations
//! obtained **before** the statement. A plain write deletes them, so an entry under them would never be served; a write-through *turns*
//! them in one script: if every generation still stands as it was seen before the commit, the announced ones get a new value and the entry
//! is stored under it, otherwise they are deleted, as by any write.
//!
//! Why that is right: whoever committed after our statement had read the data deletes the generation, or its outbox row does; if that
//! came before the script, the comparison fails; if it comes after, the entry goes with the new generation. Older entries and fillers
//! under way hold the old one, which nobody will ever see again. `tests/model` explores it with everything else, a script that Redis
//! carries out late included.

use crate::protocol::certificate::Generation;
use crate::protocol::entry::OriginValue;
use crate::protocol::event::Event;
use crate::protocol::policy::Limits;
use crate::protocol::ports::{CacheFault, Clock, Fill, Registry, Store};
use crate::protocol::read::{EntrySpec, certified, prepare};
use crate::protocol::write::{Commit, EVERYTHING, Invalidation, Settlement};
use std::time::Duration;

/// One tag of an entry that is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GenerationSwap<'a> {
    /// Its name.
    pub tag: &'a str,
    /// The generation that was seen before the commit.
    pub seen: Generation,
    /// The one that takes its place; the same where the write doesn't touch the tag.
    pub next: Generation,
}

/// What a write-through asks of Redis, beside the other ports.
#[allow(async_fn_in_trait)] // As for the other ports: components run on one thread.
pub trait WriteThrough {
    /// At one moment: where every tag's generation is the one that was seen, sets the next ones and stores the entry; otherwise deletes
    /// the generations that would have been turned. Deletes those of `others` in either case. True where the entry was stored.
    async fn put(&self, fill: &Fill<'_>, turns: &[GenerationSwap<'_>], others: &[&str]) -> Result<bool, CacheFault>;
}

/// Commits, and stores what `entry` makes of the outcome in place of the old entry. Once this returns, no reader is served anything older
/// than the commit; whether the entry was stored stands beside the outcome.
///
/// `wanted` is known before the commit; `entry` gives nothing where the outcome is not the whole new value. What a repeated request found
/// done is never stored: its answer may be an old one.
///
/// # Errors
/// What `commit` gave: then nothing was invalidated and nothing stored.
pub async fn write_through<P, T, E>(
    ports: &P,
    wanted: &EntrySpec<'_>,
    limits: &Limits,
    commit: impl AsyncFnOnce() -> Result<Commit<T>, E>,
    entry: impl FnOnce(&T) -> Option<OriginValue>,
) -> Result<(T, Invalidation, bool), E>
where
    P: Store + Registry + WriteThrough + Clock,
{
    let before = baseline(ports, wanted).await;
    let begun = ports.monotonic();
    let Commit { value, xid, tags } = commit().await?;
    let committed = ports.monotonic();
    if tags.is_empty() {
        return Ok((value, Invalidation::Nothing, false));
    }
    let told = if tags.iter().any(|tag| tag == EVERYTHING) {
        // No list of generations says "everything": the next renewal moves the epoch.
        Err(CacheFault::Skipped)
    } else {
        let names: Vec<&str> = tags.iter().map(String::as_str).collect();
        let given = before.filter(|_| !xid.is_empty()).and_then(|before| Some((before, entry(&value)?)));
        let next = ports.token();
        let planned = given.and_then(|(before, given)| {
            let load_ms = u32::try_from(committed.saturating_sub(begun)).unwrap_or(u32::MAX);
            plan(ports, wanted, limits, &names, &before, next, &given, load_ms)
        });
        let told = match planned {
            Some(Plan { fill, turns, others }) => ports.put(&fill, &turns, &others).await,
            None => ports.invalidate(&names).await.map(|()| false),
        };
        if let Ok(stored) = told {
            ports.observe(&Event::Invalidation { tags: &names });
            if stored {
                ports.observe(&Event::WriteThrough { key: wanted.key });
            }
        }
        told
    };
    match told {
        Ok(stored) if xid.is_empty() => Ok((value, Invalidation::Nothing, stored)),
        Ok(stored) => Ok((value, Invalidation::Done(Settlement::new(xid, tags)), stored)),
        Err(fault) => {
            let gone = Duration::from_millis(ports.monotonic().saturating_sub(committed));
            ports.sleep(limits.outage_wait.saturating_sub(gone)).await;
            ports.observe(&Event::OutageWait { reason: fault.name() });
            Ok((value, Invalidation::WaitedOut(fault), false))
        }
    }
}

/// How things stood before the commit.
struct Baseline {
    epoch: u128,
    generations: Vec<Generation>,
}

/// The certificate's epoch and the generations of the entry's tags, made where they are missing: a missing one could have been made and
/// deleted again by the time of the script, and nobody would see it. Nothing where Redis can't say: then it is a write like any other.
async fn baseline<P: Store + Clock>(ports: &P, wanted: &EntrySpec<'_>) -> Option<Baseline> {
    let seen = ports.look(&[], wanted.tags).await.ok()?;
    let epoch = certified(&seen)?.epoch;
    let known: Option<Vec<Generation>> = seen.generations.into_iter().collect();
    let generations = match known {
        Some(generations) => generations,
        None => ports.generations(wanted.tags, ports.token()).await.ok()?,
    };
    Some(Baseline { epoch, generations })
}

/// A put, worked out.
struct Plan<'a> {
    fill: Fill<'a>,
    turns: Vec<GenerationSwap<'a>>,
    others: Vec<&'a str>,
}

#[allow(clippy::too_many_arguments)] // As for `prepare`: each is one fact of the entry.
fn plan<'a, P: Clock>(
    ports: &P,
    wanted: &EntrySpec<'a>,
    limits: &Limits,
    announced: &[&'a str],
    before: &Baseline,
    next: Generation,
    given: &OriginValue,
    load_ms: u32,
) -> Option<Plan<'a>> {
    let turn = |(&tag, &seen): (&&'a str, &Generation)| {
        let next = if announced.contains(&tag) { next } else { seen };
        GenerationSwap { tag, seen, next }
    };
    let turns: Vec<GenerationSwap<'a>> = wanted.tags.iter().zip(&before.generations).map(turn).collect();
    let generations: Vec<Generation> = turns.iter().map(|turn| turn.next).collect();
    let fill = prepare(ports, wanted, limits, given, load_ms, before.epoch, &generations, ports.token())?;
    let others = announced.iter().copied().filter(|tag| !wanted.tags.contains(tag)).collect();
    Some(Plan { fill, turns, others })
}

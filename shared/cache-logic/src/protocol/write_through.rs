//! The write-through: a write whose own result becomes the entry, so that the next read is a hit.
//!
//! The result of a commit may be stored only if it hides nothing newer. The rule is the reader's:
//! generations obtained **before** the statement. A plain write deletes them, so an entry under
//! them would never be served. A write-through *swaps* them in one script. If every generation
//! still stands as it was seen before the commit, the announced ones get a new value and the entry
//! is stored under it. Otherwise they are deleted, as by any write.
//!
//! This is right for every other write. A write that commits after our statement has read the data
//! deletes the generation, itself or by its outbox row. If it does so before the script, the
//! comparison fails. If it does so after, the entry goes with the new generation. Older entries and
//! fillers under way hold the old generation, which nobody will ever see again. `tests/model`
//! explores it with everything else, including a script that Redis carries out late.

use crate::protocol::certificate::{Certificate, Generation, RunId, ServerId};
use crate::protocol::entry::OriginValue;
use crate::protocol::event::Event;
use crate::protocol::policy::Limits;
use crate::protocol::ports::{CacheFault, Clock, Fill, Ledger, Registry, Store};
use crate::protocol::read::{EntrySpec, certified, prepare};
use crate::protocol::write::{Commit, EVERYTHING, Invalidation, Settlement, wait_out};
use std::time::Duration;

/// One tag of an entry that is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GenerationSwap<'a> {
    /// Its name.
    pub tag: &'a str,
    /// The generation that was seen before the commit.
    pub seen: Generation,
    /// The generation that takes its place; the same if the write does not touch the tag.
    pub next: Generation,
}

/// The port of a write-through to Redis, beside the other ports.
#[allow(async_fn_in_trait)] // As for the other ports: components run on one thread.
pub trait WriteThrough {
    /// Does all of this at one moment. If every tag's generation is the one that was seen, it sets
    /// the next ones and stores the entry. Otherwise it deletes the generations that it would have
    /// swapped. Those of `others` are deleted in either case. True if the entry was stored; beside
    /// it the run that has done it.
    async fn put(
        &self,
        fill: &Fill<'_>,
        swaps: &[GenerationSwap<'_>],
        others: &[&str],
    ) -> Result<(bool, RunId), CacheFault>;
}

/// Commits, and stores the outcome, as `entry` makes it, in place of the old entry. Once this
/// returns, no reader is served anything older than the commit. The flag beside the outcome says
/// whether the entry was stored.
///
/// `wanted` is known before the commit. `entry` gives nothing if the outcome is not the whole new
/// value. The outcome of a repeated request is never stored: it may be an old one.
///
/// # Errors
/// The error of `commit`: then nothing was invalidated and nothing stored.
pub async fn write_through<P, T, E>(
    ports: &P,
    wanted: &EntrySpec<'_>,
    limits: &Limits,
    commit: impl AsyncFnOnce() -> Result<Commit<T>, E>,
    entry: impl FnOnce(&T) -> Option<OriginValue>,
) -> Result<(T, Invalidation, bool), E>
where
    P: Store + Registry + Ledger + WriteThrough + Clock,
{
    let before = baseline(ports, wanted).await;
    let begun = ports.monotonic();
    let Commit { value, xid, tags, named } = commit().await?;
    let committed = ports.monotonic();
    if tags.is_empty() {
        return Ok((value, Invalidation::Nothing, false));
    }
    let told = if tags.iter().any(|tag| tag == EVERYTHING) {
        // No list of generations says "everything": the next renewal moves the epoch.
        Err(CacheFault::Skipped)
    } else {
        let names: Vec<&str> = tags.iter().map(String::as_str).collect();
        let loaded = before.filter(|_| !xid.is_empty()).and_then(|before| Some((before, entry(&value)?)));
        let next = ports.token();
        // The certificate says nothing about another server.
        let loaded = loaded.filter(|(before, loaded)| loaded.server == before.server);
        let planned = loaded.and_then(|(before, loaded)| {
            let load_ms = u32::try_from(committed.saturating_sub(begun)).unwrap_or(u32::MAX);
            plan(ports, wanted, limits, &names, &before, next, &loaded, load_ms)
        });
        let told = match planned {
            Some(Plan { fill, swaps, others }) => ports.put(&fill, &swaps, &others).await,
            None => ports.invalidate(&names).await.map(|run| (false, run)),
        };
        if let Ok((stored, _)) = told {
            ports.observe(&Event::Invalidation { tags: &names });
            if stored {
                ports.observe(&Event::WriteThrough { key: wanted.key });
            }
        }
        told
    };
    let (fault, wait, stored) = match told {
        Ok((stored, run)) => match named.rest(run, limits.outage_wait) {
            Duration::ZERO if xid.is_empty() => return Ok((value, Invalidation::Nothing, stored)),
            Duration::ZERO => return Ok((value, Invalidation::Done(Settlement::new(xid, tags)), stored)),
            rest => (CacheFault::AnotherRun, rest, stored),
        },
        Err(fault) => (fault, limits.outage_wait, false),
    };
    wait_out(ports, limits, named, committed, wait).await;
    ports.observe(&Event::OutageWait { reason: fault.name() });
    Ok((value, Invalidation::WaitedOut(fault), stored))
}

/// The state before the commit.
struct Baseline {
    epoch: u128,
    server: ServerId,
    generations: Vec<Generation>,
}

/// The certificate's epoch and the generations of the entry's tags. Missing generations are made:
/// one that is missing could be made and deleted again before the script, and nobody would see it.
/// Nothing if Redis cannot say; then the write is a plain one.
async fn baseline<P: Store + Clock>(ports: &P, wanted: &EntrySpec<'_>) -> Option<Baseline> {
    let seen = ports.look(&[], wanted.tags).await.ok()?;
    let Certificate { epoch, server, .. } = certified(&seen)?;
    let known: Option<Vec<Generation>> = seen.generations.into_iter().collect();
    let generations = match known {
        Some(generations) => generations,
        None => ports.generations(wanted.tags, ports.token()).await.ok()?,
    };
    Some(Baseline { epoch, server, generations })
}

/// A put, worked out.
struct Plan<'a> {
    fill: Fill<'a>,
    swaps: Vec<GenerationSwap<'a>>,
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
    loaded: &OriginValue,
    load_ms: u32,
) -> Option<Plan<'a>> {
    let swap = |(&tag, &seen): (&&'a str, &Generation)| {
        let next = if announced.contains(&tag) { next } else { seen };
        GenerationSwap { tag, seen, next }
    };
    let swaps: Vec<GenerationSwap<'a>> = wanted.tags.iter().zip(&before.generations).map(swap).collect();
    let generations: Vec<Generation> = swaps.iter().map(|swap| swap.next).collect();
    let fill = prepare(ports, wanted, limits, loaded, load_ms, before.epoch, &generations, ports.token())?;
    let others = announced.iter().copied().filter(|tag| !wanted.tags.contains(tag)).collect();
    Some(Plan { fill, swaps, others })
}

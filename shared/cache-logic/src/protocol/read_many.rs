//! The bulk read: one look, one statement for all missing entries, one fill.

use crate::protocol::certificate::{Epoch, Generation, ServerId};
use crate::protocol::entry::OriginValue;
use crate::protocol::event::Event;
use crate::protocol::policy::Limits;
use crate::protocol::ports::{Clock, Fill, Known, Lease, Ledger, OriginError, Registry, Snapshot, Store};
use crate::protocol::read::{
    Beside, Bypass, EntrySpec, Look, Outcome, Read, ReadTrace, Refresh, SeenBeside, Sight, Verdict, WaitBudget, due,
    hit, judge, look_certified, prepare, tell_all,
};

/// Reads many entries, each with tags of its own. `load` is asked once at most, for the indices
/// that are missing. It gives a [`Value`](crate::entry::Value), an [`OriginValue`] or nothing for
/// each, in that order. There are no leases: a bulk read never waits for the fill of somebody else.
///
/// # Errors
/// The error of `load`. If the origin cannot be reached nothing stands in: half an answer would
/// look like a whole one.
pub async fn read_many<P, L, E>(
    ports: &P,
    wanted: &[EntrySpec<'_>],
    limits: &Limits,
    load: impl AsyncFn(&[usize]) -> Result<Vec<Option<L>>, E>,
) -> Result<Vec<Option<Read>>, E>
where
    P: Store + Registry + Ledger + Clock,
    L: Into<OriginValue>,
    E: OriginError,
{
    read_many_by(ports, wanted, Beside::default(), limits, load).await.map(|(reads, _)| reads)
}

/// As [`read_many`], with a look that sees what stands in `beside`, too: the tags of all entries
/// come first in the [`Sight`]. `None` without a certificate.
///
/// # Errors
/// As [`read_many`].
pub async fn read_many_by<P, L, E>(
    ports: &P,
    wanted: &[EntrySpec<'_>],
    beside: Beside<'_>,
    limits: &Limits,
    load: impl AsyncFn(&[usize]) -> Result<Vec<Option<L>>, E>,
) -> Result<(Vec<Option<Read>>, SeenBeside), E>
where
    P: Store + Registry + Ledger + Clock,
    L: Into<OriginValue>,
    E: OriginError,
{
    let mut aside = SeenBeside::default();
    let reads = read_each(ports, wanted, beside, &mut aside, limits, load).await;
    tell_all(ports, wanted, &reads);
    reads.map(|reads| (reads, aside))
}

async fn read_each<P, L, E>(
    ports: &P,
    wanted: &[EntrySpec<'_>],
    beside: Beside<'_>,
    aside: &mut SeenBeside,
    limits: &Limits,
    load: impl AsyncFn(&[usize]) -> Result<Vec<Option<L>>, E>,
) -> Result<Vec<Option<Read>>, E>
where
    P: Store + Registry + Ledger + Clock,
    L: Into<OriginValue>,
    E: OriginError,
{
    let keys: Vec<&str> = wanted.iter().map(|one| one.key).chain(beside.keys.iter().copied()).collect();
    let tags: Vec<&str> = wanted.iter().flat_map(|one| one.tags).chain(beside.tags).copied().collect();
    let mut out: Vec<Option<Read>> = Vec::new();
    out.resize_with(wanted.len(), || None);
    let mut waiting = WaitBudget::default();
    let look = look_certified(ports, &keys, &tags, limits, &mut waiting, None).await;
    let trace = ReadTrace { waited_ms: waiting.waited_ms(), ..ReadTrace::default() };
    let mut seen_beside = |seen: &mut Snapshot| {
        aside.values = seen.entries.split_off(wanted.len().min(seen.entries.len()));
    };
    let (seen, certificate) = match look {
        Look::Certified(mut seen, certificate) => {
            seen_beside(&mut seen);
            (seen, certificate)
        }
        Look::Bypass(why) => return all_from_origin(wanted.len(), load, &why, trace).await,
        Look::Uncertified(mut seen) => {
            seen_beside(&mut seen);
            return all_from_origin(wanted.len(), load, &Bypass::NoCertificate, trace).await;
        }
    };
    let due = due(&seen);
    let renew = due.then_some(certificate);
    let (now, mut generations) = (ports.now(), seen.generations.iter());
    let (mut missing, mut damaged, mut broken) = (Vec::new(), Vec::new(), Vec::new());
    for (index, (one, mut entry)) in wanted.iter().zip(seen.entries).enumerate() {
        let own = generations.by_ref().take(one.tags.len()).collect::<Vec<_>>();
        match judge(&mut entry, own.into_iter(), certificate.epoch, now, ports.draw(), one.policy) {
            Verdict::Current(stored, freshness) => {
                out[index] = Some(Read { trace, ..hit(stored, freshness, now, certificate, due) });
            }
            Verdict::Damaged(_) => {
                damaged.push(one.key);
                broken.push(index);
                missing.push(index);
            }
            Verdict::Absent | Verdict::Outdated(_) => missing.push(index),
        }
    }
    aside.sight = Some(Sight { epoch: certificate.epoch, generations: seen.generations });
    if missing.is_empty() {
        return Ok(out);
    }
    if !damaged.is_empty() {
        let _ = ports.discard(&damaged).await;
    }
    let needed: Vec<&str> = missing.iter().flat_map(|&index| wanted[index].tags.iter().copied()).collect();
    // Before the load, as in the read of one: a generation obtained later could hide a change.
    let generations = ports.generations(&needed, ports.token()).await;
    let begun = ports.monotonic();
    let values: Vec<Option<OriginValue>> = load(&missing).await?.into_iter().map(|one| one.map(Into::into)).collect();
    let load_ms = u32::try_from(ports.monotonic().saturating_sub(begun)).unwrap_or(u32::MAX);
    let fills = match &generations {
        Ok(generations) => {
            let missed = missing.iter().map(|&index| &wanted[index]).zip(&values);
            fills(ports, limits, missed, generations, load_ms, (certificate.epoch, certificate.server))
        }
        Err(_) => Vec::new(),
    };
    let stored = !fills.is_empty() && ports.fill(&fills, None).await.is_ok();
    for (index, value) in missing.into_iter().zip(values) {
        let trace = ReadTrace { damaged: broken.contains(&index), ..trace };
        out[index] = value.map(|loaded| Read { renew, trace, ..Read::of(loaded.value, Outcome::Miss { stored }) });
    }
    Ok(out)
}

/// Behind the response: refreshes entries that are near their end or past it, by one lease, one
/// load and one fill. The lease is that of the first entry, so another refresher of the same
/// entries is late and does nothing. True if something was stored.
///
/// # Errors
/// The error of `load`; the entries stay as they are.
pub async fn refresh_many<P, L, E>(
    ports: &P,
    wanted: &[(EntrySpec<'_>, Refresh)],
    limits: &Limits,
    load: impl AsyncFn() -> Result<Vec<Option<L>>, E>,
) -> Result<bool, E>
where
    P: Store + Clock,
    L: Into<OriginValue>,
{
    let Some((first, what)) = wanted.first() else { return Ok(false) };
    let tags: Vec<&str> = wanted.iter().flat_map(|(one, _)| one.tags.iter().copied()).collect();
    let holder = ports.token();
    let lease = ports.lease(first.key, Known::Fill(what.fill), &tags, holder, limits.lease_hold).await;
    let tell =
        |stored: bool| wanted.iter().for_each(|(one, _)| ports.observe(&Event::Refresh { key: one.key, stored }));
    let Ok(Lease::Granted(generations)) = lease else {
        tell(false);
        return Ok(false);
    };
    let begun = ports.monotonic();
    let values: Vec<Option<OriginValue>> = match load().await {
        Ok(values) => values.into_iter().map(|one| one.map(Into::into)).collect(),
        Err(error) => {
            let _ = ports.release(first.key, holder).await;
            return Err(error);
        }
    };
    let load_ms = u32::try_from(ports.monotonic().saturating_sub(begun)).unwrap_or(u32::MAX);
    let fills = fills(
        ports,
        limits,
        wanted.iter().map(|(one, _)| one).zip(&values),
        &generations,
        load_ms,
        (what.epoch, what.server),
    );
    let stored = !fills.is_empty() && ports.fill(&fills, None).await.is_ok();
    // The first entry may be gone by now, and then its fill did not give the lease back.
    let _ = ports.release(first.key, holder).await;
    tell(stored);
    Ok(stored)
}

/// The fills for some values, under a certificate of this epoch and server. `generations` are those
/// of all their tags, in that order.
fn fills<'a, 'w: 'a, P: Clock>(
    ports: &P,
    limits: &Limits,
    values: impl Iterator<Item = (&'a EntrySpec<'w>, &'a Option<OriginValue>)>,
    generations: &[Generation],
    load_ms: u32,
    (epoch, server): (Epoch, ServerId),
) -> Vec<Fill<'w>> {
    let mut rest = generations;
    let mut fills = Vec::new();
    for (wanted, value) in values {
        let (own, others) = rest.split_at(wanted.tags.len().min(rest.len()));
        rest = others;
        // As in the read of one: the certificate says nothing about another server.
        let fill = (value.as_ref().filter(|value| value.server == server))
            .and_then(|value| prepare(ports, wanted, limits, value, load_ms, epoch, own, ports.token()));
        fills.extend(fill);
    }
    fills
}

async fn all_from_origin<L: Into<OriginValue>, E>(
    count: usize,
    load: impl AsyncFn(&[usize]) -> Result<Vec<Option<L>>, E>,
    why: &Bypass,
    trace: ReadTrace,
) -> Result<Vec<Option<Read>>, E> {
    let all: Vec<usize> = (0..count).collect();
    let values = load(&all).await?;
    let read = |value: L| Read { trace, ..Read::of(value.into().value, Outcome::Bypass(why.clone())) };
    Ok(values.into_iter().map(|value| value.map(read)).collect())
}

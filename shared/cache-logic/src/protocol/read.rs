//! The cache-aside read.

mod fill;
mod judge;
mod outcome;
mod tell;
mod waiting;

pub(crate) use fill::prepare;
use judge::known;
pub use judge::{Verdict, certified, due, judge};
pub use outcome::{Beside, Bypass, EntrySpec, Outcome, Read, ReadTrace, Refresh, SeenBeside, Sight};
pub(crate) use tell::tell_all;
pub(crate) use waiting::{Look, WaitBudget, look_certified};

use crate::protocol::certificate::Certificate;
use crate::protocol::entry::{OriginValue, StoredEntry, Trailer, restamped};
use crate::protocol::event::Event;
use crate::protocol::freshness::{Freshness, Millis, freshness};
use crate::protocol::policy::{Limits, Policy};
use crate::protocol::ports::{
    CacheFault, Clock, Known, Lease, Ledger, OriginError, Registry, Snapshot, Standing, Store,
};
use fill::{Filler, Loaded};
use tell::{tell, tell_end};

/// How often a reader starts over because others were faster, before it asks the origin.
const ROUNDS: u32 = 3;

/// Reads one entry. `load` asks the origin. It gives a [`Value`](crate::entry::Value), or an
/// [`OriginValue`] that says how long to keep it. `None` means "there is no such thing" and is
/// never cached.
///
/// # Errors
/// The error of `load`, if nothing in the cache may stand in. A fault of Redis is never an error.
pub async fn read<P, L, E>(
    ports: &P,
    wanted: &EntrySpec<'_>,
    limits: &Limits,
    load: impl AsyncFn() -> Result<Option<L>, E>,
) -> Result<Option<Read>, E>
where
    P: Store + Registry + Ledger + Clock,
    L: Into<OriginValue>,
    E: OriginError,
{
    read_by(ports, wanted, Beside::default(), async || Ok((*wanted.policy, *limits)), load).await
}

/// As [`read`], for callers that have to look up policy and limits. `rules` is asked for them only
/// if the first look does not give the answer. Until then `wanted.policy` has to say only whether
/// the entry may be packed, see [`Policy::for_looking`].
///
/// What stands in `beside` is seen in the same look. It comes back as [`Read::sight`], behind the
/// tags of the entry, and as [`Read::values`].
///
/// # Errors
/// As [`read`], and the error of `rules`.
pub async fn read_by<P, L, E>(
    ports: &P,
    wanted: &EntrySpec<'_>,
    beside: Beside<'_>,
    rules: impl AsyncFnOnce() -> Result<(Policy, Limits), E>,
    load: impl AsyncFn() -> Result<Option<L>, E>,
) -> Result<Option<Read>, E>
where
    P: Store + Registry + Ledger + Clock,
    L: Into<OriginValue>,
    E: OriginError,
{
    let keys: Vec<&str> = std::iter::once(&wanted.key).chain(beside.keys).copied().collect();
    let tags: Vec<&str> = wanted.tags.iter().chain(beside.tags).copied().collect();
    let mut first = ports.look(&keys, &tags).await;
    if let Ok(seen) = &mut first
        && let Some(hit) = immediate_hit(ports, wanted, seen)
    {
        tell(ports, wanted.key, &hit);
        return Ok(Some(hit));
    }
    // Nearly every read has ended by now. The rest is a future of several kilobytes, which a hit
    // does not carry about.
    let otherwise = async {
        let (policy, limits) = rules().await?;
        let (wanted, mut trace) = (EntrySpec { policy: &policy, ..*wanted }, ReadTrace::default());
        let mut values = Vec::new();
        let looked = Looked { keys: &keys, tags: &tags, values: &mut values };
        let read = read_on(ports, &wanted, looked, &limits, load, first, &mut trace).await;
        let read = read.map(|read| read.map(|read| Read { trace, values, ..read }));
        tell_end(ports, wanted.key, read.as_ref().map(Option::as_ref));
        read
    };
    Box::pin(otherwise).await
}

/// What one read looks at, its entry first.
struct Looked<'a> {
    keys: &'a [&'a str],
    tags: &'a [&'a str],
    /// What the last look has seen under the further keys.
    values: &'a mut Vec<Option<Vec<u8>>>,
}

impl Looked<'_> {
    /// Takes the entry out of what a look has seen.
    fn entry(&mut self, seen: &mut Snapshot) -> Option<Vec<u8>> {
        if seen.entries.is_empty() {
            return None;
        }
        *self.values = seen.entries.split_off(1);
        seen.entries.pop().flatten()
    }
}

/// The entry, if it was seen and may be served.
fn immediate_hit<P: Clock>(ports: &P, wanted: &EntrySpec<'_>, seen: &mut Snapshot) -> Option<Read> {
    let certificate = certified(seen)?;
    let now = ports.now();
    let entry = seen.entries.first_mut()?;
    let own = seen.generations.iter().take(wanted.tags.len());
    match judge(entry, own, certificate.epoch, now, ports.draw(), wanted.policy) {
        Verdict::Current(stored, freshness) => {
            let sight = Sight { epoch: certificate.epoch, generations: std::mem::take(&mut seen.generations) };
            let values = seen.entries.split_off(1);
            Some(Read { sight: Some(sight), values, ..hit(stored, freshness, now, certificate, due(seen)) })
        }
        Verdict::Absent | Verdict::Outdated(_) | Verdict::Damaged(_) => None,
    }
}

/// A read whose first look did not give the answer.
async fn read_on<P, L, E>(
    ports: &P,
    wanted: &EntrySpec<'_>,
    mut looked: Looked<'_>,
    limits: &Limits,
    load: impl AsyncFn() -> Result<Option<L>, E>,
    first: Result<Snapshot, CacheFault>,
    trace: &mut ReadTrace,
) -> Result<Option<Read>, E>
where
    P: Store + Registry + Ledger + Clock,
    L: Into<OriginValue>,
    E: OriginError,
{
    let (mut waiting, mut first, count) = (WaitBudget::default(), Some(first), wanted.tags.len());
    for _ in 0..ROUNDS {
        let look = look_certified(ports, looked.keys, looked.tags, limits, &mut waiting, first.take()).await;
        trace.waited_ms = waiting.waited_ms();
        let (mut seen, certificate) = match look {
            Look::Certified(seen, certificate) => (seen, certificate),
            Look::Bypass(why) => return bypass(load, why).await,
            Look::Uncertified(mut seen) => {
                let entry = looked.entry(&mut seen);
                return last_known(ports, wanted, seen, entry, load).await;
            }
        };
        let (now, draw) = (ports.now(), ports.draw());
        let mut entry = looked.entry(&mut seen);
        let own = seen.generations.iter().take(count);
        let outdated = match judge(&mut entry, own, certificate.epoch, now, draw, wanted.policy) {
            Verdict::Current(stored, freshness) => {
                let found = hit(stored, freshness, now, certificate, due(&seen));
                let sight = Sight { epoch: certificate.epoch, generations: seen.generations };
                return Ok(Some(Read { sight: Some(sight), ..found }));
            }
            Verdict::Absent => None,
            Verdict::Outdated(trailer) => Some(trailer),
            Verdict::Damaged(_) => {
                trace.damaged = true;
                if let Err(fault) = ports.discard(&[wanted.key]).await {
                    return bypass(load, Bypass::Fault(fault)).await;
                }
                None
            }
        };
        let known = outdated.map_or(Known::Nothing, |trailer| known(&trailer, certificate.epoch, wanted.policy));
        waiting.begin_phase();
        loop {
            let holder = ports.token();
            match ports.lease(wanted.key, known, wanted.tags, holder, limits.lease_hold).await {
                Err(fault) => return bypass(load, Bypass::Fault(fault)).await,
                Ok(Lease::Current(standing)) => {
                    let stored = entry.take().zip(outdated);
                    match revalidated(ports, wanted, stored, &seen, certificate, standing).await {
                        Some(read) => return Ok(Some(read)),
                        // Another certificate has come meanwhile, or another Redis has answered.
                        None => break,
                    }
                }
                Ok(Lease::Granted(generations)) => {
                    let Certificate { epoch, server, .. } = certificate;
                    // What the value is current under is what stood there before the load.
                    let others = seen.generations.iter().skip(count).copied();
                    let under = generations.iter().copied().map(Some).chain(others).collect();
                    let filler = Filler { ports, wanted, limits, epoch, server, generations, holder };
                    let Some(Loaded { value, stored, covered }) = filler.load_and_fill(load).await? else {
                        return Ok(None);
                    };
                    let renew = due(&seen).then_some(certificate);
                    let sight = covered.then_some(Sight { epoch, generations: under });
                    return Ok(Some(Read { renew, sight, ..Read::of(value, Outcome::Miss { stored }) }));
                }
                // The certificate may have run out during the other load; the next round sees to
                // that.
                Ok(Lease::Changed) => break,
                Ok(Lease::Held) if waiting.is_over(ports, limits) => return bypass(load, Bypass::Waited).await,
                Ok(Lease::Held) => waiting.pause(ports).await,
            }
            trace.waited_ms = waiting.waited_ms();
        }
    }
    bypass(load, Bypass::Waited).await
}

/// An entry whose parts were found to stand, if that was so under the certificate of the look. So
/// it was current at the look: a generation never comes back. It is stored again under the
/// generations that its tags had at the moment at which its parts stood, for the next reader.
async fn revalidated<P: Store + Clock>(
    ports: &P,
    wanted: &EntrySpec<'_>,
    stored: Option<(Vec<u8>, Trailer)>,
    seen: &Snapshot,
    certificate: Certificate,
    standing: Standing,
) -> Option<Read> {
    if standing.run != seen.run || standing.certificate != Some(certificate) {
        return None;
    }
    let (bytes, trailer) = stored?;
    let bytes = restamped(bytes, &trailer, &standing.generations)?;
    let (now, draw) = (ports.now(), ports.draw());
    // If it fails the next reader does it.
    let _ = ports.restamp(wanted.key, trailer.fill, bytes.clone()).await;
    let others = seen.generations.iter().skip(wanted.tags.len()).copied();
    let generations = standing.generations.into_iter().map(Some).chain(others).collect();
    let freshness = freshness(now, trailer.fresh_until, trailer.load_ms, draw);
    let found = hit(StoredEntry::of(bytes, trailer), freshness, now, certificate, due(seen));
    let outcome = Outcome::Revalidated { freshness, ttl_ms: trailer.fresh_until.saturating_sub(now) };
    Some(Read { sight: Some(Sight { epoch: certificate.epoch, generations }), outcome, ..found })
}

/// Behind a response: refreshes an entry that is near its end or past it. The lease admits one
/// refresher at a time, and one that is late does nothing. True if the entry was stored.
///
/// # Errors
/// The error of `load`; the entry stays as it is.
pub async fn refresh<P, L, E>(
    ports: &P,
    wanted: &EntrySpec<'_>,
    limits: &Limits,
    what: Refresh,
    load: impl AsyncFn() -> Result<Option<L>, E>,
) -> Result<bool, E>
where
    P: Store + Clock,
    L: Into<OriginValue>,
{
    let holder = ports.token();
    let lease = ports.lease(wanted.key, Known::Fill(what.fill), wanted.tags, holder, limits.lease_hold).await;
    let stored = match lease {
        Ok(Lease::Granted(generations)) => {
            let Refresh { epoch, server, .. } = what;
            let filler = Filler { ports, wanted, limits, epoch, server, generations, holder };
            filler.load_and_fill(load).await?.is_some_and(|loaded| loaded.stored)
        }
        Ok(Lease::Held | Lease::Changed | Lease::Current(_)) | Err(_) => false,
    };
    ports.observe(&Event::Refresh { key: wanted.key, stored });
    Ok(stored)
}

pub(crate) fn hit(stored: StoredEntry, freshness: Freshness, now: Millis, certificate: Certificate, due: bool) -> Read {
    let trailer = stored.trailer;
    let ttl_ms = trailer.fresh_until.saturating_sub(now);
    let refresh = Refresh::of(&trailer, freshness, &certificate);
    let (renew, encoding) = (due.then_some(certificate), trailer.encoding);
    Read { renew, refresh, encoding, ..Read::of(stored.into_value(), Outcome::Hit { freshness, ttl_ms }) }
}

async fn bypass<L: Into<OriginValue>, E>(
    load: impl AsyncFn() -> Result<Option<L>, E>,
    why: Bypass,
) -> Result<Option<Read>, E> {
    let loaded = load().await?;
    Ok(loaded.map(|loaded| Read::of(loaded.into().value, Outcome::Bypass(why))))
}

/// The answer without a certificate. If Postgres cannot be reached, the entry may stand in,
/// provided its epoch and generations are the last known.
async fn last_known<P, L, E>(
    ports: &P,
    wanted: &EntrySpec<'_>,
    seen: Snapshot,
    mut entry: Option<Vec<u8>>,
    load: impl AsyncFn() -> Result<Option<L>, E>,
) -> Result<Option<Read>, E>
where
    P: Registry + Clock,
    L: Into<OriginValue>,
    E: OriginError,
{
    let error = match bypass(load, Bypass::NoCertificate).await {
        Ok(read) => return Ok(read),
        Err(error) if wanted.policy.stale_if_error && error.unreachable() => error,
        Err(error) => return Err(error),
    };
    let Ok(Some(last)) = ports.last_certificate().await else { return Err(error) };
    if last.run != seen.run {
        return Err(error);
    }
    let own = seen.generations.iter().take(wanted.tags.len());
    match judge(&mut entry, own, last.epoch, ports.now(), ports.draw(), wanted.policy) {
        Verdict::Current(stored, _) => {
            let encoding = stored.trailer.encoding;
            Ok(Some(Read { encoding, ..Read::of(stored.into_value(), Outcome::StaleIfError) }))
        }
        Verdict::Absent | Verdict::Outdated(_) | Verdict::Damaged(_) => Err(error),
    }
}

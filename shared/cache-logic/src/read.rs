//! The cache-aside read.

use crate::certificate::Certificate;
use crate::entry::{self, Damage, Encoding, Given, Stamp, Stored, Value};
use crate::freshness::{self, Freshness, Millis};
use crate::policy::{Limits, Policy};
use crate::ports::{CacheFault, Clock, Fill, Lease, Ledger, OriginError, Registry, Seen, Store};
use crate::renew::{Renewal, renew};
use std::time::Duration;

/// How often a reader starts over because others were faster, before it goes to the origin.
const ROUNDS: u32 = 3;

/// Which entry is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Its key.
    pub key: &'a str,
    /// What it depends on.
    pub tags: &'a [&'a str],
    /// How it is kept.
    pub policy: &'a Policy,
}

/// Why the cache was passed by. Every way has a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Bypass {
    /// Redis gave no answer.
    Fault(CacheFault),
    /// There is no certificate, and none could be had in time.
    NoCertificate,
    /// This database serves another cache.
    Misconfigured,
    /// Somebody else's fill took too long, or others were faster each time.
    Waited,
    /// Caching is switched off by the configuration.
    Off,
}

impl Bypass {
    /// A short stable name, for Cache-Status and counters.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Fault(fault) => fault.name(),
            Self::NoCertificate => "no-certificate",
            Self::Misconfigured => "misconfigured",
            Self::Waited => "fill-wait",
            Self::Off => "off",
        }
    }
}

/// How an answer came about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// From the cache, and certified to be current.
    Hit {
        /// How it stands in its life.
        freshness: Freshness,
        /// Milliseconds until its soft limit; 0 where it is past.
        ttl_ms: u64,
    },
    /// From the origin; `stored` where it was put into the cache.
    Miss {
        /// False where it was too large or Redis refused it.
        stored: bool,
    },
    /// From the origin, the cache not used.
    Bypass(Bypass),
    /// From the cache, not certified: the origin can't be reached. The only answer that may be older than an acknowledged write.
    StaleIfError,
}

/// An answer, and what is to be done behind it.
#[derive(Debug, PartialEq, Eq)]
pub struct Read {
    /// What to send.
    pub value: Value,
    /// How the payload is encoded: other than identity only on a hit whose policy packs.
    pub encoding: Encoding,
    /// Where it came from.
    pub outcome: Outcome,
    /// The certificate that it was judged by, if it is at half its life or over: renew it behind the response.
    pub renew: Option<Certificate>,
    /// The entry is near its end or past it: make it anew behind the response, with [`refresh`].
    pub refresh: Option<Refresh>,
    /// What happened on the way, for statistics.
    pub course: Course,
}

/// What a read met on its way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Course {
    /// Milliseconds that it waited for somebody else's fill or renewal.
    pub waited_ms: Millis,
    /// An entry was found that can't be read.
    pub damaged: bool,
}

impl Read {
    /// An answer behind which nothing is to be done.
    pub(crate) fn of(value: Value, outcome: Outcome) -> Self {
        Self { value, encoding: Encoding::Identity, outcome, renew: None, refresh: None, course: Course::default() }
    }
}

/// An entry to be made anew behind the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Refresh {
    /// The fill that was served: whoever finds another one is late.
    pub(crate) fill: u128,
    /// The epoch of the certificate that it was served under.
    pub(crate) epoch: u128,
}

impl Refresh {
    pub(crate) fn of(stored: &Stored, freshness: Freshness, epoch: u128) -> Option<Self> {
        (freshness != Freshness::Fresh).then_some(Self { fill: stored.fill, epoch })
    }
}

/// What a look says of one entry.
#[derive(Debug)]
pub enum Verdict {
    /// It may be served.
    Current(Box<Stored>, Freshness),
    /// There is none.
    Absent,
    /// It was made under another epoch or another generation of a tag; the fill it came from.
    Outdated(u128),
    /// It can't be read.
    Damaged(Damage),
}

/// Is the certificate that was seen one that counts on this connection?
pub fn certified(seen: &Seen) -> Option<Certificate> {
    seen.certificate.filter(|certificate| certificate.run == seen.run)
}

/// Is the certificate at half its life, and nobody at its renewal?
pub(crate) fn due(seen: &Seen) -> bool {
    !seen.fresh && !seen.claimed
}

/// Judges stored bytes under a certificate. A missing generation is never current.
pub fn judge<'g>(
    bytes: Option<Vec<u8>>,
    generations: impl Iterator<Item = &'g Option<u128>>,
    epoch: u128,
    now: Millis,
    draw: f64,
) -> Verdict {
    let Some(bytes) = bytes else { return Verdict::Absent };
    let stored = match Stored::parse(bytes) {
        Ok(stored) => stored,
        Err(damage) => return Verdict::Damaged(damage),
    };
    if stored.epoch != epoch || !generations.copied().eq(stored.generations().map(Some)) {
        return Verdict::Outdated(stored.fill);
    }
    let freshness = freshness::freshness(now, stored.fresh_until, stored.load_ms, draw);
    Verdict::Current(Box::new(stored), freshness)
}

/// What is packed where nothing packs (any more) can't be sent: it is as good as outdated.
pub(crate) fn readable(verdict: Verdict, policy: &Policy) -> Verdict {
    match verdict {
        Verdict::Current(stored, _) if stored.encoding != Encoding::Identity && policy.compress.is_none() => {
            Verdict::Outdated(stored.fill)
        }
        other => other,
    }
}

/// Reads one entry. `load` asks the origin, and gives a [`Value`], or a [`Given`] that says how long to keep it; `None` is "there is no
/// such thing", and is never cached.
///
/// # Errors
/// What `load` gave, where nothing in the cache may stand in for it. A fault of Redis is never an error.
pub async fn read<P, L, E>(
    ports: &P,
    wanted: &Wanted<'_>,
    limits: &Limits,
    load: impl AsyncFn() -> Result<Option<L>, E>,
) -> Result<Option<Read>, E>
where
    P: Store + Registry + Ledger + Clock,
    L: Into<Given>,
    E: OriginError,
{
    let mut course = Course::default();
    let read = read_on(ports, wanted, limits, load, &mut course).await?;
    Ok(read.map(|read| Read { course, ..read }))
}

async fn read_on<P, L, E>(
    ports: &P,
    wanted: &Wanted<'_>,
    limits: &Limits,
    load: impl AsyncFn() -> Result<Option<L>, E>,
    course: &mut Course,
) -> Result<Option<Read>, E>
where
    P: Store + Registry + Ledger + Clock,
    L: Into<Given>,
    E: OriginError,
{
    let mut patience = Patience::default();
    let mut seen = match look_certified(ports, &[wanted.key], wanted.tags, limits, &mut patience, course).await {
        Look::Certified(seen) => seen,
        Look::Bypass(why) => return bypass(load, why).await,
        Look::Uncertified(seen) => return last_known(ports, wanted, seen, load).await,
    };
    let mut attempt = 0;
    for _ in 0..ROUNDS {
        let Some(certificate) = certified(&seen) else { return bypass(load, Bypass::NoCertificate).await };
        let now = ports.now();
        let verdict =
            judge(seen.entries.pop().flatten(), seen.generations.iter(), certificate.epoch, now, ports.draw());
        let known = match readable(verdict, wanted.policy) {
            Verdict::Current(stored, freshness) => {
                return Ok(Some(hit(*stored, freshness, now, certificate, due(&seen))));
            }
            Verdict::Absent => None,
            Verdict::Outdated(fill) => Some(fill),
            Verdict::Damaged(_) => {
                course.damaged = true;
                if let Err(fault) = ports.discard(&[wanted.key]).await {
                    return bypass(load, Bypass::Fault(fault)).await;
                }
                None
            }
        };
        loop {
            let holder = ports.token();
            match ports.lease(wanted.key, known, wanted.tags, holder, limits.lease_hold).await {
                Err(fault) => return bypass(load, Bypass::Fault(fault)).await,
                Ok(Lease::Granted(generations)) => {
                    let filler = Filler { ports, wanted, limits, epoch: certificate.epoch, generations, holder };
                    let Some((value, stored)) = filler.load_and_fill(load).await? else { return Ok(None) };
                    let renew = due(&seen).then_some(certificate);
                    return Ok(Some(Read { renew, ..Read::of(value, Outcome::Miss { stored }) }));
                }
                Ok(Lease::Changed) => break,
                // Pauses count, as in `look_certified`; no lease lasts longer than `lease_hold`.
                Ok(Lease::Held)
                    if Duration::from_millis(course.waited_ms) >= limits.wait
                        || patience.spent(ports) >= limits.lease_hold =>
                {
                    return bypass(load, Bypass::Waited).await;
                }
                Ok(Lease::Held) => pause(ports, &mut attempt, course).await,
            }
        }
        seen = match ports.look(&[wanted.key], wanted.tags).await {
            Ok(seen) => seen,
            Err(fault) => return bypass(load, Bypass::Fault(fault)).await,
        };
    }
    bypass(load, Bypass::Waited).await
}

/// Behind a response: makes an entry anew that is near its end or past it. One refresher at a time, by the lease; whoever is late does
/// nothing. True where it was stored.
///
/// # Errors
/// What `load` gave; the entry stays as it is.
pub async fn refresh<P, L, E>(
    ports: &P,
    wanted: &Wanted<'_>,
    limits: &Limits,
    what: Refresh,
    load: impl AsyncFn() -> Result<Option<L>, E>,
) -> Result<bool, E>
where
    P: Store + Clock,
    L: Into<Given>,
{
    let holder = ports.token();
    match ports.lease(wanted.key, Some(what.fill), wanted.tags, holder, limits.lease_hold).await {
        Ok(Lease::Granted(generations)) => {
            let filler = Filler { ports, wanted, limits, epoch: what.epoch, generations, holder };
            Ok(filler.load_and_fill(load).await?.is_some_and(|(_, stored)| stored))
        }
        Ok(Lease::Held | Lease::Changed) | Err(_) => Ok(false),
    }
}

/// How the first look ended.
pub(crate) enum Look {
    Certified(Seen),
    Bypass(Bypass),
    /// Redis answers, and no certificate can be had, be it that Postgres is away: what was seen.
    Uncertified(Seen),
}

/// Looks; where there is no certificate, renews it, or waits while somebody else does, as long as a claim can last.
pub(crate) async fn look_certified<P: Store + Registry + Ledger + Clock>(
    ports: &P,
    keys: &[&str],
    tags: &[&str],
    limits: &Limits,
    patience: &mut Patience,
    course: &mut Course,
) -> Look {
    let (claim, wait, before) = (limits.timing.claim(), limits.wait, course.waited_ms);
    let (mut attempt, mut tried) = (0, false);
    loop {
        let seen = match ports.look(keys, tags).await {
            Ok(seen) => seen,
            Err(fault) => return Look::Bypass(Bypass::Fault(fault)),
        };
        if certified(&seen).is_some() {
            return Look::Certified(seen);
        }
        // Pauses count rather than the clock: where the machine is busy, whoever renews needs longer, too.
        let waited = Duration::from_millis(course.waited_ms - before);
        if tried && (waited >= wait || patience.spent(ports) >= claim + 4 * wait) {
            return Look::Uncertified(seen);
        }
        // Somebody is at it. After the time that a claim can last one asks for it all the same: this one may never end.
        if seen.claimed && waited < claim && patience.spent(ports) < claim + wait {
            pause(ports, &mut attempt, course).await;
            continue;
        }
        tried = true;
        match renew(ports, limits.timing).await {
            Renewal::Certified(_) => {}
            Renewal::Busy | Renewal::TooLate => pause(ports, &mut attempt, course).await,
            Renewal::Mismatch => return Look::Bypass(Bypass::Misconfigured),
            Renewal::Cache(fault) => return Look::Bypass(Bypass::Fault(fault)),
            Renewal::Ledger(_) => return Look::Uncertified(seen),
        }
    }
}

/// How long has been waited. Counts from when it is first asked, so that a hit asks for no time.
#[derive(Default)]
pub(crate) struct Patience(Option<Millis>);

impl Patience {
    fn spent<P: Clock>(&mut self, ports: &P) -> Duration {
        let begun = *self.0.get_or_insert_with(|| ports.monotonic());
        Duration::from_millis(ports.monotonic().saturating_sub(begun))
    }
}

async fn pause<P: Clock>(ports: &P, attempt: &mut u32, course: &mut Course) {
    let pause = freshness::poll_pause_ms(*attempt, ports.draw());
    *attempt += 1;
    course.waited_ms += pause;
    ports.sleep(Duration::from_millis(pause)).await;
}

fn hit(stored: Stored, freshness: Freshness, now: Millis, certificate: Certificate, due: bool) -> Read {
    let ttl_ms = stored.fresh_until.saturating_sub(now);
    let refresh = Refresh::of(&stored, freshness, certificate.epoch);
    let (renew, encoding) = (due.then_some(certificate), stored.encoding);
    Read { renew, refresh, encoding, ..Read::of(stored.into_value(), Outcome::Hit { freshness, ttl_ms }) }
}

pub(crate) async fn bypass<L: Into<Given>, E>(
    load: impl AsyncFn() -> Result<Option<L>, E>,
    why: Bypass,
) -> Result<Option<Read>, E> {
    let given = load().await?;
    Ok(given.map(|given| Read::of(given.into().value, Outcome::Bypass(why))))
}

/// No certificate can be had. Where that is because Postgres can't be reached, the entry may stand in, if its epoch and generations are
/// the last known.
async fn last_known<P, L, E>(
    ports: &P,
    wanted: &Wanted<'_>,
    mut seen: Seen,
    load: impl AsyncFn() -> Result<Option<L>, E>,
) -> Result<Option<Read>, E>
where
    P: Registry + Clock,
    L: Into<Given>,
    E: OriginError,
{
    let error = match load().await {
        Ok(given) => {
            return Ok(given.map(|given| Read::of(given.into().value, Outcome::Bypass(Bypass::NoCertificate))));
        }
        Err(error) if wanted.policy.stale_if_error && error.unreachable() => error,
        Err(error) => return Err(error),
    };
    let Ok(Some(last)) = ports.last_certificate().await else { return Err(error) };
    if last.run != seen.run {
        return Err(error);
    }
    let verdict = judge(seen.entries.pop().flatten(), seen.generations.iter(), last.epoch, ports.now(), ports.draw());
    match readable(verdict, wanted.policy) {
        Verdict::Current(stored, _) => {
            let encoding = stored.encoding;
            Ok(Some(Read { encoding, ..Read::of(stored.into_value(), Outcome::StaleIfError) }))
        }
        Verdict::Absent | Verdict::Outdated(_) | Verdict::Damaged(_) => Err(error),
    }
}

/// Who holds the lease of an entry.
struct Filler<'a, P> {
    ports: &'a P,
    wanted: &'a Wanted<'a>,
    limits: &'a Limits,
    epoch: u128,
    generations: Vec<u128>,
    holder: u128,
}

impl<P: Store + Clock> Filler<'_, P> {
    /// Loads, fills, gives the lease back. Whether it was stored stands beside the value.
    async fn load_and_fill<L: Into<Given>, E>(
        &self,
        load: impl AsyncFn() -> Result<Option<L>, E>,
    ) -> Result<Option<(Value, bool)>, E> {
        let begun = self.ports.monotonic();
        let given: Given = match load().await {
            Ok(Some(given)) => given.into(),
            nothing => {
                // Where this fails the lease ends by itself.
                let _ = self.ports.release(self.wanted.key, self.holder).await;
                return Ok(nothing?.map(|given| (given.into().value, false)));
            }
        };
        let load_ms = u32::try_from(self.ports.monotonic().saturating_sub(begun)).unwrap_or(u32::MAX);
        let fill =
            prepare(self.ports, self.wanted, self.limits, &given, load_ms, self.epoch, &self.generations, self.holder);
        let stored = match fill {
            Some(fill) => self.ports.fill(&[fill], Some(self.holder)).await.is_ok(),
            None => {
                let _ = self.ports.release(self.wanted.key, self.holder).await;
                false
            }
        };
        Ok(Some((given.value, stored)))
    }
}

/// The fill for a value; `None` where it is too large to be cached.
#[allow(clippy::too_many_arguments)] // Each is one fact of the entry; a struct for one caller would only rename them.
pub(crate) fn prepare<'a, P: Clock>(
    ports: &P,
    wanted: &Wanted<'a>,
    limits: &Limits,
    given: &Given,
    load_ms: u32,
    epoch: u128,
    generations: &[u128],
    fill: u128,
) -> Option<Fill<'a>> {
    let created = ports.now();
    let life = freshness::lifetime(&wanted.policy.lasting(given.ttl), created, ports.draw());
    let stamp = Stamp { created, fresh_until: life.fresh_until, load_ms, epoch, generations, fill };
    let bytes = match packed(wanted.policy, &given.value) {
        Some(packed) => entry::encode_as(&packed, &stamp, Encoding::Gzip),
        None => entry::encode(&given.value, &stamp),
    };
    let bytes = bytes.filter(|bytes| bytes.len() <= limits.max_entry_bytes)?;
    Some(Fill { key: wanted.key, bytes, ttl_ms: life.ttl_ms })
}

/// The value packed, where its policy wants that and it is smaller so.
fn packed(policy: &Policy, value: &Value) -> Option<Value> {
    let compress = policy.compress.filter(|compress| value.payload.len() >= compress.min_bytes)?;
    let payload = (compress.packer.pack)(&value.payload).filter(|packed| packed.len() < value.payload.len())?;
    Some(value.encoded(payload))
}

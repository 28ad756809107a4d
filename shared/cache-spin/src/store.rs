//! The ports of cache-logic over Redis: one command or script each.

mod put;

use crate::clock::{monotonic_millis, request_millis};
use crate::redis::{Argument, Redis, Script, Value, hex, millis, number, text};
use crate::terms::TermsSource;
use cache_logic::certificate::{Certificate, ClaimToken, Generation, RunId, ServerId, Sighting, Timing};
use cache_logic::key::{generation_key, lease_key, parts_key};
use cache_logic::ports::{CacheFault, Fill, Known, Lease, Parts, Registry, RenewalClaim, Snapshot, Standing, Store};
use cache_logic::read::certified;
use sha2::{Digest, Sha256};
use std::cell::Cell;
use std::time::Duration;

/// How long the record beside the certificate is kept: twice as long as any entry may live.
const RECORD: Duration = Duration::from_secs(60 * 24 * 3600);

/// The cache in Redis, below one key prefix.
pub struct RedisStore {
    /// The connection, also for other uses of the same Redis.
    pub redis: Redis,
    prefix: String,
    /// Stands for the database behind this cache. It is mixed into the run id, so that a
    /// certificate of another database counts as one of another run: for nothing.
    origin: u128,
    /// How long looks may leave out whether a renewal of the certificate is due.
    pace_ms: u64,
    /// When a look last asked for that.
    asked: Cell<u64>,
    /// The certificate that a look has found last.
    sighting: Cell<Sighting>,
    /// The server of Postgres that this instance has heard last.
    heard: Cell<Option<ServerId>>,
    /// How long certificates live.
    timing: Timing,
    /// The last look has found no certificate, so the next one asks whether a renewal is under way.
    uncertified: Cell<bool>,
    names: Names,
    scripts: Scripts,
    terms: TermsSource,
}

/// The keys of the certificate, built once.
struct Names {
    certificate: String,
    claim: String,
    fresh: String,
    last: String,
    record: String,
}

struct Scripts {
    lease: Script,
    generations: Script,
    fill: Script,
    fill_parts: Script,
    restamp: Script,
    put: Script,
    release: Script,
    claim: Script,
    certify: Script,
}

impl RedisStore {
    /// A store below `prefix`, in front of the database of that name. `terms` says how long
    /// generations live.
    pub fn new(redis: Redis, prefix: &str, database: &str, terms: TermsSource) -> Self {
        let name = |name: &str| format!("{prefix}cache:{name}");
        Self {
            redis,
            prefix: prefix.to_owned(),
            origin: half_digest(database.as_bytes()),
            pace_ms: 0,
            asked: Cell::new(0),
            sighting: Cell::default(),
            heard: Cell::new(None),
            timing: Timing::default(),
            uncertified: Cell::new(true),
            names: Names {
                certificate: name("certificate"),
                claim: name("claim"),
                fresh: name("fresh"),
                last: name("last"),
                record: name("record"),
            },
            scripts: Scripts {
                lease: Script::new(include_str!("lua/lease.lua")),
                generations: Script::new(include_str!("lua/generations.lua")),
                fill: Script::new(include_str!("lua/fill.lua")),
                fill_parts: Script::new(include_str!("lua/fill_parts.lua")),
                restamp: Script::new(include_str!("lua/restamp.lua")),
                put: Script::new(include_str!("lua/put.lua")),
                release: Script::new(include_str!("lua/release.lua")),
                claim: Script::new(include_str!("lua/claim.lua")),
                certify: Script::new(include_str!("lua/certify.lua")),
            },
            terms,
        }
    }

    /// The same, asking only so often whether a renewal of the certificate is due. A busy instance
    /// would learn nothing new from asking at each look, and each key of a look costs.
    pub fn asking_about_renewals_every(mut self, pace: Duration) -> Self {
        self.pace_ms = pace.as_millis() as u64;
        self
    }

    /// The same, for certificates of these lengths.
    pub fn with_timing(mut self, timing: Timing) -> Self {
        self.timing = timing;
        self
    }

    /// The certificate that a look has found, unless it has been found for longer than it lives.
    /// The clock is read for a new one, and by looks that ask about renewals.
    fn trusted(&self, certificate: Certificate, asks: bool) -> Option<Certificate> {
        let mut sighting = self.sighting.get();
        if !asks && sighting.is_of(&certificate) {
            return Some(certificate);
        }
        let trusted = sighting.trusts(&certificate, monotonic_millis(), self.timing);
        self.sighting.set(sighting);
        trusted.then_some(certificate)
    }

    /// Postgres has answered. Certificates of another server count for nothing from now on.
    pub(crate) fn hear(&self, server: ServerId) {
        self.heard.set(Some(server));
    }

    /// Whether this look is one that asks.
    fn asks(&self) -> bool {
        let now = request_millis();
        let due = !(self.asked.get()..self.asked.get() + self.pace_ms).contains(&now);
        if due {
            self.asked.set(now);
        }
        due
    }

    /// The run that certificates on the open connection must be of.
    pub fn run(&self) -> Option<RunId> {
        self.redis.run().map(|run| run ^ self.origin)
    }

    /// How long the certificate in Redis still lives, in milliseconds; `None` if there is none.
    pub async fn certificate_left(&self) -> Option<u64> {
        let (answer, _) = self.redis.command("PTTL", vec![text(&self.names.certificate)]).await.ok()?;
        match answer.as_slice() {
            [Value::Int64(left)] => u64::try_from(*left).ok(),
            _ => None,
        }
    }

    /// The values of some keys, and nothing else.
    pub(crate) async fn values(&self, keys: &[&str]) -> Result<Vec<Option<Vec<u8>>>, CacheFault> {
        let arguments = keys.iter().map(|key| text(&self.prefixed(key))).collect();
        let (answer, _) = self.redis.command_without_probing("MGET", arguments).await?;
        Ok(answer.into_iter().map(bytes).collect())
    }

    fn prefixed(&self, key: &str) -> String {
        [&*self.prefix, key].concat()
    }

    /// How long a generation lives, as an argument.
    async fn generation_life(&self) -> Result<Argument, CacheFault> {
        let terms = (self.terms)().await.map_err(|_| CacheFault::Misconfigured)?;
        Ok(millis(terms.limits.generation_ttl))
    }

    /// Stores an entry and notes its parts.
    async fn fill_with_parts(
        &self,
        fill: &Fill<'_>,
        parts: &Parts<'_>,
        holder: Option<u128>,
    ) -> Result<(), CacheFault> {
        let key = self.prefixed(fill.key);
        let (lease, noted) = (lease_key(&key), parts_key(&key));
        let names = parts.tags.iter().copied().chain(parts.parts.iter().map(String::as_str));
        let generations: Vec<String> = names.map(|tag| generation_key(&self.prefix, tag)).collect();
        let mut keys = vec![lease.as_str(), &key, &noted];
        keys.extend(generations.iter().map(String::as_str));
        let mut arguments = vec![
            hex(holder.unwrap_or(parts.fill)),
            Argument::Binary(fill.bytes.clone()),
            number(fill.ttl_ms),
            Argument::Binary(parts.fill.to_le_bytes().to_vec()),
            self.generation_life().await?,
        ];
        arguments.extend(parts.generations.iter().map(|generation| hex(*generation)));
        self.redis.script(&self.scripts.fill_parts, &keys, arguments).await.map(drop)
    }

    fn generation_keys(&self, tags: &[&str]) -> Vec<String> {
        tags.iter().map(|tag| generation_key(&self.prefix, tag)).collect()
    }
}

impl Store for RedisStore {
    async fn look(&self, keys: &[&str], tags: &[&str]) -> Result<Snapshot, CacheFault> {
        let asks = self.uncertified.get() || self.asks();
        let mut arguments = Vec::with_capacity(keys.len() + tags.len() + 3);
        arguments.extend(keys.iter().map(|key| Argument::Binary(self.prefixed(key).into_bytes())));
        arguments.extend(tags.iter().map(|tag| Argument::Binary(generation_key(&self.prefix, tag).into_bytes())));
        arguments.push(text(&self.names.certificate));
        if asks {
            arguments.push(text(&self.names.fresh));
            arguments.push(text(&self.names.claim));
        }
        let expected = arguments.len();
        let (answer, run) = self.redis.command_without_probing("MGET", arguments).await?;
        if answer.len() != expected {
            return Err(CacheFault::Protocol("MGET gave another number of values".into()));
        }
        let mut values = answer.into_iter().map(bytes);
        let entries = values.by_ref().take(keys.len()).collect();
        let generations = values.by_ref().take(tags.len()).map(|value| value.as_deref().and_then(generation)).collect();
        let certificate = values.next().flatten().as_deref().and_then(Certificate::decode);
        let seen = Snapshot {
            entries,
            generations,
            certificate: certificate.and_then(|certificate| self.trusted(certificate, asks)),
            // A look that doesn't ask takes the certificate for fresh. The next one that asks will
            // see.
            fresh: !asks || values.next().flatten().is_some(),
            claimed: asks && values.next().flatten().is_some(),
            run: run ^ self.origin,
            heard: self.heard.get(),
        };
        self.uncertified.set(certified(&seen).is_none());
        Ok(seen)
    }

    async fn lease(
        &self,
        key: &str,
        known: Known,
        tags: &[&str],
        holder: u128,
        hold: Duration,
    ) -> Result<Lease, CacheFault> {
        let key = self.prefixed(key);
        let (lease, parts, generations) = (lease_key(&key), parts_key(&key), self.generation_keys(tags));
        let mut keys = vec![key.as_str(), &lease, &parts, &self.names.certificate];
        keys.extend(generations.iter().map(String::as_str));
        let fill = known.fill().map_or(Vec::new(), |fill| fill.to_le_bytes().to_vec());
        let mut arguments = vec![Argument::Binary(fill), hex(holder), millis(hold), self.generation_life().await?];
        arguments.extend(matches!(known, Known::Outdated(_)).then(|| text("1")));
        let (answer, run) = self.redis.script(&self.scripts.lease, &keys, arguments).await?;
        match answer.as_slice() {
            [Value::Int64(0), generations @ ..] => Ok(Lease::Granted(parse_generations(generations, tags.len())?)),
            [Value::Int64(1), ..] => Ok(Lease::Held),
            [Value::Int64(2), ..] => Ok(Lease::Changed),
            [Value::Int64(3), Value::Binary(certificate), generations @ ..] => Ok(Lease::Current(Standing {
                generations: parse_generations(generations, tags.len())?,
                certificate: Certificate::decode(certificate),
                run: run ^ self.origin,
            })),
            _ => Err(CacheFault::Protocol("lease.lua gave no answer".into())),
        }
    }

    async fn restamp(&self, key: &str, fill: u128, bytes: Vec<u8>) -> Result<(), CacheFault> {
        let arguments = vec![Argument::Binary(fill.to_le_bytes().to_vec()), Argument::Binary(bytes)];
        self.redis.script(&self.scripts.restamp, &[&self.prefixed(key)], arguments).await.map(drop)
    }

    async fn generations(&self, tags: &[&str], candidate: u128) -> Result<Vec<Generation>, CacheFault> {
        let keys = self.generation_keys(tags);
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let arguments = vec![hex(candidate), self.generation_life().await?];
        let (answer, _) = self.redis.script(&self.scripts.generations, &keys, arguments).await?;
        parse_generations(&answer, tags.len())
    }

    async fn fill(&self, fills: &[Fill<'_>], holder: Option<u128>) -> Result<(), CacheFault> {
        if let [fill @ Fill { parts: Some(parts), .. }] = fills {
            return self.fill_with_parts(fill, parts, holder).await;
        }
        let keys: Vec<String> = fills.iter().map(|fill| self.prefixed(fill.key)).collect();
        let lease = keys.first().map_or(String::new(), |key| lease_key(key));
        let mut names = vec![lease.as_str()];
        names.extend(keys.iter().map(String::as_str));
        let mut arguments = vec![holder.map_or(text(""), hex)];
        for fill in fills {
            arguments.push(Argument::Binary(fill.bytes.clone()));
            arguments.push(number(fill.ttl_ms));
        }
        self.redis.script(&self.scripts.fill, &names, arguments).await.map(drop)
    }

    async fn release(&self, key: &str, holder: u128) -> Result<(), CacheFault> {
        let lease = lease_key(&self.prefixed(key));
        self.redis.script(&self.scripts.release, &[&lease], vec![hex(holder)]).await.map(drop)
    }

    async fn discard(&self, keys: &[&str]) -> Result<(), CacheFault> {
        let keys = keys.iter().map(|key| text(&self.prefixed(key))).collect();
        self.redis.command("DEL", keys).await.map(drop)
    }
}

impl Registry for RedisStore {
    async fn invalidate(&self, tags: &[&str]) -> Result<RunId, CacheFault> {
        let keys = self.generation_keys(tags).iter().map(|key| text(key)).collect();
        self.redis.command("DEL", keys).await.map(|(_, run)| run ^ self.origin)
    }

    async fn claim(&self, token: ClaimToken, hold: Duration) -> Result<Option<RenewalClaim>, CacheFault> {
        let keys = [&*self.names.claim, &*self.names.record];
        let (answer, run) =
            self.redis.script(&self.scripts.claim, &keys, vec![hex(token.into()), millis(hold)]).await?;
        let mut parts = answer.into_iter().map(|part| bytes(part).and_then(|bytes| String::from_utf8(bytes).ok()));
        let Some(replication) = parts.next().flatten() else { return Ok(None) };
        let record = parts.next().flatten();
        Ok(Some(RenewalClaim { run: run ^ self.origin, replication, record }))
    }

    async fn abandon(&self, token: ClaimToken) -> Result<(), CacheFault> {
        self.redis.script(&self.scripts.release, &[&self.names.claim], vec![hex(token.into())]).await.map(drop)
    }

    async fn certify(&self, certificate: &Certificate, record: &str, timing: Timing) -> Result<bool, CacheFault> {
        let names = &self.names;
        let keys = [&*names.claim, &*names.certificate, &*names.fresh, &*names.last, &*names.record];
        let encoded = text(&certificate.encode());
        let (hold, total, life) = (millis(timing.claim()), millis(timing.total()), millis(timing.life()));
        // Entries stand in for Postgres as long as the last certificate is remembered.
        let terms = (self.terms)().await.map_err(|_| CacheFault::Misconfigured)?;
        let (last, kept) = (millis(terms.stale_if_error.max(Duration::from_millis(1))), millis(RECORD));
        let arguments = vec![hex(certificate.token.into()), encoded, hold, total, life, last, text(record), kept];
        let (answer, _) = self.redis.script(&self.scripts.certify, &keys, arguments).await?;
        Ok(matches!(answer.as_slice(), [Value::Int64(1)]))
    }

    async fn last_certificate(&self) -> Result<Option<Certificate>, CacheFault> {
        let (answer, _) = self.redis.command("GET", vec![text(&self.names.last)]).await?;
        Ok(answer.into_iter().next().and_then(bytes).as_deref().and_then(Certificate::decode))
    }
}

/// A server, by what `cache_server` says of it.
pub(crate) fn server_id(said: &str) -> ServerId {
    (half_digest(said.as_bytes()) >> 64) as ServerId
}

/// The first half of the bytes' SHA-256.
pub(crate) fn half_digest(bytes: &[u8]) -> u128 {
    Sha256::digest(bytes)[..16].iter().fold(0, |half, byte| half << 8 | u128::from(*byte))
}

fn bytes(value: Value) -> Option<Vec<u8>> {
    match value {
        Value::Binary(bytes) => Some(bytes),
        _ => None,
    }
}

fn generation(bytes: &[u8]) -> Option<Generation> {
    cache_logic::certificate::parse_hex(bytes)
}

fn parse_generations(answer: &[Value], count: usize) -> Result<Vec<Generation>, CacheFault> {
    let parse = |value: &Value| match value {
        Value::Binary(bytes) => generation(bytes),
        _ => None,
    };
    let generations: Option<Vec<_>> = answer.iter().map(parse).collect();
    generations
        .filter(|found| found.len() == count)
        .ok_or_else(|| CacheFault::Protocol("a generation can't be read".into()))
}

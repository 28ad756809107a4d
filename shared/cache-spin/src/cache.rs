//! The cache of one instance: reads, writes and renewals over Redis and Postgres. An app needs to
//! know no other place.

mod compared;
mod keeping;
mod many;
#[cfg(feature = "l1")]
mod near;
mod settings;
mod tell;
mod watch;
mod write;

pub use keeping::{Keeping, Ttl};
pub use settings::{Certified, Settings};
use tell::tell_renewal;
pub use watch::Mark;

use crate::clock::begin_request;
use crate::gathered::Gathered;
use crate::hot::HotKey;
use crate::loads::Loads;
use crate::ports::Ports;
use crate::postgres::{Param, Postgres, Row, SERVER, Statement};
use crate::redis::explain;
use crate::statistics::Recorder;
use crate::store::{RedisStore, half_digest, server_id};
use crate::terms::TermsSource;
use cache_logic::certificate::{Certificate, ClaimToken, ServerId, Timing};
use cache_logic::entry::{OriginValue, Value};
use cache_logic::origin::OriginFault;
use cache_logic::policy::Policy;
use cache_logic::ports::{CacheFault, Store};
use cache_logic::read::{Beside, EntrySpec, Outcome, Read, SeenBeside, Sight, certified, due};
use cache_logic::renew::Renewal;
use cache_logic::statistics::Statistics;
use cache_logic::statistics::series::{Point, Stretch};
use spin_sdk::wasip3::spawn;
use std::cell::{Cell, OnceCell};
use std::time::Duration;

/// A cache entry in name only: where it is, and what it depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The number that it is counted under, see
    /// [`StatisticsSettings::entities`](crate::statistics::StatisticsSettings::entities).
    pub entity: usize,
    /// Its key, without the prefix of all keys.
    pub key: String,
    /// The tags of everything whose change makes it wrong.
    pub tags: Vec<String>,
}

impl Entry {
    /// An entry of the first kind that is counted. Parts of a key that a user chose belong through
    /// [`KeyBuilder`](cache_logic::key::KeyBuilder), so that no two inputs make the same key.
    pub fn new<T: Into<String>>(key: impl Into<String>, tags: impl IntoIterator<Item = T>) -> Self {
        Self { entity: 0, key: key.into(), tags: tags.into_iter().map(Into::into).collect() }
    }
}

/// The source of an entry's row: a [`Load`] or a [`Statement`]. Both add a column that names the
/// server (`cache_server`): an entry is stored only under a certificate of that one. The row
/// carries `body`, and the other columns if they have something to say:
///
/// | column | type | |
/// | --- | --- | --- |
/// | `body` | `text`, `jsonb` or `bytea` | the bytes to send |
/// | `version` | `bigint` | the entity tag; else it is a hash of the body |
/// | `owner`, or `customer` | `text` or `uuid` | whose entry it is; the app judges who may see it |
/// | `ttl_ms` | `bigint` | how long the entry lives; else as its policy says |
/// | `parts` | `text[]` | the tags of its parts: see [`OriginValue::parts`] |
///
/// No row: there is no such thing. That answer is never cached.
pub trait Source: Clone + 'static {
    /// Asks Postgres for it.
    #[allow(async_fn_in_trait, reason = "components run on one thread: no future has to be Send")]
    async fn rows(self, postgres: &Postgres) -> Result<Vec<Row>, OriginFault>;
}

impl Source for Load {
    async fn rows(self, postgres: &Postgres) -> Result<Vec<Row>, OriginFault> {
        postgres.load(self.function, self.params).await
    }
}

impl Source for Statement {
    async fn rows(self, postgres: &Postgres) -> Result<Vec<Row>, OriginFault> {
        postgres.load_by(self).await
    }
}

/// Loads an entry by a function, whose row is that of every [`Source`].
#[derive(Debug, Clone)]
pub struct Load {
    /// The function.
    pub function: &'static str,
    /// Its parameters.
    pub params: Vec<Param>,
}

/// Redis and Postgres as one instance uses them for cached reads and for writes.
pub struct Cache {
    /// Redis and Postgres themselves, for what isn't cached.
    pub ports: Ports,
    timing: Timing,
    terms: TermsSource,
    certified: Certified,
    /// The certificate that this instance has tried to renew: one attempt for each.
    attempted: Cell<ClaimToken>,
    loads: Loads,
    pub(crate) recorder: Recorder,
}

thread_local! {
    static CACHE: OnceCell<&'static Cache> = const { OnceCell::new() };
}

impl Cache {
    /// The cache of this instance, by [`Settings::from_variables`]. To be called at the beginning
    /// of a request: the first one makes the cache, and each reads the clock for its request. An
    /// app that keeps a cache of its own calls [`begin_request`] there instead.
    ///
    /// # Errors
    /// As [`Settings::from_variables`].
    pub async fn get() -> Result<&'static Self, OriginFault> {
        begin_request();
        if let Some(known) = CACHE.with(|cell| cell.get().copied()) {
            return Ok(known);
        }
        let settings = Settings::from_variables().await?;
        // Another request may have been faster while the variables were read.
        Ok(CACHE.with(|cell| *cell.get_or_init(|| Box::leak(Box::new(Self::new(settings))))))
    }

    /// A cache of these parts. Nothing is opened yet.
    pub fn new(settings: Settings) -> Self {
        let Settings {
            redis,
            key_prefix,
            database_url,
            database_name,
            cache_name,
            timing,
            statistics,
            terms,
            certified,
        } = settings;
        let store = RedisStore::new(redis, &key_prefix, &database_name, terms);
        let ports = Ports {
            // Often enough to find a certificate in the second half of its life.
            store: store.with_timing(timing).asking_about_renewals_every(timing.fresh() / 8),
            postgres: Postgres::new(database_url, terms),
            cache_name,
            mismatch: Cell::new(false),
            withheld_until: Cell::new(0),
            covered: Gathered::default(),
            changed: Cell::new(None),
            certified: Cell::new(None),
            #[cfg(feature = "events")]
            observer: Cell::new(None),
        };
        let recorder = Recorder::new(statistics, &key_prefix);
        Self { ports, timing, terms, certified, attempted: Cell::new(0), loads: Loads::default(), recorder }
    }

    /// Calls this function from now on behind each write of this instance, and in each renewal that
    /// finds what others have written. It must be quick: an answer may wait for it.
    pub fn when_changed(&self, changed: fn()) {
        self.ports.changed.set(Some(changed));
    }

    /// Tells this function every event from now on: hit, miss, stale, bypass, fault and others.
    #[cfg(feature = "events")]
    pub fn observe_by(&self, observer: crate::ports::Observer) {
        self.ports.observer.set(Some(observer));
    }

    /// One entry, from the cache or from its source. `None`: no such thing; never cached.
    ///
    /// # Errors
    /// The fault of Postgres. A fault of Redis is never an error.
    pub async fn read(
        &'static self,
        entry: &Entry,
        load: impl Source,
        keeping: impl Keeping,
    ) -> Result<Option<Read>, OriginFault> {
        self.read_beside(entry, Beside::default(), load, keeping).await
    }

    /// As [`Self::read`], with a look that sees what stands in `beside`, too, at the same moment.
    /// It comes back with the answer.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn read_beside(
        &'static self,
        entry: &Entry,
        beside: Beside<'_>,
        load: impl Source,
        keeping: impl Keeping,
    ) -> Result<Option<Read>, OriginFault> {
        let read = self.look_up(entry, beside, &load, &keeping).await;
        self.recorder.count_reads(entry.entity, [read.as_ref().map(Option::as_ref)]);
        let Some(read) = read? else { return Ok(None) };
        match read.outcome {
            Outcome::Hit { .. } | Outcome::Revalidated { .. } => {
                self.recorder.sample_hit(entry.entity, &entry.key);
            }
            _ => self.tell_read(entry, &read.outcome),
        }
        self.tidy_behind(entry, load, keeping, &read);
        Ok(Some(read))
    }

    /// Makes an entry that nobody has asked for yet, behind a change of what it shows. It is an
    /// ordinary read: the generation is taken before the load, so a change that comes meanwhile
    /// outdates what is stored here. It is counted as a refresh.
    pub async fn fill(&'static self, entry: &Entry, load: impl Source, keeping: impl Keeping) {
        let read = self.look_up(entry, Beside::default(), &load, &keeping).await;
        let stored = matches!(read, Ok(Some(Read { outcome: Outcome::Miss { stored: true }, .. })));
        self.recorder.count(|statistics| statistics.refresh(entry.entity, stored));
    }

    async fn look_up(
        &'static self,
        entry: &Entry,
        beside: Beside<'_>,
        load: &impl Source,
        keeping: &impl Keeping,
    ) -> Result<Option<Read>, OriginFault> {
        let once = async || self.load(entry, load.clone()).await;
        let tags: Vec<&str> = entry.tags.iter().map(String::as_str).collect();
        let policy = Policy::for_looking(keeping.compress());
        let wanted = EntrySpec { key: &entry.key, tags: &tags, policy: &policy };
        let rules = async || Ok((keeping.policy().await?, (self.terms)().await?.limits));
        cache_logic::read::read_by(&self.ports, &wanted, beside, rules, once).await
    }

    /// The generations of some tags and the values of some keys, in one look. No sight if there is
    /// no certificate that counts.
    ///
    /// # Errors
    /// Why Redis gave no answer.
    pub async fn see(&'static self, beside: Beside<'_>) -> Result<SeenBeside, CacheFault> {
        let seen = self.ports.look(beside.keys, beside.tags).await?;
        let certificate = certified(&seen);
        self.renew_behind(certificate.filter(|_| due(&seen)));
        let sight = certificate.map(|by| Sight { epoch: by.epoch, generations: seen.generations });
        Ok(SeenBeside { sight, values: seen.entries })
    }

    /// The values of some keys, in one command, whether anything is cached or not.
    ///
    /// # Errors
    /// Why Redis gave no answer.
    pub async fn values(&self, keys: &[&str]) -> Result<Vec<Option<Vec<u8>>>, CacheFault> {
        self.ports.store.values(keys).await
    }

    /// Behind the response: the renewal and the refresh that a read has found due.
    fn tidy_behind(&'static self, entry: &Entry, load: impl Source, keeping: impl Keeping, read: &Read) {
        if self.renew_behind(read.renew) && matches!(read.outcome, Outcome::Hit { .. }) {
            self.compare_behind(entry.clone(), load.clone(), keeping);
        }
        let Some(refresh) = read.refresh else { return };
        let entry = entry.clone();
        spawn(async move {
            let (Ok(policy), Ok(terms)) = (keeping.policy().await, (self.terms)().await) else { return };
            let tags: Vec<&str> = entry.tags.iter().map(String::as_str).collect();
            let wanted = EntrySpec { key: &entry.key, tags: &tags, policy: &policy };
            let once = async || self.load(&entry, load.clone()).await;
            // If it fails, the entry stays as it is, and the next reader tries again.
            let stored = cache_logic::read::refresh(&self.ports, &wanted, &terms.limits, refresh, once).await;
            self.recorder.count(|statistics| statistics.refresh(entry.entity, stored.unwrap_or(false)));
        });
    }

    /// True if the database serves another cache than this one: a configuration error.
    pub fn is_mismatched(&self) -> bool {
        self.ports.mismatch.get()
    }

    /// Whether there is a certificate that counts.
    ///
    /// # Errors
    /// Why Redis gave no answer, for people to read.
    pub async fn is_certified(&self) -> Result<bool, &'static str> {
        let seen = self.ports.store.look(&[], &[]).await;
        seen.map(|seen| certified(&seen).is_some()).map_err(|fault| explain(&fault))
    }

    /// The sums of all instances, and the time of the first count (milliseconds since the Unix
    /// epoch). `None` if Redis gives no answer.
    pub async fn statistics(&self) -> Option<(Statistics, Option<u64>)> {
        self.recorder.sums().await
    }

    /// What all instances have counted in each bucket of time, of each of the entities, which are
    /// named. `None` if Redis gives no answer.
    pub async fn series(&self, stretch: Stretch) -> Option<(&'static [&'static str], Vec<Vec<Point>>)> {
        Some((self.recorder.entities(), self.recorder.series(stretch).await?))
    }

    /// Takes the keys of the entries that were read most since they were last taken, `most` of
    /// them, of the kind that
    /// [`StatisticsSettings::hot`](crate::statistics::StatisticsSettings::hot) names. `None` if
    /// Redis gives no answer.
    pub async fn take_hot_keys(&self, most: usize) -> Option<Vec<HotKey>> {
        self.recorder.take_hot_keys(most).await
    }

    /// How long ago the certificate in Redis was given, in milliseconds; `None` if there is none.
    pub async fn certificate_age(&self) -> Option<u64> {
        let left = self.ports.store.certificate_left().await?;
        Some((self.timing.life().as_millis() as u64).saturating_sub(left))
    }

    /// Renews the certificate now.
    pub async fn renew(&self) -> Renewal<OriginFault> {
        let renewal = cache_logic::renew::renew(&self.ports, self.timing).await;
        tell_renewal(&renewal);
        renewal
    }

    /// Renews the certificate behind the response.
    pub fn renew_unasked(&'static self) {
        spawn(async move {
            if let Renewal::Certified(_) = self.renew().await
                && let Some(epoch) = self.ports.certified.take()
            {
                (self.certified)(epoch).await;
            }
        });
    }

    /// Loads an entry, or shares the next load of it that begins in this instance.
    async fn load(&'static self, entry: &Entry, load: impl Source) -> Result<Option<OriginValue>, OriginFault> {
        let terms = (self.terms)().await?;
        let once = async || {
            let rows = self.recorder.timed(entry.entity, load.rows(&self.ports.postgres)).await?;
            let value = rows.into_iter().next().map(origin_value).transpose()?;
            if let Some(value) = &value {
                self.ports.store.hear(value.server);
            }
            Ok(value)
        };
        self.loads.shared(terms, &entry.key, once).await
    }

    /// Behind the response: at most one attempt for each certificate. True if this is it. A reader
    /// that found none has given one by itself: then the work behind that comes here.
    fn renew_behind(&'static self, certificate: Option<Certificate>) -> bool {
        if let Some(epoch) = self.ports.certified.take() {
            spawn((self.certified)(epoch));
        }
        let due = certificate.is_some_and(|due| self.attempted.replace(due.token) != due.token);
        if due {
            self.renew_unasked();
        }
        due
    }
}

/// The server that gave a row.
fn server_of(row: &Row) -> Result<ServerId, OriginFault> {
    Ok(server_id(row.text(SERVER)?.unwrap_or_default()))
}

/// A row of a [`Load`] as a value, with the lifetime that it may name.
fn origin_value(row: Row) -> Result<OriginValue, OriginFault> {
    let ttl = if row.has("ttl_ms") { row.int("ttl_ms")? } else { None };
    let ttl = ttl.map(|ttl| Duration::from_millis(u64::try_from(ttl).unwrap_or_default()));
    let server = server_of(&row)?;
    let parts = if row.has("parts") { row.texts("parts")? } else { Vec::new() };
    Ok(OriginValue { value: value(row)?, ttl, server, parts })
}

/// A row as a value.
fn value(mut row: Row) -> Result<Value, OriginFault> {
    let payload = row.take_bytes("body")?;
    value_of(payload, &row)
}

/// The entity tag is the version if there is one, else a hash of the bytes.
fn value_of(payload: Vec<u8>, row: &Row) -> Result<Value, OriginFault> {
    let version = if row.has("version") { row.int("version")? } else { None };
    let etag = match version {
        Some(version) => format!("\"{version}\""),
        None => hash_etag(&payload),
    };
    let owner = match ["customer", "owner"].into_iter().find(|column| row.has(column)) {
        Some(column) => row.text(column)?.map(str::to_owned),
        None => None,
    };
    Ok(Value { payload, etag, owner })
}

/// An entity tag that is the first half of the bytes' SHA-256.
fn hash_etag(bytes: &[u8]) -> String {
    format!("\"{:032x}\"", half_digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_tag_changes_with_any_byte() {
        assert_ne!(hash_etag(b"{}"), hash_etag(b"{ }"));
        assert_eq!(hash_etag(b"{}"), hash_etag(b"{}"));
        assert_eq!(hash_etag(b"").len(), 34);
    }
}

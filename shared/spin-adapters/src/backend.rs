//! What a function works with: one per instance, with the configuration, the cache and Postgres. The one place where the cache is used.

mod answer;
mod many;

pub use answer::Answer;

use crate::config::{Config, ConfigError, Loaded, Rules, joined, once};
use crate::ledger::Ports;
use crate::packing::Packing;
use crate::postgres::{Param, Postgres, Row};
use crate::redis::Redis;
use crate::statistics::Recorder;
use crate::store::RedisStore;
use cache_logic::certificate::Certificate;
use cache_logic::entry::{Given, Value};
use cache_logic::gzip::GZIP;
use cache_logic::policy::{Compress, Policy};
use cache_logic::read::Wanted;
use cache_logic::renew::Renewal;
use cache_logic::write::{Commit, Invalidation};
use commerce::entries::{Class, Entry};
use commerce::error::Error;
use commerce::query::hex;
use sha2::{Digest, Sha256};
use spin_sdk::wasip3::spawn;
use std::cell::{Cell, OnceCell};
use std::time::Duration;

/// The dependencies of one instance.
pub struct Backend {
    /// The settings.
    pub config: Config,
    /// The truth, for what isn't cached.
    pub ports: Ports,
    /// The Redis of state, where it isn't that of the cache.
    state: Option<Redis>,
    /// The certificate that this instance has tried to renew: one attempt for each.
    attempted: Cell<u128>,
    /// What this instance has counted.
    pub(crate) recorder: Recorder,
}

thread_local! {
    static BACKEND: OnceCell<Loaded<Backend>> = const { OnceCell::new() };
}

impl Backend {
    /// This instance's backend; the configuration is read at the first request.
    ///
    /// # Errors
    /// Every variable that is wrong; the same at each request of this instance.
    pub async fn get() -> Loaded<Self> {
        once(&BACKEND, async || Ok(Self::new(Config::load().await?))).await
    }

    /// As [`Self::get`], as an answer to a request.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] that names every wrong variable.
    pub async fn ready() -> Result<&'static Self, Error> {
        match Self::get().await {
            Ok(backend) => Ok(backend),
            Err(_) => Err(crate::http::misconfigured(&Self::wrong_variables().await)),
        }
    }

    /// Every variable that is wrong, those of [`Rules`] among them.
    pub async fn wrong_variables() -> Vec<ConfigError> {
        let wrong = Self::get().await.err().unwrap_or_default();
        joined(wrong.to_vec(), Rules::get().await.err().unwrap_or_default())
    }

    fn new(config: Config) -> Self {
        let redis = Redis::new("Redis", config.redis_url.clone(), config.redis_timeout, config.redis_rest);
        let state = config.redis_state_url.clone();
        let state = state.map(|url| Redis::new("the Redis of state", url, config.redis_timeout, config.redis_rest));
        let store = RedisStore::new(redis, &config.key_prefix, &config.database_name());
        let ports = Ports {
            // Often enough to find a certificate in the second half of its life.
            store: store.asking_about_renewals_every(config.timing.fresh() / 8),
            postgres: Postgres::new(config.database_url.clone()),
            cache_name: config.cache_name(),
            mismatch: Cell::new(false),
        };
        let recorder = Recorder::new(config.statistics_flush, &config.key_prefix);
        Self { config, ports, state, attempted: Cell::new(0), recorder }
    }

    /// The Redis that holds state which must not be evicted: limits, claims, sessions. Nothing of the cache is there.
    pub fn state(&self) -> &Redis {
        self.state.as_ref().unwrap_or(&self.ports.store.redis)
    }

    /// True where state is on another Redis than the cache.
    pub fn has_own_state(&self) -> bool {
        self.state.is_some()
    }

    /// A key as it stands in Redis, below this app's prefix.
    pub fn prefixed(&self, key: &str) -> String {
        format!("{}{key}", self.config.key_prefix)
    }

    /// One entry, from the cache or by one statement that gives `body`, `version` and `customer`. `None`: no such thing; never cached.
    ///
    /// # Errors
    /// What Postgres gave. A fault of Redis is never an error.
    pub async fn read(
        &'static self,
        entry: &Entry,
        statement: &'static str,
        params: Vec<Param>,
    ) -> Result<Option<Answer>, Error> {
        let given = |row| value(row).map(Given::from);
        self.read_as(entry, Kept::AsItsClass(None), statement, params, given).await
    }

    /// As [`Self::read`], for an entry that says by itself how long it lives: its rows carry `ttl_ms`, NULL for as long as `policy` says.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn read_while(
        &'static self,
        entry: &Entry,
        policy: Policy,
        statement: &'static str,
        params: Vec<Param>,
    ) -> Result<Option<Answer>, Error> {
        let given = |row: Row| {
            let ttl = row.int("ttl_ms")?.map(|ttl| Duration::from_millis(u64::try_from(ttl).unwrap_or_default()));
            Ok(Given { value: value(row)?, ttl })
        };
        self.read_as(entry, Kept::By(policy), statement, params, given).await
    }

    /// As [`Self::read`], for what may be large: kept packed from `compress_min_bytes` on.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn read_packed(
        &'static self,
        entry: &Entry,
        statement: &'static str,
        params: Vec<Param>,
    ) -> Result<Option<Answer>, Error> {
        let kept = Kept::AsItsClass(Compress::at_least(self.config.compress_min_bytes, GZIP));
        self.read_as(entry, kept, statement, params, |row| value(row).map(Given::from)).await
    }

    async fn read_as(
        &'static self,
        entry: &Entry,
        kept: Kept,
        statement: &'static str,
        params: Vec<Param>,
        given: fn(Row) -> Result<Given, Error>,
    ) -> Result<Option<Answer>, Error> {
        let class = entry.class;
        let load = async || self.load(class, statement, params.clone(), given).await;
        let tags: Vec<&str> = entry.tags.iter().map(String::as_str).collect();
        let policy = Policy::for_looking(kept.compress());
        let wanted = Wanted { key: &entry.key, tags: &tags, policy: &policy };
        let rules = async || {
            let rules = Rules::ready().await?;
            Ok((kept.policy(rules, class), rules.limits))
        };
        let read = cache_logic::read::read_by(&self.ports, &wanted, rules, load).await;
        self.count_reads(class, [read.as_ref().map(Option::as_ref)]);
        let Some(read) = read? else { return Ok(None) };
        self.renew_behind(read.renew);
        let packing = policy.compress.map(|compress| Packing::new(read.encoding, compress.packer));
        if let Some(refresh) = read.refresh {
            let entry = entry.clone();
            spawn(async move {
                let Ok(rules) = Rules::get().await else { return };
                let policy = kept.policy(rules, class);
                let tags: Vec<&str> = entry.tags.iter().map(String::as_str).collect();
                let wanted = Wanted { key: &entry.key, tags: &tags, policy: &policy };
                let load = async || self.load(class, statement, params.clone(), given).await;
                // Where it fails the entry stays as it is, and the next reader tries again.
                let stored = cache_logic::read::refresh(&self.ports, &wanted, &rules.limits, refresh, load).await;
                self.count(|statistics| statistics.refresh(class as usize, stored.unwrap_or(false)));
            });
        }
        Ok(Some(Answer { packing, ..Answer::from(read) }))
    }

    /// One call of a function in Postgres that changes something. Its rows carry `xid` and `tags`: what the triggers of its transaction
    /// announced. Returns when no reader is served the old state any more; tidies up behind the answer.
    ///
    /// # Errors
    /// What Postgres gave: then nothing has changed.
    pub async fn write(&'static self, statement: &'static str, params: Vec<Param>) -> Result<Vec<Row>, Error> {
        let outage_wait = Rules::ready().await?.limits.outage_wait;
        let commit = async || {
            let rows = self.ports.postgres.change(statement, params).await?;
            let (xid, tags) = match rows.first() {
                Some(row) => (row.text("xid")?.unwrap_or_default().to_owned(), row.texts("tags")?),
                None => (String::new(), Vec::new()),
            };
            Ok::<_, Error>(Commit { value: rows, xid, tags })
        };
        let (rows, invalidation) = cache_logic::write::write(&self.ports, outage_wait, commit).await?;
        self.count(|statistics| statistics.write(&invalidation, outage_wait));
        if let Invalidation::Done(settled) = invalidation {
            spawn(async move {
                // Where it fails the next renewal applies the rows once more.
                let _ = cache_logic::write::settle(&self.ports, &settled).await;
            });
        }
        Ok(rows)
    }

    /// True where the database serves another cache than this one: a configuration error.
    pub fn is_mismatched(&self) -> bool {
        self.ports.mismatch.get()
    }

    /// Renews the certificate now.
    pub async fn renew(&self) -> Renewal<Error> {
        cache_logic::renew::renew(&self.ports, self.config.timing).await
    }

    async fn load(
        &'static self,
        class: Class,
        statement: &'static str,
        params: Vec<Param>,
        given: fn(Row) -> Result<Given, Error>,
    ) -> Result<Option<Given>, Error> {
        let rows = self.timed(class, self.ports.postgres.query(statement, params)).await?;
        rows.into_iter().next().map(given).transpose()
    }

    /// Behind the response, where there is no certificate and nobody who reads.
    pub(crate) fn renew_unasked(&'static self) {
        spawn(async move {
            self.renew().await;
        });
    }

    /// Behind the response: at most one attempt for each certificate.
    fn renew_behind(&'static self, certificate: Option<Certificate>) {
        if let Some(certificate) = certificate
            && self.attempted.replace(certificate.token) != certificate.token
        {
            spawn(async move {
                self.renew().await;
            });
        }
    }
}

/// How an entry is kept.
#[derive(Clone, Copy)]
enum Kept {
    /// As all of its class, packed where that is asked for.
    AsItsClass(Option<Compress>),
    /// By a policy of its own.
    By(Policy),
}

impl Kept {
    const fn compress(&self) -> Option<Compress> {
        match self {
            Self::AsItsClass(compress) => *compress,
            Self::By(policy) => policy.compress,
        }
    }

    fn policy(&self, rules: &Rules, class: Class) -> Policy {
        match self {
            Self::AsItsClass(compress) => Policy { compress: *compress, ..*rules.policies.of(class) },
            Self::By(policy) => *policy,
        }
    }
}

/// A row of a read statement as a value: the entity tag is the version where there is one, else a hash of the bytes.
fn value(mut row: Row) -> Result<Value, Error> {
    let payload = row.take_text("body")?.into_bytes();
    let etag = match row.int("version")? {
        Some(version) => format!("\"{version}\""),
        None => hash_etag(&payload),
    };
    let owner = row.text("customer")?.map(str::to_owned);
    Ok(Value { payload, etag, owner })
}

/// An entity tag that is the first half of the bytes' SHA-256.
fn hash_etag(bytes: &[u8]) -> String {
    format!("\"{}\"", hex(&Sha256::digest(bytes)[..16]))
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

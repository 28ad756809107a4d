//! Asks every dependency at the same time. Each has a time limit, so all together take as long as the slowest limit and no longer; nothing
//! is changed, also not the certificate.

use crate::backend::Backend;
use crate::payments::address::undeclared_proxy_seen;
use crate::postgres::Param;
use crate::redis::{Redis, text};
use cache_logic::ports::{CacheFault, Store};
use cache_logic::read::certified;
use commerce::error::Error;
use futures_util::future::join4;

/// What is wrong with a dependency; `Ok`: it answers.
pub(crate) type State<T> = Result<T, &'static str>;

/// What the dependencies say.
pub(crate) struct Probe {
    /// The cache: whether there is a certificate that counts.
    pub(crate) redis: State<bool>,
    /// The Redis of state; `None` where it is the cache's.
    pub(crate) state_redis: Option<State<()>>,
    /// The database.
    pub(crate) postgres: State<Ledger>,
    /// Requests came through a proxy that `trusted_proxies` doesn't name.
    pub(crate) undeclared_proxy: bool,
}

/// What the database says of its cache.
pub(crate) struct Ledger {
    /// It serves another cache.
    pub(crate) mismatch: bool,
    /// A certificate has been given for it before.
    pub(crate) known: bool,
    /// Invalidations that nobody has applied yet; 1,001 stands for more than 1,000.
    pub(crate) waiting: i64,
    /// How long the oldest of them has waited.
    pub(crate) oldest_ms: i64,
}

impl Probe {
    /// Asks.
    pub(crate) async fn of(backend: &Backend) -> Self {
        let state = async {
            if !backend.has_own_state() {
                return None;
            }
            Some(backend.state().command("PING", Vec::new()).await.map(drop).map_err(|fault| why(&fault)))
        };
        let (redis, state_redis, postgres, undeclared_proxy) =
            join4(cache(backend), state, ledger(backend), undeclared_proxy_seen(backend)).await;
        Self { redis, state_redis, postgres, undeclared_proxy }
    }

    /// The database serves another cache than this one: caching is off.
    pub(crate) fn is_mismatched(&self, backend: &Backend) -> bool {
        self.postgres.as_ref().map_or(backend.is_mismatched(), |ledger| ledger.mismatch)
    }

    /// Nobody reads, so nobody renews, and invalidations pile up, or the first writer can't yet tidy up behind itself.
    pub(crate) fn needs_renewal(&self) -> bool {
        let idle = self.redis == Ok(false);
        idle && self.postgres.as_ref().is_ok_and(|ledger| !ledger.mismatch && (ledger.waiting > 0 || !ledger.known))
    }

    /// Each dependency by its name.
    pub(crate) fn dependencies(&self) -> Vec<(&'static str, State<()>)> {
        let mut all = vec![("redis", self.redis.map(drop))];
        all.extend(self.state_redis.map(|state| ("stateRedis", state)));
        all.push(("postgres", self.postgres.as_ref().map(|_| ()).map_err(|why| *why)));
        all
    }
}

/// Whose breaker is open in this instance: calls are not even made.
pub(crate) fn breakers(backend: &Backend) -> Vec<(&'static str, bool)> {
    let mut all = vec![("redis", backend.ports.store.redis.is_left_alone())];
    if backend.has_own_state() {
        all.push(("stateRedis", backend.state().is_left_alone()));
    }
    all.push(("postgres", backend.ports.postgres.is_left_alone()));
    all
}

async fn cache(backend: &Backend) -> State<bool> {
    let seen = backend.ports.store.look(&[], &[]).await.map_err(|fault| why(&fault))?;
    Ok(certified(&seen).is_some())
}

async fn ledger(backend: &Backend) -> State<Ledger> {
    let params = vec![Param::Text(backend.ports.cache_name.clone())];
    let rows = backend.ports.postgres.query(include_str!("../sql/cache_health.sql"), params).await;
    let read = || {
        let rows = rows?;
        let row = rows.first().ok_or_else(|| Error::internal("cache_state is empty"))?;
        let int = |column| Ok::<_, Error>(row.int(column)?.unwrap_or(0));
        Ok(Ledger {
            mismatch: int("mismatch")? == 1,
            known: int("known")? == 1,
            waiting: int("waiting")?,
            oldest_ms: int("oldest_ms")?,
        })
    };
    read().map_err(|error| match error {
        Error::Internal { .. } => "it refuses statements, or its schema is another one",
        _ => "it can't be reached",
    })
}

/// How long ago the certificate in Redis was given, in milliseconds; `None` where there is none.
pub(crate) async fn certificate_age(backend: &Backend) -> Option<u64> {
    let redis: &Redis = &backend.ports.store.redis;
    let (answer, _) = redis.command("PTTL", vec![text(&backend.prefixed("cache:certificate"))]).await.ok()?;
    match answer.as_slice() {
        [spin_sdk::redis::RedisResult::Int64(left)] if *left >= 0 => {
            let life = backend.config.timing.life().as_millis() as u64;
            Some(life.saturating_sub(*left as u64))
        }
        _ => None,
    }
}

fn why(fault: &CacheFault) -> &'static str {
    match fault {
        CacheFault::Protocol(_) => "it gives unexpected answers, or its address isn't allowed",
        CacheFault::Skipped => "it gave no answer a moment ago, and is left alone",
        CacheFault::Unreachable | CacheFault::TimedOut | CacheFault::Misconfigured => "it can't be reached",
    }
}

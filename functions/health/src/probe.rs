//! Asks every dependency at the same time. Each has a time limit, so the whole takes as long as the
//! slowest of them. A probe changes nothing, not even the certificate. The keys that it tries Redis
//! with are its own, and it deletes them.

use commerce::error::Error;
use edge::state::{Redis, Uses};
use edge::{App, params};
use futures_util::future::{join, join5};
use payments::address::undeclared_proxy_seen;

use crate::faults::Faults;

/// `Ok` if a dependency answers, else its fault in a few words.
pub(crate) type State<T> = Result<T, String>;

/// A dependency as it is reported.
pub(crate) struct Dependency {
    /// Its name in the report.
    pub(crate) name: &'static str,
    /// It answers.
    pub(crate) is_up: bool,
    /// Its fault in a few words. One that answers may have a fault, too.
    pub(crate) detail: Option<String>,
}

impl Dependency {
    /// `fault` says what is wrong with one that answers.
    fn new<T>(name: &'static str, state: &State<T>, fault: impl Fn(&T) -> Option<String>) -> Self {
        let detail = state.as_ref().map_or_else(|down| Some(down.clone()), fault);
        Self { name, is_up: state.is_ok(), detail }
    }
}

/// The dependencies' answers.
pub(crate) struct Probe {
    /// The cache.
    pub(crate) redis: State<CacheRedis>,
    /// The Redis of state, and what it refuses; `None` if it is the cache's.
    pub(crate) state_redis: Option<State<Option<String>>>,
    /// The database.
    pub(crate) postgres: State<Ledger>,
    /// The faults of a database that answers.
    pub(crate) faults: Faults,
    /// Requests came through a proxy that `trusted_proxies` doesn't name.
    pub(crate) undeclared_proxy: bool,
}

/// The cache's Redis.
pub(crate) struct CacheRedis {
    /// It holds a valid certificate.
    pub(crate) is_certified: bool,
    /// The commands that it refuses although it answers.
    pub(crate) refused: Option<String>,
}

/// The database's record of its cache.
pub(crate) struct Ledger {
    /// It serves another cache.
    pub(crate) mismatch: bool,
    /// A certificate has been given for it before.
    pub(crate) known: bool,
    /// Invalidations that are still to be applied; 1,001 stands for more than 1,000.
    pub(crate) waiting: i64,
    /// How long the oldest of them has waited.
    pub(crate) oldest_ms: i64,
    /// How often another run of Redis was named.
    pub(crate) runs: i64,
    pub(crate) servers: i64,
    /// Why no certificate is given for now.
    pub(crate) off: Option<String>,
}

impl Probe {
    /// Asks every dependency.
    pub(crate) async fn of(app: &App) -> Self {
        let state = async {
            if !app.state.is_apart() {
                return None;
            }
            Some(refused(app, app.state.redis(), Uses { cache: false, state: true, counters: false }).await)
        };
        let redis = async {
            let counters = app.config.callers.as_ref().is_ok_and(|callers| !callers.limits.are_off());
            let uses = Uses { cache: true, state: !app.state.is_apart(), counters };
            let refused = refused(app, &app.cache.ports.store.redis, uses);
            let (is_certified, refused) = join(app.cache.is_certified(), refused).await;
            Ok(CacheRedis { is_certified: is_certified.map_err(str::to_owned)?, refused: refused? })
        };
        let (redis, state_redis, postgres, faults, undeclared_proxy) =
            join5(redis, state, ledger(app), Faults::read(app), undeclared_proxy_seen(app)).await;
        Self { redis, state_redis, postgres, faults, undeclared_proxy }
    }

    /// Nothing is cached at the moment, because it couldn't be known to be true.
    pub(crate) fn is_uncached(&self, app: &App) -> bool {
        self.is_mismatched(app) || self.faults.uncached || self.withheld().is_some()
    }

    /// Why the database gives no certificate for now.
    pub(crate) fn withheld(&self) -> Option<&str> {
        self.postgres.as_ref().ok()?.off.as_deref()
    }

    /// The database serves another cache than this one: caching is off.
    pub(crate) fn is_mismatched(&self, app: &App) -> bool {
        self.postgres.as_ref().map_or(app.cache.is_mismatched(), |ledger| ledger.mismatch)
    }

    /// Whether invalidations pile up although the database knows the cache. Without readers no
    /// renewal applies them, or the first writer can't yet delete its own.
    pub(crate) fn needs_renewal(&self) -> bool {
        let idle = self.redis.as_ref().is_ok_and(|redis| !redis.is_certified);
        idle && self.postgres.as_ref().is_ok_and(|ledger| !ledger.mismatch && (ledger.waiting > 0 || !ledger.known))
    }

    /// Each dependency.
    pub(crate) fn dependencies(&self) -> Vec<Dependency> {
        let mut all = vec![Dependency::new("redis", &self.redis, |redis| redis.refused.clone())];
        all.extend(self.state_redis.iter().map(|state| Dependency::new("stateRedis", state, Clone::clone)));
        let read_only = || "it is read-only: changes are answered 503".to_owned();
        all.push(Dependency::new("postgres", &self.postgres, |_| self.faults.read_only.then(read_only)));
        all
    }
}

/// The breakers of this instance, and whether each is open: then calls are not even made.
pub(crate) fn breakers(app: &App) -> Vec<(&'static str, bool)> {
    let mut all = vec![("redis", app.cache.ports.store.redis.is_left_alone())];
    if app.state.is_apart() {
        all.push(("stateRedis", app.state.redis().is_left_alone()));
    }
    all.push(("postgres", app.cache.ports.postgres.is_left_alone()));
    all
}

/// The commands that a Redis refuses, if it answers.
async fn refused(app: &App, redis: &Redis, uses: Uses) -> State<Option<String>> {
    redis.refused(&app.config.key_prefix, uses).await.map_err(str::to_owned)
}

async fn ledger(app: &App) -> State<Ledger> {
    let rows = edge::query(app, "cache_health", params![&*app.cache.ports.cache_name]).await;
    let read = || {
        let rows = rows?;
        let row = rows.first().ok_or_else(|| Error::internal("cache_state is empty"))?;
        let int = |column| Ok::<_, Error>(row.int(column)?.unwrap_or(0));
        Ok(Ledger {
            mismatch: int("mismatch")? == 1,
            known: int("known")? == 1,
            waiting: int("waiting")?,
            oldest_ms: int("oldest_ms")?,
            runs: int("runs")?,
            servers: int("servers")?,
            off: row.text("off")?.map(str::to_owned),
        })
    };
    read().map_err(|error| match error {
        Error::Misconfigured { detail } => detail,
        Error::Internal { .. } => "it refuses statements, or its schema is another one".to_owned(),
        _ => "it can't be reached".to_owned(),
    })
}

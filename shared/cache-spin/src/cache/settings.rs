//! The parts of a cache, and their defaults for an app that has no settings of its own.

use crate::address::{cache_name, database_name, named, with_credentials};
use crate::redis::Redis;
use crate::statistics::StatisticsSettings;
use crate::terms::{self, TermsSource};
use cache_logic::certificate::{Epoch, Timing};
use cache_logic::origin::OriginFault;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// How long one answer of Redis is waited for, and how long it is left alone after it gave none.
const REDIS_TIMEOUT: Duration = Duration::from_millis(100);
const REDIS_REST: Duration = Duration::from_secs(1);

/// Work behind a certificate of this epoch.
pub type Certified = fn(Epoch) -> Pin<Box<dyn Future<Output = ()>>>;

/// The parts of a cache.
pub struct Settings {
    /// The Redis of the entries.
    pub redis: Redis,
    /// The prefix of every key.
    pub key_prefix: String,
    /// The address of Postgres, which may hold a password.
    pub database_url: String,
    /// The name by which the cache knows the database: address and name, no password.
    pub database_name: String,
    /// The name by which the database knows this cache: address and prefix, no password.
    pub cache_name: String,
    /// The pieces of the certificate.
    pub timing: Timing,
    /// The counters.
    pub statistics: StatisticsSettings,
    /// All other settings, which a hit doesn't need.
    pub terms: TermsSource,
    /// Carried out behind each certificate that this instance gives, with its epoch. All instances
    /// together give about two a second while anything is read. So work that is nobody's request
    /// has its place here. It spawns nothing: a task that a spawned task begins may end with the
    /// instance.
    pub certified: Certified,
}

impl Settings {
    /// By variables of spin.toml: `redis_url`, `database_url`, `key_prefix`, and, if it is there,
    /// `redis_credentials` (`user:password`). Spin's list of allowed hosts takes no address with a
    /// password, so the two stand apart. All else is as in [`terms::usual`], and nothing is
    /// counted. Every field may be changed before [`Cache::new`](super::Cache::new) takes it.
    ///
    /// # Errors
    /// [`OriginFault::Misconfigured`] that names the variable that the component isn't given.
    pub async fn from_variables() -> Result<Self, OriginFault> {
        let redis_url = variable("redis_url").await?;
        let (database_url, key_prefix) = (variable("database_url").await?, variable("key_prefix").await?);
        let credentials = variable("redis_credentials").await.unwrap_or_default();
        let address = with_credentials(&redis_url, &credentials);
        let redis = Redis::new("Redis", address, REDIS_TIMEOUT, REDIS_REST);
        Ok(Self {
            cache_name: cache_name(&redis_url, &key_prefix),
            database_name: database_name(&database_url),
            database_url: named(database_url, "cache-spin"),
            key_prefix,
            timing: Timing::default(),
            statistics: StatisticsSettings {
                redis: redis.clone(),
                apart: false,
                rest: REDIS_REST,
                entities: &[],
                hot: None,
                gather: None,
            },
            redis,
            terms: terms::usual,
            certified: |_| Box::pin(std::future::ready(())),
        })
    }
}

async fn variable(name: &'static str) -> Result<String, OriginFault> {
    let given = spin_sdk::variables::get(name).await;
    given.map_err(|_| OriginFault::Misconfigured { detail: format!("variable {name} is not given to this component") })
}

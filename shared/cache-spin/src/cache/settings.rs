//! The parts of a cache, and their defaults for an app that has no settings of its own.

use crate::redis::Redis;
use crate::statistics::StatisticsSettings;
use crate::terms::{self, TermsSource};
use cache_logic::certificate::Timing;
use cache_logic::origin::OriginFault;
use std::time::Duration;

/// How long one answer of Redis is waited for, and how long it is left alone after it gave none.
const REDIS_TIMEOUT: Duration = Duration::from_millis(100);
const REDIS_REST: Duration = Duration::from_secs(1);

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
                gather: None,
            },
            redis,
            terms: terms::usual,
        })
    }
}

async fn variable(name: &'static str) -> Result<String, OriginFault> {
    let given = spin_sdk::variables::get(name).await;
    given.map_err(|_| OriginFault::Misconfigured { detail: format!("variable {name} is not given to this component") })
}

/// The name by which a database knows a cache: address of Redis and prefix, without user and
/// password.
pub fn cache_name(redis_url: &str, key_prefix: &str) -> String {
    let address = redis_url.rsplit('@').next().unwrap_or_default();
    let address = address.trim_start_matches("rediss://").trim_start_matches("redis://").trim_end_matches('/');
    format!("{address}#{key_prefix}")
}

/// The name by which a cache knows a database: host, port and database of its URL. User, password
/// and options don't make it another one.
pub fn database_name(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = authority.rsplit('@').next().unwrap_or_default();
    let port = if host.rsplit(']').next().is_some_and(|end| end.contains(':')) { "" } else { ":5432" };
    format!("{host}{port}/{}", path.split('?').next().unwrap_or_default())
}

/// The address with user and password in it.
fn with_credentials(url: &str, credentials: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) if !credentials.is_empty() => format!("{scheme}://{credentials}@{rest}"),
        _ => url.to_owned(),
    }
}

/// The address with the name that Postgres lists connections by, unless it has one.
fn named(url: String, name: &str) -> String {
    if url.contains("application_name=") {
        return url;
    }
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}application_name={name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_hold_neither_user_nor_password_nor_options() {
        assert_eq!(cache_name("redis://:secret@10.0.0.1:6379/", "todo:"), "10.0.0.1:6379#todo:");
        assert_eq!(cache_name("rediss://cache.test", ""), "cache.test#");
        assert_eq!(database_name("postgres://user:secret@db.test/todo?sslmode=disable"), "db.test:5432/todo");
        assert_eq!(database_name("postgres://[::1]:5433/todo"), "[::1]:5433/todo");
    }

    #[test]
    fn credentials_stand_before_the_host() {
        assert_eq!(with_credentials("rediss://cache.test:6380", ":secret"), "rediss://:secret@cache.test:6380");
        assert_eq!(with_credentials("redis://cache.test", ""), "redis://cache.test");
    }

    #[test]
    fn a_connection_has_one_name() {
        let named = |url: &str| named(url.to_owned(), "cache-spin");
        assert_eq!(named("postgres://h/d"), "postgres://h/d?application_name=cache-spin");
        assert_eq!(
            named("postgres://h/d?sslmode=disable"),
            "postgres://h/d?sslmode=disable&application_name=cache-spin"
        );
        assert_eq!(named("postgres://h/d?application_name=mine"), "postgres://h/d?application_name=mine");
    }
}

//! Configuration: every Spin variable, read once per instance and parsed into typed, validated settings.

use cache_logic::certificate::Timing;
use commerce::jwt::Expected;
use commerce::keys::KeySet;
use std::cell::OnceCell;
use std::thread::LocalKey;
use std::time::Duration;

mod parser;
mod rules;
#[cfg(test)]
mod tests;

pub(crate) use parser::Parser;
pub use rules::{MetricsAccess, Policies, Rules};

/// Variables by their names: a list, since there are few, and a hash table would ask the host for its seed.
#[derive(Debug, Default)]
pub struct Values(Vec<(&'static str, String)>);

impl Values {
    /// The value of a variable, if it was read.
    pub fn get(&self, variable: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| *name == variable).map(|(_, value)| value.as_str())
    }

    /// Sets a variable, whether it was there or not.
    pub fn insert(&mut self, variable: &'static str, value: String) {
        match self.0.iter_mut().find(|(name, _)| *name == variable) {
            Some((_, old)) => *old = value,
            None => self.0.push((variable, value)),
        }
    }
}

impl Extend<(&'static str, String)> for Values {
    fn extend<I: IntoIterator<Item = (&'static str, String)>>(&mut self, variables: I) {
        variables.into_iter().for_each(|(variable, value)| self.insert(variable, value));
    }
}

/// What an instance has loaded once, or every variable that is wrong.
pub(crate) type Loaded<T> = Result<&'static T, &'static [ConfigError]>;

/// What is in `cell`, loaded at the first request that needs it.
pub(crate) async fn once<T>(
    cell: &'static LocalKey<OnceCell<Loaded<T>>>,
    load: impl AsyncFnOnce() -> Result<T, Vec<ConfigError>>,
) -> Loaded<T> {
    if let Some(known) = cell.with(|cell| cell.get().copied()) {
        return known;
    }
    // A future of its own: nearly every request finds it loaded.
    let loaded = Box::pin(load()).await;
    // Another request may have been faster while the variables were read.
    cell.with(|cell| {
        *cell.get_or_init(|| match loaded {
            Ok(settings) => Ok(Box::leak(Box::new(settings))),
            Err(errors) => {
                for error in &errors {
                    eprintln!("error: variable {} {}", error.variable, error.detail);
                }
                Err(errors.leak())
            }
        })
    })
}

/// A variable that is missing or wrong. Never says the value: it may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The variable's name in spin.toml.
    pub variable: &'static str,
    /// What is wrong with it.
    pub detail: String,
}

/// How callers prove who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthMode {
    /// By a token.
    Jwt,
    /// Not at all: everyone on loopback is the developer. For trying things out.
    Off,
}

/// What every request of an instance needs. Not `Debug`: it holds secrets.
///
/// What else there is to set is in [`Rules`], and read when it is needed: a variable costs Spin as much as the work of a hit, and Spin makes a
/// new instance every 128 requests, of which most only answer hits.
pub struct Config {
    /// Where the cache is. May hold a password.
    pub redis_url: String,
    /// Where state is that must not be evicted (limits, claims, sessions); `None`: beside the cache. May hold a password.
    pub redis_state_url: Option<String>,
    /// Where the truth is. Holds a password.
    pub database_url: String,
    /// In front of every key.
    pub key_prefix: String,
    /// How callers prove who they are.
    pub auth_mode: AuthMode,
    /// The keys that tokens are verified with.
    pub jwt_keys: KeySet,
    /// Who issues tokens.
    pub jwt_issuer: String,
    /// For whom; `None`: for anyone.
    pub jwt_audience: Option<String>,
    /// The pieces of the certificate.
    pub timing: Timing,
    /// From how many bytes on lists are kept packed; 0: never.
    pub compress_min_bytes: usize,
    /// How long one call to Redis may take.
    pub redis_timeout: Duration,
    /// How long Redis is left alone after it gave no answer.
    pub redis_rest: Duration,
    /// How long statistics are gathered in an instance before they are added to the common ones; `None`: nothing is counted.
    pub statistics_flush: Option<Duration>,
}

/// Every variable of [`Config`].
pub const VARIABLES: &[&str] = &[
    "redis_url",
    "redis_credentials",
    "redis_state_url",
    "database_url",
    "key_prefix",
    "auth_mode",
    "jwt_keys",
    "jwt_issuer",
    "jwt_audience",
    "certificate_ms",
    "redis_timeout_ms",
    "redis_breaker_ms",
    "compress_min_bytes",
    "statistics_flush_ms",
    "redis_state_credentials",
];

impl Config {
    /// Reads the variables; the last one only with the address that it is for.
    ///
    /// # Errors
    /// Every variable that is wrong.
    pub async fn load() -> Result<Self, Vec<ConfigError>> {
        let (always, credentials) = VARIABLES.split_at(VARIABLES.len() - 1);
        let mut values = given(always).await?;
        if values.get("redis_state_url").is_some_and(|url| !url.trim().is_empty()) {
            values.extend(given(credentials).await?.0);
        }
        Self::parse(&values)
    }

    /// Parses and validates. Pure.
    ///
    /// # Errors
    /// Every variable that is wrong, not only the first.
    pub fn parse(values: &Values) -> Result<Self, Vec<ConfigError>> {
        let mut parser = Parser::new(values);
        let auth_mode = parser.one_of("auth_mode", &[("jwt", AuthMode::Jwt), ("off", AuthMode::Off)]);
        let jwt_keys =
            parser.parsed("jwt_keys", |text| if text.is_empty() { Ok(KeySet::default()) } else { KeySet::parse(text) });
        let redis_url = parser.url("redis_url", &["redis://", "rediss://"]);
        let config = Self {
            redis_url: parser.with_credentials("redis_credentials", redis_url),
            redis_state_url: parser.state_url(),
            database_url: parser.url("database_url", &["postgres://", "postgresql://"]),
            key_prefix: parser.text("key_prefix"),
            auth_mode,
            jwt_keys: jwt_keys.unwrap_or_default(),
            jwt_issuer: parser.text("jwt_issuer"),
            jwt_audience: Some(parser.text("jwt_audience")).filter(|audience| !audience.is_empty()),
            timing: parser.timing().unwrap_or_default(),
            redis_timeout: parser.millis("redis_timeout_ms", 1, 60_000),
            redis_rest: parser.millis("redis_breaker_ms", 1, 600_000),
            compress_min_bytes: parser.bounded("compress_min_bytes", 0, 100_000_000) as usize,
            statistics_flush: parser.statistics_flush(),
        };
        parser.outcome(config)
    }

    /// Whose tokens are taken.
    pub fn expected_tokens(&self) -> Expected<'_> {
        Expected { issuer: &self.jwt_issuer, audience: self.jwt_audience.as_deref() }
    }

    /// The name by which the cache knows this database: address and name, without user and password.
    pub fn database_name(&self) -> String {
        database_name(&self.database_url)
    }

    /// The name by which the database knows this cache: address and prefix, without user and password.
    pub fn cache_name(&self) -> String {
        let address = self.redis_url.rsplit('@').next().unwrap_or_default();
        let address = address.trim_start_matches("rediss://").trim_start_matches("redis://").trim_end_matches('/');
        format!("{address}#{}", self.key_prefix)
    }
}

/// All that is wrong with [`Config`] and with [`Rules`]; both know `certificate_ms`, which is named once.
pub(crate) fn joined(mut wrong: Vec<ConfigError>, further: &[ConfigError]) -> Vec<ConfigError> {
    for error in further {
        if wrong.iter().all(|known| known.variable != error.variable) {
            wrong.push(error.clone());
        }
    }
    wrong
}

/// The values of these variables, as this component is given them.
pub(crate) async fn given(variables: &[&'static str]) -> Result<Values, Vec<ConfigError>> {
    let mut values = Values::default();
    let mut errors = Vec::new();
    for &variable in variables {
        match spin_sdk::variables::get(variable).await {
            Ok(value) => {
                values.insert(variable, value);
            }
            Err(_) => errors.push(ConfigError { variable, detail: "is not given to this component".into() }),
        }
    }
    if errors.is_empty() { Ok(values) } else { Err(errors) }
}

/// Host, port and database of a Postgres URL; user, password and options are not what makes a database another one.
fn database_name(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = authority.rsplit('@').next().unwrap_or_default();
    let port = if host.rsplit(']').next().is_some_and(|end| end.contains(':')) { "" } else { ":5432" };
    format!("{host}{port}/{}", path.split('?').next().unwrap_or_default())
}

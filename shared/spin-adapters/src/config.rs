//! Configuration: every Spin variable, read once per instance and parsed into typed, validated settings.

use cache_logic::certificate::Timing;
use cache_logic::policy::{Limits, Policy};
use commerce::entries::Class;
use commerce::jwt::Expected;
use commerce::keys::KeySet;
use std::collections::HashMap;
use std::time::Duration;

mod parser;
#[cfg(test)]
mod tests;

pub(crate) use parser::{Parser, number};

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

/// Who may read `/metrics` and `/health/cache`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricsAccess {
    /// Everyone who can reach the server.
    Open,
    /// Operators, by their token.
    Operator,
}

/// One policy for each class of entries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policies {
    order: Policy,
    orders_list: Policy,
    order_stats: Policy,
    order_summary: Policy,
    order_history: Policy,
    payment_status: Policy,
    order_tracking: Policy,
    invoice_data: Policy,
}

impl Policies {
    /// The policy of a class.
    pub fn of(&self, class: Class) -> &Policy {
        match class {
            Class::Order => &self.order,
            Class::OrdersList => &self.orders_list,
            Class::OrderStats => &self.order_stats,
            Class::OrderSummary => &self.order_summary,
            Class::OrderHistory => &self.order_history,
            // A session is kept as a payment status is, for a time of its own.
            Class::PaymentStatus | Class::OrderStatus | Class::PaymentSession => &self.payment_status,
            Class::OrderTracking => &self.order_tracking,
            Class::InvoiceData => &self.invoice_data,
        }
    }

    fn longest(&self) -> Duration {
        let all = [
            self.order,
            self.orders_list,
            self.order_stats,
            self.order_summary,
            self.order_history,
            self.payment_status,
            self.order_tracking,
            self.invoice_data,
        ];
        all.iter().map(|policy| policy.ttl).max().unwrap_or_default()
    }
}

/// All settings of an instance. Not `Debug`: it holds secrets.
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
    /// How entries are kept.
    pub policies: Policies,
    /// The limits of the cache protocol.
    pub limits: Limits,
    /// From how many bytes on lists are kept packed; 0: never.
    pub compress_min_bytes: usize,
    /// How long a lock lasts that a component takes.
    pub lock_ttl: Duration,
    /// How long one call to Redis may take.
    pub redis_timeout: Duration,
    /// How long Redis is left alone after it gave no answer.
    pub redis_rest: Duration,
    /// How long one statement may take.
    pub postgres_timeout: Duration,
    /// How long Postgres is left alone after it gave no answer.
    pub postgres_rest: Duration,
    /// A request's body may have this many bytes.
    pub max_body_bytes: usize,
    /// How long statistics are gathered in an instance before they are added to the common ones; `None`: nothing is counted.
    pub statistics_flush: Option<Duration>,
    /// Who may read the statistics.
    pub metrics_access: MetricsAccess,
}

/// Every variable that components read.
pub const VARIABLES: &[&str] = &[
    "redis_url",
    "redis_credentials",
    "redis_state_url",
    "redis_state_credentials",
    "database_url",
    "key_prefix",
    "auth_mode",
    "jwt_keys",
    "jwt_issuer",
    "jwt_audience",
    "cache_ttl_seconds",
    "ttl_order",
    "ttl_orders_list",
    "ttl_order_stats",
    "ttl_order_summary",
    "ttl_order_history",
    "ttl_payment_status",
    "ttl_order_tracking",
    "ttl_invoice_data",
    "certificate_ms",
    "outage_write_wait_ms",
    "redis_timeout_ms",
    "redis_breaker_ms",
    "postgres_timeout_ms",
    "postgres_breaker_ms",
    "max_entry_bytes",
    "cache_wait_ms",
    "max_body_bytes",
    "compress_min_bytes",
    "lock_ttl",
    "statistics_flush_ms",
    "metrics_access",
];

impl Config {
    /// Reads all variables of this component.
    ///
    /// # Errors
    /// Every variable that is wrong.
    pub async fn load() -> Result<Self, Vec<ConfigError>> {
        Self::parse(&given(VARIABLES).await?)
    }

    /// Parses and validates. Pure.
    ///
    /// # Errors
    /// Every variable that is wrong, not only the first.
    pub fn parse(values: &HashMap<&'static str, String>) -> Result<Self, Vec<ConfigError>> {
        let mut parser = Parser::new(values);
        let default_ttl = parser.text("cache_ttl_seconds");
        let policies = Policies {
            order: parser.policy("ttl_order", &default_ttl),
            orders_list: parser.policy("ttl_orders_list", &default_ttl),
            order_stats: parser.policy("ttl_order_stats", &default_ttl),
            order_summary: parser.policy("ttl_order_summary", &default_ttl),
            order_history: parser.policy("ttl_order_history", &default_ttl),
            payment_status: parser.policy("ttl_payment_status", &default_ttl).never_on_error(),
            order_tracking: parser.policy("ttl_order_tracking", &default_ttl),
            invoice_data: parser.policy("ttl_invoice_data", &default_ttl),
        };
        let timing = parser.parsed("certificate_ms", |text| Timing::from_millis(number(text)?));
        let outage_wait = parser.outage_wait(timing);
        let postgres_timeout = parser.millis("postgres_timeout_ms", 10, 60_000);
        let max_entry_bytes = parser.bounded("max_entry_bytes", 1_000, 100_000_000) as usize;
        let wait = parser.millis("cache_wait_ms", 0, 60_000);
        let limits = timing.map(|timing| Limits {
            max_entry_bytes,
            lease_hold: postgres_timeout + Duration::from_millis(500),
            wait,
            timing,
            outage_wait,
            generation_ttl: policies.longest() * 2,
        });
        let auth_mode = parser.parsed("auth_mode", |text| match text {
            "jwt" => Ok(AuthMode::Jwt),
            "off" => Ok(AuthMode::Off),
            _ => Err("must be jwt or off".to_owned()),
        });
        let jwt_keys =
            parser.parsed("jwt_keys", |text| if text.is_empty() { Ok(KeySet::default()) } else { KeySet::parse(text) });
        let redis_url = parser.url("redis_url", &["redis://", "rediss://"]);
        let redis_url = parser.with_credentials("redis_credentials", redis_url);
        let redis_state_url = parser.state_url();
        let database_url = parser.url("database_url", &["postgres://", "postgresql://"]);
        let (redis_timeout, redis_rest) =
            (parser.millis("redis_timeout_ms", 1, 60_000), parser.millis("redis_breaker_ms", 1, 600_000));
        let postgres_rest = parser.millis("postgres_breaker_ms", 1, 600_000);
        let max_body_bytes = parser.bounded("max_body_bytes", 1_000, 10_000_000) as usize;
        let compress_min_bytes = parser.bounded("compress_min_bytes", 0, 100_000_000) as usize;
        let lock_ttl = Duration::from_secs(parser.bounded("lock_ttl", 1, 3600));
        let statistics_flush = parser.statistics_flush();
        let metrics_access =
            parser.one_of("metrics_access", &[("open", MetricsAccess::Open), ("operator", MetricsAccess::Operator)]);
        let (key_prefix, jwt_issuer) = (parser.text("key_prefix"), parser.text("jwt_issuer"));
        let jwt_audience = Some(parser.text("jwt_audience")).filter(|audience| !audience.is_empty());
        match (limits, auth_mode, jwt_keys) {
            (Some(limits), Some(auth_mode), Some(jwt_keys)) if parser.errors.is_empty() => Ok(Self {
                redis_url,
                redis_state_url,
                database_url,
                key_prefix,
                auth_mode,
                jwt_keys,
                jwt_issuer,
                jwt_audience,
                policies,
                limits,
                redis_timeout,
                redis_rest,
                postgres_timeout,
                postgres_rest,
                max_body_bytes,
                compress_min_bytes,
                lock_ttl,
                statistics_flush,
                metrics_access,
            }),
            _ => Err(parser.errors),
        }
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

/// The values of these variables, as this component is given them.
pub(crate) async fn given(variables: &[&'static str]) -> Result<HashMap<&'static str, String>, Vec<ConfigError>> {
    let mut values = HashMap::new();
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

//! The settings that every request of an instance needs.

use std::time::Duration;

use cache_logic::certificate::Timing;
use commerce::cors::AllowedOrigins;
use commerce::jwt::TrustedIssuer;
use commerce::keys::KeySet;

use crate::limits::RequestLimits;

use super::{CALLED, ConfigError, GROUPS, Group, Parser, Values, rows, setting, values_of};

/// Redis and Postgres.
pub(super) const DEPENDENCIES: Group = Group {
    about: "Dependencies. redis_url stands in the allow-list as it is, so it is scheme, host and port only; user and \
            password go into redis_credentials.",
    settings: &[
        setting("redis_url", "redis://127.0.0.1:6379", "the cache's Redis").at_start(),
        setting("redis_credentials", "", "user:password, or :password").secret().at_start(),
        setting("redis_state_url", "", "for limits, claims and sessions, which must not be evicted; empty: redis_url")
            .at_start(),
        setting("redis_state_credentials", "", "as redis_credentials").secret().at_start(),
        setting("database_url", "postgres://edge@127.0.0.1:5432/edge_orders?sslmode=disable", "Postgres, the truth")
            .secret()
            .at_start(),
        setting("database_host", "127.0.0.1:5432", "host and port of database_url, for the allow-list").read_by(&[]),
        setting("key_prefix", "", "in front of every key in Redis").at_start(),
    ],
};

/// More than this are no limit.
const MOST_A_MINUTE: u64 = 1_000_000_000;

/// Tokens.
pub(super) const CALLERS: Group = Group {
    about: "Callers.",
    settings: &[
        setting("auth_mode", "jwt", "jwt, or off: every peer on loopback is the developer").at_start().read_by(CALLED),
        setting("jwt_keys", "", "a JWK Set (RFC 7517) of OKP, EC, RSA and oct keys").secret().at_start().read_by(CALLED),
        setting("jwt_issuer", "edge-orders", "the only iss that is accepted").at_start().read_by(CALLED),
        setting("jwt_audience", "", "the audience that aud must name; empty: it isn't checked").at_start().read_by(CALLED),
        setting(
            "cors_origins",
            "",
            "origins whose scripts may call, such as https://shop.example, separated by commas; *: any; empty: none",
        )
        .at_start()
        .read_by(CALLED),
        setting("limit_org_minute", "0", "requests of one organisation's callers within a minute; 0: no limit")
            .within(0, MOST_A_MINUTE)
            .at_start()
            .read_by(CALLED),
        setting("limit_caller_minute", "0", "requests of one caller within a minute; 0: no limit")
            .within(0, MOST_A_MINUTE)
            .at_start()
            .read_by(CALLED),
        setting(
            "revocation_unknown",
            "serve",
            "tokens while Postgres is away, and with it the list of revoked ones: serve (by the last known list), or refuse",
        )
        .read_by(CALLED),
    ],
};

/// How callers prove their identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthMode {
    /// By a token.
    Jwt,
    /// Without proof: every peer on loopback is the developer. For trying things out.
    Off,
}

/// The settings that every request of an instance needs. Not `Debug`: it holds secrets.
pub struct Config {
    /// The address of the cache's Redis. May hold a password.
    pub redis_url: String,
    /// The address of the Redis for state that must not be evicted (limits, claims, sessions).
    /// `None`: state lies beside the cache. May hold a password.
    pub redis_state_url: Option<String>,
    /// The address of Postgres. Holds a password.
    pub database_url: String,
    /// The text in front of every key.
    pub key_prefix: String,
    /// How callers prove their identity, or every setting of that which is wrong: then no caller is
    /// known, and what needs none goes on.
    pub callers: Result<Callers, Vec<ConfigError>>,
    /// The origins whose scripts may call.
    pub cors_origins: AllowedOrigins,
    /// The parts of a certificate's time.
    pub timing: Timing,
    /// Answers of at least so many bytes are kept packed; 0: never.
    pub compress_min_bytes: usize,
    /// How long one call to Redis may take.
    pub redis_timeout: Duration,
    /// How long Redis is left alone after it gave no answer.
    pub redis_rest: Duration,
    /// How long statistics are gathered in an instance before they are added to the common ones;
    /// `None`: nothing is counted.
    pub statistics_flush: Option<Duration>,
    /// Settings that are wrong and that the app can do without: nothing is counted, nothing packed,
    /// no origin allowed.
    pub done_without: Vec<ConfigError>,
}

/// How callers prove their identity. Not `Debug`: it holds secrets.
pub struct Callers {
    /// By a token, or without proof.
    pub auth_mode: AuthMode,
    /// The keys that tokens are verified with.
    pub jwt_keys: KeySet,
    /// The only issuer whose tokens are accepted.
    pub jwt_issuer: String,
    /// The audience that a token must name; `None`: any.
    pub jwt_audience: Option<String>,
    /// How many requests they may make.
    pub limits: RequestLimits,
}

impl Callers {
    fn parse(parser: &mut Parser<'_>) -> Self {
        let jwt_keys =
            parser.parsed("jwt_keys", |text| if text.is_empty() { Ok(KeySet::default()) } else { KeySet::parse(text) });
        Self {
            auth_mode: parser.one_of("auth_mode", &[("jwt", AuthMode::Jwt), ("off", AuthMode::Off)]),
            jwt_keys: jwt_keys.unwrap_or_default(),
            jwt_issuer: parser.text("jwt_issuer"),
            jwt_audience: Some(parser.text("jwt_audience")).filter(|audience| !audience.is_empty()),
            limits: RequestLimits {
                organization: limit(parser, "limit_org_minute"),
                caller: limit(parser, "limit_caller_minute"),
            },
        }
    }

    /// The issuer and audience that a token must have.
    pub fn expected_tokens(&self) -> TrustedIssuer<'_> {
        TrustedIssuer { issuer: &self.jwt_issuer, audience: self.jwt_audience.as_deref() }
    }
}

/// A limit; `None` if it is 0.
fn limit(parser: &mut Parser<'_>, variable: &'static str) -> Option<u32> {
    u32::try_from(parser.number(variable)).ok().filter(|limit| *limit > 0)
}

/// Read only if `redis_state_url` is set: the credentials belong to that address.
const STATE_CREDENTIALS: &str = "redis_state_credentials";

impl Config {
    /// Reads the settings as this component is given them.
    ///
    /// # Errors
    /// Every setting that is wrong.
    pub async fn load(component: &str) -> Result<Self, Vec<ConfigError>> {
        let at_start = || rows(GROUPS).filter(|setting| setting.at_start);
        let always = at_start().filter(|setting| setting.name != STATE_CREDENTIALS);
        let mut values = values_of(component, always).await?;
        if values.get("redis_state_url").is_some_and(|url| !url.trim().is_empty()) {
            let credentials = at_start().filter(|setting| setting.name == STATE_CREDENTIALS);
            values.extend(values_of(component, credentials).await?.0);
        }
        Self::parse(&values)
    }

    /// Parses and validates. Pure. What stops one area only stands in the result.
    ///
    /// # Errors
    /// Every setting that is wrong and that nothing goes without, not only the first.
    pub fn parse(values: &Values) -> Result<Self, Vec<ConfigError>> {
        let mut parser = Parser::new(values, GROUPS);
        let (callers, wrong_callers) = parser.area(Callers::parse);
        let (statistics_flush, uncounted) = parser.area(Parser::statistics_flush);
        let (compress_min_bytes, unpacked) = parser.area(|parser| parser.number("compress_min_bytes") as usize);
        let (cors_origins, unshared) = parser.area(|parser| parser.parsed("cors_origins", AllowedOrigins::parse));
        let redis_url = parser.url("redis_url", &["redis://", "rediss://"]);
        let config = Self {
            redis_url: parser.with_credentials("redis_credentials", redis_url),
            redis_state_url: parser.state_url(),
            database_url: parser.url("database_url", &["postgres://", "postgresql://"]),
            key_prefix: parser.text("key_prefix"),
            callers: if wrong_callers.is_empty() { Ok(callers) } else { Err(wrong_callers) },
            cors_origins: cors_origins.unwrap_or_default(),
            timing: parser.timing().unwrap_or_default(),
            redis_timeout: parser.millis("redis_timeout_ms"),
            redis_rest: parser.millis("redis_breaker_ms"),
            compress_min_bytes,
            statistics_flush,
            done_without: [uncounted, unpacked, unshared].concat(),
        };
        let besides = config.wrong();
        parser.outcome(config).map_err(|wrong| [wrong, besides].concat())
    }

    /// Every setting that is wrong although the app runs.
    pub fn wrong(&self) -> Vec<ConfigError> {
        let callers = self.callers.as_ref().err().into_iter().flatten();
        callers.chain(&self.done_without).cloned().collect()
    }
}

//! Reads variables one by one, and collects what is wrong instead of stopping at the first.

use std::time::Duration;

use cache_logic::certificate::Timing;
use cache_logic::policy::Policy;

use super::{ConfigError, Values};

pub(crate) fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "must be a whole number".to_owned())
}

/// Collects what is wrong instead of stopping at the first.
pub(crate) struct Parser<'a> {
    values: &'a Values,
    /// What was wrong so far.
    errors: Vec<ConfigError>,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(values: &'a Values) -> Self {
        Self { values, errors: Vec::new() }
    }

    pub(crate) fn text(&mut self, variable: &'static str) -> String {
        if let Some(value) = self.values.get(variable) {
            return value.trim().to_owned();
        }
        self.errors.push(ConfigError { variable, detail: "is missing".into() });
        String::new()
    }

    pub(crate) fn parsed<T>(&mut self, variable: &'static str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        match parse(&self.text(variable)) {
            Ok(value) => Some(value),
            Err(detail) => {
                self.errors.push(ConfigError { variable, detail });
                None
            }
        }
    }

    pub(crate) fn bounded(&mut self, variable: &'static str, low: u64, high: u64) -> u64 {
        let parse = |text: &str| {
            let value = number(text)?;
            let within = (low..=high).contains(&value);
            within.then_some(value).ok_or_else(|| format!("must be from {low} to {high}, is {value}"))
        };
        self.parsed(variable, parse).unwrap_or(low)
    }

    pub(crate) fn millis(&mut self, variable: &'static str, low: u64, high: u64) -> Duration {
        Duration::from_millis(self.bounded(variable, low, high))
    }

    /// The settings, where nothing was wrong.
    pub(crate) fn outcome<T>(self, settings: T) -> Result<T, Vec<ConfigError>> {
        if self.errors.is_empty() { Ok(settings) } else { Err(self.errors) }
    }

    pub(super) fn timing(&mut self) -> Option<Timing> {
        self.parsed("certificate_ms", |text| Timing::from_millis(number(text)?))
    }

    /// A TTL in seconds; empty means `cache_ttl_seconds`.
    pub(super) fn policy(&mut self, variable: &'static str, default: &str) -> Policy {
        let parse = |text: &str| {
            let seconds = number(if text.is_empty() { default } else { text })?;
            Policy::with_ttl(Duration::from_secs(seconds))
        };
        let fallback = Policy { ttl: Duration::ZERO, soft: 0.0, jitter: 0.0, stale_if_error: false, compress: None };
        self.parsed(variable, parse).unwrap_or(fallback)
    }

    /// Empty means the certificate's time and a tenth; less would let a reader see the old value after the answer.
    pub(super) fn outage_wait(&mut self, timing: Option<Timing>) -> Duration {
        let least = timing.map_or(Duration::ZERO, Timing::outage_wait);
        let parse = |text: &str| {
            let wait = if text.is_empty() { least } else { Duration::from_millis(number(text)?) };
            let enough = wait >= least && wait <= Duration::from_secs(60);
            enough.then_some(wait).ok_or_else(|| format!("must be from {} to 60000 milliseconds", least.as_millis()))
        };
        self.parsed("outage_write_wait_ms", parse).unwrap_or(least)
    }

    /// 0 means never. Less than 20 ms would be a command for nearly every request.
    pub(super) fn statistics_flush(&mut self) -> Option<Duration> {
        let parse = |text: &str| {
            let millis = number(text)?;
            let sane = millis == 0 || (20..=60_000).contains(&millis);
            sane.then(|| Duration::from_millis(millis)).ok_or_else(|| "must be 0, or from 20 to 60000".to_owned())
        };
        self.parsed("statistics_flush_ms", parse).filter(|delay| !delay.is_zero())
    }

    /// The second Redis, where there is one.
    pub(super) fn state_url(&mut self) -> Option<String> {
        if self.text("redis_state_url").is_empty() {
            return None;
        }
        let url = self.url("redis_state_url", &["redis://", "rediss://"]);
        Some(self.with_credentials("redis_state_credentials", url))
    }

    /// Puts user and password into an address. The address itself has none: Spin's allow-list refuses entries that have.
    pub(super) fn with_credentials(&mut self, variable: &'static str, url: String) -> String {
        let parse = |text: &str| {
            let plain = text.is_empty() || text.contains(':') && !text.contains(['@', '/', '?', '#']);
            plain
                .then(|| text.to_owned())
                .ok_or_else(|| "must be user:password, percent-encoded where needed".to_owned())
        };
        match (self.parsed(variable, parse).unwrap_or_default(), url.split_once("://")) {
            (credentials, Some((scheme, rest))) if !credentials.is_empty() => {
                format!("{scheme}://{credentials}@{rest}")
            }
            _ => url,
        }
    }

    pub(crate) fn url(&mut self, variable: &'static str, schemes: &[&str]) -> String {
        let parse = |text: &str| {
            let known = schemes.iter().any(|scheme| text.len() > scheme.len() && text.starts_with(scheme));
            known
                .then(|| text.to_owned())
                .ok_or_else(|| format!("must begin with {} and name a host", schemes.join(" or ")))
        };
        self.parsed(variable, parse).unwrap_or_default()
    }
}

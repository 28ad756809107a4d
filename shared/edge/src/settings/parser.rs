//! Reads variables one by one, and collects mistakes instead of stopping at the first.

use std::time::Duration;

use cache_logic::certificate::Timing;
use cache_logic::policy::Policy;
use cache_spin::address::with_credentials;

use super::{ConfigError, Group, Values};

fn whole(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "must be a whole number".to_owned())
}

/// Collects mistakes instead of stopping at the first.
pub struct Parser<'a> {
    values: &'a Values,
    /// The tables that the settings stand in.
    groups: &'static [&'static Group],
    /// The mistakes so far.
    errors: Vec<ConfigError>,
}

impl<'a> Parser<'a> {
    /// A parser of these values; bounds are those of the rows in `groups`.
    pub fn new(values: &'a Values, groups: &'static [&'static Group]) -> Self {
        Self { values, groups, errors: Vec::new() }
    }

    /// The text, without blanks around it.
    pub fn text(&mut self, variable: &'static str) -> String {
        if let Some(value) = self.values.get(variable) {
            return value.trim().to_owned();
        }
        self.errors.push(ConfigError { variable, detail: "is missing".into() });
        String::new()
    }

    /// The text as `parse` understands it; `None` if it is wrong.
    pub fn parsed<T>(&mut self, variable: &'static str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        match parse(&self.text(variable)) {
            Ok(value) => Some(value),
            Err(detail) => {
                self.errors.push(ConfigError { variable, detail });
                None
            }
        }
    }

    /// A whole number within the bounds of its row.
    pub fn number(&mut self, variable: &'static str) -> u64 {
        let row = super::rows(self.groups).find(|setting| setting.name == variable);
        let (low, high) = row.and_then(|setting| setting.bounds).unwrap_or((0, 0));
        let parse = |text: &str| {
            let value = whole(text)?;
            let within = (low..=high).contains(&value);
            within.then_some(value).ok_or_else(|| format!("must be from {low} to {high}, is {value}"))
        };
        self.parsed(variable, parse).unwrap_or(low)
    }

    /// [`Self::number`], as milliseconds.
    pub fn millis(&mut self, variable: &'static str) -> Duration {
        Duration::from_millis(self.number(variable))
    }

    /// [`Self::number`], as seconds.
    pub fn seconds(&mut self, variable: &'static str) -> Duration {
        Duration::from_secs(self.number(variable))
    }

    /// A text that `check` accepts; empty if it doesn't.
    pub fn checked(&mut self, variable: &'static str, check: impl Fn(&str) -> Result<String, String>) -> String {
        self.parsed(variable, check).unwrap_or_default()
    }

    /// One of a few words. For an unknown word the first stands in; the mistake makes sure that no
    /// configuration comes of it.
    pub fn one_of<T: Copy>(&mut self, variable: &'static str, words: &[(&str, T)]) -> T {
        let parse = |text: &str| {
            let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
            let all = || words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(" or ");
            found.ok_or_else(|| format!("must be {}", all()))
        };
        self.parsed(variable, parse).unwrap_or(words[0].1)
    }

    /// Parts between blanks, each of which has to be right.
    pub fn list<T>(&mut self, variable: &'static str, parse: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        let parts = |text: &str| text.split_whitespace().map(&parse).collect();
        self.parsed(variable, parts).unwrap_or_default()
    }

    /// The settings of one area, and those of them that are wrong. They stop that area only.
    pub fn area<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> (T, Vec<ConfigError>) {
        let before = std::mem::take(&mut self.errors);
        let settings = read(self);
        (settings, std::mem::replace(&mut self.errors, before))
    }

    /// The settings, or every one that is wrong.
    ///
    /// # Errors
    /// Every setting that is wrong.
    pub fn outcome<T>(self, settings: T) -> Result<T, Vec<ConfigError>> {
        if self.errors.is_empty() { Ok(settings) } else { Err(self.errors) }
    }

    pub(super) fn timing(&mut self) -> Option<Timing> {
        self.parsed("certificate_ms", |text| Timing::from_millis(whole(text)?))
    }

    /// A TTL in seconds; empty means `cache_ttl_seconds`.
    pub(super) fn policy(&mut self, variable: &'static str, default: &str) -> Policy {
        let parse = |text: &str| {
            let seconds = whole(if text.is_empty() { default } else { text })?;
            Policy::with_ttl(Duration::from_secs(seconds))
        };
        let fallback = Policy { ttl: Duration::ZERO, soft: 0.0, jitter: 0.0, stale_if_error: false, compress: None };
        self.parsed(variable, parse).unwrap_or(fallback)
    }

    /// Empty means the longest certificate's time and a tenth, since another instance may have been
    /// given another `certificate_ms`. Less than one's own would let a reader see the old value
    /// after the answer.
    pub(super) fn outage_wait(&mut self, timing: Option<Timing>) -> Duration {
        let least = timing.map_or(Duration::ZERO, Timing::outage_wait);
        let parse = |text: &str| {
            let wait =
                if text.is_empty() { Timing::default().outage_wait() } else { Duration::from_millis(whole(text)?) };
            let enough = wait >= least && wait <= Duration::from_secs(60);
            enough.then_some(wait).ok_or_else(|| format!("must be from {} to 60000 milliseconds", least.as_millis()))
        };
        self.parsed("outage_write_wait_ms", parse).unwrap_or(least)
    }

    /// 0 means never. Less than 20 ms would cost nearly every request a command.
    pub(super) fn statistics_flush(&mut self) -> Option<Duration> {
        let parse = |text: &str| {
            let millis = whole(text)?;
            let sane = millis == 0 || (20..=60_000).contains(&millis);
            sane.then(|| Duration::from_millis(millis)).ok_or_else(|| "must be 0, or from 20 to 60000".to_owned())
        };
        self.parsed("statistics_flush_ms", parse).filter(|delay| !delay.is_zero())
    }

    /// The address of the second Redis, if there is one.
    pub(super) fn state_url(&mut self) -> Option<String> {
        if self.text("redis_state_url").is_empty() {
            return None;
        }
        let url = self.url("redis_state_url", &["redis://", "rediss://"]);
        Some(self.with_credentials("redis_state_credentials", url))
    }

    /// Puts user and password into an address. The address itself has none, because Spin's
    /// allow-list refuses entries with credentials.
    pub(super) fn with_credentials(&mut self, variable: &'static str, url: String) -> String {
        let parse = |text: &str| {
            let plain = text.is_empty() || text.contains(':') && !text.contains(['@', '/', '?', '#']);
            plain
                .then(|| text.to_owned())
                .ok_or_else(|| "must be user:password, percent-encoded where needed".to_owned())
        };
        with_credentials(&url, &self.parsed(variable, parse).unwrap_or_default())
    }

    /// A URL with one of these schemes.
    pub fn url(&mut self, variable: &'static str, schemes: &[&str]) -> String {
        let parse = |text: &str| {
            let known = schemes.iter().any(|scheme| text.len() > scheme.len() && text.starts_with(scheme));
            known
                .then(|| text.to_owned())
                .ok_or_else(|| format!("must begin with {} and name a host", schemes.join(" or ")))
        };
        self.parsed(variable, parse).unwrap_or_default()
    }
}

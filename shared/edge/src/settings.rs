//! Settings: each is one row of a table here, or, for payments, in the crate of payments. The
//! declarations in spin.toml, each component's variables and docs/settings.md are made from the
//! rows. The same rows bound the values that are parsed.
//!
//! An instance reads a setting once. [`Config`] holds the settings that a hit needs, and is read at
//! the first request. [`Rules`] holds all others, and is read at the first miss or write. A
//! variable costs Spin as much as a hit, and most instances only answer hits.
//!
//! A wrong setting stops its area and nothing else: those of callers stop what needs a token, those
//! of one payment provider stop that provider.

use std::cell::OnceCell;
use std::thread::LocalKey;

use cache_spin::log::{self, Level};
use commerce::error::Error;

mod component;
mod config;
mod parser;
mod rules;
mod table;
#[cfg(test)]
mod tests;

pub use component::component;
pub(crate) use component::enter;
pub use config::{AuthMode, Callers, Config};
pub use parser::Parser;
pub use rules::{LiveRules, MetricsAccess, Policies, RevocationUnknown, Rules};
pub use table::{
    ACCESS, CALLED, CATALOGUE, CHANGERS, DELIVERIES, GUESTS, Group, HEALTH, ISSUERS, LIVE, ORDERING, ORDERS, PAGES,
    PAYMENTS, PSEUDONYMS, SESSIONS, Setting, VIEWERS, WARMERS, setting,
};

/// The tables of this crate: settings that any component may be given.
pub const GROUPS: &[&Group] = &[
    &config::DEPENDENCIES,
    &config::CALLERS,
    &rules::LIFETIMES,
    &rules::PROTOCOL,
    &rules::USER_SESSIONS,
    &rules::STOCK,
    &rules::FEED,
    &rules::LIVE_STATUS,
    &rules::JOBS,
    &rules::COUNTING,
];

/// The tables of services of the shop's own, which an instance reads when it first asks one.
pub const SERVICES: &[&Group] = &[&rules::PRODUCT_SERVICE];

/// Values by the names of their settings. A list, since there are few, and a hash table would ask
/// the host for its seed.
#[derive(Debug, Clone, Default)]
pub struct Values(Vec<(&'static str, String)>);

impl Values {
    /// The value of a setting, if it was read.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// Sets a value, whether it was there or not.
    pub fn insert(&mut self, name: &'static str, value: String) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
    }
}

impl Extend<(&'static str, String)> for Values {
    fn extend<I: IntoIterator<Item = (&'static str, String)>>(&mut self, values: I) {
        values.into_iter().for_each(|(name, value)| self.insert(name, value));
    }
}

/// The settings that an instance has loaded once, or every setting that is wrong.
pub type OnceResult<T> = Result<&'static T, &'static [ConfigError]>;

/// The content of `cell`, loaded at the first request that needs it.
pub async fn once<T>(
    cell: &'static LocalKey<OnceCell<OnceResult<T>>>,
    load: impl AsyncFnOnce() -> Result<T, Vec<ConfigError>>,
) -> OnceResult<T> {
    if let Some(known) = cell.with(|cell| cell.get().copied()) {
        return known;
    }
    // Boxed, since nearly every request finds it loaded and should not carry this future about.
    let loaded = Box::pin(load()).await;
    // Another request may have been faster while the variables were read.
    cell.with(|cell| {
        *cell.get_or_init(|| match loaded {
            Ok(settings) => Ok(Box::leak(Box::new(settings))),
            Err(errors) => {
                log_wrong(&errors);
                Err(errors.leak())
            }
        })
    })
}

/// Tells the log of wrong settings.
pub fn log_wrong(errors: &[ConfigError]) {
    for error in errors {
        log::say(Level::Error, "settings", format_args!("variable {} {}", error.variable, error.detail));
    }
}

/// A setting that is missing or wrong. It never shows the value, which may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The variable's name in spin.toml.
    pub variable: &'static str,
    /// The mistake, without the value.
    pub detail: String,
}

/// Every wrong setting, as an answer to a request.
pub fn misconfigured(errors: &[ConfigError]) -> Error {
    let named: Vec<String> = errors.iter().map(|error| format!("{} {}", error.variable, error.detail)).collect();
    Error::Misconfigured { detail: named.join("; ") }
}

/// The mistakes of [`Config`] and of [`Rules`]; a setting that both read is named once.
pub(crate) fn merge(mut wrong: Vec<ConfigError>, further: &[ConfigError]) -> Vec<ConfigError> {
    for error in further {
        if wrong.iter().all(|known| known.variable != error.variable) {
            wrong.push(error.clone());
        }
    }
    wrong
}

/// The values of these settings, as `component` is given them. A setting that it isn't given has
/// its default.
///
/// # Errors
/// Every setting that spin.toml should give to the component but doesn't.
pub async fn values_of(
    component: &str,
    settings: impl IntoIterator<Item = &'static Setting>,
) -> Result<Values, Vec<ConfigError>> {
    let mut values = Values::default();
    let mut errors = Vec::new();
    for setting in settings {
        if !setting.is_read_by(component) {
            values.insert(setting.name, setting.default.to_owned());
            continue;
        }
        match spin_sdk::variables::get(setting.name).await {
            Ok(value) => values.insert(setting.name, value),
            Err(_) => {
                errors.push(ConfigError { variable: setting.name, detail: "is not given to this component".into() });
            }
        }
    }
    if errors.is_empty() { Ok(values) } else { Err(errors) }
}

/// The rows of all these groups.
pub fn rows(groups: &'static [&'static Group]) -> impl Iterator<Item = &'static Setting> {
    groups.iter().flat_map(|group| group.settings)
}

//! The rules of this receiver for PayPal.

use super::url::{CertificateUrls, Environment};

/// The webhook id under which PayPal's simulator signs, for everybody alike.
pub const SIMULATOR_WEBHOOK_ID: &str = "WEBHOOK_ID";

/// The treatment of an event of PayPal's public simulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Simulator {
    /// Refused, as in production: like any signature for somebody else's webhook, which is what it
    /// is.
    #[default]
    Refuse,
    /// Recognised, so that a developer sees it arrive; it never moves money.
    Ignore,
}

/// One receiver: its environment, its own webhook ids and its limits.
#[derive(Debug, Clone)]
pub struct PayPalPolicy {
    environment: Environment,
    webhook_ids: Vec<String>,
    simulator: Simulator,
    urls: CertificateUrls,
    seconds_back: i64,
    seconds_ahead: i64,
}

impl PayPalPolicy {
    /// A policy with the defaults: simulator refused, PayPal's URLs, 4 days back and 300 seconds
    /// ahead. `None` for a webhook id that is no id, or that is the simulator's: then anybody's
    /// test event would count.
    pub fn new(environment: Environment, webhook_id: &str) -> Option<Self> {
        Self::of_any(environment, [webhook_id])
    }

    /// The same, with several webhook ids while one webhook is being replaced by another: a message
    /// that is signed for any of them counts. `None` for none at all, too.
    pub fn of_any<'a>(environment: Environment, webhook_ids: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let own = |id: &str| {
            let well_formed = !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            (well_formed && id != SIMULATOR_WEBHOOK_ID).then(|| id.to_owned())
        };
        let webhook_ids: Vec<String> = webhook_ids.into_iter().map(own).collect::<Option<_>>()?;
        (!webhook_ids.is_empty()).then(|| Self {
            environment,
            webhook_ids,
            simulator: Simulator::Refuse,
            urls: CertificateUrls::default(),
            seconds_back: 4 * 86_400,
            seconds_ahead: 300,
        })
    }

    /// With another treatment of simulator events.
    pub fn with_simulator(mut self, simulator: Simulator) -> Self {
        self.simulator = simulator;
        self
    }

    /// With another rule for certificate URLs.
    pub fn with_urls(mut self, urls: CertificateUrls) -> Self {
        self.urls = urls;
        self
    }

    /// With another window around the transmission time, in seconds.
    pub fn with_window(mut self, back: u32, ahead: u32) -> Self {
        (self.seconds_back, self.seconds_ahead) = (back.into(), ahead.into());
        self
    }

    pub(super) fn webhook_ids(&self) -> &[String] {
        &self.webhook_ids
    }

    pub(super) fn simulator(&self) -> Simulator {
        self.simulator
    }

    pub(super) fn urls(&self) -> &CertificateUrls {
        &self.urls
    }

    pub(super) fn seconds_back(&self) -> i64 {
        self.seconds_back
    }

    pub(super) fn seconds_ahead(&self) -> i64 {
        self.seconds_ahead
    }

    /// Certificates of the own environment; if simulator events are recognised also live ones,
    /// because the simulator signs with the live certificate whatever the environment.
    pub(super) fn takes_certificates_of(&self, environment: Environment) -> bool {
        environment == self.environment || (self.simulator == Simulator::Ignore && environment == Environment::Live)
    }

    /// Whether a message signed under our own webhook id may carry a certificate of `environment`.
    pub(super) fn own_messages_from(&self, environment: Environment) -> bool {
        environment == self.environment
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_simulators_id_is_nobodys_own() {
        for (id, taken) in [("1AB00000CD000000E", true), ("WEBHOOK_ID", false), ("", false), ("a|b", false)] {
            assert_eq!(PayPalPolicy::new(Environment::Live, id).is_some(), taken, "{id}");
            assert_eq!(PayPalPolicy::of_any(Environment::Live, ["1AB", id]).is_some(), taken, "{id}");
        }
        assert!(PayPalPolicy::of_any(Environment::Live, []).is_none());
    }
}

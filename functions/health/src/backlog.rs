//! The work that payments still have to do, for metrics.

use commerce::provider::Provider;
use commerce::webhook::paypal::pem_ends;
use edge::App;
use edge::statistics::{Exposition, Kind};
use serde::Deserialize;

use crate::metrics::PREFIX;

/// The work that payments still have to do, and what else the database knows of them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Backlog {
    webhook_events: Vec<Events>,
    refunds: Vec<ByState>,
    sessions: Vec<Sessions>,
    stock_holds: Vec<ByState>,
    resting: Vec<String>,
    signing: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Events {
    state: String,
    reason: String,
    count: f64,
    oldest_seconds: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ByState {
    state: String,
    count: f64,
    oldest_seconds: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sessions {
    gateway: String,
    status: String,
    count: f64,
    oldest_seconds: f64,
}

impl Backlog {
    /// Asks the database. `None` if it gives no answer.
    pub(crate) async fn read(app: &App) -> Option<Self> {
        let rows = edge::query(app, "payment_backlog", Vec::new()).await.ok()?;
        serde_json::from_str(rows.first()?.text("body").ok()??).ok()
    }

    /// Writes its families. `trust` is the second at which the first pinned certificate ends.
    pub(crate) fn expose(&self, trust: Option<i64>, text: &mut Exposition) {
        let mut family = |name: &str, help: &str, samples: Vec<(Vec<(&str, &str)>, f64)>| {
            let name = format!("{PREFIX}{name}");
            text.family(&name, Kind::Gauge, help);
            for (labels, value) in samples {
                text.sample(&name, &labels, value);
            }
        };
        let events = |value: fn(&Events) -> f64| {
            let events = self.webhook_events.iter();
            events
                .map(|one| (vec![("state", one.state.as_str()), ("reason", one.reason.as_str())], value(one)))
                .collect()
        };
        family(
            "webhook_events_open",
            "Webhook events that are not applied yet, or that somebody has to look at.",
            events(|one| one.count),
        );
        family(
            "webhook_events_oldest_seconds",
            "How long ago the oldest of them came.",
            events(|one| one.oldest_seconds),
        );
        family(
            "refund_requests_open",
            "Refunds that were asked for and not sent; those that failed, for a day.",
            by_state(&self.refunds, |one| one.count),
        );
        family(
            "refund_requests_oldest_seconds",
            "How long ago the oldest of them was asked for.",
            by_state(&self.refunds, |one| one.oldest_seconds),
        );
        family(
            "stock_holds_open",
            "Holds at the product-service that wait for it, or for somebody to decide.",
            by_state(&self.stock_holds, |one| one.count),
        );
        family(
            "stock_holds_oldest_seconds",
            "How long ago the oldest of them was begun.",
            by_state(&self.stock_holds, |one| one.oldest_seconds),
        );
        let sessions = |value: fn(&Sessions) -> f64| {
            let sessions = self.sessions.iter();
            sessions
                .map(|one| (vec![("gateway", one.gateway.as_str()), ("status", one.status.as_str())], value(one)))
                .collect()
        };
        family(
            "payment_sessions_open",
            "Payment sessions that are neither completed nor failed.",
            sessions(|one| one.count),
        );
        family(
            "payment_sessions_oldest_seconds",
            "How long ago the oldest of them was begun.",
            sessions(|one| one.oldest_seconds),
        );
        let resting = Provider::ALL.iter().map(|provider| {
            let name = provider.as_str();
            (vec![("provider", name)], f64::from(u8::from(self.resting.iter().any(|one| one == name))))
        });
        family(
            "provider_left_alone",
            "Whether a provider that gave no answer is left alone by all instances.",
            resting.collect(),
        );
        let signing = self.signing.as_deref().and_then(|pem| pem_ends(pem.as_bytes()));
        let ends = [("pinned", trust), ("signing", signing)];
        family(
            "webhook_certificate_expiry_timestamp_seconds",
            "When the first of PayPal's pinned certificates ends, and the one that signed last.",
            ends.iter().filter_map(|(which, at)| Some((vec![("certificate", *which)], (*at)? as f64))).collect(),
        );
    }
}

/// One sample of each state.
fn by_state(all: &[ByState], value: fn(&ByState) -> f64) -> Vec<(Vec<(&str, &str)>, f64)> {
    all.iter().map(|one| (vec![("state", one.state.as_str())], value(one))).collect()
}

//! `GET /metrics`: the metrics for Prometheus. A value that can't be asked for is absent, never 0:
//! a counter that falls would look like a new beginning.

use commerce::caller::Role;
use commerce::error::Error;
use edge::settings::{MetricsAccess, Rules};
use edge::statistics::{Exposition, Kind, expose};
use edge::{App, Open, Reply};
use futures_util::future::join4;
use serde::Deserialize;

use crate::probe::{self, Probe};
use crate::report::configuration_errors;

/// The beginning of every metric's name.
const PREFIX: &str = "edge_orders_";

/// The app, for a caller that may read statistics.
///
/// # Errors
/// [`Error::Misconfigured`]. If `metrics_access` is `operator`: [`Error::Unauthenticated`], and
/// [`Error::Forbidden`] for callers that aren't operators.
pub async fn require_reader(call: Open<'_>) -> Result<&'static App, Error> {
    let app = App::ready().await?;
    match Rules::ready().await?.metrics_access {
        MetricsAccess::Open => Ok(app),
        MetricsAccess::Operator if call.caller().await?.role == Role::Operator => Ok(app),
        MetricsAccess::Operator => Err(Error::forbidden("statistics need an operator's token")),
    }
}

/// All metrics. 200 even if a dependency is away: a metric says so.
///
/// # Errors
/// As [`require_reader`].
pub async fn report(call: Open<'_>) -> Result<Reply, Error> {
    let app = require_reader(call).await?;
    let (sums, probe, age, backlog) =
        join4(app.cache.statistics(), Probe::of(app), app.cache.certificate_age(), Backlog::read(app)).await;
    let wrong = configuration_errors(app, &probe).await;
    let mut text = Exposition::default();
    let name = |name: &str| format!("{PREFIX}{name}");
    text.family(&name("build_info"), Kind::Gauge, "The version that answers.");
    text.sample(&name("build_info"), &[("version", env!("CARGO_PKG_VERSION"))], 1.0);
    text.family(&name("up"), Kind::Gauge, "Whether a dependency answers.");
    for dependency in probe.dependencies() {
        text.sample(&name("up"), &[("dependency", dependency.name)], f64::from(u8::from(dependency.is_up)));
    }
    text.family(&name("breaker_open"), Kind::Gauge, "Whether the instance that answers leaves a dependency alone.");
    for (dependency, open) in probe::breakers(app) {
        text.sample(&name("breaker_open"), &[("dependency", dependency)], f64::from(u8::from(open)));
    }
    text.single(
        &name("configuration_errors"),
        Kind::Gauge,
        "Variables that are wrong; /api/v1/health names them.",
        wrong.len() as f64,
    );
    if let Some(age) = age {
        let help =
            "How long ago the certificate of the cache was given; absent where there is none, as without traffic.";
        text.single(&name("cache_certificate_age_seconds"), Kind::Gauge, help, age as f64 / 1e3);
    }
    if let Ok(ledger) = &probe.postgres {
        let help = "Invalidations that wait to be applied; 1001 stands for more than 1000.";
        text.single(&name("cache_outbox_rows"), Kind::Gauge, help, ledger.waiting as f64);
        let help = "How long the oldest of them has waited.";
        text.single(&name("cache_outbox_oldest_seconds"), Kind::Gauge, help, ledger.oldest_ms as f64 / 1e3);
    }
    if let Some(kept) = counts_kept(app).await {
        let help = "Whether statistics read the counts of orders; 0: they count one by one, until \
                    order_counts_rebuild() has run.";
        text.single(&name("order_counts_kept"), Kind::Gauge, help, f64::from(u8::from(kept)));
    }
    if let Some((statistics, _)) = sums {
        expose(&statistics, PREFIX, &mut text);
    }
    if let Some(backlog) = backlog {
        backlog.expose(&mut text);
    }
    Ok(Reply::of_type(200, Exposition::CONTENT_TYPE, text.into_text()).with("cache-control", "no-store"))
}

/// Whether the counts of orders are relied on. `None` if the database gives no answer.
async fn counts_kept(app: &App) -> Option<bool> {
    let rows = edge::query(app, "order_counts_kept", Vec::new()).await.ok()?;
    rows.first()?.bool("order_counts_kept").ok()?
}

/// The work that payments still have to do.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Backlog {
    webhook_events: Vec<Events>,
    refunds: Vec<Refunds>,
    sessions: Vec<Sessions>,
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
struct Refunds {
    state: String,
    count: f64,
    oldest_seconds: f64,
}

#[derive(Deserialize)]
struct Sessions {
    gateway: String,
    status: String,
    count: f64,
}

impl Backlog {
    async fn read(app: &App) -> Option<Self> {
        let rows = edge::query(app, "payment_backlog", Vec::new()).await.ok()?;
        serde_json::from_str(rows.first()?.text("body").ok()??).ok()
    }

    fn expose(&self, text: &mut Exposition) {
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
        let refunds = |value: fn(&Refunds) -> f64| {
            self.refunds.iter().map(|one| (vec![("state", one.state.as_str())], value(one))).collect()
        };
        family(
            "refund_requests_open",
            "Refunds that were asked for and not sent; those that failed, for a day.",
            refunds(|one| one.count),
        );
        family(
            "refund_requests_oldest_seconds",
            "How long ago the oldest of them was asked for.",
            refunds(|one| one.oldest_seconds),
        );
        let sessions = self
            .sessions
            .iter()
            .map(|one| (vec![("gateway", one.gateway.as_str()), ("status", one.status.as_str())], one.count));
        family("payment_sessions_open", "Payment sessions that are neither completed nor failed.", sessions.collect());
    }
}

//! `GET /metrics`: the metrics for Prometheus. A value that can't be asked for is absent, never 0:
//! a counter that falls would look like a new beginning.

use commerce::caller::Role;
use commerce::error::Error;
use edge::settings::{MetricsAccess, Rules};
use edge::state::{Memory, Redis};
use edge::statistics::{Exposition, Kind, expose};
use edge::{App, Open, Reply};
use futures_util::future::{join, join5};
use payments::Payments;

use crate::backlog::Backlog;
use crate::probe::{self, Probe};
use crate::report::configuration_errors;

/// The beginning of every metric's name.
pub(crate) const PREFIX: &str = "edge_orders_";

/// The app, for a caller that may read statistics.
///
/// # Errors
/// [`Error::Misconfigured`]. If `metrics_access` is `operator`: [`Error::Unauthenticated`], and
/// [`Error::Forbidden`] for callers that aren't operators.
pub async fn require_reader(call: Open<'_>) -> Result<&'static App, Error> {
    let app = App::ready().await?;
    match Rules::ready().await?.metrics_access {
        MetricsAccess::Open => Ok(app),
        MetricsAccess::Operator if call.admit_probe().await?.credential.caller.role == Role::Operator => Ok(app),
        MetricsAccess::Operator => Err(Error::forbidden("statistics need an operator's token")),
    }
}

/// All metrics. 200 even if a dependency is away: a metric says so.
///
/// # Errors
/// As [`require_reader`].
pub async fn report(call: Open<'_>) -> Result<Reply, Error> {
    let app = require_reader(call).await?;
    edge::jobs::look_behind();
    let (sums, probe, age, backlog, memory) = join5(
        app.cache.statistics(),
        Probe::of(app),
        app.cache.certificate_age(),
        Backlog::read(app),
        memory_of_all(app),
    )
    .await;
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
    let help = "Whether nothing is cached at the moment, because it couldn't be known to be true.";
    text.single(&name("cache_off"), Kind::Gauge, help, f64::from(u8::from(probe.is_uncached(app))));
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
        let help = "How often another run of Redis was named, as after a restart.";
        text.single(&name("cache_redis_runs_total"), Kind::Counter, help, ledger.runs as f64);
        let help = "How often another server of Postgres was found, as after a restart.";
        text.single(&name("cache_postgres_servers_total"), Kind::Counter, help, ledger.servers as f64);
    }
    if let Some(kept) = counts_kept(app).await {
        let help = "Whether statistics read the counts of orders; 0: they count one by one, until \
                    order_counts_rebuild() has run.";
        text.single(&name("order_counts_kept"), Kind::Gauge, help, f64::from(u8::from(kept)));
    }
    expose_memory(&memory, &mut text);
    if let Some((overdue, failing)) = jobs(app).await {
        let help = "Jobs that have been due for more than a minute; /api/v1/jobs lists them.";
        text.single(&name("jobs_overdue"), Kind::Gauge, help, overdue as f64);
        text.single(&name("jobs_failing"), Kind::Gauge, "Jobs whose last step has failed.", failing as f64);
    }
    if let Some((statistics, _)) = sums {
        expose(&statistics, PREFIX, &mut text);
    }
    if let Some(backlog) = backlog {
        let trust = Payments::get().await.ok().and_then(|payments| payments.config.paypal.trust.as_ref()?.ends());
        backlog.expose(trust, &mut text);
    }
    Ok(Reply::of_type(200, Exposition::CONTENT_TYPE, text.into_text()).with("cache-control", "no-store"))
}

/// Whether the counts of orders are relied on. `None` if the database gives no answer.
async fn counts_kept(app: &App) -> Option<bool> {
    let rows = edge::query(app, "order_counts_kept", Vec::new()).await.ok()?;
    rows.first()?.bool("order_counts_kept").ok()?
}

/// The memory of each Redis that tells it.
async fn memory_of_all(app: &App) -> Vec<(&'static str, Memory)> {
    let state = async {
        let redis: Option<&Redis> = app.state.is_apart().then(|| app.state.redis());
        Some(("stateRedis", redis?.memory().await.ok()?))
    };
    let cache = async { Some(("redis", app.cache.ports.store.redis.memory().await.ok()?)) };
    let (cache, state) = join(cache, state).await;
    cache.into_iter().chain(state).collect()
}

/// How many jobs are overdue, and how many fail. `None` if jobs aren't used: none is called, and
/// none has ever been. Nor if the database gives no answer.
async fn jobs(app: &App) -> Option<(i64, i64)> {
    let rows = edge::query(app, "job_health", Vec::new()).await.ok()?;
    let (row, rules) = (rows.first()?, Rules::get().await.ok()?);
    let used = rules.jobs_url.is_some() || row.bool("ever").ok()??;
    used.then_some((row.int("overdue").ok()??, row.int("failing").ok()??))
}

fn expose_memory(all: &[(&'static str, Memory)], text: &mut Exposition) {
    let mut family = |name: &str, kind: Kind, help: &str, value: fn(&Memory) -> f64| {
        let name = format!("{PREFIX}{name}");
        text.family(&name, kind, help);
        for (dependency, memory) in all {
            text.sample(&name, &[("dependency", dependency)], value(memory));
        }
    };
    family("redis_memory_bytes", Kind::Gauge, "What a Redis takes of memory.", |memory| memory.used_bytes as f64);
    family("redis_memory_limit_bytes", Kind::Gauge, "How much it may take; 0: nothing limits it.", |memory| {
        memory.limit_bytes as f64
    });
    family("redis_may_evict", Kind::Gauge, "Whether it evicts keys at its limit.", |memory| {
        f64::from(u8::from(memory.may_evict))
    });
    family("redis_evicted_keys_total", Kind::Counter, "Keys that it has evicted.", |memory| memory.evicted_keys as f64);
}

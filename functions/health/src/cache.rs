//! The cache's statistics as JSON.

use crate::metrics::require_reader;
use crate::probe::{self, Probe};
use crate::series;
use commerce::error::Error;
use commerce::query::Span;
use commerce::time::Moment;
use edge::clock::request_millis;
use edge::statistics::{BYPASSES, Counter, Counts, Statistics, Stretch, WriteCounter};
use edge::{Open, Reply};
use futures_util::future::join4;
use serde_json::{Map, Value, json};

/// `GET /api/v1/health/cache`: the sums of all instances, and the state of the cache. 200 also if
/// Redis can't be asked: then the sums are null, and `statistics` says why. With `?since`, also
/// the counts by time.
///
/// # Errors
/// As [`require_reader`]. [`Error::Invalid`] naming every parameter that is wrong.
pub async fn report(call: Open<'_>) -> Result<Reply, Error> {
    let app = require_reader(call).await?;
    let now = request_millis();
    let span = Span::parse(call.request.query.as_deref(), now)?;
    let by_time = async {
        let Span { since, until } = span?;
        Some(series::read(app, Stretch::between(since, until, now)).await)
    };
    let (sums, probe, age, by_time) =
        join4(app.cache.statistics(), Probe::of(app), app.cache.certificate_age(), by_time).await;
    let is_certified = probe.redis.as_ref().is_ok_and(|redis| redis.is_certified);
    let certificate = json!({ "status": if is_certified { "valid" } else { "none" }, "ageMs": age });
    let outbox =
        probe.postgres.as_ref().ok().map(|ledger| json!({ "rows": ledger.waiting, "oldestMs": ledger.oldest_ms }));
    let breakers: Map<String, Value> = probe::breakers(app)
        .into_iter()
        .map(|(name, open)| (name.to_owned(), json!(if open { "open" } else { "closed" })))
        .collect();
    let status = match &sums {
        _ if app.config.statistics_flush.is_none() => "off",
        Some(_) => "on",
        None => "unavailable",
    };
    let (statistics, since) = sums.map_or((None, None), |(statistics, since)| (Some(statistics), since));
    let total = statistics.as_ref().map(Statistics::total);
    let mut body = json!({
        "statistics": status,
        "since": since.map(|at| Moment::of_millis(at).to_rfc3339()),
        "hits": total.as_ref().map(Counts::hits),
        "misses": total.as_ref().map(Counts::misses),
        "hitRate": total.as_ref().and_then(Counts::hit_rate).map(|rate| 100.0 * rate),
        "total": total.as_ref().map(counts),
        "entities": statistics.as_ref().map(entities),
        "writes": statistics.as_ref().map(writes),
        "certificate": certificate,
        "outbox": outbox,
        "breakers": breakers,
        "redisRuns": probe.postgres.as_ref().ok().map(|ledger| ledger.runs),
        "postgresServers": probe.postgres.as_ref().ok().map(|ledger| ledger.servers),
        "caching": if probe.is_uncached(app) { "off" } else { "on" },
    });
    if let Some(by_time) = by_time {
        body["series"] = by_time;
    }
    Ok(Reply::fresh(200, body.to_string()))
}

fn entities(statistics: &Statistics) -> Map<String, Value> {
    statistics.entities().map(|(name, one)| (name.to_owned(), counts(one))).collect()
}

fn writes(statistics: &Statistics) -> Value {
    json!({
        "invalidated": statistics.written(WriteCounter::Invalidated),
        "waitedOut": statistics.written(WriteCounter::WaitedOut),
        "waitedOutMs": statistics.written(WriteCounter::WaitedMs),
    })
}

fn counts(counts: &Counts) -> Value {
    let get = |counter| counts.get(counter);
    let bypasses: Map<String, Value> =
        BYPASSES.iter().map(|&way| (way.name().trim_start_matches("bypass.").to_owned(), json!(get(way)))).collect();
    let loads = counts.loads();
    let load_ms = get(Counter::LoadMicros) as f64 / 1e3;
    json!({
        "reads": counts.reads(),
        "hitRate": counts.hit_rate(),
        "hits": counts.hits(),
        "earlyHits": get(Counter::Early),
        "staleHits": get(Counter::Stale),
        "revalidatedHits": get(Counter::Revalidated),
        "misses": counts.misses(),
        "refusedFills": get(Counter::Refused),
        "bypasses": counts.bypasses(),
        "bypassesByReason": bypasses,
        "staleIfError": get(Counter::StaleIfError),
        "absent": get(Counter::Absent),
        "failed": get(Counter::Failed),
        "damagedEntries": get(Counter::Damaged),
        "waits": get(Counter::Waits),
        "waitedMs": get(Counter::WaitedMs),
        "refreshes": get(Counter::Refreshed),
        "droppedRefreshes": get(Counter::NotRefreshed),
        "loads": loads,
        "loadErrors": get(Counter::LoadErrors),
        "loadMs": load_ms,
        "meanLoadMs": (loads > 0).then(|| load_ms / loads as f64),
        "compared": get(Counter::Compared),
        "inconsistent": get(Counter::Inconsistent),
    })
}

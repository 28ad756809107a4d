//! The server's statistics of its cache agree with its answers.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use e2e::{Answer, App, SOON, eventually, eventually_every};
use serde_json::{Value, json};

/// The counts of the answers' own `Cache-Status`.
#[derive(Default)]
struct AnswerTally {
    counts: BTreeMap<&'static str, u64>,
}

impl AnswerTally {
    fn add(&mut self, answer: &Answer) {
        let status = answer.header("cache-status");
        let kind = match () {
            // On a machine that is too busy for a burst.
            () if answer.status == 503 => "failed",
            () if status.contains("stale-if-error") => "staleIfError",
            () if status.contains("; hit") => "hits",
            () if status.contains("fwd=miss") => "misses",
            () if status.contains("fwd=bypass") => "bypasses",
            () => panic!("{} has Cache-Status {status:?}", answer.request),
        };
        *self.counts.entry(kind).or_default() += 1;
    }

    fn of(&self, kind: &str) -> u64 {
        self.counts.get(kind).copied().unwrap_or(0)
    }

    fn reads(&self) -> u64 {
        self.counts.values().sum()
    }
}

async fn report(app: &App) -> Value {
    app.client.anonymous().cache_health().await.expect(200).json()
}

/// How often something has happened to what was answered: the lists of revoked tokens, which an
/// instance reads for itself, are an entry like any other.
fn answered(report: &Value, kind: &str) -> Option<u64> {
    Some(report["total"][kind].as_u64()? - report["entities"]["revoked_tokens"][kind].as_u64()?)
}

/// The report, once at least so many reads are added up.
async fn added_up(app: &App, reads: u64) -> Option<Value> {
    let now = report(app).await;
    let ended = answered(&now, "reads")? + answered(&now, "failed")?;
    (ended >= reads).then_some(now)
}

/// Waits until as many reads are added up as were answered. Then every sum must be right, and stay
/// so.
async fn sums_of(app: &App, tally: &AnswerTally) -> Value {
    let sums = eventually("all reads are added up", SOON, || added_up(app, tally.reads())).await;
    for kind in ["hits", "misses", "bypasses", "staleIfError", "failed"] {
        assert_eq!(answered(&sums, kind), Some(tally.of(kind)), "{kind} in {sums:#}");
    }
    sums
}

async fn several(app: &App, tally: &mut AnswerTally, count: usize, path: &str) {
    for _ in 0..count {
        tally.add(&app.client.get(path).await.expect(200));
    }
}

/// Counts from zero, because a server with a prefix of its own has read nothing yet.
async fn fresh() -> Option<App> {
    App::private().own_redis().spawn().await
}

#[tokio::test]
async fn the_sums_equal_the_answers_also_when_instances_are_replaced() {
    let Some(app) = fresh().await else { return };
    let (order, mut tally) = (format!("/orders/{}", app.sample.order), AnswerTally::default());
    // An instance takes 128 requests.
    several(&app, &mut tally, 300, &order).await;
    several(&app, &mut tally, 20, "/orders?limit=5").await;
    for round in 0..3 {
        app.client.patch(&app.sample.order, json!({"notes": format!("round {round}")})).await.expect(200);
        several(&app, &mut tally, 5, &order).await;
    }
    for _ in 0..4 {
        app.client.order(&uuid::Uuid::new_v4().to_string()).await.expect(404);
    }
    assert!(tally.of("hits") > 0 && tally.of("misses") >= 4, "{:?}", tally.counts);
    let sums = sums_of(&app, &tally).await;
    let (total, one) = (&sums["total"], &sums["entities"]["order"]);
    assert_eq!(one["reads"], 315);
    assert_eq!(sums["entities"]["orders_list"]["reads"], 20);
    assert_eq!(one["absent"], 4);
    assert_eq!(sums["writes"]["invalidated"], 3);
    let number = |value: &Value| value.as_f64().expect("a number");
    let rate = number(&total["hits"]) / number(&total["reads"]);
    assert!((sums["hitRate"].as_f64().expect("a number") - 100.0 * rate).abs() < 1e-9, "{sums:#}");
    assert_eq!((&sums["hits"], &sums["misses"]), (&total["hits"], &total["misses"]));
    // The same without the prefix of the API.
    let base = app.base_url.trim_end_matches("/api/v1").to_owned();
    let plain = reqwest::get(format!("{base}/health/cache")).await.expect("an answer");
    assert_eq!(plain.status(), 200);
    // Every answer that isn't a hit is a question to Postgres. So is a 404, and a refresh.
    let loads = total["misses"].as_u64().unwrap_or(0) + total["bypasses"].as_u64().unwrap_or(0) + 4;
    let behind = total["refreshes"].as_u64().unwrap_or(0) + total["droppedRefreshes"].as_u64().unwrap_or(0);
    assert!((loads..=loads + behind).contains(&total["loads"].as_u64().expect("a number")), "{total:#}");
    assert_eq!((&total["loadErrors"], &sums["statistics"]), (&json!(0), &json!("on")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_read_of_a_burst_is_lost() {
    let Some(app) = fresh().await else { return };
    let path = format!("/orders/{}", app.sample.order);
    let mut tally = AnswerTally::default();
    tally.add(&app.client.get(&path).await.expect(200));
    // Many instances at once, most of them for a few requests only.
    let burst: Vec<_> = (0..300)
        .map(|_| {
            let (client, path) = (app.client.clone(), path.clone());
            tokio::spawn(async move { client.get(&path).await })
        })
        .collect();
    for answer in burst {
        tally.add(&answer.await.expect("an answer"));
    }
    sums_of(&app, &tally).await;
}

#[tokio::test]
async fn a_hung_redis_loses_no_count() {
    let Some(app) = fresh().await else { return };
    let (path, mut tally) = (format!("/orders/{}", app.sample.order), AnswerTally::default());
    several(&app, &mut tally, 30, &path).await;
    app.redis.as_ref().expect("an own Redis").hang();
    several(&app, &mut tally, 30, &path).await;
    let changed = app.client.patch(&app.sample.order, json!({"notes": "while it hung"})).await;
    changed.expect(200);
    app.redis.as_ref().expect("an own Redis").resume();
    assert!(tally.of("bypasses") >= 29, "{:?}", tally.counts);
    let sums = sums_of(&app, &tally).await;
    let reasons = &sums["total"]["bypassesByReason"];
    assert!(reasons["redis-timeout"].as_u64() >= Some(1), "{reasons:#}");
    let away = ["redis-timeout", "redis-unavailable"].iter().filter_map(|reason| reasons[reason].as_u64()).sum::<u64>();
    assert!(away >= 29, "{reasons:#}");
    // It ended after the reads, so it may come with the next batch.
    let writes = eventually("the write is added up", SOON, || async {
        let writes = report(&app).await["writes"].take();
        (writes["waitedOut"] == 1).then_some(writes)
    })
    .await;
    assert!(writes["waitedOutMs"].as_u64() >= Some(1100), "{writes:#}");
}

#[tokio::test]
async fn a_hundred_hits_are_a_hundred_mgets_and_a_flush_or_two() {
    let Some(app) = fresh().await else { return };
    let path = format!("/orders/{}", app.sample.order);
    app.warm(&path).await;
    let mut log = app.redis_log().await;
    let mut best = usize::MAX;
    for _ in 0..5 {
        log.take().await;
        let before = log.flushes();
        for _ in 0..100 {
            assert!(app.client.get(&path).await.expect(200).is_hit());
        }
        // A new instance looks for the list of revoked tokens once.
        let is_list = |command: &e2e::Command| command.text.replace("gen:access:", "").contains("access:");
        let commands = log.take().await.into_iter().filter(|command| !is_list(command));
        let (renewals, reads): (Vec<_>, Vec<_>) = commands.partition(e2e::Command::is_renewal);
        assert!(reads.iter().all(|command| command.name == "MGET"), "{reads:#?}");
        assert!(reads.len() <= 100 + renewals.len(), "{} reads, {} renewals", reads.len(), renewals.len());
        best = best.min(log.flushes() - before);
    }
    // On a machine that stalls an instance is quiet more often.
    assert!(best <= 2, "at least {best} flushes for each 100 hits");
}

#[tokio::test]
async fn a_damaged_entry_and_a_wait_are_counted() {
    let Some(app) = fresh().await else { return };
    let path = format!("/orders/{}", app.sample.order);
    app.warm(&path).await;
    let client = redis::Client::open(app.redis_url.as_str()).expect("an address");
    let mut connection = client.get_multiplexed_async_connection().await.expect("Redis answers");
    let entries: Vec<String> =
        redis::cmd("KEYS").arg(format!("{}order:*", app.prefix())).query_async(&mut connection).await.expect("KEYS");
    for entry in &entries {
        redis::cmd("SET").arg(entry).arg("garbage").exec_async(&mut connection).await.expect("SET");
    }
    app.client.get(&path).await.expect(200);
    eventually("the damaged entry is counted", SOON, || async {
        let sums = report(&app).await;
        (sums["total"]["damagedEntries"].as_u64() >= Some(1)).then_some(())
    })
    .await;
    // Another reader holds the lease: this one waits its second, then asks Postgres.
    for entry in &entries {
        redis::cmd("DEL").arg(entry).exec_async(&mut connection).await.expect("DEL");
        let lease = format!("{entry}:lock");
        redis::cmd("SET")
            .arg(lease)
            .arg("somebody")
            .arg("PX")
            .arg(60_000)
            .exec_async(&mut connection)
            .await
            .expect("SET");
    }
    let answer = app.client.get(&path).await.expect(200);
    assert!(answer.header("cache-status").contains("fill-wait"), "{}", answer.header("cache-status"));
    eventually("the wait is counted", SOON, || async {
        let total = report(&app).await["total"].clone();
        let waited = total["waits"].as_u64() >= Some(1) && total["waitedMs"].as_u64() >= Some(500);
        (waited && total["bypassesByReason"]["fill-wait"] == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn counts_that_were_sent_in_vain_count_once() {
    let state = e2e::RedisProcess::start().await;
    let Some(app) = App::private().variable("redis_state_url", &state.url()).spawn().await else { return };
    let (path, mut tally) = (format!("/orders/{}", app.sample.order), AnswerTally::default());
    // Only the counts use that Redis, so only they find it hung. They lie in the socket and are
    // added when it goes on, although no caller waits any more; then they come once more.
    several(&app, &mut tally, 1, &path).await;
    sums_of(&app, &tally).await;
    state.hang();
    several(&app, &mut tally, 20, &path).await;
    eventually("the counts are sent in vain", SOON, || async {
        app.log().contains("the Redis of state gives no answer").then_some(())
    })
    .await;
    state.resume();
    // The next count has them sent again, once the breaker lets it.
    let (before, tally) = (tally.reads(), RefCell::new(tally));
    let (pause, limit) = (Duration::from_millis(100), Duration::from_secs(10));
    eventually_every(pause, "what came later is added, too", limit, || async {
        let answer = app.client.get(&path).await.expect(200);
        tally.borrow_mut().add(&answer);
        added_up(&app, before + 1).await
    })
    .await;
    sums_of(&app, &tally.into_inner()).await;
}

#[tokio::test]
async fn sums_are_with_the_state_and_outlive_the_cache() {
    let state = e2e::RedisProcess::start().await;
    let private = App::private().own_redis().variable("redis_state_url", &state.url());
    let Some(mut app) = private.spawn().await else { return };
    let mut tally = AnswerTally::default();
    let path = format!("/orders/{}", app.sample.order);
    several(&app, &mut tally, 20, &path).await;
    sums_of(&app, &tally).await;
    app.redis.as_mut().expect("an own Redis").kill();
    several(&app, &mut tally, 20, &path).await;
    let sums = sums_of(&app, &tally).await;
    assert!(sums["total"]["bypasses"].as_u64() >= Some(19), "{sums:#}");
    assert_eq!(sums["breakers"]["stateRedis"], "closed");
}

#[tokio::test]
async fn state_behind_a_password_outlives_the_crash_of_its_redis() {
    let mut state = e2e::RedisProcess::start_for_state("a-password").await;
    let private = App::private().variable("redis_state_url", &state.url());
    let Some(app) = private.variable("redis_state_credentials", ":a-password").spawn().await else { return };
    let mut tally = AnswerTally::default();
    several(&app, &mut tally, 20, &format!("/orders/{}", app.sample.order)).await;
    sums_of(&app, &tally).await;
    state.kill();
    state.restart_from_disk().await;
    sums_of(&app, &tally).await;
    let metrics = app.client.anonymous().root("/metrics").await.expect(200).text();
    assert!(metrics.contains("edge_orders_redis_may_evict{dependency=\"stateRedis\"} 0\n"), "{metrics}");
}

#[tokio::test]
async fn an_instance_that_has_not_told_yet_outlives_its_idle_second() {
    // It looks after seven seconds and a half for the first time, but an idle instance is dropped
    // after one.
    let Some(app) = App::private().own_redis().variable("statistics_flush_ms", "40000").spawn().await else { return };
    let mut tally = AnswerTally::default();
    several(&app, &mut tally, 10, &format!("/orders/{}", app.sample.order)).await;
    assert_eq!(report(&app).await["total"]["reads"], 0);
    sums_of(&app, &tally).await;
}

/// The clients of the Redis, each with its last command.
async fn connections(app: &App) -> String {
    let client = redis::Client::open(app.redis_url.as_str()).expect("an address");
    let mut connection = client.get_multiplexed_async_connection().await.expect("Redis answers");
    redis::cmd("CLIENT").arg("LIST").query_async(&mut connection).await.expect("CLIENT LIST")
}

/// Whether a connection is this scenario's own: that of its log, or the one that asks.
fn is_ours(connection: &str) -> bool {
    ["cmd=monitor", "cmd=echo", "cmd=client"].iter().any(|last| connection.contains(last))
}

#[tokio::test]
async fn switched_off_nothing_is_counted_and_nothing_sent() {
    let Some(app) = App::private().own_redis().variable("statistics_flush_ms", "0").spawn().await else { return };
    let path = format!("/orders/{}", app.sample.order);
    let mut log = app.redis_log().await;
    app.warm(&path).await;
    for _ in 0..20 {
        app.client.get(&path).await.expect(200);
    }
    // Counts that are still to be sent keep an instance alive: one that has ended sends nothing any
    // more.
    log.take().await;
    eventually("the instance has ended", SOON, || async { connections(&app).await.lines().all(is_ours).then_some(()) })
        .await;
    log.take().await;
    assert_eq!(log.flushes(), 0);
    let sums = report(&app).await;
    assert_eq!((&sums["statistics"], &sums["total"]["reads"]), (&json!("off"), &json!(0)));
}

/// The sum over all buckets.
fn summed(series: &Value, measure: &str) -> u64 {
    series[measure].as_array().expect("a list").iter().filter_map(Value::as_u64).sum()
}

#[tokio::test]
async fn what_was_counted_stands_in_the_minutes_of_an_hour_and_in_the_quarters_of_a_day() {
    let Some(app) = fresh().await else { return };
    let (path, mut tally) = (format!("/orders/{}", app.sample.order), AnswerTally::default());
    several(&app, &mut tally, 20, &path).await;
    several(&app, &mut tally, 5, "/orders?limit=5").await;
    sums_of(&app, &tally).await;
    for (interval, step, steps) in [("1 hour", 60, 60..=62), ("24 hours", 900, 96..=98)] {
        let since = app
            .psql_value(&format!(
                "SELECT to_char((now() - interval '{interval}') AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
            ))
            .await;
        // What comes behind responses may come between the looks at sums and at buckets.
        let series = eventually("the buckets add up to the sums", SOON, || async {
            let told = app.client.anonymous().get(&format!("/health/cache?since={since}")).await.expect(200).json();
            let kinds = ["hits", "misses", "bypasses", "loads", "absent", "failed"];
            let is_sum = |kind: &&str| Some(summed(&told["series"]["total"], kind)) == told["total"][*kind].as_u64();
            kinds.iter().all(is_sum).then(|| told["series"].clone())
        })
        .await;
        assert_eq!(series["stepSeconds"], step, "{series:#}");
        assert!(series["total"]["hits"].as_array().is_some_and(|hits| steps.contains(&hits.len())), "{series:#}");
        let order = &series["entities"]["order"];
        assert_eq!(summed(order, "hits") + summed(order, "misses") + summed(order, "bypasses"), 20, "{order:#}");
        assert_eq!(series["entities"]["invoice"], Value::Null);
    }
    assert_eq!(report(&app).await["series"], Value::Null);
    app.client.anonymous().get("/health/cache?since=2126-01-01T00:00:00Z").await.expect_problem(400);
    // A day and an hour at most, whatever is counted.
    let client = redis::Client::open(app.redis_url.as_str()).expect("an address");
    let mut connection = client.get_multiplexed_async_connection().await.expect("Redis answers");
    let mut pattern = redis::cmd("KEYS");
    let buckets: Vec<String> =
        pattern.arg(format!("{}cache:statistics:*0:*", app.prefix())).query_async(&mut connection).await.expect("KEYS");
    assert!(buckets.len() >= 2, "{buckets:?}");
    for bucket in buckets {
        let left: i64 = redis::cmd("TTL").arg(&bucket).query_async(&mut connection).await.expect("TTL");
        assert!((86_400..=90_000).contains(&left), "{bucket} ends in {left} s");
    }
}

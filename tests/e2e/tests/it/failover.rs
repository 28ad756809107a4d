//! Redis and Postgres with a replica each, behind HAProxy, while readers and writers go on: nothing
//! old is shown, and what was acknowledged is there afterwards.
//!
//! HAProxy and Sentinels run with the files of `deploy/ha`. All of this runs with
//! `E2E_FAILOVERS=all` alone: it takes minutes, and Sentinel takes a busy machine for a dead one.
//! What it prints is the table of docs/high-availability.md.

use std::time::{Duration, Instant};

use e2e::{App, Client, Haproxy, PostgresProcess, RedisProcess, SOON, Sentinels, Server, eventually, postgres_check};
use tokio::time::sleep;

use crate::promise::checker::{Checker, Timing};
use crate::promise::number;

fn wanted() -> bool {
    std::env::var("E2E_FAILOVERS").is_ok_and(|which| which == "all")
}

/// Two servers of the app, so that each meets what the other has left in Redis.
async fn two_servers(app: &App, variables: &[(&str, &str)]) -> (Vec<Server>, Vec<Client>) {
    let first = app.another_server_with("first", variables).await;
    let second = app.another_server_with("second", variables).await;
    (vec![first.0, second.0], vec![first.1, second.1])
}

/// What a fault cost readers, from its strike until hits and writes were as before.
fn report(fault: &str, struck: Instant, timings: &[Timing]) {
    let since: Vec<&Timing> = timings.iter().filter(|timing| timing.begun >= struck).collect();
    let percentile = |late: bool| {
        let is_meant = |timing: &&&Timing| (timing.begun - struck >= Duration::from_secs(1)) == late;
        let mut times: Vec<Duration> = since.iter().filter(is_meant).map(|timing| timing.took).collect();
        times.sort();
        let at = |of: usize| times.get(times.len() * of / 1000).or(times.last()).copied().unwrap_or_default();
        format!("p50 {:?}, p99 {:?}, max {:?}", at(500), at(990), at(1000))
    };
    println!("{fault}: {} reads in {:?}", since.len(), struck.elapsed());
    println!("    first second: {}", percentile(false));
    println!("    after it:     {}", percentile(true));
    let servers = since.iter().map(|timing| timing.server).max().unwrap_or_default();
    for server in 0..=servers {
        let hits = since.iter().filter(|timing| timing.server == server && timing.is_hit);
        let mut moments: Vec<Duration> = hits.map(|timing| timing.begun + timing.took - struck).collect();
        moments.sort();
        let spells = std::iter::once(Duration::ZERO).chain(moments.iter().copied()).zip(moments.iter().copied());
        let (length, end) = spells.map(|(from, to)| (to - from, to)).max().unwrap_or_default();
        println!("    server {server}: {} hits, none for {length:?}, then again from {end:?} on", moments.len());
    }
}

/// Strikes while the checker reads and writes, and waits until hits and writes are as before.
async fn drill(checker: &mut Checker, fault: &'static str, excuses: bool, strike: impl AsyncFnOnce()) {
    // So long before it, all is well.
    checker.recover().await;
    checker.enter(fault, excuses);
    let struck = Instant::now();
    strike().await;
    checker.recover().await;
    report(fault, struck, &checker.timings());
}

/// The two Redis, of which `primary` is the first to be struck.
struct RedisPair {
    primary: RedisProcess,
    replica: RedisProcess,
    sentinels: Sentinels,
}

impl RedisPair {
    /// Waits until the Sentinels have made the replica the primary, and names it so.
    async fn promoted(&mut self) {
        eventually("the replica is promoted", SOON, || async {
            (self.sentinels.primary().await == Some(self.replica.port())).then_some(())
        })
        .await;
        std::mem::swap(&mut self.primary, &mut self.replica);
    }

    /// Waits until one follows the other. On a busy machine the Sentinels may have changed their
    /// minds meanwhile.
    async fn settled(&mut self) {
        let named = eventually("the replica follows", SOON, || async {
            let named = self.sentinels.primary().await?;
            let replica = if named == self.primary.port() { &self.replica } else { &self.primary };
            let replication = replica.replication().await;
            let follows = format!("master_port:{named}\r\nmaster_link_status:up");
            replication.contains(&follows).then_some(named)
        })
        .await;
        if named != self.primary.port() {
            std::mem::swap(&mut self.primary, &mut self.replica);
        }
        self.sentinels.settled().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failover_of_redis_shows_nothing_old_and_refuses_no_read() {
    if !wanted() {
        return;
    }
    let primary = RedisProcess::start().await;
    let replica = primary.start_replica().await;
    let mut haproxy = Haproxy::of_redis(&primary, &replica).await;
    let sentinels = Sentinels::watch(&primary).await;
    let mut redis = RedisPair { primary, replica, sentinels };
    let url = format!("redis://{}", haproxy.address());
    let Some(mut app) = App::private().variable("redis_url", &url).spawn().await else { return };
    app.server.as_mut().expect("an own server").kill();
    let (_servers, clients) = two_servers(&app, &[]).await;
    let seed = number("E2E_SEED").unwrap_or(1);
    let mut checker = Checker::start_on(&app, clients.clone(), app.database_url(), seed).await;

    drill(&mut checker, "Redis primary killed", false, async || {
        redis.primary.kill();
        redis.promoted().await;
    })
    .await;
    redis.replica.restart().await;
    redis.settled().await;

    drill(&mut checker, "failover by hand", false, async || {
        redis.sentinels.fail_over().await;
        redis.promoted().await;
        // Until then HAProxy leaves all connections at the old one.
        redis.settled().await;
    })
    .await;

    drill(&mut checker, "Redis primary hung, then back", false, async || {
        redis.primary.hang();
        redis.promoted().await;
        redis.replica.resume();
        redis.settled().await;
    })
    .await;

    drill(&mut checker, "HAProxy reloaded", false, async || haproxy.reload()).await;
    // The old process has ended with its connections.
    sleep(Duration::from_secs(3)).await;
    drill(&mut checker, "HAProxy killed", false, async || {
        haproxy.kill();
        sleep(Duration::from_secs(1)).await;
        haproxy.restart().await;
    })
    .await;
    checker.end(20, 3).await;
}

/// An app behind HAProxy, on a Postgres with a synchronous replica.
struct PostgresPair {
    app: App,
    replica: PostgresProcess,
    _haproxy: Haproxy,
    _servers: Vec<Server>,
    checker: Checker,
}

impl PostgresPair {
    async fn start() -> Option<Self> {
        let mut app = App::private().own_redis().own_postgres().spawn().await?;
        app.server.as_mut().expect("an own server").kill();
        let primary = app.postgres.as_ref().expect("an own Postgres");
        let replica = primary.synchronous_replica().await;
        let check = postgres_check(primary, replica.port());
        let haproxy = Haproxy::of_postgres(primary.port(), replica.port(), &check).await;
        let own = format!("127.0.0.1:{}", primary.port());
        let url = app.database_url().replace(&own, &haproxy.address());
        let variables = [("database_url", &*url), ("database_host", &haproxy.address())];
        let (_servers, clients) = two_servers(&app, &variables).await;
        let checker = Checker::start_on(&app, clients, &url, number("E2E_SEED").unwrap_or(1)).await;
        Some(Self { app, replica, _haproxy: haproxy, _servers, checker })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failover_of_postgres_loses_nothing_that_was_acknowledged() {
    if !wanted() {
        return;
    }
    let Some(mut postgres) = PostgresPair::start().await else { return };
    let (primary, replica) = (postgres.app.postgres.take().expect("an own Postgres"), &postgres.replica);
    drill(&mut postgres.checker, "Postgres primary killed", true, async || {
        primary.kill();
        replica.promote().await;
    })
    .await;
    postgres.checker.end(20, 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_primary_of_postgres_that_comes_back_is_left_out() {
    if !wanted() {
        return;
    }
    let Some(mut postgres) = PostgresPair::start().await else { return };
    let (primary, replica) = (postgres.app.postgres.take().expect("an own Postgres"), &postgres.replica);
    drill(&mut postgres.checker, "Postgres primary hung, then back", true, async || {
        primary.hang();
        // An operator looks twice before this.
        sleep(Duration::from_secs(3)).await;
        replica.promote().await;
        primary.resume();
        sleep(Duration::from_secs(5)).await;
    })
    .await;
    postgres.checker.end(20, 3).await;
}

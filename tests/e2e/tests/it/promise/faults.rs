//! The faults that strike while the checker reads and writes. Each fault begins, holds for a while
//! and is repaired.

use std::time::{Duration, Instant};

use e2e::App;
use redis::aio::MultiplexedConnection;
use tokio::time::sleep;

use super::Dice;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Nothing,
    RedisKilled,
    RedisBackFromSnapshot,
    RedisHung,
    RedisHungForMoments,
    RedisFlushed,
    RedisClientsKilled,
    RedisPaused,
    RedisWritesPaused,
    EntriesGarbled,
    OldEntriesPutBack,
    RedisEvicts,
    RedisFull,
    PostgresKilled,
    PostgresHung,
    PostgresClientsKilled,
    ServerKilled,
    ServerHung,
    RedisAndPostgresHung,
}

impl Fault {
    pub const ALL: [Fault; 19] = [
        Fault::Nothing,
        Fault::RedisKilled,
        Fault::RedisBackFromSnapshot,
        Fault::RedisHung,
        Fault::RedisHungForMoments,
        Fault::RedisFlushed,
        Fault::RedisClientsKilled,
        Fault::RedisPaused,
        Fault::RedisWritesPaused,
        Fault::EntriesGarbled,
        Fault::OldEntriesPutBack,
        Fault::RedisEvicts,
        Fault::RedisFull,
        Fault::PostgresKilled,
        Fault::PostgresHung,
        Fault::PostgresClientsKilled,
        Fault::ServerKilled,
        Fault::ServerHung,
        Fault::RedisAndPostgresHung,
    ];

    /// The name for the report.
    pub fn name(self) -> &'static str {
        const NAMES: [&str; 19] = [
            "nothing",
            "Redis killed",
            "Redis back from snapshot",
            "Redis hung",
            "Redis hung for moments",
            "FLUSHALL",
            "CLIENT KILL",
            "CLIENT PAUSE",
            "CLIENT PAUSE WRITE",
            "entries garbled",
            "old entries put back",
            "eviction",
            "Redis full",
            "Postgres killed",
            "Postgres hung",
            "Postgres clients killed",
            "server killed",
            "server hung",
            "Redis and Postgres hung",
        ];
        NAMES[self as usize]
    }

    /// Whether a read may be refused while it strikes. Redis is never the reason that one fails.
    pub fn excuses(self) -> bool {
        use Fault::*;
        matches!(
            self,
            PostgresKilled | PostgresHung | PostgresClientsKilled | ServerKilled | ServerHung | RedisAndPostgresHung
        )
    }

    pub async fn strike(self, app: &mut App, dice: &mut Dice) {
        let hold = dice.millis(300, 2500);
        match self {
            Fault::Nothing => sleep(hold).await,
            Fault::RedisKilled => {
                app.redis.as_mut().expect("an own Redis").kill();
                sleep(hold).await;
                app.redis.as_mut().expect("an own Redis").restart().await;
            }
            Fault::RedisBackFromSnapshot => {
                app.redis.as_ref().expect("an own Redis").snapshot().await;
                // The saved contents are outdated soon, except for entries that live for a second.
                sleep(dice.millis(50, 600)).await;
                app.redis.as_mut().expect("an own Redis").restart_from_disk().await;
                sleep(hold / 2).await;
            }
            Fault::RedisHung => {
                app.redis.as_ref().expect("an own Redis").hang();
                sleep(hold).await;
                app.redis.as_ref().expect("an own Redis").resume();
            }
            Fault::RedisHungForMoments => {
                for _ in 0..10 {
                    app.redis.as_ref().expect("an own Redis").hang();
                    sleep(dice.millis(5, 150)).await;
                    app.redis.as_ref().expect("an own Redis").resume();
                    sleep(dice.millis(5, 200)).await;
                }
            }
            Fault::RedisFlushed => repeat(app, dice, 5, async |redis, _, _| run(redis, &["FLUSHALL"]).await).await,
            Fault::RedisClientsKilled => {
                let kill = ["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"];
                repeat(app, dice, 8, async |redis, _, _| run(redis, &kill).await).await;
            }
            Fault::RedisPaused => pause(app, hold, "ALL").await,
            Fault::RedisWritesPaused => pause(app, hold, "WRITE").await,
            Fault::EntriesGarbled => repeat(app, dice, 8, garble).await,
            Fault::OldEntriesPutBack => put_back(app, dice).await,
            Fault::RedisEvicts => evict(app, hold).await,
            Fault::RedisFull => {
                let mut redis = connect(app).await;
                run(&mut redis, &["CONFIG", "SET", "maxmemory", "1"]).await;
                sleep(hold).await;
                run(&mut redis, &["CONFIG", "SET", "maxmemory", "0"]).await;
            }
            Fault::PostgresKilled => {
                app.postgres.as_ref().expect("an own Postgres").kill();
                sleep(hold).await;
                app.postgres.as_ref().expect("an own Postgres").restart();
            }
            Fault::PostgresHung => {
                app.postgres.as_ref().expect("an own Postgres").hang();
                // Longer than its time limit, now and then.
                sleep(hold * 2).await;
                app.postgres.as_ref().expect("an own Postgres").resume();
            }
            Fault::PostgresClientsKilled => {
                for _ in 0..5 {
                    app.psql(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                         WHERE datname = current_database() AND pid <> pg_backend_pid()",
                    )
                    .await;
                    sleep(dice.millis(20, 200)).await;
                }
            }
            Fault::ServerKilled => {
                app.server.as_mut().expect("an own server").kill();
                sleep(hold / 4).await;
                app.server.as_mut().expect("an own server").restart().await;
            }
            Fault::ServerHung => {
                app.server.as_ref().expect("an own server").hang();
                sleep(hold).await;
                app.server.as_ref().expect("an own server").resume();
            }
            Fault::RedisAndPostgresHung => {
                app.redis.as_ref().expect("an own Redis").hang();
                sleep(dice.millis(0, 300)).await;
                app.postgres.as_ref().expect("an own Postgres").hang();
                sleep(hold).await;
                app.redis.as_ref().expect("an own Redis").resume();
                sleep(dice.millis(0, 300)).await;
                app.postgres.as_ref().expect("an own Postgres").resume();
            }
        }
    }
}

async fn connect(app: &App) -> MultiplexedConnection {
    let client = redis::Client::open(app.redis_url.as_str()).expect("an address");
    client.get_multiplexed_async_connection().await.expect("Redis answers")
}

async fn run(redis: &mut MultiplexedConnection, command: &[&str]) {
    let sent = redis::cmd(command[0]).arg(&command[1..]).exec_async(redis).await;
    sent.unwrap_or_else(|e| panic!("{command:?}: {e}"));
}

async fn repeat(
    app: &App,
    dice: &mut Dice,
    times: usize,
    strike: impl AsyncFn(&mut MultiplexedConnection, &App, &mut Dice),
) {
    let mut redis = connect(app).await;
    for _ in 0..times {
        strike(&mut redis, app, dice).await;
        sleep(dice.millis(20, 400)).await;
    }
}

/// `CLIENT PAUSE`, several short ones in a row. A pause ends by itself, so it needs no repair.
async fn pause(app: &App, hold: Duration, what: &str) {
    let begun = Instant::now();
    let mut redis = connect(app).await;
    while begun.elapsed() < hold {
        run(&mut redis, &["CLIENT", "PAUSE", "250", what]).await;
        sleep(Duration::from_millis(300)).await;
    }
}

async fn entries(redis: &mut MultiplexedConnection, app: &App) -> Vec<String> {
    let keys: Vec<String> =
        redis::cmd("KEYS").arg(format!("{}order*", app.prefix())).query_async(redis).await.expect("KEYS");
    keys.into_iter().filter(|key| !key.ends_with(":lock")).collect()
}

/// Damages entries: cut off, with a flipped bit, replaced by other contents, or of another type.
async fn garble(redis: &mut MultiplexedConnection, app: &App, dice: &mut Dice) {
    for key in entries(redis, app).await {
        let Ok(mut bytes) = redis::cmd("GET").arg(&key).query_async::<Vec<u8>>(redis).await else { continue };
        match dice.below(4) {
            0 => bytes.truncate(dice.below(bytes.len().max(1))),
            1 if !bytes.is_empty() => {
                let at = dice.below(bytes.len());
                bytes[at] ^= 1 << dice.below(8);
            }
            2 => bytes = dice.roll().to_le_bytes().repeat(1 + dice.below(40)),
            _ => {
                let _ = redis::cmd("DEL").arg(&key).exec_async(redis).await;
                let _ = redis::cmd("RPUSH").arg(&key).arg("x").exec_async(redis).await;
                continue;
            }
        }
        redis::cmd("SET").arg(&key).arg(bytes).exec_async(redis).await.expect("SET");
    }
}

/// Puts entries back as they were before some writes.
async fn put_back(app: &App, dice: &mut Dice) {
    let mut redis = connect(app).await;
    for _ in 0..4 {
        let mut old: Vec<(String, Vec<u8>)> = Vec::new();
        for key in entries(&mut redis, app).await {
            if let Ok(Some(dump)) = redis::cmd("DUMP").arg(&key).query_async(&mut redis).await {
                old.push((key, dump));
            }
        }
        sleep(dice.millis(50, 500)).await;
        for (key, dump) in &old {
            let restore = redis::cmd("RESTORE").arg(key).arg(60_000).arg(dump).arg("REPLACE").to_owned();
            restore.exec_async(&mut redis).await.expect("RESTORE");
        }
    }
}

/// A small `maxmemory` and a client that fills it, so anything may be evicted at any moment.
async fn evict(app: &App, hold: Duration) {
    let (begun, mut redis) = (Instant::now(), connect(app).await);
    let memory: String = redis::cmd("INFO").arg("memory").query_async(&mut redis).await.expect("INFO");
    let used = memory.lines().find_map(|line| line.strip_prefix("used_memory:")?.trim().parse::<u64>().ok());
    let limit = (used.expect("used_memory") + 300_000).to_string();
    run(&mut redis, &["CONFIG", "SET", "maxmemory", &limit, "maxmemory-policy", "allkeys-lru"]).await;
    let junk = "x".repeat(4000);
    let mut count = 0;
    while begun.elapsed() < hold.max(Duration::from_secs(1)) {
        for _ in 0..20 {
            count += 1;
            // If nothing can be evicted any more, the write is refused, which is as good.
            let set = redis::cmd("SET").arg(format!("junk:{}", count % 400)).arg(&junk).arg("PX").arg(3000).to_owned();
            let _ = set.exec_async(&mut redis).await;
        }
        sleep(Duration::from_millis(5)).await;
    }
    run(&mut redis, &["CONFIG", "SET", "maxmemory", "0", "maxmemory-policy", "noeviction"]).await;
}

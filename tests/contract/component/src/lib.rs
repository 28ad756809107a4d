//! The contract of cache-logic's ports, run inside a component on Spin's Redis. Answers `{"check":
//! "ok" or its fault}`.

#![cfg(target_family = "wasm")]

use cache_logic::certificate::{Certificate, ClaimToken, Generation, RunId, Timing};
use cache_logic::contract::{self, damage};
use cache_logic::loads::LoadBounds;
use cache_logic::origin::OriginFault;
use cache_logic::policy::Limits;
use cache_logic::ports::{CacheFault, Clock, Fill, Known, Lease, Registry, RenewalClaim, Snapshot, Store};
use cache_logic::write_through::{GenerationSwap, WriteThrough};
use cache_spin::clock;
use cache_spin::locks::RedisLocks;
use cache_spin::redis::{Argument, Redis, Value, text};
use cache_spin::store::RedisStore;
use cache_spin::terms::Terms;
use spin_sdk::http::{Request, StatusCode};
use spin_sdk::variables;
use std::pin::Pin;
use std::sync::LazyLock;
use std::time::Duration;

/// The product's store, and a second connection that writes past it.
struct Cache {
    store: RedisStore,
    prefix: String,
}

#[spin_sdk::http_service]
async fn handle(_request: Request) -> Result<(StatusCode, String), &'static str> {
    let variable = async |name: &str| variables::get(name).await.map_err(|_| "a variable is missing");
    let (url, prefix) = (variable("redis_url").await?, variable("key_prefix").await?);
    // Long limits: these checks show the meaning of the calls, not how long they may take.
    let (limit, rest) = (Duration::from_secs(5), Duration::from_millis(1));
    let store = RedisStore::new(Redis::new("Redis", url, limit, rest), &prefix, "contract", terms);
    let cache = Cache { store, prefix };
    let mut found = contract::run(&cache).await;
    found.extend(damage::run(&cache).await);
    found.extend(contract::run_write_through(&cache).await);
    found.extend(contract::run_locks(&RedisLocks::new(&cache.store.redis, &cache.prefix)).await);
    let found: serde_json::Map<_, _> = found
        .into_iter()
        .map(|(check, outcome)| (check.to_owned(), outcome.err().unwrap_or_else(|| "ok".to_owned()).into()))
        .collect();
    Ok((StatusCode::OK, serde_json::Value::Object(found).to_string()))
}

/// The product's defaults; only the life of generations counts here.
static TERMS: LazyLock<Terms> = LazyLock::new(|| Terms {
    limits: Limits {
        max_entry_bytes: 1_000_000,
        lease_hold: Duration::from_millis(2_500),
        wait: Duration::from_secs(1),
        timing: Timing::default(),
        outage_wait: Duration::from_millis(1_100),
        generation_ttl: Duration::from_secs(600),
    },
    postgres_timeout: Duration::from_secs(2),
    postgres_rest: Duration::from_secs(1),
    postgres_keep: Duration::from_millis(100),
    loads: LoadBounds { at_once: 8, waiting: 200 },
    compared: 0.0,
    stale_if_error: Duration::from_secs(3600),
});

fn terms() -> Pin<Box<dyn Future<Output = Result<&'static Terms, OriginFault>>>> {
    Box::pin(std::future::ready(Ok(&*TERMS)))
}

impl damage::Tamper for Cache {
    async fn put(&self, key: &str, value: &[u8]) -> Result<(), CacheFault> {
        let value = Argument::Binary(value.to_vec());
        self.store.redis.command("SET", vec![text(&format!("{}{key}", self.prefix)), value]).await.map(drop)
    }

    async fn put_list(&self, key: &str) -> Result<(), CacheFault> {
        let key = text(&format!("{}{key}", self.prefix));
        self.store.redis.command("DEL", vec![key.clone()]).await?;
        self.store.redis.command("RPUSH", vec![key, text("an element")]).await.map(drop)
    }

    async fn has_end(&self, key: &str) -> Result<Option<bool>, CacheFault> {
        let (answer, _) = self.store.redis.command("PTTL", vec![text(&format!("{}{key}", self.prefix))]).await?;
        match answer.as_slice() {
            [Value::Int64(-2)] => Ok(None),
            [Value::Int64(ms)] => Ok(Some(*ms > 0)),
            _ => Err(CacheFault::Protocol("PTTL gave no number".into())),
        }
    }
}

impl Store for Cache {
    async fn look(&self, keys: &[&str], tags: &[&str]) -> Result<Snapshot, CacheFault> {
        self.store.look(keys, tags).await
    }

    async fn lease(
        &self,
        key: &str,
        known: Known,
        tags: &[&str],
        holder: u128,
        hold: Duration,
    ) -> Result<Lease, CacheFault> {
        self.store.lease(key, known, tags, holder, hold).await
    }

    async fn restamp(&self, key: &str, fill: u128, bytes: Vec<u8>) -> Result<(), CacheFault> {
        self.store.restamp(key, fill, bytes).await
    }

    async fn generations(&self, tags: &[&str], candidate: u128) -> Result<Vec<Generation>, CacheFault> {
        self.store.generations(tags, candidate).await
    }

    async fn fill(&self, fills: &[Fill<'_>], holder: Option<u128>) -> Result<(), CacheFault> {
        self.store.fill(fills, holder).await
    }

    async fn release(&self, key: &str, holder: u128) -> Result<(), CacheFault> {
        self.store.release(key, holder).await
    }

    async fn discard(&self, keys: &[&str]) -> Result<(), CacheFault> {
        self.store.discard(keys).await
    }
}

impl WriteThrough for Cache {
    async fn put(
        &self,
        fill: &Fill<'_>,
        turns: &[GenerationSwap<'_>],
        others: &[&str],
    ) -> Result<(bool, RunId), CacheFault> {
        self.store.put(fill, turns, others).await
    }
}

impl Registry for Cache {
    async fn invalidate(&self, tags: &[&str]) -> Result<RunId, CacheFault> {
        self.store.invalidate(tags).await
    }

    async fn claim(&self, token: ClaimToken, hold: Duration) -> Result<Option<RenewalClaim>, CacheFault> {
        self.store.claim(token, hold).await
    }

    async fn abandon(&self, token: ClaimToken) -> Result<(), CacheFault> {
        self.store.abandon(token).await
    }

    async fn certify(&self, certificate: &Certificate, record: &str, timing: Timing) -> Result<bool, CacheFault> {
        self.store.certify(certificate, record, timing).await
    }

    async fn last_certificate(&self) -> Result<Option<Certificate>, CacheFault> {
        self.store.last_certificate().await
    }
}

impl Clock for Cache {
    fn now(&self) -> u64 {
        clock::now_millis()
    }

    fn monotonic(&self) -> u64 {
        clock::monotonic_millis()
    }

    async fn sleep(&self, duration: Duration) {
        clock::sleep(duration).await;
    }

    fn draw(&self) -> f64 {
        clock::draw()
    }

    fn token(&self) -> u128 {
        clock::token()
    }
}

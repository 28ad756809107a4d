//! The ports of cache-logic over the `redis` crate: the very scripts of cache-spin through another
//! client. So a fault of the scripts is told apart from one of the client.

use cache_logic::certificate::{Certificate, ClaimToken, Generation, RunId, Timing};
use cache_logic::contract::damage::Tamper;
use cache_logic::key::{generation_key, lease_key, parts_key};
use cache_logic::ports::{CacheFault, Clock, Fill, Known, Lease, Registry, RenewalClaim, Snapshot, Standing, Store};
use redis::aio::MultiplexedConnection;
use redis::{Cmd, FromRedisValue, Value, cmd};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use uuid::Uuid;

/// How long a generation lives.
const GENERATION: Duration = Duration::from_secs(600);

macro_rules! script {
    ($name:literal) => {
        include_str!(concat!("../../../shared/cache-spin/src/lua/", $name, ".lua"))
    };
}

mod extras;

/// One connection to a Redis, below a prefix.
#[derive(Debug)]
pub struct Native {
    connection: MultiplexedConnection,
    prefix: String,
    run: RunId,
    begun: Instant,
}

impl Native {
    /// Connects, and learns the run.
    ///
    /// # Panics
    /// If there is no Redis.
    pub async fn connect(url: &str, prefix: &str) -> Self {
        let client = redis::Client::open(url).expect("an address of a Redis");
        let mut connection = client.get_multiplexed_async_connection().await.expect("Redis answers");
        let info: String = cmd("INFO").arg("server").query_async(&mut connection).await.expect("INFO");
        let run = info.lines().find_map(|line| line.strip_prefix("run_id:")?.get(..32)).expect("a run id");
        let run = u128::from_str_radix(run, 16).expect("a hexadecimal run id");
        Self { connection, prefix: prefix.to_owned(), run, begun: Instant::now() }
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    fn tags(&self, tags: &[&str]) -> Vec<String> {
        tags.iter().map(|tag| generation_key(&self.prefix, tag)).collect()
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, CacheFault> {
        let answer = command.query_async(&mut self.connection.clone()).await;
        answer.map_err(|error| match error.is_io_error() {
            true => CacheFault::Unreachable,
            false => CacheFault::Protocol(error.to_string()),
        })
    }
}

fn eval(script: &str, keys: &[String]) -> Cmd {
    let mut command = cmd("EVAL");
    command.arg(script).arg(keys.len()).arg(keys);
    command
}

fn hex(value: u128) -> String {
    format!("{value:032x}")
}

fn millis(duration: Duration) -> u64 {
    duration.as_millis() as u64
}

fn generation(value: &[u8]) -> Option<Generation> {
    u128::from_str_radix(std::str::from_utf8(value).ok()?, 16).ok()
}

fn generations(answer: &[Value]) -> Result<Vec<Generation>, CacheFault> {
    let read = |value: &Value| match value {
        Value::BulkString(bytes) => generation(bytes),
        _ => None,
    };
    answer.iter().map(read).collect::<Option<_>>().ok_or_else(|| CacheFault::Protocol("no generation".into()))
}

impl Store for Native {
    async fn look(&self, keys: &[&str], tags: &[&str]) -> Result<Snapshot, CacheFault> {
        let mut command = cmd("MGET");
        command.arg(keys.iter().map(|key| self.key(key)).collect::<Vec<_>>()).arg(self.tags(tags));
        command.arg(["cache:certificate", "cache:fresh", "cache:claim"].map(|key| self.key(key)).to_vec());
        let mut values = self.ask::<Vec<Option<Vec<u8>>>>(&command).await?.into_iter();
        Ok(Snapshot {
            entries: values.by_ref().take(keys.len()).collect(),
            generations: values.by_ref().take(tags.len()).map(|value| value.as_deref().and_then(generation)).collect(),
            certificate: values.next().flatten().as_deref().and_then(Certificate::decode),
            fresh: values.next().flatten().is_some(),
            claimed: values.next().flatten().is_some(),
            run: self.run,
            heard: None,
        })
    }

    async fn lease(
        &self,
        key: &str,
        known: Known,
        tags: &[&str],
        holder: u128,
        hold: Duration,
    ) -> Result<Lease, CacheFault> {
        let key = self.key(key);
        let own = vec![key.clone(), lease_key(&key), parts_key(&key), self.key("cache:certificate")];
        let fill = known.fill().map_or(Vec::new(), |fill| fill.to_le_bytes().to_vec());
        let mut call = eval(script!("lease"), &[own, self.tags(tags)].concat());
        call.arg(fill).arg(hex(holder)).arg(millis(hold)).arg(millis(GENERATION));
        call.arg(u8::from(matches!(known, Known::Outdated(_))));
        match self.ask::<Vec<Value>>(&call).await?.as_slice() {
            [Value::Int(0), made @ ..] => Ok(Lease::Granted(generations(made)?)),
            [Value::Int(1), ..] => Ok(Lease::Held),
            [Value::Int(2), ..] => Ok(Lease::Changed),
            [Value::Int(3), Value::BulkString(certificate), made @ ..] => Ok(Lease::Current(Standing {
                generations: generations(made)?,
                certificate: Certificate::decode(certificate),
                run: self.run,
            })),
            _ => Err(CacheFault::Protocol("lease.lua gave no answer".into())),
        }
    }

    async fn restamp(&self, key: &str, fill: u128, bytes: Vec<u8>) -> Result<(), CacheFault> {
        let mut call = eval(script!("restamp"), &[self.key(key)]);
        self.ask(call.arg(&fill.to_le_bytes()[..]).arg(bytes)).await
    }

    async fn generations(&self, tags: &[&str], candidate: u128) -> Result<Vec<Generation>, CacheFault> {
        let mut call = eval(script!("generations"), &self.tags(tags));
        call.arg(hex(candidate)).arg(millis(GENERATION));
        generations(&self.ask::<Vec<Value>>(&call).await?)
    }

    async fn fill(&self, fills: &[Fill<'_>], holder: Option<u128>) -> Result<(), CacheFault> {
        if let [Fill { key, bytes, ttl_ms, parts: Some(parts) }] = fills {
            let (key, names) = (self.key(key), parts.parts.iter().map(String::as_str));
            let names: Vec<&str> = parts.tags.iter().copied().chain(names).collect();
            let keys = [vec![lease_key(&key), key.clone(), parts_key(&key)], self.tags(&names)].concat();
            let mut call = eval(script!("fill_parts"), &keys);
            call.arg(hex(holder.unwrap_or(parts.fill))).arg(bytes).arg(ttl_ms);
            call.arg(&parts.fill.to_le_bytes()[..]).arg(millis(GENERATION));
            call.arg(parts.generations.iter().map(|generation| hex(*generation)).collect::<Vec<_>>());
            return self.ask(&call).await;
        }
        let entries: Vec<String> = fills.iter().map(|fill| self.key(fill.key)).collect();
        let lease = entries.first().map_or(String::new(), |key| lease_key(key));
        let mut call = eval(script!("fill"), &[vec![lease], entries].concat());
        call.arg(holder.map_or(String::new(), hex));
        for fill in fills {
            call.arg(&fill.bytes).arg(fill.ttl_ms);
        }
        self.ask(&call).await
    }

    async fn release(&self, key: &str, holder: u128) -> Result<(), CacheFault> {
        let mut call = eval(script!("release"), &[lease_key(&self.key(key))]);
        self.ask(call.arg(hex(holder))).await
    }

    async fn discard(&self, keys: &[&str]) -> Result<(), CacheFault> {
        let keys: Vec<String> = keys.iter().map(|key| self.key(key)).collect();
        self.ask(cmd("DEL").arg(keys)).await
    }
}

impl Registry for Native {
    async fn invalidate(&self, tags: &[&str]) -> Result<RunId, CacheFault> {
        self.ask::<i64>(cmd("DEL").arg(self.tags(tags))).await.map(|_| self.run)
    }

    async fn claim(&self, token: ClaimToken, hold: Duration) -> Result<Option<RenewalClaim>, CacheFault> {
        let mut call = eval(script!("claim"), &["claim", "record"].map(|name| self.key(&format!("cache:{name}"))));
        let answer: Option<(Vec<u8>, Option<String>)> = self.ask(call.arg(hex(token.into())).arg(millis(hold))).await?;
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap_or_default();
        Ok(answer.map(|(replication, record)| RenewalClaim { run: self.run, replication: text(replication), record }))
    }

    async fn abandon(&self, token: ClaimToken) -> Result<(), CacheFault> {
        let mut call = eval(script!("release"), &[self.key("cache:claim")]);
        self.ask(call.arg(hex(token.into()))).await
    }

    async fn certify(&self, certificate: &Certificate, record: &str, timing: Timing) -> Result<bool, CacheFault> {
        let keys = ["claim", "certificate", "fresh", "last", "record"].map(|name| self.key(&format!("cache:{name}")));
        let mut call = eval(script!("certify"), &keys);
        call.arg(hex(certificate.token.into())).arg(certificate.encode());
        call.arg(millis(timing.claim())).arg(millis(timing.total())).arg(millis(timing.life())).arg(millis(GENERATION));
        call.arg(record).arg(millis(GENERATION));
        Ok(self.ask::<i64>(&call).await? == 1)
    }

    async fn last_certificate(&self) -> Result<Option<Certificate>, CacheFault> {
        let last: Option<Vec<u8>> = self.ask(cmd("GET").arg(self.key("cache:last"))).await?;
        Ok(last.as_deref().and_then(Certificate::decode))
    }
}

impl Clock for Native {
    fn now(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis)
    }

    fn monotonic(&self) -> u64 {
        millis(self.begun.elapsed())
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    fn draw(&self) -> f64 {
        f64::from(Uuid::new_v4().as_u128() as u32) / (f64::from(u32::MAX) + 1.0)
    }

    fn token(&self) -> u128 {
        Uuid::new_v4().as_u128()
    }
}

impl Tamper for Native {
    async fn put(&self, key: &str, value: &[u8]) -> Result<(), CacheFault> {
        self.ask(cmd("SET").arg(self.key(key)).arg(value)).await
    }

    async fn put_list(&self, key: &str) -> Result<(), CacheFault> {
        self.ask::<()>(cmd("DEL").arg(self.key(key))).await?;
        self.ask(cmd("RPUSH").arg(self.key(key)).arg("an element")).await
    }

    async fn has_end(&self, key: &str) -> Result<Option<bool>, CacheFault> {
        let left: i64 = self.ask(cmd("PTTL").arg(self.key(key))).await?;
        Ok((left != -2).then_some(left > 0))
    }
}

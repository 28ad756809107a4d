//! A Redis in memory, with a clock that is moved: for tests, here and in other crates.

#[cfg(feature = "lock")]
mod locks;
mod store;

use crate::protocol::certificate::{Coverage, Generation, RunId, ServerId};
use crate::protocol::freshness::{Draw, Millis};
use crate::protocol::key::parts_key;
use crate::protocol::ports::{CacheFault, Clock, Ledger, OutboxState, RenewalClaim};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::Duration;

/// Runs a future that waits for nothing but [`Memory`], which never waits: for examples and tests
/// without a runtime. Any other future keeps one processor busy until it is done.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

/// The fill of an entry, and the tag of each of its parts with its generation.
type NotedParts = (u128, Vec<(String, Generation)>);

/// A Redis, an outbox and a clock, all in memory. `sleep` moves the clock.
#[derive(Debug, Default)]
pub struct Memory {
    values: RefCell<HashMap<String, (Vec<u8>, Millis)>>,
    /// What is noted of entries' parts. It counts while there is a value under the key of the
    /// parts.
    parts: RefCell<HashMap<String, NotedParts>>,
    now: Cell<Millis>,
    /// Values that somebody else will store: when, under which key, what.
    coming: RefCell<Vec<(Millis, String, Vec<u8>)>>,
    draws: Cell<u128>,
    /// How many calls were made of each method.
    pub calls: RefCell<HashMap<&'static str, u32>>,
    /// Every call to Redis fails with this.
    pub fault: RefCell<Option<CacheFault>>,
    /// True while Postgres cannot be reached.
    pub origin_away: Cell<bool>,
    /// Every answer of Redis takes so many milliseconds.
    pub answers_after: Cell<Millis>,
    /// The run of this Redis.
    pub run: Cell<RunId>,
    /// The server of the origin that answers renewals.
    pub server: Cell<ServerId>,
    /// The server that this instance heard last.
    pub heard: Cell<Option<ServerId>>,
    /// The epoch, as Postgres has it.
    pub epoch: Cell<u128>,
    /// The outbox: id, transaction, tags.
    pub outbox: RefCell<Vec<(i64, String, Vec<String>)>>,
}

/// The error of an origin that cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OriginAway;

impl crate::protocol::ports::OriginError for OriginAway {
    fn unreachable(&self) -> bool {
        true
    }
}

impl Memory {
    /// Moves the clock.
    pub fn advance(&self, by: Duration) {
        self.now.set(self.now.get() + by.as_millis() as u64);
        let now = self.now.get();
        let due: Vec<_> = self.coming.borrow_mut().extract_if(.., |(at, ..)| *at <= now).collect();
        due.iter().for_each(|(_, key, bytes)| self.overwrite(key, bytes));
    }

    /// Somebody else stores this after the clock has moved so far.
    pub fn store_after(&self, wait: Duration, key: &str, bytes: &[u8]) {
        self.coming.borrow_mut().push((self.now.get() + wait.as_millis() as u64, key.to_owned(), bytes.to_owned()));
    }

    /// `FLUSHALL`.
    pub fn flush(&self) {
        self.values.borrow_mut().clear();
    }

    /// Overwrites the value under a key.
    pub fn overwrite(&self, key: &str, bytes: &[u8]) {
        self.set(key, bytes.to_vec(), 1_000_000_000);
    }

    /// How often a method was called since the last question.
    pub fn taken(&self, method: &'static str) -> u32 {
        self.calls.borrow_mut().remove(method).unwrap_or_default()
    }

    /// The bytes under a key.
    pub fn raw(&self, key: &str) -> Option<Vec<u8>> {
        let values = self.values.borrow();
        values.get(key).filter(|(_, until)| *until > self.now.get()).map(|(bytes, _)| bytes.clone())
    }

    fn set(&self, key: &str, bytes: Vec<u8>, ttl_ms: u64) {
        self.values.borrow_mut().insert(key.to_owned(), (bytes, self.now.get() + ttl_ms));
    }

    fn remove(&self, key: &str) {
        self.values.borrow_mut().remove(key);
    }

    fn number(&self, key: &str) -> Option<u128> {
        self.raw(key).and_then(|bytes| bytes.try_into().ok()).map(u128::from_le_bytes)
    }

    fn call(&self, method: &'static str) -> Result<(), CacheFault> {
        *self.calls.borrow_mut().entry(method).or_default() += 1;
        self.advance(Duration::from_millis(self.answers_after.get()));
        self.fault.borrow().clone().map_or(Ok(()), Err)
    }

    fn generation(&self, tag: &str) -> Option<Generation> {
        self.number(&format!("gen:{tag}"))
    }

    /// True if this fill's parts are noted, and each has the generation that was noted.
    fn parts_stand(&self, key: &str, fill: u128) -> bool {
        let parts = self.parts.borrow();
        let noted = parts.get(key).filter(|(noted, _)| *noted == fill && self.raw(&parts_key(key)).is_some());
        noted.is_some_and(|(_, parts)| parts.iter().all(|(tag, noted)| self.generation(tag) == Some(*noted)))
    }

    fn make(&self, tag: &str, generation: Generation) {
        self.set(&format!("gen:{tag}"), generation.to_le_bytes().to_vec(), 1_000_000_000);
    }

    fn obtain(&self, tags: &[&str], candidate: u128) -> Vec<Generation> {
        let obtain = |tag: &&str| {
            self.generation(tag).unwrap_or_else(|| {
                self.make(tag, candidate);
                candidate
            })
        };
        tags.iter().map(obtain).collect()
    }
}

impl Ledger for Memory {
    type Error = OriginAway;

    async fn pending(&self, _: &RenewalClaim) -> Result<OutboxState, OriginAway> {
        if self.origin_away.get() {
            return Err(OriginAway);
        }
        let outbox = self.outbox.borrow();
        let ids = outbox.iter().map(|(id, ..)| *id).collect();
        let tags = outbox.iter().flat_map(|(_, _, tags)| tags.clone()).collect();
        let (epoch, server, record) = (self.epoch.get(), self.server.get(), "a record".to_owned());
        Ok(OutboxState::Rows { epoch, server, coverage: Coverage::Every, record, ids, tags })
    }

    async fn forget(&self, ids: &[i64]) -> Result<(), OriginAway> {
        self.outbox.borrow_mut().retain(|(id, ..)| !ids.contains(id));
        Ok(())
    }

    async fn forget_transaction(&self, xid: &str, tags: &[String]) -> Result<(), OriginAway> {
        self.outbox.borrow_mut().retain(|(_, by, named)| by != xid || !named.iter().all(|tag| tags.contains(tag)));
        Ok(())
    }
}

impl Clock for Memory {
    fn now(&self) -> Millis {
        self.now.get()
    }

    fn monotonic(&self) -> Millis {
        self.now.get()
    }

    async fn sleep(&self, duration: Duration) {
        self.advance(duration);
    }

    fn draw(&self) -> Draw {
        0.5
    }

    fn token(&self) -> u128 {
        self.draws.set(self.draws.get() + 1);
        self.draws.get()
    }
}

//! A shop of one order, and the calls that its cache makes.

use cache_logic::certificate::Timing;
use cache_logic::entry::Value;
use cache_logic::memory::{Memory, OriginAway};
use cache_logic::policy::{Limits, Policy};
use cache_logic::read::{EntrySpec, Outcome, Read, read};
use cache_logic::renew::{Renewal, renew};
use cache_logic::write::{Commit, Invalidation, NamedRun, write};
use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Memory never waits for anything.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("memory waits for nothing"),
    }
}

pub fn limits() -> Limits {
    Limits {
        max_entry_bytes: 1000,
        lease_hold: Duration::from_millis(2500),
        wait: Duration::from_millis(1000),
        timing: timing(),
        outage_wait: timing().outage_wait(),
        generation_ttl: Duration::from_secs(600),
    }
}

pub fn timing() -> Timing {
    Timing::from_millis(1000).unwrap()
}

/// A database of one value, and the reads of it.
pub struct Shop {
    pub memory: Memory,
    pub policy: Policy,
    pub version: Cell<u32>,
    pub loads: Cell<u32>,
}

impl Shop {
    pub fn new() -> Self {
        let policy = Policy::with_ttl(Duration::from_secs(300)).unwrap();
        Self { memory: Memory::default(), policy, version: Cell::new(1), loads: Cell::new(0) }
    }

    /// One that has a live certificate.
    pub fn certified() -> Self {
        let shop = Self::new();
        shop.renew();
        shop
    }

    pub fn renew(&self) {
        assert!(matches!(now(renew(&self.memory, timing())), Renewal::Certified(_)));
        self.memory.calls.borrow_mut().clear();
    }

    pub fn wanted(&self) -> EntrySpec<'_> {
        EntrySpec { key: "order", tags: &["order:1", "org:1"], policy: &self.policy }
    }

    pub async fn load(&self) -> Result<Option<Value>, OriginAway> {
        self.loads.set(self.loads.get() + 1);
        if self.memory.origin_away.get() {
            return Err(OriginAway);
        }
        let version = self.version.get();
        let there = version > 0;
        Ok(there.then(|| Value {
            payload: version.to_string().into_bytes(),
            etag: format!("\"{version}\""),
            owner: None,
        }))
    }

    pub fn read(&self) -> Result<Option<Read>, OriginAway> {
        now(read(&self.memory, &self.wanted(), &limits(), async || self.load().await))
    }

    pub fn outcome(&self) -> Outcome {
        self.read().unwrap().unwrap().outcome
    }

    pub fn write(&self) -> Invalidation {
        let commit = async || {
            self.version.set(self.version.get() + 1);
            Ok::<_, OriginAway>(Commit {
                value: (),
                xid: "7".into(),
                tags: vec!["order:1".into(), "org:1".into()],
                named: NamedRun::Never,
            })
        };
        now(write(&self.memory, &limits(), commit)).unwrap().1
    }

    /// The calls made since the last question, as `name count`, sorted.
    pub fn calls(&self) -> Vec<String> {
        let mut calls: Vec<String> =
            self.memory.calls.borrow_mut().drain().map(|(name, count)| format!("{name} {count}")).collect();
        calls.sort();
        calls
    }
}

pub fn is_hit(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Hit { .. })
}

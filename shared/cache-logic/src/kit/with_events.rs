//! Ports with an observer: for logs and metrics of an app that has ports already.
//!
//! ```
//! use cache_logic::entry::Value;
//! use cache_logic::event::Event;
//! use cache_logic::memory::{Memory, OriginAway, run};
//! use cache_logic::named::NamedPolicy;
//! use cache_logic::policy::Limits;
//! use cache_logic::read::{EntrySpec, read};
//! use cache_logic::with_events::WithEvents;
//! use std::cell::RefCell;
//!
//! # fn main() -> Result<(), String> {
//! let memory = Memory::default(); // in an app: your ports, over Redis and the database
//! let seen = RefCell::new(Vec::new());
//! let ports = WithEvents::new(&memory, |event: &Event<'_>| {
//!     // In an app: a line of a log, a counter, a span.
//!     seen.borrow_mut().push(event.name());
//! });
//!
//! let (limits, policy) = (Limits::with_millis(1000)?, NamedPolicy::Query.policy());
//! let wanted = EntrySpec { key: "order:1", tags: &["order:1"], policy: &policy };
//! let load = async || Ok::<_, OriginAway>(Some(Value::of_bytes(b"{}".to_vec())));
//! run(read(&ports, &wanted, &limits, load)).unwrap();
//! run(read(&ports, &wanted, &limits, load)).unwrap();
//! assert_eq!(seen.take(), ["renewal", "miss", "hit"]);
//! # Ok(())
//! # }
//! ```

use crate::protocol::certificate::{Certificate, ClaimToken, Generation, RunId, Timing};
use crate::protocol::event::{Event, Observer};
use crate::protocol::freshness::{Draw, Millis};
use crate::protocol::ports::{
    CacheFault, Clock, Fill, Known, Lease, Ledger, OutboxState, Registry, RenewalClaim, Snapshot, Store,
};
use crate::protocol::write_through::{GenerationSwap, WriteThrough};
use std::time::Duration;

/// The ports of `P`, each call handed on as it is, and an observer that is told every event.
#[derive(Debug, Clone, Copy)]
pub struct WithEvents<'a, P, O> {
    ports: &'a P,
    observer: O,
}

impl<'a, P, O: Observer> WithEvents<'a, P, O> {
    /// These ports, observed. The parameter of a closure needs its type: `|event: &Event<'_>| …`.
    pub const fn new(ports: &'a P, observer: O) -> Self {
        Self { ports, observer }
    }

    /// The answer of Redis as it is; a fault is told.
    fn told<T>(&self, call: &'static str, answer: Result<T, CacheFault>) -> Result<T, CacheFault> {
        if let Err(fault) = &answer {
            let detail = if let CacheFault::Protocol(text) = fault { text } else { "" };
            self.observer.observe(&Event::Fault { call, reason: fault.name(), detail });
        }
        answer
    }

    /// The answer of the outbox as it is; a failure is told.
    fn told_of_outbox<T, E>(&self, call: &'static str, answer: Result<T, E>) -> Result<T, E> {
        if answer.is_err() {
            self.observer.observe(&Event::OutboxFault { call });
        }
        answer
    }
}

impl<P: Store, O: Observer> Store for WithEvents<'_, P, O> {
    async fn look(&self, keys: &[&str], tags: &[&str]) -> Result<Snapshot, CacheFault> {
        self.told("look", self.ports.look(keys, tags).await)
    }

    async fn lease(
        &self,
        key: &str,
        known: Known,
        tags: &[&str],
        holder: u128,
        hold: Duration,
    ) -> Result<Lease, CacheFault> {
        self.told("lease", self.ports.lease(key, known, tags, holder, hold).await)
    }

    async fn restamp(&self, key: &str, fill: u128, bytes: Vec<u8>) -> Result<(), CacheFault> {
        self.told("restamp", self.ports.restamp(key, fill, bytes).await)
    }

    async fn generations(&self, tags: &[&str], candidate: u128) -> Result<Vec<Generation>, CacheFault> {
        self.told("generations", self.ports.generations(tags, candidate).await)
    }

    async fn fill(&self, fills: &[Fill<'_>], holder: Option<u128>) -> Result<(), CacheFault> {
        self.told("fill", self.ports.fill(fills, holder).await)
    }

    async fn release(&self, key: &str, holder: u128) -> Result<(), CacheFault> {
        self.told("release", self.ports.release(key, holder).await)
    }

    async fn discard(&self, keys: &[&str]) -> Result<(), CacheFault> {
        self.told("discard", self.ports.discard(keys).await)
    }
}

impl<P: Registry, O: Observer> Registry for WithEvents<'_, P, O> {
    async fn invalidate(&self, tags: &[&str]) -> Result<RunId, CacheFault> {
        self.told("invalidate", self.ports.invalidate(tags).await)
    }

    async fn claim(&self, token: ClaimToken, hold: Duration) -> Result<Option<RenewalClaim>, CacheFault> {
        self.told("claim", self.ports.claim(token, hold).await)
    }

    async fn abandon(&self, token: ClaimToken) -> Result<(), CacheFault> {
        self.told("abandon", self.ports.abandon(token).await)
    }

    async fn certify(&self, certificate: &Certificate, record: &str, timing: Timing) -> Result<bool, CacheFault> {
        self.told("certify", self.ports.certify(certificate, record, timing).await)
    }

    async fn last_certificate(&self) -> Result<Option<Certificate>, CacheFault> {
        self.told("last_certificate", self.ports.last_certificate().await)
    }
}

impl<P: WriteThrough, O: Observer> WriteThrough for WithEvents<'_, P, O> {
    async fn put(
        &self,
        fill: &Fill<'_>,
        swaps: &[GenerationSwap<'_>],
        others: &[&str],
    ) -> Result<(bool, RunId), CacheFault> {
        self.told("put", self.ports.put(fill, swaps, others).await)
    }
}

impl<P: Ledger, O: Observer> Ledger for WithEvents<'_, P, O> {
    type Error = P::Error;

    async fn pending(&self, claim: &RenewalClaim) -> Result<OutboxState, P::Error> {
        self.told_of_outbox("pending", self.ports.pending(claim).await)
    }

    async fn forget(&self, ids: &[i64]) -> Result<(), P::Error> {
        self.told_of_outbox("forget", self.ports.forget(ids).await)
    }

    async fn forget_transaction(&self, xid: &str, tags: &[String]) -> Result<(), P::Error> {
        self.told_of_outbox("forget_transaction", self.ports.forget_transaction(xid, tags).await)
    }
}

impl<P: Clock, O: Observer> Clock for WithEvents<'_, P, O> {
    fn now(&self) -> Millis {
        self.ports.now()
    }

    fn monotonic(&self) -> Millis {
        self.ports.monotonic()
    }

    async fn sleep(&self, duration: Duration) {
        self.ports.sleep(duration).await;
    }

    fn draw(&self) -> Draw {
        self.ports.draw()
    }

    fn token(&self) -> u128 {
        self.ports.token()
    }

    /// Told to the observer, then to the ports themselves.
    fn observe(&self, event: &Event<'_>) {
        self.observer.observe(event);
        self.ports.observe(event);
    }
}

#[cfg(feature = "lock")]
impl<P: crate::kit::lock::Locks, O: Observer> crate::kit::lock::Locks for WithEvents<'_, P, O> {
    async fn take(
        &self,
        name: &str,
        owner: u128,
        hold: Duration,
    ) -> Result<Option<crate::kit::lock::Fence>, CacheFault> {
        self.told("take", self.ports.take(name, owner, hold).await)
    }

    async fn extend(&self, name: &str, owner: u128, hold: Duration) -> Result<bool, CacheFault> {
        self.told("extend", self.ports.extend(name, owner, hold).await)
    }

    async fn give_back(&self, name: &str, owner: u128) -> Result<bool, CacheFault> {
        self.told("give_back", self.ports.give_back(name, owner).await)
    }
}

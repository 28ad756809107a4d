//! The ports of cache-logic as one instance has them: cache, outbox, clock.

use crate::gathered::Gathered;
use crate::log::{self, Level};
use crate::params;
use crate::postgres::Postgres;
use crate::store::{RedisStore, server_id};
use cache_logic::certificate::{Certificate, ClaimToken, Coverage, Epoch, Generation, RunId, Timing};
use cache_logic::origin::OriginFault;
use cache_logic::ports::{
    CacheFault, Clock, Fill, Known, Lease, Ledger, OutboxState, Registry, RenewalClaim, Snapshot, Store,
};
use cache_logic::write_through::{GenerationSwap, WriteThrough};
use std::cell::Cell;
use std::time::Duration;

/// How long an instance that got no certificate doesn't ask for one, in milliseconds.
const WITHHELD_MS: u64 = 250;

/// All ports of cache-logic, as one instance has them.
pub struct Ports {
    /// The cache.
    pub store: RedisStore,
    /// The truth.
    pub postgres: Postgres,
    /// The name by which the database knows this cache: address and key prefix, no password.
    pub cache_name: String,
    /// The database has said that it serves another cache. Then nothing is read from this one, and
    /// no write relies on it.
    pub mismatch: Cell<bool>,
    /// The database gives no certificate: it isn't asked for one again before this moment of the
    /// monotonic clock, in milliseconds. 0 if it gives them.
    pub withheld_until: Cell<u64>,
    /// Transactions whose announcements were carried out by their writers.
    pub(crate) covered: Gathered<Covered>,
    /// It is called where this instance finds that something has changed.
    pub(crate) changed: Cell<Option<fn()>>,
    /// The epoch of a certificate that this instance has given, until the work behind that begins.
    pub(crate) certified: Cell<Option<Epoch>>,
    /// This function is told what happens.
    #[cfg(feature = "events")]
    pub observer: Cell<Option<Observer>>,
}

/// A function for logs or metrics that is told what happens. It runs before the answer, so it must
/// be quick.
#[cfg(feature = "events")]
pub type Observer = fn(&cache_logic::event::Event<'_>);

impl Ports {
    /// Something has changed.
    pub(crate) fn note_change(&self) {
        if let Some(changed) = self.changed.get() {
            changed();
        }
    }

    fn usable(&self) -> Result<(), CacheFault> {
        if self.mismatch.get() { Err(CacheFault::Misconfigured) } else { Ok(()) }
    }
}

/// A transaction whose writer has invalidated these tags.
pub(crate) struct Covered {
    /// Its name, as [`transaction`] makes it.
    transaction: String,
    tags: Vec<String>,
}

/// The name of a transaction: two servers may have two of one number.
pub(crate) fn transaction(server: &str, xid: &str) -> String {
    if xid.is_empty() { String::new() } else { format!("{server} {xid}") }
}

impl Ledger for Ports {
    type Error = OriginFault;

    async fn pending(&self, claim: &RenewalClaim) -> Result<OutboxState, OriginFault> {
        let record = claim.record.as_deref().unwrap_or_default();
        let run = format!("{:032x}", claim.run);
        let params = params![&*self.cache_name, run, record, &*claim.replication, Coverage::NARROWEST];
        let rows = self.postgres.change("cache_renew", params).await?;
        let row = rows.first().ok_or_else(|| OriginFault::internal("cache_renew gave no row"))?;
        match row.text("outcome")? {
            Some("mismatch") => {
                if !self.mismatch.replace(true) {
                    let name = &self.cache_name;
                    log::say(
                        Level::Error,
                        "caching-off",
                        format_args!("the database serves another cache than {name}: caching is off (see cache_state)"),
                    );
                }
                return Ok(OutboxState::Mismatch);
            }
            Some(outcome @ ("unannounced" | "off")) => {
                if self.withheld_until.replace(self.monotonic() + WITHHELD_MS) == 0 {
                    let reason = row.text("reason")?.unwrap_or_default();
                    let (level, what) = match outcome {
                        "off" => (Level::Warn, "caching is off for a moment"),
                        _ => (Level::Error, "caching is off, since changes may go unseen"),
                    };
                    log::say(level, "caching-off", format_args!("{what}: {reason}"));
                }
                return Ok(OutboxState::Withheld);
            }
            _ => {}
        }
        if self.withheld_until.replace(0) != 0 {
            log::say(Level::Warn, "caching-on", "caching is on again");
        }
        let reason = row.text("reason")?;
        if let Some(reason) = reason {
            log::say(Level::Warn, "epoch", format_args!("all entries are to be made anew: {reason}"));
        }
        let record = row.text("record")?.unwrap_or_default().to_owned();
        let server = server_id(record.split(' ').next().unwrap_or_default());
        self.store.hear(server);
        let epoch = row.text("epoch")?.and_then(|text| uuid::Uuid::try_parse(text).ok());
        let epoch = epoch.ok_or_else(|| OriginFault::internal("the epoch is not a UUID"))?.as_u128();
        let coverage = row.int("coverage")?.and_then(Coverage::of_number);
        let coverage = coverage.ok_or_else(|| OriginFault::internal("cache_renew gave no coverage"))?;
        let (ids, tags) = (row.ints("ids")?, row.texts("tags")?);
        if reason.is_some() || !tags.is_empty() {
            self.note_change();
        }
        Ok(OutboxState::Rows { epoch, server, coverage, record, ids, tags })
    }

    async fn forget(&self, ids: &[i64]) -> Result<(), OriginFault> {
        self.postgres.change("cache_forget", params![ids.to_vec()]).await.map(drop)
    }

    async fn forget_transaction(&self, xid: &str, tags: &[String]) -> Result<(), OriginFault> {
        let forget = async |covered: Vec<Covered>| {
            // Without a connection nobody knows which run was told. The next renewal deletes the
            // rows.
            let Some(run) = self.store.run() else { return Ok(()) };
            let (mut transactions, mut tags) = (Vec::new(), Vec::new());
            for one in covered {
                transactions.extend(one.tags.iter().map(|_| one.transaction.clone()));
                tags.extend(one.tags);
            }
            let params = params![transactions, tags, &*self.cache_name, format!("{run:032x}")];
            self.postgres.change("cache_forget_transactions", params).await.map(drop)
        };
        self.covered.add(Covered { transaction: xid.to_owned(), tags: tags.to_vec() }, forget).await
    }
}

impl Store for Ports {
    async fn look(&self, keys: &[&str], tags: &[&str]) -> Result<Snapshot, CacheFault> {
        self.usable()?;
        if self.withheld_until.get() != 0 && self.withheld_until.get() > self.monotonic() {
            return Err(CacheFault::Withheld);
        }
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

impl WriteThrough for Ports {
    async fn put(
        &self,
        fill: &Fill<'_>,
        turns: &[GenerationSwap<'_>],
        others: &[&str],
    ) -> Result<(bool, RunId), CacheFault> {
        self.usable()?;
        self.store.put(fill, turns, others).await
    }
}

impl Registry for Ports {
    async fn invalidate(&self, tags: &[&str]) -> Result<RunId, CacheFault> {
        self.usable()?;
        self.store.invalidate(tags).await
    }

    async fn claim(&self, token: ClaimToken, hold: Duration) -> Result<Option<RenewalClaim>, CacheFault> {
        self.store.claim(token, hold).await
    }

    async fn abandon(&self, token: ClaimToken) -> Result<(), CacheFault> {
        self.store.abandon(token).await
    }

    async fn certify(&self, certificate: &Certificate, record: &str, timing: Timing) -> Result<bool, CacheFault> {
        let certified = self.store.certify(certificate, record, timing).await;
        if let Ok(true) = certified {
            self.certified.set(Some(certificate.epoch));
        }
        certified
    }

    async fn last_certificate(&self) -> Result<Option<Certificate>, CacheFault> {
        self.store.last_certificate().await
    }
}

impl Clock for Ports {
    fn now(&self) -> u64 {
        crate::clock::request_millis()
    }

    fn monotonic(&self) -> u64 {
        crate::clock::monotonic_millis()
    }

    async fn sleep(&self, duration: Duration) {
        crate::clock::sleep(duration).await;
    }

    fn draw(&self) -> f64 {
        crate::clock::draw()
    }

    fn token(&self) -> u128 {
        crate::clock::token()
    }

    #[cfg(feature = "events")]
    fn observe(&self, event: &cache_logic::event::Event<'_>) {
        if let Some(observer) = self.observer.get() {
            observer(event);
        }
    }
}

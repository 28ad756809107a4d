//! The ports over scripted answers: each call becomes a question to the world.

use super::{Call, Entry, KEYS, NO_ENTRY, OriginAway, PAGE, Put, Record, Reply, TAGS, names};
use cache_logic::certificate::{Certificate, ClaimToken, Coverage, Generation, RunId, Timing};
use cache_logic::entry::{Stamp, StoredEntry, Value, encode};
use cache_logic::ports::{
    CacheFault, Clock, Fill, Known, Lease, Ledger, OutboxState, Registry, RenewalClaim, Snapshot, Standing, Store,
};
use cache_logic::write_through::{GenerationSwap, WriteThrough};
use std::cell::{Cell, RefCell};
use std::time::Duration;

/// Answers from a list. At its end the next call is noted and the code stays where it is.
pub struct Scripted<'a> {
    pub replies: &'a [Reply],
    at: Cell<usize>,
    ticks: Cell<u64>,
    /// True if a pause is a step of its own: a writer waits one out. Every other actor pauses for
    /// load, not for truth.
    sleeps: bool,
    old: bool,
    pub asked: RefCell<Option<Call>>,
}

impl<'a> Scripted<'a> {
    pub fn new(replies: &'a [Reply], sleeps: bool, old: bool) -> Self {
        Self { replies, at: Cell::new(0), ticks: Cell::new(0), sleeps, old, asked: RefCell::new(None) }
    }

    pub async fn ask(&self, call: Call) -> Reply {
        match self.replies.get(self.at.get()) {
            Some(reply) => {
                self.at.set(self.at.get() + 1);
                *reply
            }
            None => {
                *self.asked.borrow_mut() = Some(call);
                std::future::pending().await
            }
        }
    }
}

fn key(name: &str) -> u8 {
    KEYS.iter().position(|key| *key == name).unwrap() as u8
}

fn tags(names: &[&str]) -> u8 {
    names.iter().map(|name| 1u8 << name.parse::<u8>().unwrap()).sum()
}

/// Two fills with the same content count as one: the lease limits load, and truth does not depend
/// on it.
pub fn fill_id(entry: &Entry) -> u128 {
    fill_of(fill_bytes(entry))
}

/// The bytes of a fill that differ between two, as a state keeps them.
pub fn fill_bytes(entry: &Entry) -> [u8; 5] {
    [1, entry.version, entry.epoch, entry.filled[0], entry.filled[1]]
}

/// The fill of these bytes.
pub fn fill_of(bytes: [u8; 5]) -> u128 {
    let mut fill = [0; 16];
    fill[..5].copy_from_slice(&bytes);
    u128::from_le_bytes(fill)
}

fn stored_bytes(key: u8, entry: &Entry) -> Vec<u8> {
    let generations: Vec<Generation> =
        entry.generations[..TAGS[key as usize].len()].iter().map(|g| u128::from(*g)).collect();
    let value = Value { payload: vec![entry.version], etag: String::new(), owner: None };
    let epoch = u128::from(entry.epoch);
    encode(
        &value,
        &Stamp { created: 0, fresh_until: 1, load_ms: 0, epoch, generations: &generations, fill: fill_id(entry) },
    )
    .unwrap()
}

/// The entry in some bytes. One that is stored again still says what it was filled under.
fn entry_of(bytes: &[u8], restamps: bool) -> Entry {
    let stored = StoredEntry::parse(bytes.to_vec()).unwrap();
    let mut generations = [0; 2];
    for (to, from) in generations.iter_mut().zip(stored.generations()) {
        *to = from as u8;
    }
    let (epoch, known) = (stored.trailer.epoch as u8, stored.trailer.fill.to_le_bytes());
    let restamps = restamps && known[0] == 1;
    let filled = if restamps { [known[3], known[4]] } else { generations };
    Entry { version: stored.into_value().payload[0], epoch, generations, filled }
}

/// The certificate of an epoch, a run and a server.
fn certificate_of((epoch, run, server): (u8, u8, u8)) -> Certificate {
    Certificate {
        epoch: epoch.into(),
        run: run.into(),
        token: 0,
        server: server.into(),
        // Whether it counts for this program, the world has decided.
        coverage: Coverage::Every,
    }
}

impl Store for Scripted<'_> {
    async fn look(&self, keys: &[&str], tags: &[&str]) -> Result<Snapshot, CacheFault> {
        let key = keys.first().map_or(NO_ENTRY, |name| key(name));
        match self.ask(Call::Look { key, old: self.old }).await {
            Reply::Seen { entry, generations, certificate, claimed, run, heard } => Ok(Snapshot {
                entries: keys.iter().map(|_| entry.map(|entry| stored_bytes(key, &entry))).collect(),
                generations: generations[..tags.len()].iter().map(|g| (*g != 0).then_some(u128::from(*g))).collect(),
                certificate: certificate.map(certificate_of),
                fresh: true,
                claimed,
                run: run.into(),
                heard: heard.map(Into::into),
            }),
            _ => Err(CacheFault::Unreachable),
        }
    }

    async fn lease(&self, name: &str, known: Known, tags: &[&str], _: u128, _: Duration) -> Result<Lease, CacheFault> {
        let key = key(name);
        let all = |generations: [u8; 2]| generations[..tags.len()].iter().map(|g| u128::from(*g)).collect();
        // No other entry has parts.
        let known = match known {
            Known::Outdated(fill) if key != PAGE => Known::Fill(fill),
            known => known,
        };
        match self.ask(Call::Lease { key, known }).await {
            Reply::Granted(generations) => Ok(Lease::Granted(all(generations))),
            Reply::Held => Ok(Lease::Held),
            Reply::Changed => Ok(Lease::Changed),
            Reply::Current(generations, certificate, run) => Ok(Lease::Current(Standing {
                generations: all(generations),
                certificate: certificate.map(certificate_of),
                run: run.into(),
            })),
            _ => Err(CacheFault::Unreachable),
        }
    }

    async fn restamp(&self, name: &str, fill: u128, bytes: Vec<u8>) -> Result<(), CacheFault> {
        self.ask(Call::Restamp { key: key(name), fill, entry: entry_of(&bytes, true) }).await;
        Ok(())
    }

    /// The write-through asks for it. The bulk read is not explored: its one look and one fill are
    /// those of the read of one.
    async fn generations(&self, tags: &[&str], _: u128) -> Result<Vec<Generation>, CacheFault> {
        match self.ask(Call::Generations { key: tags.len() as u8 - 1 }).await {
            Reply::Granted(generations) => Ok(generations[..tags.len()].iter().map(|g| u128::from(*g)).collect()),
            _ => Err(CacheFault::Unreachable),
        }
    }

    async fn fill(&self, fills: &[Fill<'_>], _: Option<u128>) -> Result<(), CacheFault> {
        self.ask(Call::Fill { key: key(fills[0].key), entry: entry_of(&fills[0].bytes, false) }).await;
        Ok(())
    }

    /// Leases are not part of the world: whether one is held is its free choice.
    async fn release(&self, _: &str, _: u128) -> Result<(), CacheFault> {
        Ok(())
    }

    async fn discard(&self, keys: &[&str]) -> Result<(), CacheFault> {
        self.ask(Call::Discard { key: key(keys[0]) }).await;
        Ok(())
    }
}

impl WriteThrough for Scripted<'_> {
    async fn put(
        &self,
        fill: &Fill<'_>,
        swaps: &[GenerationSwap<'_>],
        others: &[&str],
    ) -> Result<(bool, RunId), CacheFault> {
        let entry = entry_of(&fill.bytes, false);
        let (mut seen, mut swapped) = ([0; 2], 0);
        for (at, swap) in swaps.iter().enumerate() {
            seen[at] = swap.seen as u8;
            swapped |= u8::from(swap.next != swap.seen) << at;
            assert_eq!(entry.generations[at], swap.next as u8, "the entry names the generations that will stand");
        }
        let put = Put { key: key(fill.key), entry, seen, swapped, others: tags(others) };
        match self.ask(Call::Put(put)).await {
            // A write-through is explored on one Redis.
            Reply::Put(stored) => Ok((stored, 0)),
            _ => Err(CacheFault::Unreachable),
        }
    }
}

impl Registry for Scripted<'_> {
    async fn invalidate(&self, names: &[&str]) -> Result<RunId, CacheFault> {
        match self.ask(Call::Invalidate { tags: tags(names) }).await {
            Reply::Told(run) => Ok(run.into()),
            _ => Err(CacheFault::Unreachable),
        }
    }

    async fn claim(&self, _: ClaimToken, _: Duration) -> Result<Option<RenewalClaim>, CacheFault> {
        match self.ask(Call::Claim).await {
            Reply::Claimed { run, record, replication } => Ok(Some(RenewalClaim {
                run: run.into(),
                replication: replication.to_string(),
                record: record.map(Record::text),
            })),
            _ => Ok(None),
        }
    }

    /// Postgres is never away here: every claim is either used or runs out.
    async fn abandon(&self, _: ClaimToken) -> Result<(), CacheFault> {
        Ok(())
    }

    async fn certify(&self, certificate: &Certificate, record: &str, _: Timing) -> Result<bool, CacheFault> {
        let (epoch, run, server) = (certificate.epoch as u8, certificate.run as u8, certificate.server as u8);
        let tenants = certificate.coverage == Coverage::Tenants;
        let call = Call::Certify { epoch, run, server, record: Record::of(record), tenants };
        Ok(self.ask(call).await == Reply::Certified(true))
    }

    async fn last_certificate(&self) -> Result<Option<Certificate>, CacheFault> {
        self.ask(Call::LastCertificate).await;
        Ok(None)
    }
}

impl Ledger for Scripted<'_> {
    type Error = OriginAway;

    async fn pending(&self, claim: &RenewalClaim) -> Result<OutboxState, OriginAway> {
        let (record, replication) = (claim.record.as_deref().map(Record::of), claim.replication.parse().unwrap());
        match self.ask(Call::Pending { run: claim.run as u8, record, replication, old: self.old }).await {
            Reply::Rows { epoch, rows, tags, record, tenants } => {
                let ids: Vec<i64> = (0..8).filter(|i| rows & (1 << i) != 0).collect();
                let coverage = if tenants { Coverage::Tenants } else { Coverage::Every };
                let (epoch, server) = (epoch.into(), record.start.into());
                Ok(OutboxState::Rows { epoch, server, coverage, record: record.text(), ids, tags: names(tags) })
            }
            Reply::Withheld => Ok(OutboxState::Withheld),
            _ => Err(OriginAway),
        }
    }

    async fn forget(&self, ids: &[i64]) -> Result<(), OriginAway> {
        self.ask(Call::Forget { rows: ids.iter().map(|id| 1u8 << id).sum() }).await;
        Ok(())
    }

    async fn forget_transaction(&self, xid: &str, _: &[String]) -> Result<(), OriginAway> {
        self.ask(Call::ForgetTransaction { version: xid.parse().unwrap() }).await;
        Ok(())
    }
}

impl Clock for Scripted<'_> {
    fn now(&self) -> u64 {
        0
    }

    /// Every look at the clock finds it further on than a claim lasts, so that no actor tries for
    /// ever: a reader that finds no certificate tries to renew it once.
    fn monotonic(&self) -> u64 {
        self.ticks.set(self.ticks.get() + 1);
        self.ticks.get() * 1000
    }

    async fn sleep(&self, _: Duration) {
        if self.sleeps {
            self.ask(Call::Sleep).await;
        }
    }

    fn draw(&self) -> f64 {
        0.5
    }

    fn token(&self) -> u128 {
        0
    }
}

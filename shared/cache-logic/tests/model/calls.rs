//! Every port call of the real code as a value: the code asks, the world answers.
//!
//! An actor's state is the list of answers that it has had so far. The code is deterministic
//! between two calls, so running it again over the same answers leads to the same next call. That
//! makes ordinary `async` functions explorable, with states that can be compared.

use cache_logic::certificate::{Certificate, ClaimToken, Coverage, Generation, RunId, Timing};
use cache_logic::entry::{Stamp, StoredEntry, Value, encode};
use cache_logic::ports::{
    CacheFault, Clock, Fill, Lease, Ledger, OriginError, OutboxState, Registry, RenewalClaim, Snapshot, Standing, Store,
};
use cache_logic::write_through::{GenerationSwap, WriteThrough};
use std::cell::{Cell, RefCell};
use std::time::Duration;

/// The facts in an entry, without its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Entry {
    pub version: u8,
    pub epoch: u8,
    pub generations: [u8; 2],
    /// Those that it was filled under: it has got others since if its parts were found to stand.
    pub filled: [u8; 2],
}

/// A question of the code to the world. A look may be of tags alone ([`NO_ENTRY`]). Generations are
/// asked for by the entry that they belong to. `old`: by a program of the release before, whose
/// entries don't depend on tenants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    Look {
        key: u8,
        old: bool,
    },
    Generations {
        key: u8,
    },
    Put(Put),
    Lease {
        key: u8,
        known: Option<u128>,
    },
    /// The same, unless its parts stand.
    LeaseUnlessCurrent {
        key: u8,
        known: u128,
    },
    Restamp {
        key: u8,
        fill: u128,
        entry: Entry,
    },
    Fill {
        key: u8,
        entry: Entry,
    },
    Discard {
        key: u8,
    },
    Invalidate {
        tags: u8,
    },
    Claim,
    Pending {
        run: u8,
        record: Option<Record>,
        replication: u8,
        old: bool,
    },
    Certify {
        epoch: u8,
        run: u8,
        server: u8,
        record: Record,
        tenants: bool,
    },
    LastCertificate,
    Forget {
        rows: u8,
    },
    ForgetTransaction {
        version: u8,
    },
    Load,
    Begin,
    /// Shares the lock of the run's name, and reads that name.
    ReadRun,
    /// Of a transaction that was begun before, or of one that is begun and committed at once.
    Commit {
        transaction: Option<u8>,
        locked: bool,
        /// Of more rows than are announced by name.
        many: bool,
    },
    Acknowledge {
        version: u8,
    },
    Sleep,
}

/// A write-through, as Redis gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Put {
    pub key: u8,
    /// Its generations stand for "new" if they are swapped.
    pub entry: Entry,
    pub seen: [u8; 2],
    /// The tags whose generation is swapped, one bit each.
    pub swapped: u8,
    /// The other tags that the write has announced.
    pub others: u8,
}

pub const NO_ENTRY: u8 = 9;

/// The record beside the certificate: all that a renewal compares, and how far the outbox was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Record {
    /// When Postgres was started.
    pub start: u8,
    /// The tables and triggers that announce.
    pub signs: u8,
    /// The run of Redis.
    pub run: u8,
    /// The data that Redis holds.
    pub replication: u8,
    /// The previous serial and the current one.
    pub serials: [u8; 2],
    /// The epoch that it was certified for.
    pub epoch: u8,
    /// The snapshot that the outbox was read in: the next transaction, and those under way.
    pub next: u8,
    pub open: u8,
}

impl Record {
    const PARTS: usize = 9;

    /// As the code hands it on: a text that it doesn't read.
    fn text(self) -> String {
        let Self { start, signs, run, replication, serials: [previous, current], epoch, next, open } = self;
        let parts: [u8; Self::PARTS] = [start, signs, run, replication, previous, current, epoch, next, open];
        parts.map(|part| part.to_string()).join(" ")
    }

    fn of(text: &str) -> Self {
        let parts: Vec<u8> = text.split(' ').map(|part| part.parse().unwrap()).collect();
        let [start, signs, run, replication, previous, current, epoch, next, open] =
            <[u8; Self::PARTS]>::try_from(parts).unwrap();
        Self { start, signs, run, replication, serials: [previous, current], epoch, next, open }
    }
}

/// An answer of the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reply {
    Seen {
        entry: Option<Entry>,
        generations: [u8; 2],
        /// Its epoch, its run, and its server.
        certificate: Option<(u8, u8, u8)>,
        claimed: bool,
        run: u8,
        /// The server that the reader's instance has heard.
        heard: Option<u8>,
    },
    Granted([u8; 2]),
    Held,
    Changed,
    /// The generations of its tags, the certificate that stands, and the run.
    Current([u8; 2], Option<(u8, u8, u8)>, u8),
    Claimed {
        run: u8,
        record: Option<Record>,
        replication: u8,
    },
    Busy,
    Rows {
        epoch: u8,
        rows: u8,
        tags: u8,
        record: Record,
        /// It may certify only entries that depend on tenants.
        tenants: bool,
    },
    Begun(u8),
    /// The named run, the server, and whether both have been known for long enough.
    Named(u8, u8, bool),
    /// The run that carried it out.
    Told(u8),
    Withheld,
    Certified(bool),
    Put(bool),
    Version(u8),
    /// The version of a commit that was announced as everything.
    Everything(u8),
    /// What a server says.
    Loaded {
        version: u8,
        server: u8,
    },
    Done,
    Unreachable,
}

/// How an actor's operation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// A reader was served this version from the cache.
    Hit(u8),
    /// Anything else: nothing to judge.
    Other,
}

/// How many tags there are, and how many entries.
pub const MANY: usize = 4;
pub const ENTRIES: usize = 5;
/// The tags that an entry depends on. The entity depends on the first, as entries of the release
/// before tenants were named do, and the list on both. Then an entry of one tenant, and one of
/// another: each depends on a tag of its own and on its tenant's. Then a page: its tag is announced
/// by changes that it doesn't show, too (here it is taken away at any moment). It has one part.
pub const TAGS: [&[u8]; ENTRIES] = [&[0], &[0, 1], &[0, 2], &[1, 3], &[1]];
pub const KEYS: [&str; ENTRIES] = ["entity", "list", "of one tenant", "of another", "page"];
pub const PAGE: u8 = 4;
/// The tag of the page's part.
pub const PART: u8 = 0;
const NAMES: [&str; MANY] = ["0", "1", "2", "3"];
/// The tags of what a change shows in, and those of the tenants that it belongs to, one bit each.
pub const NARROW: u8 = 0b0011;
pub const TENANTS: u8 = 0b1100;

/// The names of an entry's tags.
pub fn names_of(key: u8) -> Vec<&'static str> {
    TAGS[key as usize].iter().map(|tag| NAMES[*tag as usize]).collect()
}

/// The names of tags that are one bit each.
pub fn names(tags: u8) -> Vec<String> {
    (0..MANY).filter(|tag| tags & (1 << tag) != 0).map(|tag| NAMES[tag].to_owned()).collect()
}

pub struct OriginAway;

impl OriginError for OriginAway {
    fn unreachable(&self) -> bool {
        true
    }
}

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
    u128::from_le_bytes([
        1,
        entry.version,
        entry.epoch,
        entry.filled[0],
        entry.filled[1],
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
    ])
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

    async fn lease(
        &self,
        name: &str,
        known: Option<u128>,
        tags: &[&str],
        _: u128,
        _: Duration,
    ) -> Result<Lease, CacheFault> {
        match self.ask(Call::Lease { key: key(name), known }).await {
            Reply::Granted(generations) => {
                Ok(Lease::Granted(generations[..tags.len()].iter().map(|g| u128::from(*g)).collect()))
            }
            Reply::Held => Ok(Lease::Held),
            Reply::Changed => Ok(Lease::Changed),
            _ => Err(CacheFault::Unreachable),
        }
    }

    async fn lease_unless_current(
        &self,
        name: &str,
        known: u128,
        tags: &[&str],
        _: u128,
        _: Duration,
    ) -> Result<Lease, CacheFault> {
        if key(name) != PAGE {
            return self.lease(name, Some(known), tags, 0, Duration::ZERO).await;
        }
        let all = |generations: [u8; 2]| generations[..tags.len()].iter().map(|g| u128::from(*g)).collect();
        match self.ask(Call::LeaseUnlessCurrent { key: PAGE, known }).await {
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

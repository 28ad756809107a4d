//! Every port call of the real code as a value: the code asks, the world answers.
//!
//! An actor's state is the list of answers that it has had so far. The code is deterministic
//! between two calls, so running it again over the same answers leads to the same next call. That
//! makes ordinary `async` functions explorable, with states that can be compared.

mod scripted;

pub use scripted::{Scripted, fill_bytes, fill_id, fill_of};

use cache_logic::ports::{Known, OriginError};

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
        known: Known,
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

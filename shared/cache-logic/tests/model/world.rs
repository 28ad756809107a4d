//! Redis, Postgres and what may happen to them: the meaning of each call, and the strikes between
//! calls.

mod strikes;

use crate::calls::{
    Call, ENTRIES, Entry, MANY, NARROW, PAGE, PART, Put, Record, Reply, TAGS, TENANTS, fill_bytes, fill_id, fill_of,
};
use crate::explore::Size;
use cache_logic::ports::Known;

/// The content of Redis; a generation of 0 is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Redis {
    pub entries: [Option<Entry>; 5],
    /// What is noted of the page's part: its fill, and the generation.
    pub noted: Option<([u8; 5], u8)>,
    pub generations: [u8; 4],
    pub certificate: Option<Cert>,
    pub claim: Option<Claim>,
    pub record: Option<Record>,
}

/// `begun`: the newest version that was committed when its claim was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cert {
    pub epoch: u8,
    pub run: u8,
    pub server: u8,
    pub begun: u8,
    /// It covers only entries that depend on tenants.
    pub tenants: bool,
}

/// `unnamed`: it was made while tenants weren't named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Claim {
    pub by: u8,
    pub begun: u8,
    pub unnamed: bool,
}

/// How changes of many rows are announced: as everything, for as long as certificates may live that
/// were claimed before, too; then by their tenants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Naming {
    #[default]
    Off,
    Begun,
    On,
}

/// The bit in the outbox of the row by which an operator announces everything.
const OPERATOR: u8 = 7;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Postgres {
    pub version: u8,
    /// One bit for each version whose row stands in the outbox.
    pub outbox: u8,
    /// Of these versions the row says everything, and of these it names tenants.
    pub everything: u8,
    pub many: u8,
    pub naming: Naming,
    pub run: u8,
    pub epoch: u8,
    pub start: u8,
    pub signs: u8,
    /// Certificates of this server are known to have been given.
    pub given: bool,
    /// The serial that a renewal saw last.
    pub serial: u8,
    /// The transaction of each version.
    pub transactions: [u8; 4],
    /// The number of the next transaction, and one bit for each that is under way.
    pub next: u8,
    pub open: u8,
    /// How far a renewal has read, if that is kept here and not beside the certificate.
    pub read: Option<(u8, u8)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct World {
    pub postgres: Postgres,
    /// A copy of Postgres, to be put back.
    pub saved: Option<Postgres>,
    /// Versions above the first and up to the second were lost when it was put back.
    pub lost: (u8, u8),
    /// All versions, epochs and serials so far: none comes twice.
    pub versions: u8,
    pub epochs: u8,
    pub serials: u8,
    /// The data that Redis holds, by name.
    pub replication: u8,
    /// Whether a renewal reads on where the last certified one ended. Where every commit is one
    /// step that multiplies the states and shows nothing.
    pub reads_on: bool,
    pub redis: Redis,
    pub run: u8,
    /// A second Redis that answers to the same name, and its run.
    pub other: Option<(Redis, u8)>,
    /// A second Postgres that answers to the same name: the old primary. It lacks what was
    /// committed in the new one since.
    pub old: Option<Postgres>,
    /// Writers that share the lock of the run's name.
    pub locks: u8,
    /// Nothing is left of the time before the run was named.
    pub named_long: bool,
    pub snapshot: Option<Redis>,
    /// The newest version whose write was answered.
    pub acknowledged: u8,
    /// A write-through that its writer has given up and Redis may still carry out.
    pub late: Option<Put>,
}

/// Guards that live in SQL and Lua, not in cache-logic: each can be taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Broken {
    /// Commit without an outbox row.
    pub no_outbox: bool,
    /// Do not move the epoch when the run id has changed.
    pub no_epoch: bool,
    /// Do not compare when Postgres was started.
    pub no_start: bool,
    /// Do not compare the tables and triggers that announce.
    pub no_signs: bool,
    /// Do not compare the name of the data that Redis holds.
    pub no_replication: bool,
    /// Do not compare serials.
    pub no_serial: bool,
    /// Take a lost record for a matching one.
    pub no_record_is_fine: bool,
    /// Keep in Postgres how far the outbox was read, certified or not.
    pub bound_without_certificate: bool,
    /// Take transactions that were under way for read.
    pub bound_of_the_next_transaction: bool,
    /// Name another run while writers hold the lock, or let them read the run before they have it.
    pub no_lock: bool,
    /// Take a run for the named one as soon as it is named.
    pub no_since: bool,
    /// Let an old primary certify after its successor.
    pub no_timeline: bool,
    /// Take a server for the one that gives certificates whatever is known.
    pub no_given: bool,
    /// Take it for that one as soon as one is to be given.
    pub given_too_early: bool,
    /// Certify under whatever claim stands.
    pub claim_without_token: bool,
    /// Take the rows out of the outbox when they are read.
    pub delete_returning: bool,
    /// A writer deletes all outbox rows of its key.
    pub delete_by_key: bool,
    /// Acknowledge before everything older than the commit has run out.
    pub no_wait: bool,
    /// Entries don't depend on their tenants.
    pub no_tenant: bool,
    /// Replace many rows by one of their tenants.
    pub first_tenant: bool,
    /// Programs of the release before take certificates that don't cover their entries.
    pub old_certificate: bool,
    /// Programs of the release before are given certificates while tenants are named.
    pub old_renewal: bool,
    /// Name tenants while certificates live that were claimed before.
    pub switch_at_once: bool,
    /// Cease to name tenants without announcing everything.
    pub switch_back_unannounced: bool,
    /// Store the result of a write without comparing generations.
    pub put_without_compare: bool,
    /// Note a part although a tag was announced since before the load.
    pub parts_without_compare: bool,
    /// Announce a change of the page by its tag alone.
    pub no_part: bool,
}

impl Redis {
    /// Makes the generations that are missing.
    fn obtain(&mut self, key: u8, in_use: u32) {
        let mut fresh = (1..32).filter(|generation| in_use & (1 << generation) == 0);
        for tag in TAGS[key as usize] {
            let generation = &mut self.generations[*tag as usize];
            if *generation == 0 {
                *generation = fresh.next().expect("more generations than are ever in use");
            }
        }
    }

    /// True if the page's part is noted with this fill, and has the generation that was noted.
    fn part_stands(&self, fill: u128) -> bool {
        let part = self.generations[PART as usize];
        part != 0 && self.noted.is_some_and(|noted| (fill_of(noted.0), noted.1) == (fill, part))
    }

    /// The generations of an entry's tags; those of the list for a look of tags alone.
    fn of(&self, key: u8) -> [u8; 2] {
        let mut generations = [0; 2];
        for (to, tag) in generations.iter_mut().zip(TAGS.get(key as usize).unwrap_or(&TAGS[1]).iter()) {
            *to = self.generations[*tag as usize];
        }
        generations
    }
}

/// So often the epoch moves at most: a renewal that finds a difference and dies leaves it to the
/// next one, which moves the epoch again.
const EPOCHS: u8 = 2;

/// The strikes that are left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Left {
    pub flushes: u8,
    pub restarts: u8,
    pub resyncs: u8,
    pub restores: u8,
    pub switches: u8,
    pub records: u8,
    pub others: u8,
}

impl World {
    /// The world at its beginning: certified once, by a record that matches.
    pub fn new(reads_on: bool, two_runs: bool, names_tenants: bool, two_servers: Option<bool>) -> Self {
        let redis = Redis { record: Some(Record::default()), ..Redis::default() };
        let other = two_runs.then_some((Redis::default(), 1));
        let naming = if names_tenants { Naming::On } else { Naming::Off };
        let certified = Postgres { naming, given: true, ..Postgres::default() };
        let ahead = u8::from(two_servers == Some(true));
        let promoted = Postgres { naming, start: 1, version: ahead, outbox: ahead << ahead, ..Postgres::default() };
        let (postgres, old) = if two_servers.is_some() { (promoted, Some(certified)) } else { (certified, None) };
        let (versions, acknowledged) = (ahead, ahead);
        Self { redis, other, postgres, old, reads_on, versions, acknowledged, named_long: true, ..Self::default() }
    }

    /// As it is seen from the old primary: the two change places, as with [`Self::at`].
    pub fn on(self, old: bool) -> Self {
        match self.old {
            Some(postgres) if old => Self { postgres, old: Some(self.postgres), ..self },
            _ => self,
        }
    }

    /// As an actor sees it that is connected to the second Redis: the two change places. So does it
    /// see the first one again.
    pub fn at(self, place: usize) -> Self {
        match self.other {
            Some((redis, run)) if place == 1 => Self { redis, run, other: Some((self.redis, self.run)), ..self },
            _ => self,
        }
    }

    fn is_lost(&self, version: u8) -> bool {
        self.lost.0 < version && version <= self.lost.1
    }

    /// True if a hit of this version breaks the promise.
    pub fn is_stale(&self, version: u8) -> bool {
        version < self.acknowledged || self.is_lost(version)
    }

    /// The statement of a renewal: what it compares, and the rows that it reads. `draws`: whether
    /// it draws a serial if it moves the epoch. None if the epoch has moved often enough.
    fn pending(
        &mut self,
        run: u8,
        record: Option<Record>,
        replication: u8,
        (rotates, draws): (bool, bool),
        replaces: bool,
        broken: Broken,
    ) -> Option<Reply> {
        let postgres = &mut self.postgres;
        let same = |record: Record| {
            (broken.no_start || record.start == postgres.start)
                && (broken.no_signs || record.signs == postgres.signs)
                && (broken.no_replication || record.replication == replication)
                && (broken.no_epoch || record.run == run)
                && (broken.no_serial || record.serials.contains(&postgres.serial))
                && (!self.reads_on || record.epoch == postgres.epoch)
        };
        let is_own = |record: Record| record.start == postgres.start && record.run == run;
        let given = record.map_or(postgres.given, is_own);
        let mut moves = !record.map_or(broken.no_record_is_fine, same) || (run != postgres.run && !broken.no_epoch);
        let [previous, mut current] = record.map_or([0, 0], |record| record.serials);
        let mut serials = [previous, current];
        let tenants = postgres.naming != Naming::Off;
        let (next, open) = if self.reads_on { (postgres.next, postgres.open) } else { (0, 0) };
        let bound = match broken.bound_without_certificate {
            true => postgres.read.replace((next, open)),
            false => record.map(|record| (record.next, record.open)),
        };
        let unread = |version: &u8| match bound {
            Some((next, open)) if *version != OPERATOR => {
                let transaction = postgres.transactions[*version as usize];
                transaction >= next || (open & (1 << transaction) != 0 && !broken.bound_of_the_next_transaction)
            }
            _ => true,
        };
        let of_versions = (0..4).chain([OPERATOR]).filter(unread);
        let mut rows = of_versions.fold(0, |rows, version| rows | (postgres.outbox & (1 << version)));
        let mut tags = 0;
        if !moves && (rows & postgres.everything != 0 || (!tenants && rows & postgres.many != 0)) {
            // Another epoch replaces the rows.
            postgres.outbox &= !rows;
            moves = true;
        } else if replaces && rows.count_ones() > 1 {
            tags = if broken.first_tenant { TENANTS & TENANTS.wrapping_neg() } else { TENANTS };
            rows = 0;
        } else {
            tags |= if rows & !postgres.many != 0 { NARROW } else { 0 };
            tags |= if rows & postgres.many != 0 { TENANTS } else { 0 };
        }
        if rotates || (moves && draws) {
            if record.is_none() {
                self.serials += 1;
                current = self.serials;
            }
            self.serials += 1;
            serials = [current, self.serials];
            postgres.serial = current;
        }
        if moves {
            if self.epochs == EPOCHS {
                return None;
            }
            self.epochs += 1;
            if run != postgres.run {
                self.named_long = broken.no_since || self.other.is_none();
            }
            (postgres.epoch, postgres.run, rows, tags) = (self.epochs, run, 0, 0);
        }
        postgres.given = given || broken.given_too_early;
        let (start, signs, epoch) = (postgres.start, postgres.signs, postgres.epoch);
        let of = if self.reads_on { epoch } else { 0 };
        let record = Record { start, signs, run, replication, serials, epoch: of, next, open };
        if broken.delete_returning {
            postgres.outbox = 0;
        }
        Some(Reply::Rows { epoch, rows, tags, record, tenants })
    }

    /// Postgres as it was once, under another start or other signs. It takes longer than a
    /// certificate lives.
    fn put_back(&mut self, saved: Postgres) {
        self.lost = (saved.version, self.versions);
        self.acknowledged = self.acknowledged.min(saved.version);
        self.postgres = saved;
        self.saved = None;
        (self.redis.certificate, self.redis.claim) = (None, None);
    }

    /// Generations in use, one bit each.
    pub fn generations_in_use(&self) -> u32 {
        let of = |redis: &Redis| {
            let entries = redis.entries.iter().flatten();
            let entries = entries.flat_map(|entry| entry.generations.into_iter().chain(entry.filled));
            let noted = redis.noted.iter().flat_map(|(fill, part)| [fill[3], fill[4], *part]);
            entries.chain(noted).chain(redis.generations).fold(0, |mask, generation| mask | 1 << generation)
        };
        let other = self.other.as_ref().map_or(0, |(other, _)| of(other));
        let late = self.late.map_or(0, |put| put.seen.iter().chain(&put.entry.generations).fold(0, |m, g| m | 1 << g));
        1 | late | other | of(&self.redis) | self.snapshot.as_ref().map_or(0, of)
    }

    /// The script of a write-through.
    fn put(&mut self, put: &Put, in_use: u32, broken: Broken) -> bool {
        let generations = &mut self.redis.generations;
        let tags = || 0..TAGS[put.key as usize].len();
        let same = tags().all(|tag| generations[tag] != 0 && generations[tag] == put.seen[tag]);
        for (tag, generation) in generations.iter_mut().enumerate() {
            if (put.swapped | put.others) & (1 << tag) != 0 {
                *generation = 0;
            }
        }
        let stored = same || broken.put_without_compare;
        if stored {
            let mut entry = put.entry;
            let mut fresh = (1..32).filter(|generation| in_use & (1 << generation) == 0);
            for tag in tags().filter(|tag| put.swapped & (1 << tag) != 0) {
                generations[tag] = fresh.next().expect("more generations than are ever in use");
                entry.generations[tag] = generations[tag];
            }
            self.redis.entries[put.key as usize] = Some(entry);
        }
        stored
    }

    /// Every way in which a call of `actor` can turn out. `in_use` are generations that stand
    /// anywhere, so that a new one is new.
    pub fn answers(&self, actor: u8, call: &Call, in_use: u32, size: &Size, broken: Broken) -> Vec<(Reply, World)> {
        let same = |reply| vec![(reply, *self)];
        let mut next = *self;
        let redis = &mut next.redis;
        match *call {
            Call::Look { key, old } => {
                let counts = |of: &Cert| !old || !of.tenants || broken.old_certificate;
                let certificate = self.redis.certificate.filter(counts);
                let certified = certificate.is_some_and(|certificate| certificate.run == self.run);
                same(Reply::Seen {
                    entry: self.redis.entries.get(key as usize).copied().flatten(),
                    generations: self.redis.of(key),
                    certificate: certificate.map(|Cert { epoch, run, server, .. }| (epoch, run, server)),
                    // Under a certificate the claim only says who renews behind the response: one
                    // state for both.
                    claimed: !certified && self.redis.claim.is_some(),
                    run: self.run,
                    heard: None,
                })
            }
            Call::Lease { key, known } => {
                let there = self.redis.entries[key as usize].map(|entry| fill_id(&entry));
                if there.is_some() && there != known.fill() {
                    return same(Reply::Changed);
                }
                redis.obtain(key, in_use);
                let generations = redis.of(key);
                if let Known::Outdated(fill) = known
                    && self.redis.part_stands(fill)
                {
                    let certificate =
                        self.redis.certificate.map(|Cert { epoch, run, server, .. }| (epoch, run, server));
                    return vec![(Reply::Current(generations, certificate, self.run), next)];
                }
                vec![(Reply::Held, *self), (Reply::Granted(generations), next)]
            }
            Call::Restamp { key, fill, entry } => {
                let there = self.redis.entries[key as usize].map(|entry| fill_id(&entry));
                if there == Some(fill) {
                    redis.entries[key as usize] = Some(entry);
                }
                vec![(Reply::Done, next)]
            }
            Call::Generations { key } => {
                redis.obtain(key, in_use);
                vec![(Reply::Granted(redis.of(key)), next)]
            }
            Call::Put(put) => {
                let stored = next.put(&put, in_use, broken);
                vec![(Reply::Put(stored), next), (Reply::Unreachable, World { late: Some(put), ..*self })]
            }
            Call::Fill { key, entry } => {
                redis.entries[key as usize] = Some(entry);
                if key == PAGE {
                    let stands = redis.of(key) == entry.generations || broken.parts_without_compare;
                    redis.noted = stands.then(|| {
                        let part = &mut redis.generations[PART as usize];
                        if *part == 0 {
                            *part = (1..32).find(|g| in_use & (1 << g) == 0).expect("more than are ever in use");
                        }
                        (fill_bytes(&entry), *part)
                    });
                }
                vec![(Reply::Done, next)]
            }
            Call::Discard { key } => {
                redis.entries[key as usize] = None;
                vec![(Reply::Done, next)]
            }
            Call::Invalidate { tags } => {
                for (tag, generation) in redis.generations.iter_mut().enumerate() {
                    let left_out = broken.no_part && tag == PART as usize;
                    if tags & (1 << tag) != 0 && !left_out {
                        *generation = 0;
                    }
                }
                vec![(Reply::Told(self.run), next), (Reply::Unreachable, *self)]
            }
            Call::Claim if self.redis.claim.is_some() => same(Reply::Busy),
            Call::Claim => {
                let unnamed = self.postgres.naming == Naming::Off;
                redis.claim = Some(Claim { by: actor, begun: self.postgres.version, unnamed });
                let (run, record, replication) = (self.run, self.redis.record, self.replication);
                vec![(Reply::Claimed { run, record, replication }, next)]
            }
            Call::Pending { run, old, .. }
                if (run != self.postgres.run && self.locks > 0 && !broken.no_lock)
                    || (old && self.postgres.naming != Naming::Off && !broken.old_renewal) =>
            {
                redis.claim = None;
                vec![(Reply::Withheld, next)]
            }
            // An old primary is of a lower timeline than its successor.
            Call::Pending { record: Some(record), .. }
                if self.old.is_some() && record.start > self.postgres.start && !broken.no_timeline =>
            {
                redis.claim = None;
                vec![(Reply::Withheld, next)]
            }
            Call::Pending { run, record, replication, old } => {
                let serials = size.serials;
                let ways = if self.serials < serials { &[false, true][..] } else { &[false] };
                let way = |rotates: &bool| {
                    let mut next = *self;
                    let drawn = (*rotates, serials > 0);
                    let reply = next.pending(run, record, replication, drawn, size.replaces, broken)?;
                    // A program of the release before has no word for what its certificate covers.
                    let reply = match reply {
                        Reply::Rows { epoch, rows, tags, record, tenants } => {
                            Reply::Rows { epoch, rows, tags, record, tenants: tenants && !old }
                        }
                        other => other,
                    };
                    Some((reply, next))
                };
                ways.iter().filter_map(way).collect()
            }
            Call::Certify { epoch, run, server, record, tenants } => match self.redis.claim {
                Some(claim) if claim.by == actor || broken.claim_without_token => {
                    redis.certificate = Some(Cert { epoch, run, server, begun: claim.begun, tenants });
                    redis.record = Some(record);
                    redis.claim = None;
                    vec![(Reply::Certified(true), next)]
                }
                _ => same(Reply::Certified(false)),
            },
            Call::LastCertificate => same(Reply::Unreachable),
            Call::Forget { rows } => {
                next.postgres.outbox &= !rows;
                vec![(Reply::Done, next)]
            }
            Call::ForgetTransaction { .. } if self.run != self.postgres.run => same(Reply::Done),
            Call::ForgetTransaction { version } => {
                next.postgres.outbox &= if broken.delete_by_key { 0 } else { !(1 << version) };
                vec![(Reply::Done, next)]
            }
            Call::Load => same(Reply::Loaded { version: self.postgres.version, server: self.postgres.start }),
            Call::Begin => {
                next.postgres.open |= 1 << next.postgres.next;
                next.postgres.next += 1;
                vec![(Reply::Begun(self.postgres.next), next)]
            }
            Call::ReadRun => {
                next.locks += 1;
                let Postgres { run, start, given, .. } = self.postgres;
                vec![(Reply::Named(run, start, self.named_long && (given || broken.no_given)), next)]
            }
            Call::Commit { transaction, locked, many } => {
                next.locks -= u8::from(locked);
                next.versions += 1;
                let (version, postgres) = (next.versions, &mut next.postgres);
                if let Some(transaction) = transaction {
                    postgres.open &= !(1 << transaction);
                    postgres.transactions[version as usize] = transaction;
                }
                postgres.version = version;
                if !broken.no_outbox {
                    postgres.outbox |= 1 << version;
                }
                let named = match postgres.naming {
                    Naming::Off => false,
                    Naming::Begun => broken.switch_at_once,
                    Naming::On => true,
                };
                if many && named {
                    postgres.many |= 1 << version;
                } else if many {
                    postgres.everything |= 1 << version;
                    return vec![(Reply::Everything(version), next)];
                }
                vec![(Reply::Version(version), next)]
            }
            Call::Acknowledge { version } => {
                // A version that was lost meanwhile promises nothing.
                if !self.is_lost(version) {
                    next.acknowledged = self.acknowledged.max(version);
                }
                vec![(Reply::Done, next)]
            }
            Call::Sleep => same(Reply::Done),
        }
    }

    /// True if nothing that was begun before `version` was committed can vouch for anything any
    /// more. A writer that could not reach Redis waits for this. It is the one timed assumption.
    pub fn waited_out(&self, version: u8) -> bool {
        [Some(self.redis), self.other.map(|(redis, _)| redis)].into_iter().flatten().all(|redis| {
            redis.certificate.is_none_or(|certificate| certificate.begun >= version)
                && redis.claim.is_none_or(|claim| claim.begun >= version)
        })
    }
}

//! Redis, Postgres and what may happen to them: the meaning of each call, and the strikes between
//! calls.

use crate::calls::{Call, Entry, Put, Reply, TAGS, fill_id};

/// The content of Redis; a generation of 0 is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Redis {
    pub entries: [Option<Entry>; 2],
    pub generations: [u8; 2],
    pub certificate: Option<Cert>,
    pub claim: Option<Claim>,
}

/// `begun`: the newest version that was committed when its claim was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cert {
    pub epoch: u8,
    pub run: u8,
    pub begun: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Claim {
    pub by: u8,
    pub begun: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Postgres {
    pub version: u8,
    /// One bit for each version whose row stands in the outbox.
    pub outbox: u8,
    pub run: u8,
    pub epoch: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct World {
    pub postgres: Postgres,
    pub redis: Redis,
    pub run: u8,
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
    /// Certify under whatever claim stands.
    pub claim_without_token: bool,
    /// Take the rows out of the outbox when they are read.
    pub delete_returning: bool,
    /// A writer deletes all outbox rows of its key.
    pub delete_by_key: bool,
    /// Acknowledge before everything older than the commit has run out.
    pub no_wait: bool,
    /// Store the result of a write without comparing generations.
    pub put_without_compare: bool,
}

impl Redis {
    /// Makes the generations that are missing.
    fn obtain(&mut self, key: u8, in_use: u32) {
        let mut fresh = (1..32).filter(|generation| in_use & (1 << generation) == 0);
        for generation in &mut self.generations[..TAGS[key as usize].len()] {
            if *generation == 0 {
                *generation = fresh.next().expect("more generations than are ever in use");
            }
        }
    }
}

impl World {
    fn is_certified(&self) -> bool {
        self.redis.certificate.is_some_and(|certificate| certificate.run == self.run)
    }

    /// Generations in use, one bit each.
    pub fn generations_in_use(&self) -> u32 {
        let of = |redis: &Redis| {
            let entries = redis.entries.iter().flatten().flat_map(|entry| entry.generations);
            entries.chain(redis.generations).fold(0, |mask, generation| mask | 1 << generation)
        };
        let late = self.late.map_or(0, |put| put.seen.iter().chain(&put.entry.generations).fold(0, |m, g| m | 1 << g));
        1 | late | of(&self.redis) | self.snapshot.as_ref().map_or(0, of)
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
    pub fn answers(&self, actor: u8, call: &Call, in_use: u32, broken: Broken) -> Vec<(Reply, World)> {
        let same = |reply| vec![(reply, *self)];
        let mut next = *self;
        let redis = &mut next.redis;
        match *call {
            Call::Look { key } => same(Reply::Seen {
                entry: self.redis.entries.get(key as usize).copied().flatten(),
                generations: self.redis.generations,
                certificate: self.redis.certificate.map(|certificate| (certificate.epoch, certificate.run)),
                // Under a certificate the claim only says who renews behind the response: one state
                // for both.
                claimed: !self.is_certified() && self.redis.claim.is_some(),
                run: self.run,
            }),
            Call::Lease { key, known } => {
                let there = self.redis.entries[key as usize].map(|entry| fill_id(&entry));
                if there.is_some() && there != known {
                    return same(Reply::Changed);
                }
                redis.obtain(key, in_use);
                let generations = redis.generations;
                vec![(Reply::Held, *self), (Reply::Granted(generations), next)]
            }
            Call::Generations { key } => {
                redis.obtain(key, in_use);
                vec![(Reply::Granted(redis.generations), next)]
            }
            Call::Put(put) => {
                let stored = next.put(&put, in_use, broken);
                vec![(Reply::Put(stored), next), (Reply::Unreachable, World { late: Some(put), ..*self })]
            }
            Call::Fill { key, entry } => {
                redis.entries[key as usize] = Some(entry);
                vec![(Reply::Done, next)]
            }
            Call::Discard { key } => {
                redis.entries[key as usize] = None;
                vec![(Reply::Done, next)]
            }
            Call::Invalidate { tags } => {
                for (tag, generation) in redis.generations.iter_mut().enumerate() {
                    if tags & (1 << tag) != 0 {
                        *generation = 0;
                    }
                }
                vec![(Reply::Done, next), (Reply::Unreachable, *self)]
            }
            Call::Claim if self.redis.claim.is_some() => same(Reply::Busy),
            Call::Claim => {
                redis.claim = Some(Claim { by: actor, begun: self.postgres.version });
                vec![(Reply::Claimed(self.run), next)]
            }
            Call::Pending { run } => {
                let rows = self.postgres.outbox;
                if run != self.postgres.run && !broken.no_epoch {
                    next.postgres.epoch += 1;
                    next.postgres.run = run;
                }
                if broken.delete_returning {
                    next.postgres.outbox = 0;
                }
                vec![(Reply::Rows { epoch: next.postgres.epoch, rows }, next)]
            }
            Call::Certify { epoch, run } => match self.redis.claim {
                Some(claim) if claim.by == actor || broken.claim_without_token => {
                    redis.certificate = Some(Cert { epoch, run, begun: claim.begun });
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
            Call::ForgetTransaction { version } => {
                next.postgres.outbox &= if broken.delete_by_key { 0 } else { !(1 << version) };
                vec![(Reply::Done, next)]
            }
            Call::Load => same(Reply::Version(self.postgres.version)),
            Call::Commit => {
                next.postgres.version += 1;
                if !broken.no_outbox {
                    next.postgres.outbox |= 1 << next.postgres.version;
                }
                vec![(Reply::Version(next.postgres.version), next)]
            }
            Call::Acknowledge { version } => {
                next.acknowledged = self.acknowledged.max(version);
                vec![(Reply::Done, next)]
            }
            Call::Sleep => same(Reply::Done),
        }
    }

    /// True if nothing that was begun before `version` was committed can vouch for anything any
    /// more. A writer that could not reach Redis waits for this. It is the one timed assumption.
    pub fn waited_out(&self, version: u8) -> bool {
        self.redis.certificate.is_none_or(|certificate| certificate.begun >= version)
            && self.redis.claim.is_none_or(|claim| claim.begun >= version)
    }

    /// The strikes that may come at any moment: time, eviction, loss. Each stands with the flushes
    /// and restarts that are left.
    pub fn strikes(
        &self,
        f: u8,
        r: u8,
        evictions: bool,
        in_use: u32,
        broken: Broken,
    ) -> Vec<(&'static str, World, u8, u8)> {
        let mut out = Vec::new();
        let mut strike = |what, f, r, change: &dyn Fn(&mut World)| {
            let mut next = *self;
            change(&mut next);
            out.push((what, next, f, r));
        };
        if let Some(put) = self.late {
            strike("a write-through is carried out late", f, r, &|w| {
                w.late = None;
                w.put(&put, in_use, broken);
            });
        }
        for tag in 0..2 {
            if evictions && self.redis.generations[tag] != 0 {
                strike("a generation is evicted", f, r, &|w| w.redis.generations[tag] = 0);
            }
            if evictions && self.redis.entries[tag].is_some() {
                strike("an entry expires", f, r, &|w| w.redis.entries[tag] = None);
            }
        }
        if self.redis.certificate.is_some() {
            strike("the certificate expires", f, r, &|w| w.redis.certificate = None);
        }
        if evictions && self.redis.claim.is_some() {
            strike("the claim expires", f, r, &|w| w.redis.claim = None);
        }
        if f > 0 {
            strike("FLUSHALL", f - 1, r, &|w| w.redis = Redis::default());
        }
        match self.snapshot {
            None if r > 0 => strike("snapshot", f, r, &|w| w.snapshot = Some(w.redis)),
            Some(old) => strike("restart from the snapshot", f, r - 1, &|w| {
                w.redis = old;
                w.snapshot = None;
                w.run += 1;
            }),
            None => {}
        }
        out
    }
}

//! What may happen to Redis and Postgres between two calls.

use super::{Broken, ENTRIES, Left, MANY, Naming, OPERATOR, PAGE, Postgres, Redis, TAGS, World};

impl World {
    /// The strikes that may come at any moment: time, eviction, loss, earlier states put back. Each
    /// stands with the strikes that are left.
    pub fn strikes(
        &self,
        left: Left,
        evictions: bool,
        in_use: u32,
        broken: Broken,
    ) -> Vec<(&'static str, World, Left)> {
        let mut out = Vec::new();
        let mut strike = |what, left, change: &dyn Fn(&mut World)| {
            let mut next = *self;
            change(&mut next);
            out.push((what, next, left));
        };
        if let Some((other, run)) = self.other {
            if other.certificate.is_some() {
                strike("the other certificate expires", left, &|w| {
                    w.other = Some((Redis { certificate: None, ..other }, run));
                });
            }
            if other.claim.is_some() {
                strike("the other claim expires", left, &|w| w.other = Some((Redis { claim: None, ..other }, run)));
            }
            if self.redis.claim.is_some() {
                strike("the claim expires", left, &|w| w.redis.claim = None);
            }
            let unnamed = if self.postgres.run == run { self.redis } else { other };
            if !self.named_long && unnamed.certificate.is_none() && unnamed.claim.is_none() {
                strike("the run has been named for long", left, &|w| w.named_long = true);
            }
        }
        if let Some(put) = self.late {
            strike("a write-through is carried out late", left, &|w| {
                w.late = None;
                w.put(&put, in_use, broken);
            });
        }
        for tag in 0..MANY {
            if evictions && self.redis.generations[tag] != 0 {
                strike("a generation is evicted", left, &|w| w.redis.generations[tag] = 0);
            }
        }
        for entry in 0..ENTRIES {
            if evictions && self.redis.entries[entry].is_some() {
                strike("an entry expires", left, &|w| w.redis.entries[entry] = None);
            }
        }
        if evictions && self.redis.noted.is_some() {
            strike("what is noted of the page is evicted", left, &|w| w.redis.noted = None);
        }
        if self.redis.certificate.is_some() {
            strike("the certificate expires", left, &|w| w.redis.certificate = None);
        }
        if (evictions || self.old.is_some()) && self.redis.claim.is_some() {
            strike("the claim expires", left, &|w| w.redis.claim = None);
        }
        // By itself its loss only moves the epoch; beside a restore it could hide one.
        if self.saved.is_some() && self.redis.record.is_some() {
            strike("the record is evicted", left, &|w| w.redis.record = None);
        }
        if left.records > 0 && self.redis.record.is_some() {
            let after = Left { records: left.records - 1, ..left };
            strike("the record is lost", after, &|w| w.redis.record = None);
        }
        if left.others > 0 && self.redis.generations[TAGS[PAGE as usize][0] as usize] != 0 {
            let after = Left { others: left.others - 1, ..left };
            strike("a change is announced that the page doesn't show", after, &|w| {
                w.redis.generations[TAGS[PAGE as usize][0] as usize] = 0;
            });
        }
        if left.flushes > 0 {
            // The loss of the record is explored beside restores.
            let after = Left { flushes: left.flushes - 1, ..left };
            strike("FLUSHALL", after, &|w| w.redis = Redis { record: w.redis.record, ..Redis::default() });
        }
        if left.restarts > 0 {
            let after = Left { restarts: left.restarts - 1, ..left };
            match self.snapshot {
                None => strike("snapshot", left, &|w| w.snapshot = Some(w.redis)),
                Some(old) => {
                    strike("restart from the snapshot", after, &|w| {
                        (w.redis, w.snapshot) = (old, None);
                        w.run += 1;
                    });
                }
            }
        }
        if left.resyncs > 0 {
            let after = Left { resyncs: left.resyncs - 1, ..left };
            match self.snapshot {
                None => strike("snapshot", left, &|w| w.snapshot = Some(w.redis)),
                Some(old) => {
                    // These ways take longer than a certificate lives.
                    let old = Redis { certificate: None, claim: None, ..old };
                    strike("filled anew from a replica that lags", after, &|w| {
                        (w.redis, w.snapshot) = (old, None);
                        w.replication += 1;
                    });
                    // A memory that is not older than one serial is a known limit.
                    if old.record.is_none_or(|record| !record.serials.contains(&self.postgres.serial)) {
                        strike("its memory is put back", after, &|w| (w.redis, w.snapshot) = (old, None));
                    }
                }
            }
        }
        let naming = self.postgres.naming;
        let lives_on = self.redis.certificate.is_some_and(|certificate| !certificate.tenants)
            || self.redis.claim.is_some_and(|claim| claim.unnamed);
        if naming == Naming::Begun && !lives_on {
            strike("the certificates of before have run out", left, &|w| w.postgres.naming = Naming::On);
        }
        if left.switches > 0 {
            let after = Left { switches: left.switches - 1, ..left };
            match naming {
                Naming::Off => strike("tenants are named", after, &|w| w.postgres.naming = Naming::Begun),
                Naming::Begun | Naming::On => strike("tenants are named no more", after, &|w| {
                    w.postgres.naming = Naming::Off;
                    if !broken.switch_back_unannounced {
                        w.postgres.outbox |= 1 << OPERATOR;
                        w.postgres.everything |= 1 << OPERATOR;
                    }
                }),
            }
        }
        if left.restores > 0 {
            let after = Left { restores: left.restores - 1, ..left };
            match self.saved {
                None => strike("Postgres is copied", left, &|w| w.saved = Some(w.postgres)),
                Some(saved) => {
                    strike("its volume is put back", after, &|w| {
                        w.put_back(Postgres { start: saved.start + 1, ..saved });
                    });
                    strike("its tables are restored", after, &|w| {
                        w.put_back(Postgres { signs: saved.signs + 1, ..saved });
                    });
                }
            }
        }
        out
    }
}

//! Entries, generations and certificates in memory.

use super::Memory;
use crate::protocol::certificate::{Certificate, ClaimToken, Generation, RunId, Timing};
use crate::protocol::entry::Trailer;
use crate::protocol::key::parts_key;
use crate::protocol::ports::{CacheFault, Fill, Known, Lease, Registry, RenewalClaim, Snapshot, Standing, Store};
use crate::protocol::write_through::{GenerationSwap, WriteThrough};
use std::time::Duration;

impl Store for Memory {
    async fn look(&self, keys: &[&str], tags: &[&str]) -> Result<Snapshot, CacheFault> {
        self.call("look")?;
        Ok(Snapshot {
            entries: keys.iter().map(|key| self.raw(key)).collect(),
            generations: tags.iter().map(|tag| self.generation(tag)).collect(),
            certificate: self.raw("cache:certificate").and_then(|bytes| Certificate::decode(&bytes)),
            fresh: self.raw("cache:fresh").is_some(),
            claimed: self.raw("cache:claim").is_some(),
            run: self.run.get(),
            heard: self.heard.get(),
        })
    }

    async fn lease(
        &self,
        key: &str,
        known: Known,
        tags: &[&str],
        holder: u128,
        hold: Duration,
    ) -> Result<Lease, CacheFault> {
        self.call("lease")?;
        let there = self.raw(key).and_then(|bytes| Trailer::parse(&bytes).ok()).map(|trailer| trailer.fill);
        if there.is_some() && there != known.fill() {
            return Ok(Lease::Changed);
        }
        if let Known::Outdated(fill) = known
            && self.parts_stand(key, fill)
        {
            return Ok(Lease::Current(Standing {
                generations: self.obtain(tags, holder),
                certificate: self.raw("cache:certificate").and_then(|bytes| Certificate::decode(&bytes)),
                run: self.run.get(),
            }));
        }
        let lock = crate::protocol::key::lease_key(key);
        if self.raw(&lock).is_some() {
            return Ok(Lease::Held);
        }
        self.set(&lock, holder.to_le_bytes().to_vec(), hold.as_millis() as u64);
        Ok(Lease::Granted(self.obtain(tags, holder)))
    }

    async fn restamp(&self, key: &str, fill: u128, bytes: Vec<u8>) -> Result<(), CacheFault> {
        self.call("restamp")?;
        let there = self.raw(key).and_then(|bytes| Trailer::parse(&bytes).ok()).map(|trailer| trailer.fill);
        if there == Some(fill)
            && let Some((stored, _)) = self.values.borrow_mut().get_mut(key)
        {
            *stored = bytes;
        }
        Ok(())
    }

    async fn generations(&self, tags: &[&str], candidate: u128) -> Result<Vec<Generation>, CacheFault> {
        self.call("generations")?;
        Ok(self.obtain(tags, candidate))
    }

    async fn fill(&self, fills: &[Fill<'_>], holder: Option<u128>) -> Result<(), CacheFault> {
        self.call("fill")?;
        for fill in fills {
            self.set(fill.key, fill.bytes.clone(), fill.ttl_ms);
        }
        if let [Fill { key, ttl_ms, parts: Some(parts), .. }] = fills {
            let stands = |(tag, generation): (&&str, &Generation)| self.generation(tag) == Some(*generation);
            self.remove(&parts_key(key));
            if parts.tags.iter().zip(&parts.generations).all(stands) {
                let names: Vec<&str> = parts.parts.iter().map(String::as_str).collect();
                let generations = self.obtain(&names, holder.unwrap_or(parts.fill));
                let noted = parts.parts.iter().cloned().zip(generations).collect();
                self.parts.borrow_mut().insert((*key).to_owned(), (parts.fill, noted));
                self.set(&parts_key(key), vec![1], *ttl_ms);
            }
        }
        if let (Some(fill), Some(holder)) = (fills.first(), holder) {
            self.release(fill.key, holder).await?;
        }
        Ok(())
    }

    async fn release(&self, key: &str, holder: u128) -> Result<(), CacheFault> {
        self.call("release")?;
        let lock = crate::protocol::key::lease_key(key);
        if self.number(&lock) == Some(holder) {
            self.remove(&lock);
        }
        Ok(())
    }

    async fn discard(&self, keys: &[&str]) -> Result<(), CacheFault> {
        self.call("discard")?;
        keys.iter().for_each(|key| self.remove(key));
        Ok(())
    }
}

impl WriteThrough for Memory {
    async fn put(
        &self,
        fill: &Fill<'_>,
        swaps: &[GenerationSwap<'_>],
        others: &[&str],
    ) -> Result<(bool, RunId), CacheFault> {
        self.call("put")?;
        let same = swaps.iter().all(|swap| self.generation(swap.tag) == Some(swap.seen));
        let swapped = || swaps.iter().filter(|swap| swap.next != swap.seen);
        others.iter().copied().chain(swapped().map(|swap| swap.tag)).for_each(|tag| self.remove(&format!("gen:{tag}")));
        if same {
            swapped().for_each(|swap| self.make(swap.tag, swap.next));
            self.set(fill.key, fill.bytes.clone(), fill.ttl_ms);
        }
        Ok((same, self.run.get()))
    }
}

impl Registry for Memory {
    async fn invalidate(&self, tags: &[&str]) -> Result<RunId, CacheFault> {
        self.call("invalidate")?;
        tags.iter().for_each(|tag| self.remove(&format!("gen:{tag}")));
        Ok(self.run.get())
    }

    async fn claim(&self, token: ClaimToken, hold: Duration) -> Result<Option<RenewalClaim>, CacheFault> {
        self.call("claim")?;
        if self.raw("cache:claim").is_some() {
            return Ok(None);
        }
        self.set("cache:claim", u128::from(token).to_le_bytes().to_vec(), hold.as_millis() as u64);
        let record = self.raw("cache:record").and_then(|bytes| String::from_utf8(bytes).ok());
        Ok(Some(RenewalClaim { run: self.run.get(), replication: String::new(), record }))
    }

    async fn abandon(&self, token: ClaimToken) -> Result<(), CacheFault> {
        self.call("abandon")?;
        if self.number("cache:claim") == Some(token.into()) {
            self.remove("cache:claim");
        }
        Ok(())
    }

    async fn certify(&self, certificate: &Certificate, record: &str, timing: Timing) -> Result<bool, CacheFault> {
        self.call("certify")?;
        if self.number("cache:claim") != Some(certificate.token.into()) {
            return Ok(false);
        }
        let left = self.values.borrow().get("cache:claim").map_or(0, |(_, until)| until.saturating_sub(self.now.get()));
        let life = timing.life_after(timing.claim().saturating_sub(Duration::from_millis(left))).as_millis() as u64;
        let bytes = certificate.encode().into_bytes();
        self.set("cache:certificate", bytes.clone(), life);
        self.set("cache:last", bytes, 1_000_000_000);
        self.set("cache:record", record.as_bytes().to_vec(), 10_000_000_000);
        self.set("cache:fresh", vec![1], life / 2);
        self.remove("cache:claim");
        Ok(true)
    }

    async fn last_certificate(&self) -> Result<Option<Certificate>, CacheFault> {
        self.call("last_certificate")?;
        Ok(self.raw("cache:last").and_then(|bytes| Certificate::decode(&bytes)))
    }
}

//! The load under a lease, and the fill made of it.

use super::outcome::EntrySpec;
use crate::protocol::certificate::ServerId;
use crate::protocol::entry::{self, Encoding, OriginValue, Stamp, Value};
use crate::protocol::freshness;
use crate::protocol::policy::{Limits, Policy};
use crate::protocol::ports::{Clock, Fill, Parts, Store};

/// A value that was loaded under a lease.
pub(super) struct Loaded {
    pub(super) value: Value,
    /// Whether it was stored.
    pub(super) stored: bool,
    /// Whether the certificate covers what it says: it came from the certificate's server.
    pub(super) covered: bool,
}

/// A reader that holds the lease of an entry.
pub(super) struct Filler<'a, P> {
    pub(super) ports: &'a P,
    pub(super) wanted: &'a EntrySpec<'a>,
    pub(super) limits: &'a Limits,
    pub(super) epoch: u128,
    pub(super) server: ServerId,
    pub(super) generations: Vec<u128>,
    pub(super) holder: u128,
}

impl<P: Store + Clock> Filler<'_, P> {
    /// Loads, fills, gives the lease back.
    pub(super) async fn load_and_fill<L: Into<OriginValue>, E>(
        &self,
        load: impl AsyncFn() -> Result<Option<L>, E>,
    ) -> Result<Option<Loaded>, E> {
        let begun = self.ports.monotonic();
        let loaded: OriginValue = match load().await {
            Ok(Some(loaded)) => loaded.into(),
            nothing => {
                // If this fails the lease ends by itself.
                let _ = self.ports.release(self.wanted.key, self.holder).await;
                return nothing.map(|_| None);
            }
        };
        let load_ms = u32::try_from(self.ports.monotonic().saturating_sub(begun)).unwrap_or(u32::MAX);
        // The certificate says nothing about another server, which may be behind.
        let covered = loaded.server == self.server;
        let fill = covered
            .then(|| {
                prepare(
                    self.ports,
                    self.wanted,
                    self.limits,
                    &loaded,
                    load_ms,
                    self.epoch,
                    &self.generations,
                    self.holder,
                )
            })
            .flatten();
        let stored = match fill {
            Some(fill) => self.ports.fill(&[fill], Some(self.holder)).await.is_ok(),
            None => {
                let _ = self.ports.release(self.wanted.key, self.holder).await;
                false
            }
        };
        Ok(Some(Loaded { value: loaded.value, stored, covered }))
    }
}

/// The fill for a value that the certificate's server gave; `None` if it is too large to be cached.
#[allow(clippy::too_many_arguments)] // Each is one fact of the entry; a struct for one caller would only rename them.
pub(crate) fn prepare<'a, P: Clock>(
    ports: &P,
    wanted: &EntrySpec<'a>,
    limits: &Limits,
    loaded: &OriginValue,
    load_ms: u32,
    epoch: u128,
    generations: &[u128],
    fill: u128,
) -> Option<Fill<'a>> {
    let created = ports.now();
    let life = freshness::lifetime(&wanted.policy.lasting(loaded.ttl), created, ports.draw());
    let stamp = Stamp { created, fresh_until: life.fresh_until, load_ms, epoch, generations, fill };
    let bytes = match packed(wanted.policy, &loaded.value) {
        Some(packed) => entry::encode_as(&packed, &stamp, Encoding::Gzip),
        None => entry::encode(&loaded.value, &stamp),
    };
    let bytes = bytes.filter(|bytes| bytes.len() <= limits.max_entry_bytes)?;
    let parts = (1..=MOST_PARTS).contains(&loaded.parts.len()).then(|| Parts {
        tags: wanted.tags,
        generations: generations.to_vec(),
        parts: loaded.parts.clone(),
        fill,
    });
    Some(Fill { key: wanted.key, bytes, ttl_ms: life.ttl_ms, parts })
}

/// An entry of more parts is kept as one of none: Redis looks at all of them in one step.
const MOST_PARTS: usize = 250;

/// The value packed, if its policy packs it and it becomes smaller.
fn packed(policy: &Policy, value: &Value) -> Option<Value> {
    let compress = policy.compress.filter(|compress| value.payload.len() >= compress.min_bytes)?;
    let payload = (compress.packer.pack)(&value.payload).filter(|packed| packed.len() < value.payload.len())?;
    Some(value.encoded(payload))
}

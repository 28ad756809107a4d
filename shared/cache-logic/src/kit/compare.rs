//! Compares a hit with the origin, for a running system that wants to know whether its cache keeps
//! its promise.
//!
//! The two may differ without a fault: a change was made between the look and the load, and is on
//! its way through the outbox. Every certificate that was claimed before the load has run out a
//! certificate's time later, and those after it cover what the load has seen. So the cache is wrong
//! if the very same stored entry is still a certified hit by then, and only then.

use crate::protocol::certificate::ServerId;
use crate::protocol::entry::{Encoding, OriginValue, StoredEntry, Value};
use crate::protocol::policy::{Limits, Policy};
use crate::protocol::ports::{Clock, Ledger, Registry, Store};
use crate::protocol::read::{EntrySpec, Verdict, certified, judge};
use crate::protocol::renew::renew;

/// What a comparison has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// The origin says the same.
    Equal,
    /// The cache served what the origin no longer said, longer than it may.
    Different {
        /// The entry's fill, for the log.
        fill: u128,
    },
    /// There was nothing to compare, or a change was on its way.
    Unsure,
}

/// Compares the entry that a reader would be served now with what `load` gives. To be called behind
/// an answer: if the two differ, it takes longer than a certificate lives.
///
/// # Errors
/// The error of `load`.
pub async fn compare<P, L, E>(
    ports: &P,
    wanted: &EntrySpec<'_>,
    limits: &Limits,
    load: impl AsyncFn() -> Result<Option<L>, E>,
) -> Result<Comparison, E>
where
    P: Store + Registry + Ledger + Clock,
    L: Into<OriginValue>,
{
    let Some((entry, server)) = hit(ports, wanted).await else { return Ok(Comparison::Unsure) };
    let loaded: Option<OriginValue> = load().await?.map(Into::into);
    // Another server may be behind; the certificate says nothing about it.
    if loaded.as_ref().is_some_and(|loaded| loaded.server != server) {
        return Ok(Comparison::Unsure);
    }
    let fill = entry.trailer.fill;
    if loaded.is_some_and(|loaded| says(entry, &loaded.value, wanted.policy)) {
        return Ok(Comparison::Equal);
    }
    ports.sleep(limits.outage_wait).await;
    let mut again = hit(ports, wanted).await;
    if again.is_none() {
        // Without traffic nobody has renewed the certificate meanwhile.
        renew(ports, limits.timing).await;
        again = hit(ports, wanted).await;
    }
    let same = again.is_some_and(|(entry, _)| entry.trailer.fill == fill);
    Ok(if same { Comparison::Different { fill } } else { Comparison::Unsure })
}

/// The entry that would be served, and the server of its certificate.
async fn hit<P: Store + Clock>(ports: &P, wanted: &EntrySpec<'_>) -> Option<(StoredEntry, ServerId)> {
    let mut seen = ports.look(&[wanted.key], wanted.tags).await.ok()?;
    let certificate = certified(&seen)?;
    let (now, draw) = (ports.now(), ports.draw());
    let entry = seen.entries.first_mut()?;
    match judge(entry, seen.generations.iter(), certificate.epoch, now, draw, wanted.policy) {
        Verdict::Current(stored, _) => Some((stored, certificate.server)),
        Verdict::Absent | Verdict::Outdated(_) | Verdict::Damaged(_) => None,
    }
}

/// Whether an entry says what the origin does. A packed one is unpacked.
fn says(entry: StoredEntry, origin: &Value, policy: &Policy) -> bool {
    let encoding = entry.trailer.encoding;
    let stored = entry.into_value();
    let payload = match encoding {
        Encoding::Identity => Some(stored.payload),
        Encoding::Gzip => policy.compress.and_then(|compress| (compress.packer.unpack)(&stored.payload)),
    };
    payload.as_deref() == Some(&origin.payload[..]) && (&stored.etag, &stored.owner) == (&origin.etag, &origin.owner)
}

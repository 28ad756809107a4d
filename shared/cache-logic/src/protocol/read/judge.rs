//! What a look says: whether it is certified, and whether its entry may be served.

use crate::protocol::certificate::Certificate;
use crate::protocol::entry::{Damage, Encoding, StoredEntry, Trailer};
use crate::protocol::freshness::{self, Freshness, Millis};
use crate::protocol::policy::Policy;
use crate::protocol::ports::Snapshot;

/// What a look says of one entry.
#[derive(Debug)]
pub enum Verdict {
    /// It may be served.
    Current(StoredEntry, Freshness),
    /// There is none.
    Absent,
    /// It was made under another epoch or another generation of a tag; the fill it came from.
    Outdated(u128),
    /// It can't be read.
    Damaged(Damage),
}

/// Is the certificate that was seen one that counts on this connection?
pub fn certified(seen: &Snapshot) -> Option<Certificate> {
    seen.certificate.filter(|certificate| certificate.run == seen.run)
}

/// Is the certificate at half its life, and nobody at its renewal?
pub(crate) fn due(seen: &Snapshot) -> bool {
    !seen.fresh && !seen.claimed
}

/// Judges a stored entry under a certificate, and takes its bytes where it may be served; they stay where it may not. A missing generation
/// is never current. What is packed where nothing packs (any more) can't be sent: it is as good as outdated.
pub fn judge<'g>(
    entry: &mut Option<Vec<u8>>,
    generations: impl Iterator<Item = &'g Option<u128>>,
    epoch: u128,
    now: Millis,
    draw: f64,
    policy: &Policy,
) -> Verdict {
    let Some(bytes) = entry.as_deref() else { return Verdict::Absent };
    let trailer = match Trailer::parse(bytes) {
        Ok(trailer) => trailer,
        Err(damage) => return Verdict::Damaged(damage),
    };
    if trailer.epoch != epoch || !generations.copied().eq(trailer.generations(bytes).map(Some)) {
        return Verdict::Outdated(trailer.fill);
    }
    if trailer.encoding != Encoding::Identity && policy.compress.is_none() {
        return Verdict::Outdated(trailer.fill);
    }
    let freshness = freshness::freshness(now, trailer.fresh_until, trailer.load_ms, draw);
    entry.take().map_or(Verdict::Absent, |bytes| Verdict::Current(StoredEntry::of(bytes, trailer), freshness))
}

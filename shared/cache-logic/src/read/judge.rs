//! What a look says: whether it is certified, and whether its entry may be served.

use crate::certificate::Certificate;
use crate::entry::{Damage, Encoding, Stored};
use crate::freshness::{self, Freshness, Millis};
use crate::policy::Policy;
use crate::ports::Seen;

/// What a look says of one entry.
#[derive(Debug)]
pub enum Verdict {
    /// It may be served.
    Current(Box<Stored>, Freshness),
    /// There is none.
    Absent,
    /// It was made under another epoch or another generation of a tag; the fill it came from.
    Outdated(u128),
    /// It can't be read.
    Damaged(Damage),
}

/// Is the certificate that was seen one that counts on this connection?
pub fn certified(seen: &Seen) -> Option<Certificate> {
    seen.certificate.filter(|certificate| certificate.run == seen.run)
}

/// Is the certificate at half its life, and nobody at its renewal?
pub(crate) fn due(seen: &Seen) -> bool {
    !seen.fresh && !seen.claimed
}

/// Judges stored bytes under a certificate. A missing generation is never current.
pub fn judge<'g>(
    bytes: Option<Vec<u8>>,
    generations: impl Iterator<Item = &'g Option<u128>>,
    epoch: u128,
    now: Millis,
    draw: f64,
) -> Verdict {
    let Some(bytes) = bytes else { return Verdict::Absent };
    let stored = match Stored::parse(bytes) {
        Ok(stored) => stored,
        Err(damage) => return Verdict::Damaged(damage),
    };
    if stored.epoch != epoch || !generations.copied().eq(stored.generations().map(Some)) {
        return Verdict::Outdated(stored.fill);
    }
    let freshness = freshness::freshness(now, stored.fresh_until, stored.load_ms, draw);
    Verdict::Current(Box::new(stored), freshness)
}

/// What is packed where nothing packs (any more) can't be sent: it is as good as outdated.
pub(crate) fn readable(verdict: Verdict, policy: &Policy) -> Verdict {
    match verdict {
        Verdict::Current(stored, _) if stored.encoding != Encoding::Identity && policy.compress.is_none() => {
            Verdict::Outdated(stored.fill)
        }
        other => other,
    }
}

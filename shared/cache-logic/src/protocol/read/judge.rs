//! Judges a look: whether it is certified, and whether its entry may be served.

use crate::protocol::certificate::Certificate;
use crate::protocol::entry::{Damage, Encoding, StoredEntry, Trailer};
use crate::protocol::freshness::{self, Freshness, Millis};
use crate::protocol::policy::Policy;
use crate::protocol::ports::{Known, Snapshot};

/// The judgement on one entry.
#[derive(Debug)]
pub enum Verdict {
    /// It may be served.
    Current(StoredEntry, Freshness),
    /// There is none.
    Absent,
    /// It was made under another epoch or another generation of a tag.
    Outdated(Trailer),
    /// It cannot be read.
    Damaged(Damage),
}

/// The certificate that was seen, if it counts on this connection and in this instance. One of
/// another server than the instance has heard last covers nothing of what that one says.
pub fn certified(seen: &Snapshot) -> Option<Certificate> {
    let counts = |certificate: &Certificate| {
        certificate.run == seen.run && seen.heard.is_none_or(|server| server == certificate.server)
    };
    seen.certificate.filter(counts)
}

/// True if the certificate is at half its life and nobody is at its renewal.
pub fn due(seen: &Snapshot) -> bool {
    !seen.fresh && !seen.claimed
}

/// What is told of an outdated entry where its lease is wanted: whether it could be served under this
/// epoch, if its parts stand.
pub(super) fn known(trailer: &Trailer, epoch: u128, policy: &Policy) -> Known {
    match trailer.epoch == epoch && can_be_sent(trailer, policy) {
        true => Known::Outdated(trailer.fill),
        false => Known::Fill(trailer.fill),
    }
}

/// A packed entry whose policy does not pack cannot be sent.
fn can_be_sent(trailer: &Trailer, policy: &Policy) -> bool {
    trailer.encoding == Encoding::Identity || policy.compress.is_some()
}

/// Judges a stored entry under a certificate. Its bytes are taken if it may be served, and stay
/// otherwise. A missing generation is never current. An entry that cannot be sent counts as
/// outdated.
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
        return Verdict::Outdated(trailer);
    }
    if !can_be_sent(&trailer, policy) {
        return Verdict::Outdated(trailer);
    }
    let freshness = freshness::freshness(now, trailer.fresh_until, trailer.load_ms, draw);
    entry.take().map_or(Verdict::Absent, |bytes| Verdict::Current(StoredEntry::of(bytes, trailer), freshness))
}

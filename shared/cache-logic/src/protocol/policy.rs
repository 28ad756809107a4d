//! Policies: how long entries may live, as validated settings.

use crate::protocol::certificate::Timing;
use std::time::Duration;

/// How one class of entries is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    /// The hard limit: Redis drops the entry after this at the latest.
    pub ttl: Duration,
    /// After this part of its life an entry is served once more and refreshed behind the response
    /// (RFC 5861).
    pub soft: f64,
    /// Up to this part is taken off a TTL at random, so that entries filled together do not expire
    /// together.
    pub jitter: f64,
    /// Whether it may be served, marked, while Postgres cannot be reached (RFC 5861,
    /// `stale-if-error`).
    pub stale_if_error: bool,
    /// Whether and how it is kept packed.
    pub compress: Option<Compression>,
}

/// How payloads are packed, and from how many bytes on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Compression {
    /// A payload with fewer bytes is stored as it is.
    pub min_bytes: usize,
    /// The pair of functions that packs and unpacks.
    pub packer: Packer,
}

impl Compression {
    /// Packs payloads of `min_bytes` or more; none if it is 0.
    pub const fn at_least(min_bytes: usize, packer: Packer) -> Option<Self> {
        if min_bytes > 0 { Some(Self { min_bytes, packer }) } else { None }
    }
}

/// Packs payloads as gzip (RFC 1952) and back: `gzip::GZIP` (feature `gzip`), or another crate's.
/// It is a pair of functions, so that a component whose policies never pack does not carry the
/// code.
#[derive(Debug, Clone, Copy)]
pub struct Packer {
    /// Gives the bytes packed, or nothing if they cannot be packed.
    pub pack: fn(&[u8]) -> Option<Vec<u8>>,
    /// The inverse; nothing if [`Self::pack`] did not make the bytes.
    pub unpack: fn(&[u8]) -> Option<Vec<u8>>,
}

impl PartialEq for Packer {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::fn_addr_eq(self.pack, other.pack) && std::ptr::fn_addr_eq(self.unpack, other.unpack)
    }
}

/// No entry lives longer than this, whatever its policy or its value says.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);

impl Policy {
    /// A policy with the usual proportions: soft limit at 80 %, 10 % jitter, stale-if-error.
    ///
    /// # Errors
    /// A TTL of zero or of more than 30 days, as a sentence.
    pub fn with_ttl(ttl: Duration) -> Result<Self, String> {
        if ttl.is_zero() || ttl > LONGEST {
            return Err(format!("must be from 1 to {} seconds, is {}", LONGEST.as_secs(), ttl.as_secs()));
        }
        Ok(Self::usual(ttl))
    }

    /// The policy for a first look, while nothing else is known: whether the entry may be packed,
    /// and by what.
    pub const fn for_looking(compress: Option<Compression>) -> Self {
        Self { compress, ..Self::usual(Duration::ZERO) }
    }

    pub(crate) const fn usual(ttl: Duration) -> Self {
        Self { ttl, soft: 0.8, jitter: 0.1, stale_if_error: true, compress: None }
    }

    /// The same, never served as stale-if-error: for values that somebody pays or ships by.
    pub const fn never_on_error(self) -> Self {
        Self { stale_if_error: false, ..self }
    }

    /// The same, packed if a payload has `min_bytes` or more; 0 turns packing off. Entries that
    /// were stored packed before are misses from then on.
    ///
    /// Readers of such entries get them as they are stored: [`crate::read::Read::encoding`] says
    /// how.
    pub const fn compressed(self, min_bytes: usize, packer: Packer) -> Self {
        Self { compress: Compression::at_least(min_bytes, packer), ..self }
    }

    /// The same for a value that says by itself how long it may live.
    pub(crate) fn lasting(self, ttl: Option<Duration>) -> Self {
        Self { ttl: ttl.map_or(self.ttl, |own| own.min(LONGEST)), ..self }
    }
}

/// Limits of the protocol, the same for every class of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// An entry with more bytes than this is not cached.
    pub max_entry_bytes: usize,
    /// How long a filler may hold its lease: the time limit of Postgres and half a second.
    pub lease_hold: Duration,
    /// How long a reader waits for the fill or the renewal of somebody else before it asks the
    /// origin.
    pub wait: Duration,
    /// The pieces of the certificate.
    pub timing: Timing,
    /// How long a writer waits if it cannot invalidate.
    pub outage_wait: Duration,
    /// How long a generation lives: twice the longest entry.
    pub generation_ttl: Duration,
}

impl Limits {
    /// Limits to begin with: a certificate of so many milliseconds (100 to 1000), entries of a
    /// megabyte, 2 seconds for a statement, one second of waiting, entries of a day. An app sets
    /// each field from its settings.
    ///
    /// # Errors
    /// As [`crate::certificate::Timing::from_millis`].
    pub fn with_millis(certificate_ms: u64) -> Result<Self, String> {
        let timing = Timing::from_millis(certificate_ms)?;
        let (statement, slack) = (Duration::from_secs(2), Duration::from_millis(500));
        let longest = Duration::from_secs(24 * 3600);
        Ok(Self {
            max_entry_bytes: 1_000_000,
            lease_hold: statement + slack,
            wait: Duration::from_secs(1),
            timing,
            // Another instance may have been given longer certificates.
            outage_wait: Timing::default().outage_wait(),
            generation_ttl: longest * 2,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ttl_out_of_bounds_is_an_error_that_says_the_bounds() {
        for seconds in [0, 30 * 24 * 3600 + 1] {
            let error = Policy::with_ttl(Duration::from_secs(seconds)).unwrap_err();
            assert!(error.contains("2592000"), "{error}");
        }
        assert!(Policy::with_ttl(Duration::from_secs(1)).is_ok());
    }
}

//! When an entry expires, and when it is refreshed before that.

use crate::protocol::policy::Policy;

/// Milliseconds since the Unix epoch.
pub type Millis = u64;

/// A random draw from [0, 1). The caller makes it.
pub type Draw = f64;

/// The two limits of an entry that is filled now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// From this moment on the entry is stale: still served, and refreshed behind the response.
    pub fresh_until: Millis,
    /// Redis drops it after this many milliseconds.
    pub ttl_ms: u64,
}

/// The lifetime of an entry filled at `now`: the policy's TTL less a random part of it, and the
/// soft limit in proportion.
pub fn lifetime(policy: &Policy, now: Millis, draw: Draw) -> Lifetime {
    let whole = policy.ttl.as_millis() as f64;
    let ttl = (whole * (1.0 - policy.jitter * draw)).max(1.0);
    Lifetime { fresh_until: now + (ttl * policy.soft) as u64, ttl_ms: ttl as u64 }
}

/// How far a current entry is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Freshness {
    /// Serve it.
    Fresh,
    /// Serve it, and refresh it behind the response: it ends soon and is likely needed again
    /// (XFetch).
    Early,
    /// Past its soft limit: serve it, and refresh it behind the response.
    Stale,
}

/// The earliest early refresh, as a multiple of the load time before the entry's end: `-ln` of the
/// smallest positive number, rounded up.
const LONGEST_GAP: u64 = 709;

/// Judges an entry. `load_ms` is how long its load took.
///
/// Early refresh is XFetch with beta = 1: `now - cost * ln(rand) >= expiry` (Vattani, Chierichetti,
/// Lowenstein, "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015). A draw of 0 counts as
/// the smallest positive one.
pub fn freshness(now: Millis, fresh_until: Millis, load_ms: u32, draw: Draw) -> Freshness {
    if now >= fresh_until {
        return Freshness::Stale;
    }
    // No draw gives a longer gap than this. Nearly every read ends here, without a logarithm.
    if now + u64::from(load_ms) * LONGEST_GAP < fresh_until {
        return Freshness::Fresh;
    }
    let gap = f64::from(load_ms) * -draw.max(f64::MIN_POSITIVE).ln();
    if now as f64 + gap >= fresh_until as f64 { Freshness::Early } else { Freshness::Fresh }
}

/// The pause before the next look while somebody else fills. Its limit doubles from 10 ms to 320
/// ms, and the upper half of it is random ("equal jitter": M. Brooker, "Exponential Backoff and
/// Jitter", 2015).
pub fn poll_pause_ms(attempt: u32, draw: Draw) -> u64 {
    let top = 10u64 << attempt.min(5);
    top / 2 + (top as f64 / 2.0 * draw) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn policy(seconds: u64) -> Policy {
        Policy::with_ttl(Duration::from_secs(seconds)).unwrap()
    }

    #[test]
    fn jitter_only_shortens_and_by_a_tenth_at_most() {
        for draw in [0.0, 0.25, 0.5, 0.999_999] {
            let life = lifetime(&policy(300), 1_000, draw);
            assert!((270_000..=300_000).contains(&life.ttl_ms), "{life:?}");
            assert!(life.fresh_until < 1_000 + life.ttl_ms, "the soft limit comes first");
        }
        assert_ne!(lifetime(&policy(300), 0, 0.1), lifetime(&policy(300), 0, 0.9));
    }

    #[test]
    fn no_draw_refreshes_earlier_than_the_longest_gap() {
        assert!(-f64::MIN_POSITIVE.ln() <= LONGEST_GAP as f64);
        assert_eq!(freshness(0, 7_091, 10, 0.0), Freshness::Fresh);
        assert_eq!(freshness(0, 7_080, 10, 0.0), Freshness::Early);
    }

    #[test]
    fn an_entry_is_fresh_then_perhaps_early_then_stale() {
        assert_eq!(freshness(0, 1_000, 10, 0.5), Freshness::Fresh);
        assert_eq!(freshness(999, 1_000, 10, 0.5), Freshness::Early);
        assert_eq!(freshness(1_000, 1_000, 10, 0.5), Freshness::Stale);
        assert_eq!(freshness(0, 1_000, 0, 0.0), Freshness::Fresh, "what costs nothing is never made early");
    }

    #[test]
    fn the_dearer_an_entry_the_earlier_it_is_made_anew() {
        let early = |load_ms| {
            (0..1_000).filter(|i| freshness(900, 1_000, load_ms, f64::from(*i) / 1_000.0) == Freshness::Early).count()
        };
        // P(early) = exp(-(expiry - now) / cost)
        assert!((early(100) as f64 - 1_000.0 * (-1.0f64).exp()).abs() < 2.0, "{}", early(100));
        assert!(early(10) < 2 && early(1_000) > 900);
    }

    #[test]
    fn pauses_grow_and_stay_below_their_cap() {
        assert!(poll_pause_ms(0, 0.999) <= 10 && poll_pause_ms(0, 0.0) >= 5);
        assert!(poll_pause_ms(99, 0.999) <= 320);
    }
}

//! The header by which an HTTP response speaks of the cache.

use cache_logic::freshness::Freshness;
use cache_logic::read::Outcome;

/// The value of `Cache-Status` (RFC 9211). `cache` is the name that the cache goes by.
pub fn cache_status(cache: &str, outcome: &Outcome) -> String {
    let (told, detail) = match outcome {
        Outcome::Hit { freshness: Freshness::Stale, .. } => ("; hit; ttl=0; detail=", "stale-while-revalidate"),
        Outcome::Hit { ttl_ms, .. } => return [cache, "; hit; ttl=", &(ttl_ms / 1000).to_string()].concat(),
        Outcome::Revalidated { ttl_ms, .. } => {
            let ttl = (ttl_ms / 1000).to_string();
            return [cache, "; hit; ttl=", &ttl, "; detail=revalidated"].concat();
        }
        Outcome::Miss { stored: true } => ("; fwd=miss; stored", ""),
        Outcome::Miss { stored: false } => ("; fwd=miss", ""),
        Outcome::Bypass(why) => ("; fwd=bypass; detail=", why.name()),
        Outcome::StaleIfError => ("; hit; detail=", "stale-if-error"),
    };
    [cache, told, detail].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cache_logic::ports::CacheFault;
    use cache_logic::read::Bypass;

    #[test]
    fn cache_status_speaks_rfc_9211() {
        let away = Outcome::Bypass(Bypass::Fault(CacheFault::Skipped));
        for (outcome, status) in [
            (Outcome::Hit { freshness: Freshness::Fresh, ttl_ms: 212_900 }, "todo; hit; ttl=212"),
            (
                Outcome::Hit { freshness: Freshness::Stale, ttl_ms: 0 },
                "todo; hit; ttl=0; detail=stale-while-revalidate",
            ),
            (
                Outcome::Revalidated { freshness: Freshness::Fresh, ttl_ms: 212_900 },
                "todo; hit; ttl=212; detail=revalidated",
            ),
            (Outcome::Miss { stored: true }, "todo; fwd=miss; stored"),
            (Outcome::Miss { stored: false }, "todo; fwd=miss"),
            (away, "todo; fwd=bypass; detail=redis-unavailable"),
            (Outcome::StaleIfError, "todo; hit; detail=stale-if-error"),
        ] {
            assert_eq!(cache_status("todo", &outcome), status);
        }
    }
}

//! How entries are kept.

use cache_logic::origin::OriginFault;
use cache_logic::policy::{Compression, Policy};
use std::time::Duration;

/// How an entry is kept.
pub trait Keeping: Copy + 'static {
    /// How it may be packed. A hit needs to know that, and no more.
    fn compress(&self) -> Option<Compression>;

    /// The whole policy, asked for at a miss.
    #[allow(async_fn_in_trait, reason = "components run on one thread: no future has to be Send")]
    async fn policy(&self) -> Result<Policy, OriginFault>;
}

/// Every entry lives for so long at most, with the usual proportions ([`Policy::with_ttl`]). It is
/// served, marked, while Postgres is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ttl(pub Duration);

impl Ttl {
    /// So many seconds.
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }
}

impl Keeping for Ttl {
    fn compress(&self) -> Option<Compression> {
        None
    }

    async fn policy(&self) -> Result<Policy, OriginFault> {
        Policy::with_ttl(self.0)
            .map_err(|wrong| OriginFault::Misconfigured { detail: format!("the lifetime of an entry {wrong}") })
    }
}

/// A policy that is known already, such as one of `cache_logic::named`.
impl Keeping for Policy {
    fn compress(&self) -> Option<Compression> {
        self.compress
    }

    async fn policy(&self) -> Result<Policy, OriginFault> {
        Ok(*self)
    }
}

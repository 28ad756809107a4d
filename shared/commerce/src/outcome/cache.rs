//! The answers of functions about the cache.

use strum::{EnumString, VariantNames};

use crate::outcome::answered_by;

/// The answers of `cache_renew`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum RenewOutcome {
    /// The certificate may be given once the rows that were read are applied.
    Ok,
    /// The database serves another cache.
    Mismatch,
    /// A trigger is missing, so a change could go unseen.
    Unannounced,
    /// Runs of Redis alternate, writers rely on the one before, or the caller is of a release whose
    /// entries the database serves no more.
    Off,
}

/// The answers of `cache_invalidate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum InvalidateOutcome {
    /// The tags are announced.
    Invalidated,
    /// There is no such organisation.
    NotFound,
}

answered_by! {
    RenewOutcome: "cache_renew";
    InvalidateOutcome: "cache_invalidate";
}

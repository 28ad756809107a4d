//! Named policies, for what most services keep.

use crate::protocol::policy::Policy;
use std::time::Duration;

/// A kind of data with a policy of its own. The TTLs are defaults, chosen by how much an old copy would matter if nobody announced a change:
/// with triggers in the database they only say how long unused data stays. Each may be overridden by [`NamedPolicy::with_ttl`].
///
/// | name | default TTL | while the database is away | for |
/// | --- | --- | --- | --- |
/// | `session` | 30 min | an error | who is logged in, what is in the cart |
/// | `auth` | 5 min | an error | permissions, keys, revocations |
/// | `user` | 15 min | served, marked | profiles |
/// | `config` | 1 h | served, marked | settings |
/// | `feature-flag` | 1 min | served, marked | switches |
/// | `lookup` | 24 h | served, marked | countries, currencies, units |
/// | `query` | 5 min | served, marked | rows and lists |
/// | `report` | 1 h | served, marked | aggregates that cost seconds |
///
/// ```
/// use cache_logic::named::NamedPolicy;
/// use std::time::Duration;
///
/// assert_eq!(NamedPolicy::Session.policy().ttl, Duration::from_secs(1800));
/// // From a setting: the same policy, another TTL.
/// let ttl = Duration::from_secs("600".parse().unwrap());
/// let session = NamedPolicy::Session.with_ttl(ttl).unwrap();
/// assert!(session.ttl == ttl && !session.stale_if_error);
/// assert_eq!(NamedPolicy::parse("feature-flag"), Some(NamedPolicy::FeatureFlag));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NamedPolicy {
    /// Who is logged in, what is in the cart.
    Session,
    /// Permissions, keys, revocations.
    Auth,
    /// Profiles.
    User,
    /// Settings.
    Config,
    /// Switches.
    FeatureFlag,
    /// What hardly ever changes: countries, currencies, units.
    Lookup,
    /// Rows and lists.
    Query,
    /// Aggregates that cost seconds.
    Report,
}

impl NamedPolicy {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Session,
        Self::Auth,
        Self::User,
        Self::Config,
        Self::FeatureFlag,
        Self::Lookup,
        Self::Query,
        Self::Report,
    ];

    /// Its name, for settings and counters.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Auth => "auth",
            Self::User => "user",
            Self::Config => "config",
            Self::FeatureFlag => "feature-flag",
            Self::Lookup => "lookup",
            Self::Query => "query",
            Self::Report => "report",
        }
    }

    /// The inverse of [`Self::name`].
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|named| named.name() == name)
    }

    const fn default_seconds(self) -> u64 {
        match self {
            Self::FeatureFlag => 60,
            Self::Auth | Self::Query => 5 * 60,
            Self::User => 15 * 60,
            Self::Session => 30 * 60,
            Self::Config | Self::Report => 3600,
            Self::Lookup => 24 * 3600,
        }
    }

    /// Its policy, with the default TTL.
    pub const fn policy(self) -> Policy {
        let policy = Policy::usual(Duration::from_secs(self.default_seconds()));
        match self {
            // An answer that may be older than a log-out or a revocation is worse than none.
            Self::Session | Self::Auth => policy.never_on_error(),
            _ => policy,
        }
    }

    /// Its policy with another TTL.
    ///
    /// # Errors
    /// As [`Policy::with_ttl`].
    pub fn with_ttl(self, ttl: Duration) -> Result<Policy, String> {
        Policy::with_ttl(ttl).map(|valid| Policy { ttl: valid.ttl, ..self.policy() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_a_valid_policy_and_every_name_stands_for_one() {
        for named in NamedPolicy::ALL {
            assert_eq!(named.with_ttl(named.policy().ttl), Ok(named.policy()), "{named:?}");
            assert_eq!(NamedPolicy::parse(named.name()), Some(named));
        }
        assert_eq!(NamedPolicy::parse("Session"), None);
        assert!(NamedPolicy::Query.with_ttl(Duration::ZERO).is_err());
    }

    #[test]
    fn who_someone_is_and_what_he_may_is_never_served_uncertified() {
        let served: Vec<_> = NamedPolicy::ALL.into_iter().filter(|named| named.policy().stale_if_error).collect();
        assert!(!served.contains(&NamedPolicy::Session) && !served.contains(&NamedPolicy::Auth) && served.len() == 6);
    }
}

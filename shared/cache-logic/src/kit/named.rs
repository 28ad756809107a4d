//! Named policies, for the kinds of data that most services keep.

use crate::protocol::policy::Policy;
use std::time::Duration;

/// A kind of data with a policy of its own. Its lifetime bounds how long unused data stays, and how
/// old a copy may get if nobody announces a change. [`NamedPolicy::with_ttl`] sets another one.
///
/// | name | lifetime | while the database is away | for |
/// | --- | --- | --- | --- |
/// | `session` | 1 h | an error | logins, carts |
/// | `auth` | 15 min | an error | permissions, keys, revocations |
/// | `user` | 5 min | served, marked | profiles |
/// | `config` | 24 h | served, marked | settings |
/// | `feature-flag` | 10 min | served, marked | switches |
/// | `lookup` | 2 h | served, marked | countries, currencies, units |
/// | `query` | 1 min | served, marked | rows and lists |
/// | `report` | 30 min | served, marked | aggregates that cost seconds |
///
/// ```
/// use cache_logic::named::NamedPolicy;
/// use std::time::Duration;
///
/// assert_eq!(NamedPolicy::Session.policy().ttl, Duration::from_secs(3600));
/// // From a setting: the same policy with another lifetime.
/// let ttl = Duration::from_secs("600".parse().unwrap());
/// let session = NamedPolicy::Session.with_ttl(ttl).unwrap();
/// assert!(session.ttl == ttl && !session.stale_if_error);
/// assert_eq!(NamedPolicy::parse("feature-flag"), Some(NamedPolicy::FeatureFlag));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NamedPolicy {
    /// Logins, carts.
    Session,
    /// Permissions, keys, revocations.
    Auth,
    /// Profiles.
    User,
    /// Settings.
    Config,
    /// Switches.
    FeatureFlag,
    /// Data that hardly ever changes: countries, currencies, units.
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

    const fn lifetime(self) -> Duration {
        const MINUTE: u64 = 60;
        const HOUR: u64 = 60 * MINUTE;
        Duration::from_secs(match self {
            Self::Query => MINUTE,
            Self::User => 5 * MINUTE,
            Self::FeatureFlag => 10 * MINUTE,
            Self::Auth => 15 * MINUTE,
            Self::Report => 30 * MINUTE,
            Self::Session => HOUR,
            Self::Lookup => 2 * HOUR,
            Self::Config => 24 * HOUR,
        })
    }

    /// Its policy with its own lifetime.
    pub const fn policy(self) -> Policy {
        let policy = Policy::usual(self.lifetime());
        match self {
            // An answer that may be older than a log-out or a revocation is worse than none.
            Self::Session | Self::Auth => policy.never_on_error(),
            _ => policy,
        }
    }

    /// Its policy with another lifetime.
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
    fn each_kind_of_data_has_its_lifetime_and_its_answer_to_an_outage() {
        let table = [
            ("session", 3600, false),
            ("auth", 15 * 60, false),
            ("user", 5 * 60, true),
            ("config", 24 * 3600, true),
            ("feature-flag", 10 * 60, true),
            ("lookup", 2 * 3600, true),
            ("query", 60, true),
            ("report", 30 * 60, true),
        ];
        let policies = NamedPolicy::ALL.map(|named| {
            let policy = named.policy();
            (named.name(), policy.ttl.as_secs(), policy.stale_if_error)
        });
        assert_eq!(policies, table);
    }

    #[test]
    fn every_default_is_a_valid_policy_and_every_name_stands_for_one() {
        for named in NamedPolicy::ALL {
            assert_eq!(named.with_ttl(named.policy().ttl), Ok(named.policy()), "{named:?}");
            assert_eq!(NamedPolicy::parse(named.name()), Some(named));
        }
        assert_eq!(NamedPolicy::parse("Session"), None);
        assert!(NamedPolicy::Query.with_ttl(Duration::ZERO).is_err());
    }
}

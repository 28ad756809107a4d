//! Writes, declared: one whose outcome is the next entry, one that only says that something
//! changed.

use super::reads::{Cache, Cacheable};
use crate::kit::content::Content;
use crate::protocol::entry::OriginValue;
use crate::protocol::ports::{Clock, Ledger, Registry, Store};
use crate::protocol::read::EntrySpec;
use crate::protocol::write::{Commit, Invalidation, write};
use crate::protocol::write_through::{WriteThrough, write_through};

/// The outcome of a write.
#[derive(Debug, PartialEq, Eq)]
pub struct WriteOutcome<T> {
    /// The value of the statement.
    pub value: T,
    /// How the invalidation went: its settlement is due behind the answer.
    pub invalidation: Invalidation,
    /// Whether the new value is in the cache.
    pub stored: bool,
}

/// A write whose outcome takes the place of an entry, so that the next read is a hit. It costs one
/// round trip before the statement.
#[derive(Debug)]
pub struct CachePut<A, T>(Cacheable<A, T>);

impl<A, T: Content> CachePut<A, T> {
    /// For entries of this kind.
    pub const fn of(entries: Cacheable<A, T>) -> Self {
        Self(entries)
    }

    /// Runs the statement and tells the cache. Its value is the whole new entry, or `None`, which
    /// only invalidates.
    ///
    /// # Errors
    /// The error of `commit`: then nothing has happened.
    pub async fn write<P, E>(
        &self,
        cache: Cache<'_, P>,
        of: &A,
        commit: impl AsyncFnOnce() -> Result<Commit<Option<T>>, E>,
    ) -> Result<WriteOutcome<Option<T>>, E>
    where
        P: Store + Registry + Ledger + WriteThrough + Clock,
    {
        let (key, tags) = (self.0.key_of(of), self.0.tags_of(of));
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        let wanted = EntrySpec { key: key.as_str(), tags: &tags, policy: &self.0.policy };
        // A value that cannot be kept is only invalidated.
        let entry = |value: &Option<T>| {
            let value = value.as_ref()?;
            Some(OriginValue { ttl: (self.0.ttl)(value), ..value.to_value().ok()?.into() })
        };
        let (value, invalidation, stored) = write_through(cache.ports, &wanted, cache.limits, commit, entry).await?;
        Ok(WriteOutcome { value, invalidation, stored })
    }
}

/// A write that invalidates tags: those that its triggers have announced, and these.
///
/// The announced ones are also in the outbox and survive a crash right after the commit; these do
/// not. They are for facts that the database does not know, never in place of a trigger.
#[derive(Debug)]
pub struct CacheEvict<A>(fn(&A) -> Vec<String>);

impl<A> CacheEvict<A> {
    /// Of these tags.
    pub const fn of(tags: fn(&A) -> Vec<String>) -> Self {
        Self(tags)
    }

    /// Runs the statement, then deletes the generations.
    ///
    /// # Errors
    /// The error of `commit`: then nothing has happened.
    pub async fn write<P, T, E>(
        &self,
        cache: Cache<'_, P>,
        of: &A,
        commit: impl AsyncFnOnce() -> Result<Commit<T>, E>,
    ) -> Result<WriteOutcome<T>, E>
    where
        P: Registry + Ledger + Clock,
    {
        let commit = async || {
            let mut committed = commit().await?;
            for tag in (self.0)(of) {
                if !committed.tags.contains(&tag) {
                    committed.tags.push(tag);
                }
            }
            Ok(committed)
        };
        let (value, invalidation) = write(cache.ports, cache.limits, commit).await?;
        Ok(WriteOutcome { value, invalidation, stored: false })
    }
}

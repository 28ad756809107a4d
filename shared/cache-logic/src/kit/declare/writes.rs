//! Writes, declared: one that gives the next entry, one that only says that something has changed.

use super::reads::{Cache, Cacheable};
use crate::kit::content::Content;
use crate::protocol::entry::OriginValue;
use crate::protocol::ports::{Clock, Registry, Store};
use crate::protocol::read::EntrySpec;
use crate::protocol::write::{Commit, Invalidation, write};
use crate::protocol::write_through::{WriteThrough, write_through};

/// What a write did.
#[derive(Debug, PartialEq, Eq)]
pub struct WriteOutcome<T> {
    /// What the statement gave.
    pub value: T,
    /// How the invalidation went: what is to be settled behind the answer.
    pub invalidation: Invalidation,
    /// Whether the new value is in the cache.
    pub stored: bool,
}

/// A write whose outcome takes the place of an entry, so that the next read is a hit. Costs one round trip before the statement.
#[derive(Debug)]
pub struct CachePut<A, T>(Cacheable<A, T>);

impl<A, T: Content> CachePut<A, T> {
    /// For entries of this kind.
    pub const fn of(entries: Cacheable<A, T>) -> Self {
        Self(entries)
    }

    /// Runs the statement, tells the cache. Its value is the whole entry as it is then, or `None`, which only invalidates.
    ///
    /// # Errors
    /// What `commit` gave: then nothing has happened.
    pub async fn write<P, E>(
        &self,
        cache: Cache<'_, P>,
        of: &A,
        commit: impl AsyncFnOnce() -> Result<Commit<Option<T>>, E>,
    ) -> Result<WriteOutcome<Option<T>>, E>
    where
        P: Store + Registry + WriteThrough + Clock,
    {
        let (key, tags) = (self.0.key_of(of), self.0.tags_of(of));
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        let wanted = EntrySpec { key: key.as_str(), tags: &tags, policy: &self.0.policy };
        // What can't be kept is only invalidated.
        let entry = |value: &Option<T>| {
            let value = value.as_ref()?;
            Some(OriginValue { value: value.to_value().ok()?, ttl: (self.0.ttl)(value) })
        };
        let (value, invalidation, stored) = write_through(cache.ports, &wanted, cache.limits, commit, entry).await?;
        Ok(WriteOutcome { value, invalidation, stored })
    }
}

/// A write after which what depends on some tags is gone: those that its triggers have announced, and these.
///
/// The announced ones are also in the outbox and survive a crash right after the commit; these don't. They are for what the database
/// doesn't know, never in place of a trigger.
#[derive(Debug)]
pub struct CacheEvict<A>(fn(&A) -> Vec<String>);

impl<A> CacheEvict<A> {
    /// Of these tags.
    pub const fn of(tags: fn(&A) -> Vec<String>) -> Self {
        Self(tags)
    }

    /// Runs the statement, deletes the generations.
    ///
    /// # Errors
    /// What `commit` gave: then nothing has happened.
    pub async fn write<P, T, E>(
        &self,
        cache: Cache<'_, P>,
        of: &A,
        commit: impl AsyncFnOnce() -> Result<Commit<T>, E>,
    ) -> Result<WriteOutcome<T>, E>
    where
        P: Registry + Clock,
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
        let (value, invalidation) = write(cache.ports, cache.limits.outage_wait, commit).await?;
        Ok(WriteOutcome { value, invalidation, stored: false })
    }
}

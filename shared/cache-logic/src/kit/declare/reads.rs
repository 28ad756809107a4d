//! Reads, declared: one kind of entries, its key, tags, policy and type.

use crate::kit::content::{Content, ContentError};
use crate::protocol::certificate::Certificate;
use crate::protocol::entry::{Encoding, OriginValue};
use crate::protocol::key::{Key, KeyBuilder};
use crate::protocol::policy::{Limits, Policy};
use crate::protocol::ports::{Clock, Ledger, OriginError, Registry, Store};
use crate::protocol::read::{EntrySpec, Outcome, Read, ReadTrace, Refresh, read, refresh};
use std::time::Duration;

/// The ports and the limits of one instance.
#[derive(Debug)]
pub struct Cache<'a, P> {
    /// Redis, database, clock and chance.
    pub ports: &'a P,
    /// The limits of the protocol.
    pub limits: &'a Limits,
}

// By hand, since a derive would ask the same of `P`.
impl<P> Clone for Cache<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for Cache<'_, P> {}

/// One kind of entries: their name, tags, policy and type. `A` is the argument that tells one entry
/// from the next, `T` the type of the value.
#[derive(Debug)]
pub struct Cacheable<A, T> {
    name: &'static str,
    version: u32,
    key: fn(KeyBuilder, &A) -> KeyBuilder,
    tags: fn(&A) -> Vec<String>,
    pub(super) ttl: fn(&T) -> Option<Duration>,
    pub(super) policy: Policy,
}

impl<A, T> Clone for Cacheable<A, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A, T> Copy for Cacheable<A, T> {}

impl<A, T> Cacheable<A, T> {
    /// A kind of entries whose keys begin with `name`. Without [`Self::key`] there is one such
    /// entry. Without [`Self::tags`] only time ends an entry.
    pub const fn new(name: &'static str, policy: Policy) -> Self {
        Self { name, version: 1, key: |key, _| key, tags: |_| Vec::new(), ttl: |_| None, policy }
    }

    /// The parts of the key that tell one entry from the next.
    #[must_use]
    pub const fn key(self, key: fn(KeyBuilder, &A) -> KeyBuilder) -> Self {
        Self { key, ..self }
    }

    /// The tags that an entry depends on: those that triggers announce.
    #[must_use]
    pub const fn tags(self, tags: fn(&A) -> Vec<String>) -> Self {
        Self { tags, ..self }
    }

    /// How long a value may be kept, if it says so itself; `None` leaves it to the policy.
    #[must_use]
    pub const fn ttl(self, ttl: fn(&T) -> Option<Duration>) -> Self {
        Self { ttl, ..self }
    }

    /// The version of the type's shape. Raise it with an incompatible change, and old entries are
    /// misses.
    #[must_use]
    pub const fn version(self, version: u32) -> Self {
        Self { version, ..self }
    }

    /// The key of one entry.
    pub fn key_of(&self, of: &A) -> Key<T> {
        (self.key)(KeyBuilder::new(self.name).version(self.version), of).build_for()
    }

    /// The tags that one entry depends on.
    pub fn tags_of(&self, of: &A) -> Vec<String> {
        (self.tags)(of)
    }
}

/// A typed answer, and the work that is due behind it.
#[derive(Debug, PartialEq, Eq)]
pub struct TypedRead<T> {
    /// The value.
    pub value: T,
    /// The source of the value.
    pub outcome: Outcome,
    /// The work that is due behind the answer.
    pub due: FollowUp,
    /// The waits and loads of this read.
    pub trace: ReadTrace,
}

/// The work that is due behind an answer; most of the time there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FollowUp {
    /// Set if the certificate is at half its life.
    pub renew: Option<Certificate>,
    /// Set if the entry is near its end or past it.
    pub refresh: Option<Refresh>,
}

/// Why there is no typed answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error<E> {
    /// The error of the origin.
    Origin(E),
    /// The loaded value cannot be kept, or not be read again.
    Content(ContentError),
}

impl<E: OriginError> OriginError for Error<E> {
    fn unreachable(&self) -> bool {
        matches!(self, Self::Origin(error) if error.unreachable())
    }
}

impl<A, T: Content> Cacheable<A, T> {
    /// Reads one entry. `load` asks the origin if the cache has no answer.
    ///
    /// # Errors
    /// The error of `load`, or that its value cannot be kept. A fault of Redis is never an error,
    /// and an entry of another shape is a miss.
    pub async fn read<P, E>(
        &self,
        cache: Cache<'_, P>,
        of: &A,
        load: impl AsyncFn() -> Result<Option<T>, E>,
    ) -> Result<Option<TypedRead<T>>, Error<E>>
    where
        P: Store + Registry + Ledger + Clock,
        E: OriginError,
    {
        let (key, tags) = (self.key_of(of), self.tags_of(of));
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        let wanted = EntrySpec { key: key.as_str(), tags: &tags, policy: &self.policy };
        let give = async || self.loaded(load().await);
        let Some(first) = read(cache.ports, &wanted, cache.limits, &give).await? else { return Ok(None) };
        let first = match self.typed(first) {
            Ok(fetched) => return Ok(Some(fetched)),
            Err(unreadable) => unreadable,
        };
        if matches!(first.outcome, Outcome::Hit { .. } | Outcome::Revalidated { .. }) {
            // Another shape under a version that was not raised counts as damage.
            let _ = cache.ports.discard(&[wanted.key]).await;
            if let Some(again) = read(cache.ports, &wanted, cache.limits, &give).await?
                && let Ok(fetched) = self.typed(again)
            {
                return Ok(Some(fetched));
            }
        }
        let value = load().await.map_err(Error::Origin)?;
        let (outcome, trace) = (Outcome::Miss { stored: false }, first.trace);
        Ok(value.map(|value| TypedRead { value, outcome, due: FollowUp::default(), trace }))
    }

    /// Behind an answer: renews the certificate and refreshes the entry, if they are due.
    ///
    /// # Errors
    /// The error of `load`; the entry stays as it is.
    pub async fn after<P, E>(
        &self,
        cache: Cache<'_, P>,
        of: &A,
        due: FollowUp,
        load: impl AsyncFn() -> Result<Option<T>, E>,
    ) -> Result<(), Error<E>>
    where
        P: Store + Registry + Ledger + Clock,
    {
        if due.renew.is_some() {
            // If it fails the next reader tries.
            let _ = crate::protocol::renew::renew(cache.ports, cache.limits.timing).await;
        }
        let Some(what) = due.refresh else { return Ok(()) };
        let (key, tags) = (self.key_of(of), self.tags_of(of));
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        let wanted = EntrySpec { key: key.as_str(), tags: &tags, policy: &self.policy };
        refresh(cache.ports, &wanted, cache.limits, what, async || self.loaded(load().await)).await.map(drop)
    }

    fn loaded<E>(&self, loaded: Result<Option<T>, E>) -> Result<Option<OriginValue>, Error<E>> {
        let Some(value) = loaded.map_err(Error::Origin)? else { return Ok(None) };
        let ttl = (self.ttl)(&value);
        value.to_value().map(|value| Some(OriginValue { ttl, ..value.into() })).map_err(Error::Content)
    }

    /// The typed value. If the bytes are of another shape: the read without its value.
    fn typed(&self, read: Read) -> Result<TypedRead<T>, Unreadable> {
        let Read { value, encoding, outcome, renew, refresh, trace, sight: _, values: _ } = read;
        let unpack = self.policy.compress.map(|compress| compress.packer.unpack);
        let plain = match (encoding, unpack) {
            (Encoding::Identity, _) => Some(value),
            (Encoding::Gzip, Some(unpack)) => unpack(&value.payload).map(|payload| value.encoded(payload)),
            (Encoding::Gzip, None) => None,
        };
        match plain.and_then(|value| T::from_value(value).ok()) {
            Some(value) => Ok(TypedRead { value, outcome, due: FollowUp { renew, refresh }, trace }),
            None => Err(Unreadable { outcome, trace }),
        }
    }
}

struct Unreadable {
    outcome: Outcome,
    trace: ReadTrace,
}

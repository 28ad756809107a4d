//! The declarative form: a kind of entries, declared once as a value, used wherever it is read or
//! written.
//!
//! ```
//! use cache_logic::content::Json;
//! use cache_logic::declare::{Cache, CacheEvict, CachePut, Cacheable};
//! use cache_logic::memory::{OriginAway, Memory, run};
//! use cache_logic::named::NamedPolicy;
//! use cache_logic::read::Outcome;
//! use cache_logic::write::{Commit, NamedRun};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
//! struct Profile {
//!     name: String,
//! }
//!
//! /// Profiles by number: key, tags and policy in one place.
//! const PROFILE: Cacheable<u32, Json<Profile>> =
//!     Cacheable::new("profile", NamedPolicy::User.policy())
//!     .key(|key, id: &u32| key.part(id.to_string()))
//!     .tags(|id: &u32| vec![format!("profile:{id}")]);
//! /// A write that renames one and gives it back as it is then.
//! const RENAME: CachePut<u32, Json<Profile>> = CachePut::of(PROFILE);
//! /// A write that only says that one has changed.
//! const ERASE: CacheEvict<u32> = CacheEvict::of(|id: &u32| vec![format!("profile:{id}")]);
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (ports, limits) = (Memory::default(), cache_logic::policy::Limits::with_millis(1000)?);
//! let cache = Cache { ports: &ports, limits: &limits };
//! let ada = || Json(Profile { name: "Ada".into() });
//! // In an app: one statement. `None` is "there is none".
//! let load = async || Ok::<_, OriginAway>(Some(ada()));
//!
//! let read = run(PROFILE.read(cache, &7, load)).unwrap().unwrap();
//! assert_eq!((read.value, read.outcome), (ada(), Outcome::Miss { stored: true }));
//!
//! // The statement gives the new value, its transaction, and what its triggers have announced.
//! let grace = || Json(Profile { name: "Grace".into() });
//! let tags = || vec!["profile:7".to_owned()];
//! let commit = async || {
//!     let named = NamedRun::Never;
//!     Ok::<_, OriginAway>(Commit { value: Some(grace()), xid: "42".into(), tags: tags(), named })
//! };
//! let written = run(RENAME.write(cache, &7, commit)).unwrap();
//! assert!(written.stored);
//! let read = run(PROFILE.read(cache, &7, load)).unwrap().unwrap();
//! assert_eq!(read.value, grace(), "a hit: nothing was loaded");
//!
//! let commit = async || {
//!     let named = NamedRun::Never;
//!     Ok::<_, OriginAway>(Commit { value: (), xid: "43".into(), tags: vec![], named })
//! };
//! run(ERASE.write(cache, &7, commit)).unwrap();
//! let read = run(PROFILE.read(cache, &7, load)).unwrap().unwrap();
//! assert_eq!(read.outcome, Outcome::Miss { stored: true });
//! # Ok(())
//! # }
//! ```
//!
//! The work due behind an answer stands beside it: [`TypedRead::due`] for [`Cacheable::after`],
//! [`WriteOutcome::invalidation`] for [`crate::write::settle`].

mod reads;
mod writes;

pub use reads::{Cache, Cacheable, Error, FollowUp, TypedRead};
pub use writes::{CacheEvict, CachePut, WriteOutcome};

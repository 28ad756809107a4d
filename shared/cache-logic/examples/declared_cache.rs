//! A declared cache: key, tags, policy and type of an entry stand in one place, and neither a read
//! nor a write repeats them.

use cache_logic::content::Json;
use cache_logic::declare::{Cache, CachePut, Cacheable};
use cache_logic::memory::{Memory, OriginAway, run};
use cache_logic::named::NamedPolicy;
use cache_logic::policy::Limits;
use cache_logic::read::Outcome;
use cache_logic::write::{Commit, Invalidation, NamedRun, settle};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Profile {
    name: String,
}

const PROFILE: Cacheable<u32, Json<Profile>> = Cacheable::new("profile", NamedPolicy::User.policy())
    .key(|key, id: &u32| key.part(id.to_string()))
    .tags(|id: &u32| vec![format!("profile:{id}")]);
const RENAME: CachePut<u32, Json<Profile>> = CachePut::of(PROFILE);

/// Runs the example.
pub fn main() {
    let table = RefCell::new(Profile { name: "Ada".into() }); // in an app: a table of Postgres
    let ports = Memory::default(); // in an app: your ports, over Redis and Postgres
    let limits = Limits::with_millis(1000).expect("a valid lifetime");
    let cache = Cache { ports: &ports, limits: &limits };
    let load = async || Ok::<_, OriginAway>(Some(Json(table.borrow().clone())));

    let first = run(PROFILE.read(cache, &7, load)).unwrap().expect("the profile exists");
    assert_eq!(first.outcome, Outcome::Miss { stored: true });
    let second = run(PROFILE.read(cache, &7, load)).unwrap().expect("the profile exists");
    assert!(matches!(second.outcome, Outcome::Hit { .. }));

    // One statement: it gives the new row, its transaction, and the tags that its trigger
    // announced.
    let commit = async || {
        table.borrow_mut().name = "Grace".into();
        let value = Some(Json(table.borrow().clone()));
        Ok::<_, OriginAway>(Commit { value, xid: "42".into(), tags: vec!["profile:7".into()], named: NamedRun::Never })
    };
    let written = run(RENAME.write(cache, &7, commit)).unwrap();
    assert!(written.stored, "the row took the place of the old entry");

    // Answer the client here; then delete the outbox rows that this write has covered.
    if let Invalidation::Done(settlement) = written.invalidation {
        run(settle(&ports, &settlement)).unwrap();
    }

    let third = run(PROFILE.read(cache, &7, load)).unwrap().expect("the profile exists");
    assert_eq!(third.value.0.name, "Grace", "a hit, and not the old name");
    assert!(matches!(third.outcome, Outcome::Hit { .. }));
}

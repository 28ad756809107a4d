//! When a write-through stores its outcome, and when it only invalidates.

use cache_logic::entry::Value;
use cache_logic::memory::{Memory, OriginAway, run};
use cache_logic::named::NamedPolicy;
use cache_logic::policy::{Limits, Policy};
use cache_logic::ports::{CacheFault, Clock, Registry, Store};
use cache_logic::read::{EntrySpec, Outcome, read};
use cache_logic::renew::renew;
use cache_logic::write::{Commit, EVERYTHING, Invalidation, NamedRun};
use cache_logic::write_through::write_through;
use std::cell::Cell;

struct Shop {
    memory: Memory,
    limits: Limits,
    version: Cell<u32>,
}

const POLICY: Policy = NamedPolicy::Query.policy();
const WANTED: EntrySpec<'_> = EntrySpec { key: "order", tags: &["order:1"], policy: &POLICY };
const LIST: EntrySpec<'_> = EntrySpec { key: "list", tags: &["org:1"], policy: &POLICY };

fn value(version: u32) -> Value {
    Value::of_bytes(version.to_string().into_bytes())
}

impl Shop {
    /// With a certificate, and both entries in the cache.
    fn new() -> Self {
        let limits = Limits::with_millis(1000).unwrap();
        let shop = Self { memory: Memory::default(), limits, version: Cell::new(1) };
        run(renew(&shop.memory, limits.timing));
        shop.read(&WANTED);
        shop.read(&LIST);
        shop.memory.calls.borrow_mut().clear();
        shop
    }

    fn read(&self, wanted: &EntrySpec<'_>) -> (String, Outcome) {
        let load = async || Ok::<_, OriginAway>(Some(value(self.version.get())));
        let read = run(read(&self.memory, wanted, &self.limits, load)).unwrap().unwrap();
        (String::from_utf8(read.value.payload).unwrap(), read.outcome)
    }

    /// A write; `meanwhile` happens between its commit and its call to Redis.
    fn write(&self, xid: &str, tags: &[&str], meanwhile: impl FnOnce()) -> (Invalidation, bool) {
        let commit = async || {
            self.version.set(self.version.get() + 1);
            let version = self.version.get();
            meanwhile();
            let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
            Ok::<_, OriginAway>(Commit { value: version, xid: xid.to_owned(), tags, named: NamedRun::Never })
        };
        let entry = |version: &u32| Some(value(*version).into());
        let (_, invalidation, stored) = run(write_through(&self.memory, &WANTED, &self.limits, commit, entry)).unwrap();
        (invalidation, stored)
    }

    fn calls(&self) -> Vec<String> {
        let mut calls: Vec<String> =
            self.memory.calls.borrow_mut().drain().map(|(name, count)| format!("{name} {count}")).collect();
        calls.sort();
        calls
    }
}

fn is_hit(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Hit { .. })
}

#[test]
fn a_written_value_is_the_next_hit_and_lists_of_it_are_misses() {
    let shop = Shop::new();
    let (invalidation, stored) = shop.write("7", &["order:1", "org:1"], || {});
    assert!(stored && matches!(invalidation, Invalidation::Done(_)));
    assert_eq!(shop.calls(), ["look 1", "put 1"], "one round trip before the statement, one after it");
    let (body, outcome) = shop.read(&WANTED);
    assert!(body == "2" && is_hit(&outcome), "{outcome:?}");
    let (body, outcome) = shop.read(&LIST);
    assert_eq!((body.as_str(), outcome), ("2", Outcome::Miss { stored: true }));
}

#[test]
fn if_another_write_came_between_nothing_is_stored() {
    let shop = Shop::new();
    let newer = || {
        shop.version.set(3);
        run(shop.memory.invalidate(&["order:1"])).unwrap();
    };
    let (invalidation, stored) = shop.write("7", &["order:1", "org:1"], newer);
    assert!(!stored && matches!(invalidation, Invalidation::Done(_)));
    let (body, outcome) = shop.read(&WANTED);
    assert_eq!(
        (body.as_str(), outcome),
        ("3", Outcome::Miss { stored: true }),
        "never the 2 that was written before it"
    );
}

#[test]
fn a_newer_value_that_was_read_meanwhile_is_not_replaced_by_an_older_one() {
    let shop = Shop::new();
    let newer = || {
        shop.version.set(3);
        run(shop.memory.invalidate(&["order:1"])).unwrap();
        shop.read(&WANTED);
    };
    assert!(!shop.write("7", &["order:1", "org:1"], newer).1);
    assert_eq!(shop.read(&WANTED).0, "3");
}

#[test]
fn a_tag_without_generation_gets_one_before_the_statement() {
    let shop = Shop::new();
    run(shop.memory.invalidate(&["order:1"])).unwrap();
    shop.calls();
    assert!(shop.write("7", &["order:1"], || {}).1);
    assert_eq!(shop.calls(), ["generations 1", "look 1", "put 1"]);
    assert!(is_hit(&shop.read(&WANTED).1));
}

#[test]
fn the_answer_of_a_repeated_request_is_never_stored() {
    let shop = Shop::new();
    let (invalidation, stored) = shop.write("", &["order:1"], || {});
    assert_eq!((invalidation, stored), (Invalidation::Nothing, false));
    assert!(!is_hit(&shop.read(&WANTED).1), "but vouched for");
}

#[test]
fn without_a_certificate_or_without_redis_it_is_a_write_like_any_other() {
    let shop = Shop::new();
    shop.memory.advance(shop.limits.timing.total());
    let (invalidation, stored) = shop.write("7", &["order:1"], || {});
    assert!(!stored && matches!(invalidation, Invalidation::Done(_)));
    assert_eq!(shop.calls(), ["invalidate 1", "look 1"]);

    *shop.memory.fault.borrow_mut() = Some(CacheFault::TimedOut);
    let before = shop.memory.now();
    let (invalidation, stored) = shop.write("8", &["order:1"], || {});
    assert_eq!((invalidation, stored), (Invalidation::WaitedOut(CacheFault::TimedOut), false));
    assert_eq!(shop.memory.now() - before, 1100, "every certificate that could have hidden it has run out");
}

#[test]
fn a_put_whose_answer_is_lost_is_waited_out() {
    let shop = Shop::new();
    let away = || *shop.memory.fault.borrow_mut() = Some(CacheFault::TimedOut);
    let before = shop.memory.now();
    assert_eq!(shop.write("7", &["order:1"], away).0, Invalidation::WaitedOut(CacheFault::TimedOut));
    assert_eq!(shop.memory.now() - before, 1100);
}

#[test]
fn a_change_of_everything_stores_nothing_and_what_changes_nothing_tells_nobody() {
    let shop = Shop::new();
    assert!(matches!(shop.write("7", &["order:1", EVERYTHING], || {}), (Invalidation::WaitedOut(_), false)));
    let shop = Shop::new();
    assert_eq!(shop.write("7", &[], || {}), (Invalidation::Nothing, false));
    assert_eq!(shop.calls(), ["look 1"]);
}

#[test]
fn a_value_that_is_too_large_is_only_invalidated() {
    let mut shop = Shop::new();
    shop.limits.max_entry_bytes = 10;
    let (invalidation, stored) = shop.write("7", &["order:1"], || {});
    assert!(!stored && matches!(invalidation, Invalidation::Done(_)));
    assert_eq!(shop.calls(), ["invalidate 1", "look 1"]);
}

#[test]
fn a_tag_that_the_write_does_not_touch_keeps_its_generation() {
    let shop = Shop::new();
    let both = EntrySpec { key: "both", tags: &["order:1", "org:1"], policy: &POLICY };
    shop.read(&both);
    let before = run(shop.memory.look(&[], &["order:1", "org:1"])).unwrap().generations;
    let commit = async || {
        Ok::<_, OriginAway>(Commit { value: 2, xid: "7".into(), tags: vec!["order:1".into()], named: NamedRun::Never })
    };
    let entry = |version: &u32| Some(value(*version).into());
    let (_, _, stored) = run(write_through(&shop.memory, &both, &shop.limits, commit, entry)).unwrap();
    let after = run(shop.memory.look(&[], &["order:1", "org:1"])).unwrap().generations;
    assert!(stored && after[0] != before[0] && after[1] == before[1]);
    assert!(is_hit(&shop.read(&both).1) && is_hit(&shop.read(&LIST).1) && !is_hit(&shop.read(&WANTED).1));
}

//! The cost of a write, and the reads after it.

use crate::shop::{Shop, limits, now};
use cache_logic::memory::OriginAway;
use cache_logic::ports::CacheFault;
use cache_logic::read::{Outcome, read};
use cache_logic::write::{Commit, Invalidation, NamedRun, settle, write};
use std::time::Duration;

#[test]
fn after_a_write_the_next_read_loads_and_its_answer_is_new() {
    let shop = Shop::certified();
    shop.read().unwrap();
    let Invalidation::Done(settled) = shop.write() else { panic!("Redis was there") };
    assert_eq!(shop.memory.taken("invalidate"), 1);
    let read = shop.read().unwrap().unwrap();
    assert_eq!((read.value.payload, read.outcome), (b"2".to_vec(), Outcome::Miss { stored: true }));
    now(settle(&shop.memory, &settled)).unwrap();
}

#[test]
fn a_filler_that_was_slower_than_a_write_fills_nothing_that_is_served() {
    let shop = Shop::certified();
    let load = async || {
        let value = shop.load().await;
        shop.write();
        value
    };
    let first = now(read(&shop.memory, &shop.wanted(), &limits(), load)).unwrap().unwrap();
    assert_eq!(first.value.payload, b"1");
    assert_eq!(
        shop.read().unwrap().unwrap().value.payload,
        b"2",
        "what was filled after the write was loaded before it"
    );
}

#[test]
fn a_write_that_cannot_reach_redis_waits_until_no_certificate_can_hide_it() {
    let shop = Shop::certified();
    shop.read().unwrap();
    let before = cache_logic::ports::Clock::now(&shop.memory);
    *shop.memory.fault.borrow_mut() = Some(CacheFault::TimedOut);
    assert_eq!(shop.write(), Invalidation::WaitedOut(CacheFault::TimedOut));
    assert_eq!(cache_logic::ports::Clock::now(&shop.memory) - before, 1100);
    *shop.memory.fault.borrow_mut() = None;
    // The outbox row is there, as the trigger left it. The next renewal applies it before it
    // certifies.
    shop.memory.outbox.borrow_mut().push((1, "7".into(), vec!["order:1".into()]));
    assert_eq!(shop.read().unwrap().unwrap().value.payload, b"2");
    assert!(shop.memory.outbox.borrow().is_empty(), "applied, certified, forgotten");
}

#[test]
fn a_write_that_changed_nothing_invalidates_nothing() {
    let shop = Shop::certified();
    let commit =
        async || Ok::<_, OriginAway>(Commit { value: (), xid: "7".into(), tags: vec![], named: NamedRun::Never });
    assert_eq!(now(write(&shop.memory, &limits(), commit)).unwrap().1, Invalidation::Nothing);
    assert!(shop.calls().is_empty());
}

#[test]
fn the_answer_of_a_repeated_request_invalidates_and_settles_nothing() {
    let shop = Shop::certified();
    shop.read().unwrap();
    // Somebody committed and died before it invalidated.
    shop.version.set(2);
    let commit = async || {
        Ok::<_, OriginAway>(Commit {
            value: (),
            xid: String::new(),
            tags: vec!["order:1".into()],
            named: NamedRun::Never,
        })
    };
    assert_eq!(now(write(&shop.memory, &limits(), commit)).unwrap().1, Invalidation::Nothing);
    assert_eq!(shop.read().unwrap().unwrap().value.payload, b"2");
    *shop.memory.fault.borrow_mut() = Some(CacheFault::TimedOut);
    let commit = async || {
        Ok::<_, OriginAway>(Commit {
            value: (),
            xid: String::new(),
            tags: vec!["order:1".into()],
            named: NamedRun::Never,
        })
    };
    let (_, invalidation) = now(write(&shop.memory, &limits(), commit)).unwrap();
    assert_eq!(invalidation, Invalidation::WaitedOut(CacheFault::TimedOut), "and waits where it can't tell Redis");
}

#[test]
fn a_change_of_everything_waits_for_the_epoch_to_move() {
    let shop = Shop::certified();
    let commit = async || {
        Ok::<_, OriginAway>(Commit { value: (), xid: "7".into(), tags: vec!["*".into()], named: NamedRun::Never })
    };
    let (_, invalidation) = now(write(&shop.memory, &limits(), commit)).unwrap();
    assert!(matches!(invalidation, Invalidation::WaitedOut(_)));
    assert!(shop.calls().is_empty(), "no list of generations says everything");
}

#[test]
fn settling_leaves_rows_that_the_writer_has_not_covered() {
    let shop = Shop::certified();
    let Invalidation::Done(settled) = shop.write() else { panic!("Redis was there") };
    let row = |id, xid: &str, tag: &str| (id, xid.to_owned(), vec![tag.to_owned()]);
    *shop.memory.outbox.borrow_mut() = vec![row(1, "7", "order:1"), row(2, "7", "other"), row(3, "8", "order:1")];
    now(settle(&shop.memory, &settled)).unwrap();
    let left: Vec<i64> = shop.memory.outbox.borrow().iter().map(|(id, ..)| *id).collect();
    assert_eq!(left, [2, 3]);
}

#[test]
fn what_another_run_was_told_does_not_count() {
    let rests = [
        (NamedRun::Never, 0),
        (NamedRun::Run { run: 0, server: 0, named_for: limits().outage_wait }, 0),
        (NamedRun::Run { run: 0, server: 0, named_for: Duration::from_millis(300) }, 800),
        (NamedRun::Run { run: 1, server: 0, named_for: Duration::from_secs(3600) }, 1100),
        (NamedRun::Unknown, 1100),
    ];
    for (named, waits) in rests {
        // Of its own transaction, and of an earlier one that a repeated request found done.
        for xid in ["7", ""] {
            let shop = Shop::certified();
            let commit = async || {
                Ok::<_, OriginAway>(Commit { value: (), xid: xid.into(), tags: vec!["order:1".into()], named })
            };
            let (_, invalidation) = now(write(&shop.memory, &limits(), commit)).unwrap();
            assert_eq!(cache_logic::ports::Clock::now(&shop.memory), waits, "{named:?} {xid:?}");
            let waited = invalidation == Invalidation::WaitedOut(CacheFault::AnotherRun);
            assert_eq!(waited, waits > 0, "{named:?} {xid:?}: {invalidation:?}");
            assert_eq!(shop.memory.taken("invalidate"), 1, "told all the same");
        }
    }
}

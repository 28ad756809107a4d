//! Which events an observer is told, and in which order.

use cache_logic::entry::{OriginValue, Value};
use cache_logic::event::Event;
use cache_logic::freshness::Freshness;
use cache_logic::l1::{self, L1, Reference};
use cache_logic::memory::{Memory, OriginAway, run};
use cache_logic::named::NamedPolicy;
use cache_logic::policy::{Limits, Policy};
use cache_logic::ports::{CacheFault, Registry};
use cache_logic::read::{EntrySpec, read, refresh};
use cache_logic::read_many::read_many;
use cache_logic::renew::renew;
use cache_logic::with_events::WithEvents;
use cache_logic::write::{Commit, NamedRun, write};
use cache_logic::write_through::write_through;
use std::cell::RefCell;
use std::time::Duration;

const POLICY: Policy = NamedPolicy::Query.policy();
const ORDER: EntrySpec<'_> = EntrySpec { key: "order", tags: &["order:1"], policy: &POLICY };

fn limits() -> Limits {
    Limits::with_millis(1000).unwrap()
}

/// The events of what `act` does with observed ports.
fn told(act: impl AsyncFnOnce(&dyn Fn(&Event<'_>))) -> Vec<String> {
    let events = RefCell::new(Vec::new());
    run(act(&|event| events.borrow_mut().push(format!("{event:?}"))));
    events.into_inner()
}

/// The events of one read.
fn told_by_read(memory: &Memory, value: Result<Option<u8>, OriginAway>) -> Vec<String> {
    told(async |observer| {
        let ports = WithEvents::new(memory, |event: &Event<'_>| observer(event));
        let load = async || value.map(|value| value.map(|byte| Value::of_bytes(vec![byte])));
        let _ = read(&ports, &ORDER, &limits(), load).await;
    })
}

#[test]
fn a_read_tells_how_it_ended_and_what_it_did_on_the_way() {
    let memory = Memory::default();
    let miss = "Miss { key: \"order\", stored: true }";
    assert_eq!(told_by_read(&memory, Ok(None)), ["Renewal { tags: 0 }", "Absence { key: \"order\" }"]);
    assert_eq!(told_by_read(&memory, Err(OriginAway)), ["Failure { key: \"order\" }"]);
    assert_eq!(told_by_read(&memory, Ok(Some(1))), [miss]);
    assert_eq!(told_by_read(&memory, Ok(Some(1))), ["Hit { key: \"order\", freshness: Fresh }"]);
    memory.overwrite("order", b"garbage");
    assert_eq!(told_by_read(&memory, Ok(Some(1))), ["Damage { key: \"order\" }", miss]);
    memory.advance(Duration::from_secs(55));
    let stale = "Stale { key: \"order\", certified: true }";
    assert_eq!(told_by_read(&memory, Ok(Some(1))), ["Renewal { tags: 0 }", stale]);
}

#[test]
fn an_answer_that_nothing_certifies_is_told_as_such() {
    let memory = Memory::default();
    told_by_read(&memory, Ok(Some(1)));
    memory.advance(Duration::from_secs(2));
    memory.origin_away.set(true);
    let outage = ["OutboxFault { call: \"pending\" }", "Stale { key: \"order\", certified: false }"];
    assert_eq!(told_by_read(&memory, Err(OriginAway)), outage);
}

#[test]
fn a_fault_is_told_with_its_call_before_the_bypass_that_it_leads_to() {
    let memory = Memory::default();
    *memory.fault.borrow_mut() = Some(CacheFault::Protocol("LOADING".into()));
    let bypass = [
        "Fault { call: \"look\", reason: \"redis-error\", detail: \"LOADING\" }",
        "Bypass { key: \"order\", reason: \"redis-error\" }",
    ];
    assert_eq!(told_by_read(&memory, Ok(Some(1))), bypass);
}

#[test]
fn a_bulk_read_tells_each_entry() {
    let memory = Memory::default();
    let events = told(async |observer| {
        let ports = WithEvents::new(&memory, |event: &Event<'_>| observer(event));
        let other = EntrySpec { key: "other", ..ORDER };
        let load = async |missing: &[usize]| {
            Ok::<_, OriginAway>(missing.iter().map(|at| (*at == 0).then(|| Value::of_bytes(vec![1]))).collect())
        };
        read_many(&ports, &[ORDER, other], &limits(), load).await.unwrap();
    });
    assert_eq!(events, ["Renewal { tags: 0 }", "Miss { key: \"order\", stored: true }", "Absence { key: \"other\" }"]);
}

#[test]
fn a_write_tells_what_it_invalidated_or_that_it_waited() {
    let memory = Memory::default();
    run(renew(&memory, limits().timing));
    let commit = async || {
        Ok::<_, OriginAway>(Commit { value: 2, xid: "7".into(), tags: vec!["order:1".into()], named: NamedRun::Never })
    };
    let plain = || {
        told(async |observer| {
            let ports = WithEvents::new(&memory, |event: &Event<'_>| observer(event));
            write(&ports, &limits(), commit).await.unwrap();
        })
    };
    let through = || {
        told(async |observer| {
            let ports = WithEvents::new(&memory, |event: &Event<'_>| observer(event));
            let entry = |value: &u8| Some(Value::of_bytes(vec![*value]).into());
            write_through(&ports, &ORDER, &limits(), commit, entry).await.unwrap();
        })
    };
    let invalidation = "Invalidation { tags: [\"order:1\"] }";
    assert_eq!(plain(), [invalidation]);
    assert_eq!(through(), [invalidation, "WriteThrough { key: \"order\" }"]);
    *memory.fault.borrow_mut() = Some(CacheFault::TimedOut);
    let fault = |call: &str| format!("Fault {{ call: \"{call}\", reason: \"redis-timeout\", detail: \"\" }}");
    let wait = "OutageWait { reason: \"redis-timeout\" }".to_owned();
    assert_eq!(plain(), [fault("invalidate"), wait.clone()]);
    assert_eq!(through(), [fault("look"), fault("invalidate"), wait]);
}

#[test]
fn a_refresh_a_renewal_and_a_near_hit_are_told() {
    let memory = Memory::default();
    told_by_read(&memory, Ok(Some(1)));
    memory.advance(Duration::from_secs(55));
    memory.outbox.borrow_mut().push((1, "7".into(), vec!["other".into()]));
    let events = told(async |observer| {
        let ports = WithEvents::new(&memory, |event: &Event<'_>| observer(event));
        let load = async || Ok::<_, OriginAway>(Some(Value::of_bytes(vec![1])));
        let stale = read(&ports, &ORDER, &limits(), load).await.unwrap().unwrap();
        refresh(&ports, &ORDER, &limits(), stale.refresh.unwrap(), load).await.unwrap();
        let near = RefCell::new(L1::new(1, 1000, 1000));
        for _ in 0..2 {
            l1::read(&near, &ports, &Reference(ORDER), &limits(), load).await.unwrap();
        }
        ports.invalidate(&[]).await.unwrap();
    });
    assert_eq!(
        events,
        [
            "Renewal { tags: 1 }",
            "Stale { key: \"order\", certified: true }",
            "Refresh { key: \"order\", stored: true }",
            "Hit { key: \"order\", freshness: Fresh }",
            "NearHit { key: \"order\" }",
        ]
    );
}

#[test]
fn an_event_is_made_of_borrows_and_numbers() {
    fn takes_nothing_that_has_to_be_freed<T: Copy>() {}
    takes_nothing_that_has_to_be_freed::<Event<'_>>();
}

#[test]
fn a_page_whose_parts_stand_is_told_as_revalidated() {
    let memory = Memory::default();
    let page = || {
        told(async |observer| {
            let ports = WithEvents::new(&memory, |event: &Event<'_>| observer(event));
            let load = async || {
                let parts = vec!["order:2".to_owned()];
                Ok::<_, OriginAway>(Some(OriginValue { parts, ..Value::of_bytes(vec![1]).into() }))
            };
            let _ = read(&ports, &ORDER, &limits(), load).await;
        })
    };
    assert_eq!(page(), ["Renewal { tags: 0 }", "Miss { key: \"order\", stored: true }"]);
    run(memory.invalidate(ORDER.tags)).unwrap();
    assert_eq!(page(), ["Revalidation { key: \"order\" }"]);
}

/// Counters are named by them, so they stay as they are.
#[test]
fn every_event_has_a_name_of_its_own() {
    let (key, tags, freshness) = ("order", &["order:1"][..], Freshness::Fresh);
    let names = [
        Event::Hit { key, freshness }.name(),
        Event::Stale { key, certified: true }.name(),
        Event::Revalidation { key }.name(),
        Event::NearHit { key }.name(),
        Event::Miss { key, stored: true }.name(),
        Event::Absence { key }.name(),
        Event::Failure { key }.name(),
        Event::Damage { key }.name(),
        Event::Wait { key, ms: 1 }.name(),
        Event::Refresh { key, stored: true }.name(),
        Event::Renewal { tags: 1 }.name(),
        Event::Invalidation { tags }.name(),
        Event::WriteThrough { key }.name(),
        Event::OutageWait { reason: "timeout" }.name(),
        Event::Fault { call: "look", reason: "timeout", detail: "" }.name(),
        Event::OutboxFault { call: "pending" }.name(),
    ];
    let expected = [
        "hit",
        "stale",
        "revalidation",
        "near-hit",
        "miss",
        "absence",
        "failure",
        "damage",
        "wait",
        "refresh",
        "renewal",
        "invalidation",
        "write-through",
        "outage-wait",
        "fault",
        "outbox-fault",
    ];
    assert_eq!(names, expected);
}

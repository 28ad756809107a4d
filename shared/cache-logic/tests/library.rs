//! The library over a Redis in memory: packed values, lifetimes, values of another shape, locks,
//! reference data.

use cache_logic::content::Json;
use cache_logic::contract::{run_locks, run_write_through};
use cache_logic::declare::{Cache, CachePut, Cacheable, Error, TypedRead};
use cache_logic::entry::{Encoding, OriginValue, Value};
use cache_logic::gzip::GZIP;
use cache_logic::l1::{self, L1, Reference};
use cache_logic::lock::{Acquisition, acquire};
use cache_logic::memory::{Memory, OriginAway, run};
use cache_logic::named::NamedPolicy;
use cache_logic::policy::{Limits, Policy};
use cache_logic::ports::{CacheFault, Clock, Registry};
use cache_logic::read::{EntrySpec, Outcome, Read, read};
use cache_logic::renew::renew;
use cache_logic::write::{Commit, NamedRun};
use serde::{Deserialize, Serialize};
use std::cell::{Cell, RefCell};
use std::time::Duration;

fn limits() -> Limits {
    Limits::with_millis(1000).unwrap()
}

fn get(memory: &Memory, policy: &Policy, given: OriginValue) -> Read {
    let wanted = EntrySpec { key: "k", tags: &["t"], policy };
    let load = async || Ok::<_, OriginAway>(Some(given.clone()));
    run(read(memory, &wanted, &limits(), load)).unwrap().unwrap()
}

fn is_hit(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Hit { .. })
}

#[test]
fn memory_keeps_the_contract_of_locks_and_write_through() {
    let memory = Memory::default();
    for (name, found) in run(run_locks(&memory)).into_iter().chain(run(run_write_through(&memory))) {
        assert_eq!(found, Ok(()), "{name}");
    }
}

#[test]
fn a_large_payload_is_kept_packed_and_a_small_one_as_it_is() {
    let (memory, policy) = (Memory::default(), NamedPolicy::User.policy().compressed(1000, GZIP));
    let large = Value { payload: b"{\"a\":1},".repeat(1000), etag: "\"1\"".into(), owner: Some("o".into()) };
    let first = get(&memory, &policy, large.clone().into());
    assert_eq!(
        (first.encoding, first.value),
        (Encoding::Identity, large.clone()),
        "who loads it gets it as it was loaded"
    );
    assert!(memory.raw("k").unwrap().len() < 500);
    let hit = get(&memory, &policy, large.clone().into());
    assert!(is_hit(&hit.outcome) && hit.encoding == Encoding::Gzip);
    assert_eq!((GZIP.unpack)(&hit.value.payload), Some(large.payload), "the same bytes");
    assert_eq!((hit.value.etag, hit.value.owner), (large.etag, large.owner));

    let memory = Memory::default();
    // Marsaglia's xorshift: bytes that nothing makes smaller.
    let next = |x: &u32| Some([13, -17, 5].iter().fold(*x, |x, by: &i32| x ^ if *by > 0 { x << by } else { x >> -by }));
    let noise: Vec<u8> = std::iter::successors(Some(1u32), next).take(2000).map(|x| (x >> 8) as u8).collect();
    for payload in [b"{\"a\":1},".repeat(100), noise] {
        run(memory.invalidate(&["t"])).unwrap();
        get(&memory, &policy, Value::of_bytes(payload.clone()).into());
        let hit = get(&memory, &policy, Value::of_bytes(payload.clone()).into());
        assert!(hit.encoding == Encoding::Identity && hit.value.payload == payload, "too small, or not smaller so");
    }
}

#[test]
fn a_packed_entry_is_a_miss_after_packing_is_turned_off() {
    let (memory, packs) = (Memory::default(), NamedPolicy::User.policy().compressed(10, GZIP));
    let value = || OriginValue::from(Value::of_bytes(vec![b'x'; 1000]));
    get(&memory, &packs, value());
    assert_eq!(get(&memory, &packs, value()).encoding, Encoding::Gzip);
    let plain = packs.compressed(0, GZIP);
    let read = get(&memory, &plain, value());
    assert_eq!((read.encoding, read.outcome), (Encoding::Identity, Outcome::Miss { stored: true }));
    assert!(is_hit(&get(&memory, &plain, value()).outcome));
}

#[test]
fn a_value_may_say_how_long_it_lives() {
    let (memory, policy) = (Memory::default(), NamedPolicy::User.policy());
    let given = |ttl| OriginValue { ttl, ..Value::of_bytes(vec![1]).into() };
    for (ttl, at_least, gone_after) in [(None, 269, 301), (Some(3600), 3239, 3601), (Some(10), 8, 11)] {
        memory.flush();
        get(&memory, &policy, given(ttl.map(Duration::from_secs)));
        memory.advance(Duration::from_secs(at_least));
        assert!(memory.raw("k").is_some(), "{ttl:?}");
        memory.advance(Duration::from_secs(gone_after - at_least));
        assert!(memory.raw("k").is_none(), "{ttl:?}");
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Order {
    id: u32,
    delivered: bool,
}

const ORDERS: Cacheable<u32, Json<Order>> = Cacheable::new("order", NamedPolicy::User.policy())
    .key(|key, id: &u32| key.part(id.to_string()))
    .tags(|id: &u32| vec![format!("order:{id}")])
    .ttl(|order: &Json<Order>| order.0.delivered.then_some(Duration::from_secs(24 * 3600)));

fn order(delivered: bool) -> Json<Order> {
    Json(Order { id: 7, delivered })
}

fn typed(memory: &Memory, kind: Cacheable<u32, Json<Order>>, delivered: bool) -> TypedRead<Json<Order>> {
    let load = async || Ok::<_, OriginAway>(Some(order(delivered)));
    run(kind.read(Cache { ports: memory, limits: &limits() }, &7, load)).unwrap().unwrap()
}

#[test]
fn a_delivered_order_lives_longer() {
    for (delivered, lives) in [(false, false), (true, true)] {
        let memory = Memory::default();
        typed(&memory, ORDERS, delivered);
        memory.advance(Duration::from_secs(3600));
        assert_eq!(memory.raw("order/v1:7").is_some(), lives);
    }
}

#[test]
fn an_entry_of_another_shape_is_loaded_anew_and_replaced() {
    const OLD: Cacheable<u32, Json<Vec<String>>> = Cacheable::new("order", NamedPolicy::User.policy())
        .key(|key, id: &u32| key.part(id.to_string()))
        .tags(|id: &u32| vec![format!("order:{id}")]);
    let memory = Memory::default();
    let load = async || Ok::<_, OriginAway>(Some(Json(vec!["old".to_owned()])));
    run(OLD.read(Cache { ports: &memory, limits: &limits() }, &7, load)).unwrap();
    let read = typed(&memory, ORDERS, false);
    assert_eq!((read.value, read.outcome), (order(false), Outcome::Miss { stored: true }));
    assert!(is_hit(&typed(&memory, ORDERS, false).outcome));
    assert_eq!(typed(&memory, ORDERS.version(2), false).outcome, Outcome::Miss { stored: true }, "another entry");
}

#[test]
fn a_typed_value_is_packed_and_unpacked_unseen() {
    const LISTS: Cacheable<u32, Json<Vec<u32>>> =
        Cacheable::new("list", NamedPolicy::User.policy().compressed(100, GZIP))
            .key(|key, id: &u32| key.part(id.to_string()));
    let (memory, limits) = (Memory::default(), limits());
    let load = async || Ok::<_, OriginAway>(Some(Json(vec![7; 1000])));
    for hit in [false, true] {
        let read = run(LISTS.read(Cache { ports: &memory, limits: &limits }, &1, load)).unwrap().unwrap();
        assert_eq!((read.value, is_hit(&read.outcome)), (Json(vec![7; 1000]), hit));
    }
    assert!(memory.raw("list/v1:1").unwrap().len() < 300);
}

#[test]
fn absence_and_errors_of_the_origin_come_through() {
    let (memory, limits) = (Memory::default(), limits());
    let cache = Cache { ports: &memory, limits: &limits };
    assert_eq!(run(ORDERS.read(cache, &7, async || Ok::<_, OriginAway>(None))), Ok(None));
    assert_eq!(run(ORDERS.read(cache, &7, async || Err(OriginAway))), Err(Error::Origin(OriginAway)));
    let commit = async || Err::<Commit<Option<Json<Order>>>, _>(OriginAway);
    assert_eq!(run(CachePut::of(ORDERS).write(cache, &7, commit)).unwrap_err(), OriginAway);
    let commit = async || {
        Ok::<_, OriginAway>(Commit {
            value: None,
            xid: "1".into(),
            tags: vec!["order:7".into()],
            named: NamedRun::Never,
        })
    };
    assert!(!run(CachePut::of(ORDERS).write(cache, &7, commit)).unwrap().stored, "nothing to store: only invalidated");
}

#[test]
fn due_work_is_done_behind_the_answer() {
    let (memory, limits) = (Memory::default(), limits());
    let cache = Cache { ports: &memory, limits: &limits };
    typed(&memory, ORDERS, false);
    memory.advance(Duration::from_secs(250));
    run(renew(&memory, limits.timing));
    memory.advance(Duration::from_millis(401));
    let stale = typed(&memory, ORDERS, false);
    assert!(stale.due.renew.is_some() && stale.due.refresh.is_some());
    run(ORDERS.after(cache, &7, stale.due, async || Ok::<_, OriginAway>(Some(order(true))))).unwrap();
    let fresh = typed(&memory, ORDERS, false);
    assert_eq!((fresh.value, fresh.due), (order(true), Default::default()));
}

#[test]
fn a_lock_is_waited_for_and_its_holder_knows_when_it_is_late() {
    let (memory, hold, wait) = (Memory::default(), Duration::from_secs(30), Duration::from_secs(1));
    let Ok(Acquisition::Held(mut first)) = run(acquire(&memory, "report", hold, wait)) else { panic!("free") };
    let before = memory.now();
    assert_eq!(run(acquire(&memory, "report", hold, wait)), Ok(Acquisition::Busy));
    assert_eq!(memory.now() - before, 1000, "it waited");
    assert!(first.left(memory.monotonic()) > Duration::from_secs(20));
    assert_eq!(run(first.extend(&memory, hold)), Ok(true));
    memory.advance(Duration::from_secs(28));
    assert_eq!(first.left(memory.monotonic()), Duration::ZERO, "before Redis drops it");
    memory.advance(Duration::from_secs(2));
    let Ok(Acquisition::Held(second)) = run(acquire(&memory, "report", hold, wait)) else { panic!("it ran out") };
    assert!(second.fence > first.fence);
    assert_eq!(run(first.extend(&memory, hold)), Ok(false));
    assert_eq!(run(first.release(&memory)), Ok(false), "the second's is not given back");
    assert_eq!(run(second.release(&memory)), Ok(true));
    *memory.fault.borrow_mut() = Some(CacheFault::TimedOut);
    assert_eq!(run(acquire(&memory, "report", hold, wait)), Err(CacheFault::TimedOut));
}

#[test]
fn a_fence_rises_even_if_redis_lost_everything() {
    let (memory, hold) = (Memory::default(), Duration::from_secs(30));
    memory.advance(Duration::from_secs(100));
    let take = || run(acquire(&memory, "report", hold, Duration::ZERO));
    let Ok(Acquisition::Held(first)) = take() else { panic!("free") };
    memory.flush();
    memory.advance(Duration::from_millis(1));
    let Ok(Acquisition::Held(second)) = take() else { panic!("lost") };
    assert!(second.fence > first.fence, "two hold it, and the resource can tell which is late");
}

#[test]
fn reference_data_is_near_for_its_time_and_not_longer() {
    let (memory, limits, policy) = (Memory::default(), limits(), NamedPolicy::Lookup.policy());
    let near = RefCell::new(L1::new(10, 1000, 500));
    let (version, wanted) = (Cell::new(1u8), Reference(EntrySpec { key: "k", tags: &["t"], policy: &policy }));
    let load = async || Ok::<_, OriginAway>(Some(Value::of_bytes(vec![version.get()])));
    let get = || run(l1::read(&near, &memory, &wanted, &limits, load)).unwrap().unwrap();
    assert!(get().read.is_some());
    version.set(2);
    run(memory.invalidate(&["t"])).unwrap();
    memory.advance(Duration::from_millis(499));
    let old = get();
    assert!(old.read.is_none() && old.value.payload == [1], "the price of it");
    memory.advance(Duration::from_millis(1));
    let new = get();
    assert!(new.read.is_some() && new.value.payload == [2]);
}

#[test]
fn an_uncertified_value_is_never_kept_in_the_instance() {
    let (memory, limits, policy) = (Memory::default(), limits(), NamedPolicy::Lookup.policy());
    let near = RefCell::new(L1::new(10, 1000, 500));
    let wanted = Reference(EntrySpec { key: "k", tags: &["t"], policy: &policy });
    let load = async || Ok::<_, OriginAway>(Some(Value::of_bytes(vec![1])));
    *memory.fault.borrow_mut() = Some(CacheFault::TimedOut);
    for _ in 0..2 {
        assert!(run(l1::read(&near, &memory, &wanted, &limits, load)).unwrap().unwrap().read.is_some());
    }
    assert!(near.borrow().is_empty());
}

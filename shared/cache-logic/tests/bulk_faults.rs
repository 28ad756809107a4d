//! A bulk read with something wrong: one statement for all that the cache cannot give, and a name
//! for the cause.

use cache_logic::certificate::Timing;
use cache_logic::entry::Value;
use cache_logic::memory::{Memory, OriginAway};
use cache_logic::policy::{Limits, Policy};
use cache_logic::ports::{CacheFault, Registry};
use cache_logic::read::{Bypass, EntrySpec, Outcome, Read};
use cache_logic::read_many::read_many;
use cache_logic::renew::{Renewal, renew};
use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

const KEYS: [&str; 3] = ["order:0", "order:1", "order:2"];

/// Memory never waits for anything.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("memory waits for nothing"),
    }
}

fn timing() -> Timing {
    Timing::from_millis(1000).unwrap()
}

/// Reads the three entries; gives each outcome, and what was loaded.
fn read(memory: &Memory) -> (Vec<Outcome>, Vec<Vec<usize>>) {
    let limits = Limits {
        max_entry_bytes: 1000,
        lease_hold: Duration::from_millis(2500),
        wait: Duration::from_millis(1000),
        timing: timing(),
        outage_wait: timing().outage_wait(),
        generation_ttl: Duration::from_secs(600),
    };
    let policy = Policy::with_ttl(Duration::from_secs(300)).unwrap();
    let tags = KEYS.map(|key| [key]);
    let wanted: Vec<EntrySpec<'_>> =
        tags.iter().map(|tags| EntrySpec { key: tags[0], tags, policy: &policy }).collect();
    let loads = RefCell::new(Vec::new());
    let load = async |missing: &[usize]| {
        loads.borrow_mut().push(missing.to_vec());
        let value = |index: &usize| Some(Value { payload: vec![*index as u8], etag: "\"1\"".into(), owner: None });
        Ok::<_, OriginAway>(missing.iter().map(value).collect::<Vec<_>>())
    };
    let reads = now(read_many(memory, &wanted, &limits, load)).unwrap();
    let payloads: Vec<u8> = reads.iter().flatten().map(|read| read.value.payload[0]).collect();
    assert_eq!(payloads, [0, 1, 2], "every answer in its place");
    (reads.into_iter().flatten().map(|read: Read| read.outcome).collect(), loads.into_inner())
}

#[test]
fn without_redis_all_come_from_one_statement_and_say_why() {
    for fault in [CacheFault::Unreachable, CacheFault::TimedOut, CacheFault::Skipped] {
        let memory = Memory::default();
        *memory.fault.borrow_mut() = Some(fault.clone());
        assert_eq!(read(&memory), (vec![Outcome::Bypass(Bypass::Fault(fault)); 3], vec![vec![0, 1, 2]]));
    }
}

#[test]
fn without_a_certificate_all_come_from_one_statement() {
    let memory = Memory::default();
    now(memory.claim(99, Duration::from_secs(10))).unwrap();
    assert_eq!(read(&memory), (vec![Outcome::Bypass(Bypass::NoCertificate); 3], vec![vec![0, 1, 2]]));
}

#[test]
fn of_many_only_the_damaged_one_is_loaded_and_replaced() {
    let memory = Memory::default();
    assert_eq!(read(&memory), (vec![Outcome::Miss { stored: true }; 3], vec![vec![0, 1, 2]]));
    memory.overwrite(KEYS[1], b"garbage");
    let (outcomes, loads) = read(&memory);
    assert_eq!((&outcomes[1], loads), (&Outcome::Miss { stored: true }, vec![vec![1]]));
    let is_hit = |outcome: &Outcome| matches!(outcome, Outcome::Hit { .. });
    assert!(is_hit(&outcomes[0]) && is_hit(&outcomes[2]), "{outcomes:?}");
    assert!(read(&memory).0.iter().all(is_hit), "replaced");
}

#[test]
fn a_renewal_that_redis_refuses_says_so_and_leaves_a_held_claim_alone() {
    let memory = Memory::default();
    *memory.fault.borrow_mut() = Some(CacheFault::TimedOut);
    assert_eq!(now(renew(&memory, timing())), Renewal::Cache(CacheFault::TimedOut));
    *memory.fault.borrow_mut() = None;
    assert!(matches!(now(renew(&memory, timing())), Renewal::Certified(_)));
    now(memory.claim(99, Duration::from_secs(10))).unwrap();
    assert_eq!(now(renew(&memory, timing())), Renewal::Busy);
}

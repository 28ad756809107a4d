//! Readers that wait for the fill of somebody else.

use crate::shop::{Shop, is_hit, limits, now};
use cache_logic::entry::{Stamp, Value, encode};
use cache_logic::policy::Limits;
use cache_logic::ports::{Clock, Known, Lease, Store};
use cache_logic::read::{Bypass, Outcome, read};
use std::time::Duration;

#[test]
fn a_held_lease_is_waited_for_and_then_passed_by() {
    let shop = Shop::certified();
    let granted = now(shop.memory.lease("order", Known::Nothing, &[], 42, Duration::from_secs(60))).unwrap();
    assert!(matches!(granted, Lease::Granted(_)));
    // The certificate would run out during the usual wait; this test is about the lease.
    let limits = Limits { wait: Duration::from_millis(300), ..limits() };
    let outcome =
        now(read(&shop.memory, &shop.wanted(), &limits, async || shop.load().await)).unwrap().unwrap().outcome;
    assert_eq!(outcome, Outcome::Bypass(Bypass::Waited));
    assert!(cache_logic::ports::Clock::now(&shop.memory) >= 300);
}

#[test]
fn a_reader_that_outwaits_the_certificate_renews_it_and_is_served() {
    let shop = Shop::certified();
    let tags = shop.wanted().tags;
    let Ok(Lease::Granted(generations)) =
        now(shop.memory.lease("order", Known::Nothing, tags, 42, Duration::from_secs(60)))
    else {
        panic!("the lease was free")
    };
    let value = Value { payload: b"1".to_vec(), etag: String::new(), owner: None };
    let stamp = Stamp { created: 0, fresh_until: 300_000, load_ms: 850, epoch: 0, generations: &generations, fill: 42 };
    shop.memory.store_after(Duration::from_millis(850), "order", &encode(&value, &stamp).unwrap());
    let read = shop.read().unwrap().unwrap();
    assert!(is_hit(&read.outcome), "{:?}", read.outcome);
    assert!(read.trace.waited_ms > 800, "the certificate had run out");
    assert_eq!((shop.memory.taken("certify"), shop.loads.get()), (1, 0));
}

#[test]
fn a_reader_that_is_answered_late_asks_less_often() {
    // Nobody gives the lease back; each answer comes at once, or after 100 ms.
    let asked = |late: u64| {
        let shop = Shop::certified();
        now(shop.memory.lease("order", Known::Nothing, &[], 42, Duration::from_secs(60))).unwrap();
        shop.memory.taken("lease");
        shop.memory.answers_after.set(late);
        assert_eq!(shop.outcome(), Outcome::Bypass(Bypass::Waited));
        (shop.memory.taken("lease"), shop.memory.monotonic())
    };
    let ((often, soon), (seldom, later)) = (asked(0), asked(100));
    assert!(seldom <= often, "{seldom} questions instead of {often}");
    assert!(later > soon && later < 5_000, "{later} ms instead of {soon}: pauses count as on a machine that has time");
}

#[test]
fn a_reader_that_finds_the_entry_filled_meanwhile_looks_again() {
    let shop = Shop::certified();
    shop.read().unwrap();
    let known = now(shop.memory.lease("order", Known::Nothing, &[], 1, Duration::from_secs(1))).unwrap();
    assert_eq!(known, Lease::Changed);
}

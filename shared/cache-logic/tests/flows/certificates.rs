//! Certificates: which reader renews them, when, and what a renewal applies first.

use crate::shop::{Shop, is_hit, limits, now, timing};
use cache_logic::certificate::{Certificate, Coverage};
use cache_logic::ports::{Clock, Registry};
use cache_logic::read::{Bypass, Outcome};
use cache_logic::renew::{Renewal, renew};
use std::time::Duration;

#[test]
fn without_a_certificate_a_reader_gets_one_and_then_serves_from_the_cache() {
    let shop = Shop::certified();
    shop.read().unwrap();
    shop.memory.advance(Duration::from_millis(801));
    shop.loads.set(0);
    assert!(is_hit(&shop.outcome()));
    assert_eq!(shop.loads.get(), 0);
}

#[test]
fn a_reader_that_finds_the_claim_taken_waits_its_time_and_asks_the_origin() {
    let shop = Shop::new();
    // Somebody claims again and again and never certifies.
    let before = shop.memory.raw("cache:claim");
    assert_eq!(before, None);
    now(shop.memory.claim(99, Duration::from_secs(10))).unwrap();
    assert_eq!(shop.outcome(), Outcome::Bypass(Bypass::NoCertificate));
    let waited = cache_logic::ports::Clock::now(&shop.memory);
    assert!((1000..1400).contains(&waited), "{waited} ms");
}

#[test]
fn a_certificate_of_another_run_counts_for_nothing() {
    let shop = Shop::certified();
    shop.read().unwrap();
    shop.memory.run.set(77);
    shop.calls();
    assert!(is_hit(&shop.outcome()), "renewed for the new run; the epoch is Postgres' to move");
    assert_eq!(shop.memory.taken("certify"), 1);
}

#[test]
fn at_half_its_life_a_certificate_is_to_be_renewed_behind_the_response() {
    let shop = Shop::certified();
    shop.read().unwrap();
    assert_eq!(shop.read().unwrap().unwrap().renew, None);
    shop.memory.advance(Duration::from_millis(401));
    let read = shop.read().unwrap().unwrap();
    assert!(is_hit(&read.outcome) && read.renew.is_some());
}

#[test]
fn a_renewal_applies_the_outbox_before_it_certifies_and_forgets_no_other_row() {
    let shop = Shop::certified();
    shop.read().unwrap();
    shop.memory.advance(Duration::from_millis(801));
    shop.version.set(2);
    shop.memory.outbox.borrow_mut().push((1, "9".into(), vec!["order:1".into()]));
    shop.renew();
    assert_eq!(shop.read().unwrap().unwrap().value.payload, b"2");
    assert!(shop.memory.outbox.borrow().is_empty());
}

/// Goes through every moment, in tenths of a second, at which the parts of a renewal may be done
/// while a writer commits without reaching Redis. The outbox is read before the commit, so the
/// certificate does not cover it.
#[test]
fn no_renewal_however_slow_hides_a_change_that_redis_was_not_told_of() {
    let tenths = |count: u64| Duration::from_millis(100 * count);
    for certified in 0..=8 {
        for committed in 0..=certified {
            let shop = Shop::certified();
            shop.read().unwrap();
            let run = now(shop.memory.claim(99, timing().claim())).unwrap().unwrap().run;
            let begun = shop.memory.monotonic();
            shop.memory.advance(tenths(committed));
            shop.version.set(2);
            shop.memory.outbox.borrow_mut().push((1, "7".into(), vec!["order:1".into()]));
            shop.memory.advance(tenths(certified - committed));
            let in_time = now(shop.memory.certify(
                &Certificate { epoch: 0, run, token: 99, coverage: Coverage::Every, server: 0 },
                "a record",
                timing(),
            ))
            .unwrap();
            assert_eq!(in_time, certified < 6, "certified after {certified}/10 s");
            let acknowledged = begun + 100 * committed + limits().outage_wait.as_millis() as u64;
            shop.memory.advance(Duration::from_millis(acknowledged - shop.memory.monotonic()));
            let read = shop.read().unwrap().unwrap();
            assert_eq!(
                read.value.payload, b"2",
                "stale after\n  committed {committed}/10 s after the claim\n  certified {certified}/10 s after it\n  {:?}\nnote",
                read.outcome
            );
        }
    }
}

#[test]
fn a_claim_is_taken_once() {
    let shop = Shop::new();
    now(shop.memory.claim(1, Duration::from_millis(200))).unwrap();
    assert_eq!(now(renew(&shop.memory, timing())), Renewal::Busy);
    shop.memory.advance(Duration::from_millis(200));
    assert!(matches!(now(renew(&shop.memory, timing())), Renewal::Certified(_)));
}

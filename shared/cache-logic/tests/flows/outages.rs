//! Answers while Redis or Postgres is away.

use crate::shop::{Shop, is_hit, now};
use cache_logic::memory::OriginAway;
use cache_logic::ports::{CacheFault, Clock, Registry};
use cache_logic::read::{Bypass, Outcome};
use std::time::Duration;

#[test]
fn without_redis_a_read_is_one_question_and_the_answer_of_the_origin() {
    let shop = Shop::certified();
    for fault in [CacheFault::Unreachable, CacheFault::TimedOut, CacheFault::Skipped, CacheFault::Protocol("x".into())]
    {
        *shop.memory.fault.borrow_mut() = Some(fault.clone());
        shop.calls();
        assert_eq!(shop.outcome(), Outcome::Bypass(Bypass::Fault(fault)));
        assert_eq!(shop.calls(), ["look 1"]);
    }
}

#[test]
fn with_postgres_away_the_last_known_stands_in_and_nothing_else() {
    let shop = Shop::certified();
    shop.read().unwrap();
    shop.memory.origin_away.set(true);
    assert!(is_hit(&shop.outcome()), "the certificate still lives");
    shop.memory.advance(Duration::from_secs(2));
    assert_eq!(shop.outcome(), Outcome::StaleIfError);
    now(shop.memory.invalidate(&["org:1"])).unwrap();
    assert_eq!(shop.read(), Err(OriginAway), "known to be old");
}

#[test]
fn a_renewal_that_finds_postgres_away_leaves_nobody_waiting() {
    let shop = Shop::certified();
    shop.read().unwrap();
    shop.memory.origin_away.set(true);
    shop.memory.advance(Duration::from_secs(2));
    let before = shop.memory.monotonic();
    for _ in 0..3 {
        assert_eq!(shop.outcome(), Outcome::StaleIfError);
    }
    assert_eq!(shop.memory.monotonic(), before, "the claim was given back, so the next reader didn't wait for its end");
}

#[test]
fn a_policy_can_forbid_to_stand_in() {
    let mut shop = Shop::certified();
    shop.policy = shop.policy.never_on_error();
    shop.read().unwrap();
    shop.memory.origin_away.set(true);
    shop.memory.advance(Duration::from_secs(2));
    assert_eq!(shop.read(), Err(OriginAway));
}

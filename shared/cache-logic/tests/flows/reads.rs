//! The cost and the answer of a read while Redis and Postgres answer.

use crate::shop::{Shop, is_hit, limits, now};
use cache_logic::entry::Value;
use cache_logic::freshness::Freshness;
use cache_logic::memory::OriginAway;
use cache_logic::ports::Registry;
use cache_logic::read::{Outcome, read, refresh};
use std::time::Duration;

#[test]
fn a_hit_is_one_look_and_no_load() {
    let shop = Shop::certified();
    shop.read().unwrap();
    shop.calls();
    shop.loads.set(0);
    assert!(is_hit(&shop.outcome()));
    assert_eq!((shop.calls(), shop.loads.get()), (vec!["look 1".to_owned()], 0));
}

#[test]
fn a_miss_is_a_look_a_lease_a_load_and_a_fill() {
    let shop = Shop::certified();
    assert_eq!(shop.outcome(), Outcome::Miss { stored: true });
    // In memory giving the lease back is a call of its own; in Redis it is part of the fill's
    // script.
    assert_eq!(
        (shop.calls(), shop.loads.get()),
        (["fill 1", "lease 1", "look 1", "release 1"].map(String::from).to_vec(), 1)
    );
}

#[test]
fn another_epoch_and_another_generation_are_misses() {
    let shop = Shop::certified();
    shop.read().unwrap();
    shop.memory.epoch.set(5);
    shop.memory.advance(Duration::from_millis(801));
    assert_eq!(shop.outcome(), Outcome::Miss { stored: true }, "the epoch has moved");
    now(shop.memory.invalidate(&["org:1"])).unwrap();
    assert_eq!(shop.outcome(), Outcome::Miss { stored: true }, "the generation is gone");
}

#[test]
fn an_absent_value_is_never_cached() {
    let shop = Shop::certified();
    shop.version.set(0);
    assert_eq!(shop.read().unwrap(), None);
    assert_eq!(shop.memory.taken("fill"), 0);
    assert_eq!(shop.memory.raw("order"), None);
    shop.version.set(1);
    assert_eq!(
        shop.outcome(),
        Outcome::Miss { stored: true },
        "the lease was given back, and nothing says \"not there\""
    );
}

#[test]
fn damage_is_a_miss_and_is_deleted() {
    let shop = Shop::certified();
    for garbage in [&b""[..], b"garbage", &[0xff; 200], b"\x02EOC"] {
        shop.memory.overwrite("order", garbage);
        assert_eq!(shop.outcome(), Outcome::Miss { stored: true }, "{garbage:?}");
        assert_eq!(shop.memory.taken("discard"), 1);
    }
}

#[test]
fn a_value_that_is_too_large_is_served_and_not_cached() {
    let shop = Shop::certified();
    let load =
        async || Ok::<_, OriginAway>(Some(Value { payload: vec![b'x'; 1001], etag: String::new(), owner: None }));
    let first = now(read(&shop.memory, &shop.wanted(), &limits(), load)).unwrap().unwrap();
    assert_eq!((first.value.payload.len(), first.outcome), (1001, Outcome::Miss { stored: false }));
    assert_eq!(shop.memory.raw("order"), None);
}

#[test]
fn past_its_soft_limit_an_entry_is_served_and_made_anew_behind_the_response() {
    let shop = Shop::certified();
    shop.read().unwrap();
    shop.memory.advance(Duration::from_secs(250));
    shop.renew();
    let read = shop.read().unwrap().unwrap();
    assert_eq!(read.outcome, Outcome::Hit { freshness: Freshness::Stale, ttl_ms: 0 });
    let what = read.refresh.unwrap();
    let load = async || shop.load().await;
    assert_eq!(now(refresh(&shop.memory, &shop.wanted(), &limits(), what, load)), Ok(true));
    assert!(matches!(shop.outcome(), Outcome::Hit { freshness: Freshness::Fresh, .. }));
    shop.loads.set(0);
    assert_eq!(now(refresh(&shop.memory, &shop.wanted(), &limits(), what, load)), Ok(false), "the second one is late");
    assert_eq!(shop.loads.get(), 0);
}

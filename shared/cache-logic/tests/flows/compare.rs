//! A hit is compared with the origin, and no change on its way is taken for a fault.

use crate::shop::{Shop, limits, now};
use cache_logic::compare::{Comparison, compare};
use cache_logic::memory::OriginAway;
use std::time::Duration;

/// Compares while something happens after each load.
fn compared(shop: &Shop, then: impl Fn()) -> Result<Comparison, OriginAway> {
    let load = async || {
        let loaded = shop.load().await;
        then();
        loaded
    };
    now(compare(&shop.memory, &shop.wanted(), &limits(), load))
}

/// A shop whose order is cached.
fn cached() -> Shop {
    let shop = Shop::certified();
    shop.read().unwrap();
    shop
}

#[test]
fn an_entry_that_says_what_the_origin_says_is_equal_and_costs_one_look_and_one_load() {
    let shop = cached();
    shop.calls();
    assert_eq!(compared(&shop, || {}), Ok(Comparison::Equal));
    assert_eq!((shop.calls(), shop.loads.get()), (vec!["look 1".to_owned()], 2));
}

#[test]
fn an_entry_that_stays_certified_although_the_origin_has_changed_is_different() {
    for version in [2, 0] {
        let shop = cached();
        // Nobody announces it.
        shop.version.set(version);
        assert!(matches!(compared(&shop, || {}), Ok(Comparison::Different { .. })), "{version}");
    }
}

#[test]
fn a_change_that_is_on_its_way_is_no_fault() {
    let shop = cached();
    // Another program's, whose row waits in the outbox.
    shop.version.set(2);
    shop.memory.outbox.borrow_mut().push((1, "7".into(), vec!["order:1".into()]));
    assert_eq!(compared(&shop, || {}), Ok(Comparison::Unsure));
    let shop = cached();
    // Our own, committed before its writer got to invalidating.
    shop.version.set(2);
    assert_eq!(compared(&shop, || drop(shop.write())), Ok(Comparison::Unsure));
}

#[test]
fn what_was_filled_anew_meanwhile_is_not_the_same_entry() {
    let shop = cached();
    shop.version.set(2);
    let filled = || {
        shop.write();
        shop.renew();
        shop.read().unwrap();
    };
    assert_eq!(compared(&shop, filled), Ok(Comparison::Unsure));
}

#[test]
fn without_a_certified_entry_there_is_nothing_to_compare() {
    let shop = Shop::certified();
    assert_eq!(compared(&shop, || {}), Ok(Comparison::Unsure));
    let shop = cached();
    shop.memory.advance(Duration::from_secs(2));
    assert_eq!(compared(&shop, || {}), Ok(Comparison::Unsure));
    assert_eq!(shop.loads.get(), 1, "and the origin isn't asked");
}

#[test]
fn another_server_says_nothing_about_the_cache() {
    let shop = cached();
    shop.version.set(2);
    shop.memory.server.set(7);
    shop.memory.heard.set(None);
    shop.renew();
    // The load comes from server 0.
    shop.memory.heard.set(None);
    assert_eq!(compared(&shop, || {}), Ok(Comparison::Unsure));
}

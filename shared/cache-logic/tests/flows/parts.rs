//! An entry whose tag says too much is current while its parts stand.

use crate::shop::{Shop, is_hit, limits, now};
use cache_logic::entry::OriginValue;
use cache_logic::memory::OriginAway;
use cache_logic::ports::Registry;
use cache_logic::read::{EntrySpec, Outcome, read};
use std::time::Duration;

/// A read of a page that shows one order.
fn outcome(shop: &Shop) -> Outcome {
    let wanted = EntrySpec { key: "page", tags: &["org:1"], policy: &shop.policy };
    let load = async || {
        let parts = ["order:1", "set:1"].map(str::to_owned).to_vec();
        Ok::<_, OriginAway>(shop.load().await?.map(|value| OriginValue { parts, ..value.into() }))
    };
    now(read(&shop.memory, &wanted, &limits(), load)).unwrap().unwrap().outcome
}

fn announce(shop: &Shop, tags: &[&str]) {
    now(shop.memory.invalidate(tags)).unwrap();
}

fn is_revalidated(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Revalidated { .. })
}

#[test]
fn a_change_of_something_else_costs_no_load_and_the_next_read_is_a_hit() {
    let shop = Shop::certified();
    assert_eq!(outcome(&shop), Outcome::Miss { stored: true });
    for _ in 0..3 {
        announce(&shop, &["org:1"]);
        assert!(is_revalidated(&outcome(&shop)));
        assert!(is_hit(&outcome(&shop)));
    }
    assert_eq!(shop.loads.get(), 1);
}

#[test]
fn a_change_of_a_part_is_a_miss() {
    let shop = Shop::certified();
    outcome(&shop);
    for (times, part) in ["order:1", "set:1"].into_iter().enumerate() {
        announce(&shop, &["org:1", part]);
        assert_eq!(outcome(&shop), Outcome::Miss { stored: true }, "{part}");
        assert_eq!(shop.loads.get(), 2 + times as u32);
        announce(&shop, &["org:1"]);
        assert!(is_revalidated(&outcome(&shop)), "the new entry has parts of its own");
    }
}

#[test]
fn parts_say_nothing_of_an_entry_of_another_epoch() {
    let shop = Shop::certified();
    outcome(&shop);
    shop.memory.epoch.set(5);
    shop.memory.advance(Duration::from_millis(801));
    assert_eq!(outcome(&shop), Outcome::Miss { stored: true });
}

//! A value that a program keeps by itself, and the look that shows whether it is current.

use crate::shop::{Shop, is_hit, limits, now};
use cache_logic::entry::OriginValue;
use cache_logic::memory::OriginAway;
use cache_logic::ports::{CacheFault, Registry};
use cache_logic::read::{Beside, Read, Sight, read_by};
use cache_logic::read_many::read_many_by;

/// Reads the order, looking at one tag more, out of this server's mouth.
fn read_from(shop: &Shop, server: u64) -> Read {
    let wanted = shop.wanted();
    let beside = Beside { tags: &["watched"], keys: &["counter", "absent"] };
    let load = async || {
        let value = shop.load().await?;
        Ok::<_, OriginAway>(value.map(|value| OriginValue { server, ..value.into() }))
    };
    now(read_by(&shop.memory, &wanted, beside, async || Ok((*wanted.policy, limits())), load)).unwrap().unwrap()
}

fn sight(shop: &Shop) -> Sight {
    read_from(shop, 0).sight.expect("a certificate")
}

#[test]
fn a_value_is_current_while_later_looks_see_what_it_was_read_under() {
    let shop = Shop::certified();
    let missed = sight(&shop);
    assert_eq!(missed.generations.len(), 3);
    assert!(missed.generations[..2].iter().all(Option::is_some), "those of its tags were made before the load");
    assert_eq!(sight(&shop), missed, "a hit sees what the load was under");
    shop.write();
    assert_ne!(sight(&shop).generations[..2], missed.generations[..2], "and nothing that a write has told");
}

#[test]
fn a_watched_tag_is_seen_in_the_same_look_and_the_entry_does_not_depend_on_it() {
    let shop = Shop::certified();
    read_from(&shop, 0);
    let other = cache_logic::read::EntrySpec { key: "other", tags: &["watched"], policy: &shop.policy };
    now(cache_logic::read::read(&shop.memory, &other, &limits(), async || shop.load().await)).unwrap();
    shop.calls();
    let read = read_from(&shop, 0);
    assert!(is_hit(&read.outcome));
    assert_eq!(shop.calls(), ["look 1"]);
    let seen = read.sight.unwrap().generations[2];
    assert!(seen.is_some());
    now(shop.memory.invalidate(&["watched"])).unwrap();
    let read = read_from(&shop, 0);
    assert!(is_hit(&read.outcome));
    assert_eq!(read.sight.unwrap().generations[2], None, "it was {seen:?}");
}

#[test]
fn a_bulk_read_sees_watched_tags_and_keys_behind_those_of_its_entries() {
    let shop = Shop::certified();
    shop.memory.overwrite("counter", b"7");
    let beside = Beside { tags: &["watched"], keys: &["counter", "absent"] };
    let wanted = [shop.wanted(), cache_logic::read::EntrySpec { key: "other", ..shop.wanted() }];
    let load = async |missing: &[usize]| {
        let mut values = Vec::new();
        for _ in missing {
            values.push(shop.load().await?);
        }
        Ok::<_, OriginAway>(values)
    };
    for _ in 0..2 {
        let (reads, seen) = now(read_many_by(&shop.memory, &wanted, beside, &limits(), load)).unwrap();
        assert!(reads.iter().all(Option::is_some));
        assert_eq!(seen.sight.expect("a certificate").generations.len(), 5);
        assert_eq!(seen.values, [Some(b"7".to_vec()), None]);
    }
}

#[test]
fn values_beside_an_entry_are_seen_by_misses_and_hits_in_the_same_look() {
    let shop = Shop::certified();
    for counted in ["7", "8"] {
        shop.memory.overwrite("counter", counted.as_bytes());
        assert_eq!(read_from(&shop, 0).values, [Some(counted.as_bytes().to_vec()), None]);
    }
    assert!(is_hit(&read_from(&shop, 0).outcome));
    shop.memory.fault.replace(Some(CacheFault::Unreachable));
    assert_eq!(read_from(&shop, 0).values, [], "Redis gave no answer");
}

#[test]
fn what_another_server_says_or_no_certificate_covers_is_never_shown_to_be_current() {
    let shop = Shop::certified();
    assert_eq!(read_from(&shop, 1).sight, None, "another server");
    read_from(&shop, 0);
    shop.memory.fault.replace(Some(CacheFault::Unreachable));
    assert_eq!(read_from(&shop, 0).sight, None, "past the cache");
}

//! Reads of many entries at once.

use crate::shop::{Shop, limits, now};
use cache_logic::entry::Value;
use cache_logic::memory::OriginAway;
use cache_logic::read::EntrySpec;
use cache_logic::read_many::{read_many, refresh_many};
use std::time::Duration;

#[test]
fn a_bulk_read_is_one_look_one_load_and_one_fill() {
    let shop = Shop::certified();
    let keys: Vec<String> = (0..100).map(|i| format!("k{i}")).collect();
    let tags: Vec<[String; 1]> = (0..100).map(|i| [format!("t{i}")]).collect();
    let tags: Vec<[&str; 1]> = tags.iter().map(|tags| [tags[0].as_str()]).collect();
    let wanted: Vec<EntrySpec<'_>> =
        keys.iter().zip(&tags).map(|(key, tags)| EntrySpec { key, tags, policy: &shop.policy }).collect();
    let load = async |missing: &[usize]| {
        shop.loads.set(shop.loads.get() + 1);
        // Every tenth does not exist.
        let value = |i: &usize| {
            (!i.is_multiple_of(10)).then(|| Value { payload: vec![*i as u8], etag: String::new(), owner: None })
        };
        Ok::<_, OriginAway>(missing.iter().map(value).collect())
    };
    for (calls, loads) in [(vec!["fill 1", "generations 1", "look 1"], 1), (vec!["fill 0"], 2)] {
        let reads = now(read_many(&shop.memory, &wanted, &limits(), load)).unwrap();
        assert_eq!(reads.len(), 100);
        for (i, read) in reads.iter().enumerate() {
            assert_eq!(read.as_ref().map(|read| read.value.payload[0]), (i % 10 != 0).then_some(i as u8));
        }
        if calls[0] != "fill 0" {
            assert_eq!(shop.calls(), calls);
        }
        assert_eq!(shop.loads.get(), loads, "the second time only what doesn't exist is asked for");
    }
}

#[test]
fn stale_entries_of_a_bulk_read_are_refreshed_by_one_lease_one_load_and_one_fill() {
    let shop = Shop::certified();
    let tags: Vec<String> = (0..10).map(|i| format!("order:{i}")).collect();
    let tags: Vec<[&str; 1]> = tags.iter().map(|tag| [tag.as_str()]).collect();
    let wanted: Vec<EntrySpec<'_>> =
        tags.iter().map(|tags| EntrySpec { key: tags[0], tags, policy: &shop.policy }).collect();
    let all = async |missing: &[usize]| {
        shop.loads.set(shop.loads.get() + 1);
        let value = |_| Some(Value { payload: vec![shop.version.get() as u8], etag: "\"1\"".into(), owner: None });
        Ok::<_, OriginAway>(missing.iter().map(value).collect::<Vec<_>>())
    };
    now(read_many(&shop.memory, &wanted, &limits(), all)).unwrap();
    shop.memory.advance(Duration::from_secs(250));
    shop.renew();
    let reads = now(read_many(&shop.memory, &wanted, &limits(), all)).unwrap();
    let stale: Vec<_> =
        wanted.iter().zip(&reads).map(|(one, read)| (*one, read.as_ref().unwrap().refresh.unwrap())).collect();
    shop.version.set(2);
    shop.calls();
    shop.loads.set(0);
    let indices: Vec<usize> = (0..stale.len()).collect();
    assert!(now(refresh_many(&shop.memory, &stale, &limits(), async || all(&indices).await)).unwrap());
    assert_eq!(shop.calls(), ["fill 1", "lease 1", "release 1"]);
    assert_eq!(shop.loads.get(), 1);
    assert!(!now(refresh_many(&shop.memory, &stale, &limits(), async || all(&indices).await)).unwrap(), "late");
    assert_eq!(shop.loads.get(), 1, "who is late doesn't load");
    let reads = now(read_many(&shop.memory, &wanted, &limits(), all)).unwrap();
    assert!(reads.iter().flatten().all(|read| read.value.payload == [2] && read.refresh.is_none()));
}

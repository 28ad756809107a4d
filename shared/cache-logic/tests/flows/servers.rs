//! Two servers of the origin that answer to one name: a certificate covers what its own server
//! says.

use crate::shop::{Shop, is_hit, limits, now};
use cache_logic::entry::OriginValue;
use cache_logic::memory::OriginAway;
use cache_logic::ports::Clock;
use cache_logic::read::{Bypass, Outcome, read, refresh};
use cache_logic::read_many::read_many;
use cache_logic::write::{Commit, Invalidation, NamedRun, write};
use cache_logic::write_through::write_through;
use std::time::Duration;

/// A value of a shop's origin, as this server gives it.
async fn of_server(shop: &Shop, server: u64) -> Result<Option<OriginValue>, OriginAway> {
    Ok(shop.load().await?.map(|value| OriginValue { server, ..value.into() }))
}

#[test]
fn what_another_server_says_is_answered_and_not_stored() {
    let shop = Shop::certified();
    let read = |server| now(read(&shop.memory, &shop.wanted(), &limits(), async || of_server(&shop, server).await));
    assert_eq!(read(1).unwrap().unwrap().outcome, Outcome::Miss { stored: false });
    assert!(shop.memory.raw("order").is_none());
    assert_eq!(read(0).unwrap().unwrap().outcome, Outcome::Miss { stored: true });
    assert!(is_hit(&shop.outcome()));
}

#[test]
fn a_bulk_read_stores_what_the_server_of_its_certificate_says() {
    let shop = Shop::certified();
    let wanted = [shop.wanted(), cache_logic::read::EntrySpec { key: "other", ..shop.wanted() }];
    let load = async |missing: &[usize]| {
        let mut values = Vec::new();
        for &index in missing {
            values.push(of_server(&shop, index as u64).await?);
        }
        Ok::<_, OriginAway>(values)
    };
    now(read_many(&shop.memory, &wanted, &limits(), load)).unwrap();
    assert!(shop.memory.raw("order").is_some() && shop.memory.raw("other").is_none());
}

#[test]
fn a_refresh_stores_nothing_that_another_server_says() {
    let shop = Shop::certified();
    shop.read().unwrap();
    shop.memory.advance(Duration::from_secs(280));
    shop.renew();
    let due = shop.read().unwrap().unwrap().refresh.expect("near its end");
    let stored = |server| {
        let load = async || of_server(&shop, server).await;
        now(refresh(&shop.memory, &shop.wanted(), &limits(), due, load)).unwrap()
    };
    assert!(!stored(1) && stored(0));
}

#[test]
fn a_write_through_stores_nothing_that_another_server_says() {
    for (server, stores) in [(1, false), (0, true)] {
        let shop = Shop::certified();
        let commit = async || {
            let tags = vec!["order:1".to_owned(), "org:1".to_owned()];
            Ok::<_, OriginAway>(Commit { value: (), xid: "7".into(), tags, named: NamedRun::Never })
        };
        let entry = |&(): &()| now(of_server(&shop, server)).ok().flatten();
        let (_, _, stored) =
            now(write_through(&shop.memory, &shop.wanted(), &limits(), commit, entry)).expect("committed");
        assert_eq!(stored, stores);
    }
}

#[test]
fn a_certificate_of_another_server_than_the_one_heard_last_is_renewed() {
    let shop = Shop::certified();
    shop.read().unwrap();
    shop.memory.heard.set(Some(1));
    shop.memory.server.set(1);
    // The renewal is answered by the server that was heard, whose values are stored from then on.
    let load = async || of_server(&shop, 1).await;
    now(read(&shop.memory, &shop.wanted(), &limits(), load)).unwrap();
    assert_eq!(shop.memory.taken("certify"), 1);
    shop.memory.server.set(0);
    shop.renew();
    assert_eq!(shop.outcome(), Outcome::Bypass(Bypass::NoCertificate), "and never those of the other one");
}

#[test]
fn a_write_tries_until_a_certificate_of_its_server_is_given() {
    let wrote = |server, given, named_for| {
        let shop = Shop::certified();
        shop.memory.server.set(given);
        let named = NamedRun::Run { run: 0, server, named_for };
        let commit = async || {
            let tags = vec!["order:1".to_owned()];
            Ok::<_, OriginAway>(Commit { value: (), xid: "7".into(), tags, named })
        };
        let (_, invalidation) = now(write(&shop.memory, &limits(), commit)).unwrap();
        let waited = matches!(invalidation, Invalidation::WaitedOut(_));
        (shop.memory.taken("certify"), Clock::now(&shop.memory), waited)
    };
    assert_eq!(wrote(1, 1, limits().outage_wait), (0, 0, false), "it has given them for long");
    assert_eq!(wrote(1, 1, Duration::ZERO), (1, 1100, true), "one is enough");
    let (tries, waited, _) = wrote(1, 0, Duration::ZERO);
    assert!(tries > 3 && waited == 1100, "those of the other one don't count: {tries} in {waited} ms");
}

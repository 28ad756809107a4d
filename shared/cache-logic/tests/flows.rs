//! What a read, a write and a renewal cost and give, on a Redis in memory with a clock that is moved.

use cache_logic::certificate::{Certificate, Timing};
use cache_logic::entry::{Stamp, Value, encode};
use cache_logic::freshness::Freshness;
use cache_logic::memory::{Away, Memory};
use cache_logic::policy::{Limits, Policy};
use cache_logic::ports::{CacheFault, Clock, Lease, Registry, Store};
use cache_logic::read::{Bypass, Outcome, Read, Wanted, read, refresh};
use cache_logic::read_many::{read_many, refresh_many};
use cache_logic::renew::{Renewal, renew};
use cache_logic::write::{Commit, Invalidation, settle, write};
use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Memory never waits for anything.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("memory waits for nothing"),
    }
}

fn limits() -> Limits {
    Limits {
        max_entry_bytes: 1000,
        lease_hold: Duration::from_millis(2500),
        wait: Duration::from_millis(1000),
        timing: timing(),
        outage_wait: timing().outage_wait(),
        generation_ttl: Duration::from_secs(600),
    }
}

fn timing() -> Timing {
    Timing::from_millis(1000).unwrap()
}

/// A database of one value, and the reads of it.
struct Shop {
    memory: Memory,
    policy: Policy,
    version: Cell<u32>,
    loads: Cell<u32>,
}

impl Shop {
    fn new() -> Self {
        let policy = Policy::with_ttl(Duration::from_secs(300)).unwrap();
        Self { memory: Memory::default(), policy, version: Cell::new(1), loads: Cell::new(0) }
    }

    /// One that has a live certificate.
    fn certified() -> Self {
        let shop = Self::new();
        shop.renew();
        shop
    }

    fn renew(&self) {
        assert!(matches!(now(renew(&self.memory, timing())), Renewal::Certified(_)));
        self.memory.calls.borrow_mut().clear();
    }

    fn wanted(&self) -> Wanted<'_> {
        Wanted { key: "order", tags: &["order:1", "org:1"], policy: &self.policy }
    }

    async fn load(&self) -> Result<Option<Value>, Away> {
        self.loads.set(self.loads.get() + 1);
        if self.memory.origin_away.get() {
            return Err(Away);
        }
        let version = self.version.get();
        let there = version > 0;
        Ok(there.then(|| Value {
            payload: version.to_string().into_bytes(),
            etag: format!("\"{version}\""),
            owner: None,
        }))
    }

    fn read(&self) -> Result<Option<Read>, Away> {
        now(read(&self.memory, &self.wanted(), &limits(), async || self.load().await))
    }

    fn outcome(&self) -> Outcome {
        self.read().unwrap().unwrap().outcome
    }

    fn write(&self) -> Invalidation {
        let commit = async || {
            self.version.set(self.version.get() + 1);
            Ok::<_, Away>(Commit { value: (), xid: "7".into(), tags: vec!["order:1".into(), "org:1".into()] })
        };
        now(write(&self.memory, limits().outage_wait, commit)).unwrap().1
    }

    /// The calls made since the last question, as `name count`, sorted.
    fn calls(&self) -> Vec<String> {
        let mut calls: Vec<String> =
            self.memory.calls.borrow_mut().drain().map(|(name, count)| format!("{name} {count}")).collect();
        calls.sort();
        calls
    }
}

fn is_hit(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Hit { .. })
}

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
    // In memory giving the lease back is a call of its own; in Redis it is part of the fill's script.
    assert_eq!(
        (shop.calls(), shop.loads.get()),
        (["fill 1", "lease 1", "look 1", "release 1"].map(String::from).to_vec(), 1)
    );
}

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
fn who_finds_the_claim_taken_again_and_again_waits_its_time_and_asks_the_origin() {
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
fn after_a_write_the_next_read_loads_and_its_answer_is_new() {
    let shop = Shop::certified();
    shop.read().unwrap();
    let Invalidation::Done(settled) = shop.write() else { panic!("Redis was there") };
    assert_eq!(shop.memory.taken("invalidate"), 1);
    let read = shop.read().unwrap().unwrap();
    assert_eq!((read.value.payload, read.outcome), (b"2".to_vec(), Outcome::Miss { stored: true }));
    now(settle(&shop.memory, &settled)).unwrap();
}

#[test]
fn a_filler_that_was_slower_than_a_write_fills_nothing_that_is_served() {
    let shop = Shop::certified();
    let load = async || {
        let value = shop.load().await;
        shop.write();
        value
    };
    let first = now(read(&shop.memory, &shop.wanted(), &limits(), load)).unwrap().unwrap();
    assert_eq!(first.value.payload, b"1");
    assert_eq!(
        shop.read().unwrap().unwrap().value.payload,
        b"2",
        "what was filled after the write was loaded before it"
    );
}

#[test]
fn a_write_that_cannot_reach_redis_waits_until_no_certificate_can_hide_it() {
    let shop = Shop::certified();
    shop.read().unwrap();
    let before = cache_logic::ports::Clock::now(&shop.memory);
    *shop.memory.fault.borrow_mut() = Some(CacheFault::TimedOut);
    assert_eq!(shop.write(), Invalidation::WaitedOut(CacheFault::TimedOut));
    assert_eq!(cache_logic::ports::Clock::now(&shop.memory) - before, 1100);
    *shop.memory.fault.borrow_mut() = None;
    // The outbox row is there, as the trigger left it; whoever renews applies it before it certifies.
    shop.memory.outbox.borrow_mut().push((1, "7".into(), vec!["order:1".into()]));
    assert_eq!(shop.read().unwrap().unwrap().value.payload, b"2");
    assert!(shop.memory.outbox.borrow().is_empty(), "applied, certified, forgotten");
}

#[test]
fn a_write_that_changed_nothing_invalidates_nothing() {
    let shop = Shop::certified();
    let commit = async || Ok::<_, Away>(Commit { value: (), xid: "7".into(), tags: vec![] });
    assert_eq!(now(write(&shop.memory, limits().outage_wait, commit)).unwrap().1, Invalidation::Nothing);
    assert!(shop.calls().is_empty());
}

#[test]
fn an_answer_that_repeats_another_s_write_vouches_for_it_and_settles_nothing() {
    let shop = Shop::certified();
    shop.read().unwrap();
    // Somebody committed and died before it invalidated.
    shop.version.set(2);
    let commit = async || Ok::<_, Away>(Commit { value: (), xid: String::new(), tags: vec!["order:1".into()] });
    assert_eq!(now(write(&shop.memory, limits().outage_wait, commit)).unwrap().1, Invalidation::Nothing);
    assert_eq!(shop.read().unwrap().unwrap().value.payload, b"2");
    *shop.memory.fault.borrow_mut() = Some(CacheFault::TimedOut);
    let commit = async || Ok::<_, Away>(Commit { value: (), xid: String::new(), tags: vec!["order:1".into()] });
    let (_, invalidation) = now(write(&shop.memory, limits().outage_wait, commit)).unwrap();
    assert_eq!(invalidation, Invalidation::WaitedOut(CacheFault::TimedOut), "and waits where it can't tell Redis");
}

#[test]
fn a_change_of_everything_waits_for_the_epoch_to_move() {
    let shop = Shop::certified();
    let commit = async || Ok::<_, Away>(Commit { value: (), xid: "7".into(), tags: vec!["*".into()] });
    let (_, invalidation) = now(write(&shop.memory, limits().outage_wait, commit)).unwrap();
    assert!(matches!(invalidation, Invalidation::WaitedOut(_)));
    assert!(shop.calls().is_empty(), "no list of generations says everything");
}

#[test]
fn settling_leaves_rows_that_the_writer_has_not_covered() {
    let shop = Shop::certified();
    let Invalidation::Done(settled) = shop.write() else { panic!("Redis was there") };
    let row = |id, xid: &str, tag: &str| (id, xid.to_owned(), vec![tag.to_owned()]);
    *shop.memory.outbox.borrow_mut() = vec![row(1, "7", "order:1"), row(2, "7", "other"), row(3, "8", "order:1")];
    now(settle(&shop.memory, &settled)).unwrap();
    let left: Vec<i64> = shop.memory.outbox.borrow().iter().map(|(id, ..)| *id).collect();
    assert_eq!(left, [2, 3]);
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
fn a_certificate_of_another_run_counts_for_nothing() {
    let shop = Shop::certified();
    shop.read().unwrap();
    shop.memory.run.set(77);
    shop.calls();
    assert!(is_hit(&shop.outcome()), "renewed for the new run; the epoch is Postgres' to move");
    assert_eq!(shop.memory.taken("certify"), 1);
}

#[test]
fn what_is_not_there_is_never_cached() {
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
fn what_is_too_large_is_served_and_not_cached() {
    let shop = Shop::certified();
    let load = async || Ok::<_, Away>(Some(Value { payload: vec![b'x'; 1001], etag: String::new(), owner: None }));
    let first = now(read(&shop.memory, &shop.wanted(), &limits(), load)).unwrap().unwrap();
    assert_eq!((first.value.payload.len(), first.outcome), (1001, Outcome::Miss { stored: false }));
    assert_eq!(shop.memory.raw("order"), None);
}

#[test]
fn redis_away_is_one_question_and_the_origin_s_answer() {
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
fn a_held_lease_is_waited_for_and_then_passed_by() {
    let shop = Shop::certified();
    let granted = now(shop.memory.lease("order", None, &[], 42, Duration::from_secs(60))).unwrap();
    assert!(matches!(granted, Lease::Granted(_)));
    // The certificate would run out while one waits; this is about the lease.
    let limits = Limits { wait: Duration::from_millis(300), ..limits() };
    let outcome =
        now(read(&shop.memory, &shop.wanted(), &limits, async || shop.load().await)).unwrap().unwrap().outcome;
    assert_eq!(outcome, Outcome::Bypass(Bypass::Waited));
    assert!(cache_logic::ports::Clock::now(&shop.memory) >= 300);
}

#[test]
fn who_has_waited_for_a_fill_longer_than_the_certificate_lived_renews_it_and_is_served() {
    let shop = Shop::certified();
    let tags = shop.wanted().tags;
    let Ok(Lease::Granted(generations)) = now(shop.memory.lease("order", None, tags, 42, Duration::from_secs(60)))
    else {
        panic!("the lease was free")
    };
    let value = Value { payload: b"1".to_vec(), etag: String::new(), owner: None };
    let stamp = Stamp { created: 0, fresh_until: 300_000, load_ms: 850, epoch: 0, generations: &generations, fill: 42 };
    shop.memory.store_after(Duration::from_millis(850), "order", &encode(&value, &stamp).unwrap());
    let read = shop.read().unwrap().unwrap();
    assert!(is_hit(&read.outcome), "{:?}", read.outcome);
    assert!(read.course.waited_ms > 800, "the certificate had run out");
    assert_eq!((shop.memory.taken("certify"), shop.loads.get()), (1, 0));
}

#[test]
fn who_is_answered_late_asks_less_often() {
    // Nobody gives the lease back; each answer comes at once, or after 100 ms.
    let asked = |late: u64| {
        let shop = Shop::certified();
        now(shop.memory.lease("order", None, &[], 42, Duration::from_secs(60))).unwrap();
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
fn who_finds_the_entry_filled_meanwhile_looks_again() {
    let shop = Shop::certified();
    shop.read().unwrap();
    let known = now(shop.memory.lease("order", None, &[], 1, Duration::from_secs(1))).unwrap();
    assert_eq!(known, Lease::Changed);
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
fn with_postgres_away_the_last_known_stands_in_and_nothing_else() {
    let shop = Shop::certified();
    shop.read().unwrap();
    shop.memory.origin_away.set(true);
    assert!(is_hit(&shop.outcome()), "the certificate still lives");
    shop.memory.advance(Duration::from_secs(2));
    assert_eq!(shop.outcome(), Outcome::StaleIfError);
    now(shop.memory.invalidate(&["org:1"])).unwrap();
    assert_eq!(shop.read(), Err(Away), "known to be old");
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
    assert_eq!(shop.read(), Err(Away));
}

#[test]
fn a_renewal_applies_the_outbox_before_it_certifies_and_forgets_only_what_it_applied() {
    let shop = Shop::certified();
    shop.read().unwrap();
    shop.memory.advance(Duration::from_millis(801));
    shop.version.set(2);
    shop.memory.outbox.borrow_mut().push((1, "9".into(), vec!["order:1".into()]));
    shop.renew();
    assert_eq!(shop.read().unwrap().unwrap().value.payload, b"2");
    assert!(shop.memory.outbox.borrow().is_empty());
}

/// Every moment, in tenths of a second, at which a renewal may be done with its parts and somebody may commit without being able to tell
/// Redis. The outbox is read before the commit, so the certificate doesn't cover it.
#[test]
fn no_renewal_however_slow_hides_a_change_that_redis_was_not_told_of() {
    let tenths = |count: u64| Duration::from_millis(100 * count);
    for certified in 0..=8 {
        for committed in 0..=certified {
            let shop = Shop::certified();
            shop.read().unwrap();
            let run = now(shop.memory.claim(99, timing().claim())).unwrap().unwrap();
            let begun = shop.memory.monotonic();
            shop.memory.advance(tenths(committed));
            shop.version.set(2);
            shop.memory.outbox.borrow_mut().push((1, "7".into(), vec!["order:1".into()]));
            shop.memory.advance(tenths(certified - committed));
            let in_time = now(shop.memory.certify(&Certificate { epoch: 0, run, token: 99 }, timing())).unwrap();
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

#[test]
fn a_bulk_read_is_one_look_one_load_and_one_fill() {
    let shop = Shop::certified();
    let keys: Vec<String> = (0..100).map(|i| format!("k{i}")).collect();
    let tags: Vec<[String; 1]> = (0..100).map(|i| [format!("t{i}")]).collect();
    let tags: Vec<[&str; 1]> = tags.iter().map(|tags| [tags[0].as_str()]).collect();
    let wanted: Vec<Wanted<'_>> =
        keys.iter().zip(&tags).map(|(key, tags)| Wanted { key, tags, policy: &shop.policy }).collect();
    let load = async |missing: &[usize]| {
        shop.loads.set(shop.loads.get() + 1);
        // Every tenth doesn't exist.
        let value = |i: &usize| {
            (!i.is_multiple_of(10)).then(|| Value { payload: vec![*i as u8], etag: String::new(), owner: None })
        };
        Ok::<_, Away>(missing.iter().map(value).collect())
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
fn what_a_bulk_read_finds_stale_is_made_anew_by_one_lease_one_load_and_one_fill() {
    let shop = Shop::certified();
    let tags: Vec<String> = (0..10).map(|i| format!("order:{i}")).collect();
    let tags: Vec<[&str; 1]> = tags.iter().map(|tag| [tag.as_str()]).collect();
    let wanted: Vec<Wanted<'_>> = tags.iter().map(|tags| Wanted { key: tags[0], tags, policy: &shop.policy }).collect();
    let all = async |missing: &[usize]| {
        shop.loads.set(shop.loads.get() + 1);
        let value = |_| Some(Value { payload: vec![shop.version.get() as u8], etag: "\"1\"".into(), owner: None });
        Ok::<_, Away>(missing.iter().map(value).collect::<Vec<_>>())
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

#[test]
fn the_memory_keeps_the_contract() {
    for (check, outcome) in now(cache_logic::contract::run(&Memory::default())) {
        assert_eq!(outcome, Ok(()), "{check}");
    }
}

use super::expose::expose;
use super::*;
use crate::kit::exposition::Exposition;
use crate::protocol::entry::Value;
use crate::protocol::read::ReadTrace;

const ENTITIES: &[&str] = &["order", "list"];

fn read(outcome: Outcome) -> Read {
    Read::of(Value { payload: Vec::new(), etag: String::new(), owner: None }, outcome)
}

fn ended(statistics: &mut Statistics, entity: usize, outcome: Outcome) {
    statistics.read::<()>(entity, Ok(Some(&read(outcome))));
}

fn hit(freshness: Freshness) -> Outcome {
    Outcome::Hit { freshness, ttl_ms: 1 }
}

fn sample() -> Statistics {
    let mut statistics = Statistics::new(ENTITIES);
    for outcome in [hit(Freshness::Fresh), hit(Freshness::Early), hit(Freshness::Stale), Outcome::Miss { stored: true }]
    {
        ended(&mut statistics, 0, outcome);
    }
    ended(&mut statistics, 1, Outcome::Bypass(Bypass::Fault(CacheFault::TimedOut)));
    statistics.load(1, Duration::from_micros(2_500), true);
    statistics.load(1, Duration::from_secs(9), false);
    statistics.waited(1, 40);
    statistics.write(&Invalidation::WaitedOut(CacheFault::Skipped), Duration::from_millis(1100));
    statistics
}

#[test]
fn every_end_of_a_read_has_its_counter() {
    let fault = |fault| Outcome::Bypass(Bypass::Fault(fault));
    let table = [
        (hit(Freshness::Fresh), "hit.fresh"),
        (hit(Freshness::Early), "hit.early"),
        (hit(Freshness::Stale), "hit.stale"),
        (Outcome::Miss { stored: true }, "miss.stored"),
        (Outcome::Miss { stored: false }, "miss.refused"),
        (fault(CacheFault::Unreachable), "bypass.redis-unavailable"),
        (fault(CacheFault::Skipped), "bypass.redis-unavailable"),
        (fault(CacheFault::TimedOut), "bypass.redis-timeout"),
        (fault(CacheFault::Protocol("?".into())), "bypass.redis-error"),
        (fault(CacheFault::Misconfigured), "bypass.misconfigured"),
        (Outcome::Bypass(Bypass::Misconfigured), "bypass.misconfigured"),
        (Outcome::Bypass(Bypass::NoCertificate), "bypass.no-certificate"),
        (Outcome::Bypass(Bypass::Waited), "bypass.fill-wait"),
        (Outcome::Bypass(Bypass::Off), "bypass.off"),
        (Outcome::StaleIfError, "stale-if-error"),
    ];
    for (outcome, field) in table {
        // A bypass is counted under the name that Cache-Status has for it.
        if let Outcome::Bypass(why) = &outcome {
            assert_eq!(field, format!("bypass.{}", why.name()));
        }
        let mut statistics = Statistics::new(ENTITIES);
        ended(&mut statistics, 1, outcome);
        assert_eq!(statistics.encode(), [(format!("list:{field}"), 1)]);
        assert_eq!(statistics.total().reads(), 1);
    }
    let mut statistics = Statistics::new(ENTITIES);
    statistics.read::<()>(0, Ok(None));
    statistics.read(0, Err("away"));
    assert_eq!(statistics.encode(), [("order:absent".to_owned(), 1), ("order:failed".to_owned(), 1)]);
    assert_eq!(statistics.total().reads(), 0);
}

#[test]
fn waits_and_damage_of_a_read_are_counted_beside_its_end() {
    let mut statistics = Statistics::new(ENTITIES);
    let trace = ReadTrace { waited_ms: 30, damaged: true };
    statistics.read::<()>(0, Ok(Some(&Read { trace, ..read(Outcome::Miss { stored: true }) })));
    statistics.waited(0, trace.waited_ms);
    statistics.waited(0, 0);
    let total = statistics.total();
    assert_eq!((total.get(Counter::Damaged), total.get(Counter::Waits), total.get(Counter::WaitedMs)), (1, 1, 30));
}

#[test]
fn the_hit_rate_is_the_part_of_reads_that_were_hits() {
    assert_eq!(Statistics::new(ENTITIES).total().hit_rate(), None);
    let statistics = sample();
    assert_eq!(statistics.total().hit_rate(), Some(0.6));
    let rates: Vec<_> = statistics.entities().map(|(name, counts)| (name, counts.hit_rate())).collect();
    assert_eq!(rates, [("order", Some(0.75)), ("list", Some(0.0))]);
}

#[test]
fn encoded_counters_are_decoded_and_unknown_fields_are_left_out() {
    let statistics = sample();
    let pairs = statistics.encode();
    assert!(pairs.iter().all(|(_, count)| *count > 0));
    let foreign = [("order:retired", 9), ("gone:hit.fresh", 9), ("hit.fresh", 9), (":retired", 9), ("", 9)];
    let all = pairs.iter().map(|(field, count)| (field.as_str(), *count)).chain(foreign);
    assert_eq!(Statistics::decode(ENTITIES, all), statistics);
}

#[test]
fn nothing_is_lost_or_counted_twice_when_it_is_drained_and_given_back() {
    let mut statistics = sample();
    let taken = statistics.drain().unwrap();
    assert_eq!((statistics.drain(), &taken), (None, &sample()));
    statistics.merge(&taken);
    assert_eq!(statistics, sample());
    statistics.merge(&taken);
    assert_eq!(statistics.total().loads(), 4);
    assert_eq!(statistics.written(WriteCounter::WaitedMs), 2200);
}

#[test]
fn an_entity_out_of_range_is_not_counted() {
    let mut statistics = Statistics::new(ENTITIES);
    ended(&mut statistics, 2, Outcome::StaleIfError);
    statistics.load(2, Duration::ZERO, true);
    statistics.waited(2, 1);
    statistics.refresh(2, true);
    assert_eq!(statistics.drain(), None);
}

#[test]
fn no_two_counters_share_a_field() {
    let counts = Counts::default();
    let mut names: Vec<_> = counts.fields().map(|(name, _)| name).collect();
    names.extend(WriteCounter::ALL.map(WriteCounter::name));
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn buckets_are_cumulative_and_a_bound_belongs_to_its_bucket() {
    let mut text = Exposition::default();
    expose(&sample(), "shop_", &mut text);
    let text = text.into_text();
    let name = "shop_cache_load_duration_seconds";
    for line in [
        format!("{name}_bucket{{entity=\"list\",le=\"0.001\"}} 0\n"),
        format!("{name}_bucket{{entity=\"list\",le=\"0.0025\"}} 1\n"),
        format!("{name}_bucket{{entity=\"list\",le=\"2.5\"}} 1\n"),
        format!("{name}_bucket{{entity=\"list\",le=\"+Inf\"}} 2\n"),
        format!("{name}_count{{entity=\"list\"}} 2\n"),
        format!("{name}_sum{{entity=\"list\"}} 9.0025\n"),
        "shop_cache_bypasses_total{entity=\"list\",reason=\"redis-timeout\"} 1\n".to_owned(),
        "shop_cache_hits_total{entity=\"order\",freshness=\"stale\"} 1\n".to_owned(),
        "shop_cache_wait_seconds_total{entity=\"list\"} 0.04\n".to_owned(),
        "shop_cache_outage_wait_seconds_total 1.1\n".to_owned(),
    ] {
        assert!(text.contains(&line), "{line} is not in\n{text}");
    }
}

#[test]
fn the_labels_of_buckets_are_their_bounds() {
    for ((micros, field), seconds) in BOUNDS.iter().zip(super::expose::SECONDS) {
        assert_eq!(seconds.parse::<f64>().unwrap() * 1e6, *micros as f64);
        assert_eq!(*field, format!("load.le.{micros}"));
    }
}

//! Fetching of certificates as a state machine.

use commerce::webhook::certificates::{Certificates, Fetch, Lookup};
use commerce::webhook::paypal::{PassedCertificate, Trust};

use crate::authority::{LIVE_NAME, Leaf, NOW, intermediate_pem, root_pem};

fn certificate() -> PassedCertificate {
    let trust = Trust::from_pem(root_pem().as_bytes(), intermediate_pem((-365, 365)).as_bytes()).unwrap();
    PassedCertificate::check(Leaf::default().pem().as_bytes(), &trust, LIVE_NAME, NOW).unwrap()
}

#[track_caller]
fn fetch(cache: &mut Certificates, url: &str, now: u64) -> Fetch {
    match cache.look_up(url, now) {
        Lookup::Fetch(fetch) => fetch,
        other => panic!("{url} at {now}: {other:?}"),
    }
}

#[test]
fn one_url_is_fetched_by_one_at_a_time_and_then_known() {
    let (mut cache, certificate) = (Certificates::default(), certificate());
    let first = fetch(&mut cache, "a", 0);
    assert_eq!(first.url(), "a");
    assert_eq!(cache.look_up("a", 1), Lookup::InFlight);
    let other = fetch(&mut cache, "b", 1);
    cache.passed(first, certificate.clone());
    assert_eq!(cache.look_up("a", 2), Lookup::Passed(certificate));
    assert_eq!(cache.look_up("b", 2), Lookup::InFlight);
    cache.failed(other);
    fetch(&mut cache, "b", 3);
}

#[test]
fn an_abandoned_fetch_is_given_up_and_its_late_report_does_no_harm() {
    let mut cache = Certificates::default();
    let abandoned = fetch(&mut cache, "a", 0);
    assert_eq!(cache.look_up("a", 9_999), Lookup::InFlight);
    let second = fetch(&mut cache, "a", 10_000);
    cache.failed(abandoned);
    assert_eq!(cache.look_up("a", 10_001), Lookup::InFlight, "the second fetch is still under way");
    cache.failed(second);
    fetch(&mut cache, "a", 10_002);
}

#[test]
fn ten_fetches_a_minute_whatever_is_asked_for() {
    let (mut cache, certificate) = (Certificates::default(), certificate());
    let known = fetch(&mut cache, "known", 0);
    cache.passed(known, certificate.clone());
    let mut fetches = 1;
    for n in 0..1000 {
        match cache.look_up(&format!("forged-{n}"), 1_000 + n) {
            Lookup::Fetch(fetch) => {
                fetches += 1;
                cache.failed(fetch);
            }
            Lookup::Limited { retry_after_ms } => assert_eq!(retry_after_ms, 59_000 - n),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(fetches, 10);
    assert_eq!(cache.look_up("known", 2_000), Lookup::Passed(certificate), "a known certificate needs no fetch");
    fetch(&mut cache, "new", 60_000);
    assert!(matches!(cache.look_up("newer", 60_000), Lookup::Limited { retry_after_ms: 1_000 }), "the window slides");
}

#[test]
fn the_sixteen_most_recently_used_are_kept() {
    let (mut cache, certificate) = (Certificates::default(), certificate());
    let minutes = |n: u64| n * 60_000;
    for n in 0..16 {
        let fetch = fetch(&mut cache, &n.to_string(), minutes(n));
        cache.passed(fetch, certificate.clone());
    }
    assert!(matches!(cache.look_up("0", minutes(16)), Lookup::Passed(_)));
    let fetch = fetch(&mut cache, "16", minutes(16));
    cache.passed(fetch, certificate);
    assert!(matches!(cache.look_up("0", minutes(16)), Lookup::Passed(_)), "used lately");
    assert!(matches!(cache.look_up("1", minutes(17)), Lookup::Fetch(_)), "the one unused for longest");
}

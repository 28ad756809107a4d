//! PayPal's recorded, altered and generated deliveries.

use std::path::Path;

use base64ct::{Base64, Encoding};
use commerce::webhook::Reason;
use commerce::webhook::event::paypal::PayPalEvent;
use commerce::webhook::paypal::{
    CertificateUrls, Delivery, Environment, PayPalPolicy, SIMULATOR_WEBHOOK_ID, Simulator, Verdict,
};
use serde_json::Value;

use super::vector::Vector;
use super::{file, names_one_file, read, say, text};

#[test]
fn every_recorded_delivery_gets_the_verdict_that_its_file_expects() {
    let usual = ["paypal_signed_vectors.json", "paypal_negative_vectors.json", "generated/generated_vectors.json"];
    let names = if names_one_file("PAYPAL_VECTORS") { &usual[..1] } else { &usual[..] };
    for path in names.iter().filter_map(|name| file(Some("PAYPAL_VECTORS"), name)) {
        let entries = read(&path);
        let entries = entries.as_array().unwrap_or_else(|| panic!("{}: not a list", path.display()));
        let (mut accepted, mut refused) = (0, 0);
        for entry in entries {
            match Vector::read(entry, &path) {
                Some(vector) if check(&vector) => accepted += 1,
                Some(_) => refused += 1,
                None => check_crc(entry, &path, entries),
            }
        }
        say(&format!("{}: {accepted} accepted, {refused} refused", path.display()));
        assert!(accepted + refused > 0, "{}: no delivery in it", path.display());
    }
}

/// Whether the vector was accepted, as it should be, or refused for the right reason.
fn check(vector: &Vector) -> bool {
    let verdict = vector.judge(&vector.policy(), vector.after);
    let name = &vector.name;
    if matches!(vector.expect.as_str(), "too_old" | "too-old" | "needs_review") {
        assert!(matches!(verdict, Verdict::TooOld(_)), "{name}: {verdict:?}");
        return false;
    }
    if vector.expect.starts_with("reject") {
        // Too old isn't refused but kept for somebody to look at: it isn't accepted either.
        let reason = verdict.reason().filter(|_| matches!(verdict, Verdict::Refused(_) | Verdict::TooOld(_)));
        let reason = reason.unwrap_or_else(|| panic!("{name}: {verdict:?}"));
        if let Some(expected) = vector.reason.or_else(|| expected_reason(name)) {
            assert_eq!(reason, expected, "{name}");
        }
        say(&format!("{name}: {reason}"));
        if vector.expect.starts_with("reject_before_crypto") {
            let now = vector.sent_at;
            assert_eq!(Delivery::read(&vector.headers(), &vector.policy(), now).err(), Some(reason), "{name}");
        }
        return false;
    }
    let simulated = vector.webhook_id == SIMULATOR_WEBHOOK_ID;
    let accepted =
        if simulated { matches!(verdict, Verdict::Simulator(_)) } else { matches!(verdict, Verdict::Genuine(_)) };
    assert!(accepted, "{name}: {verdict:?}");
    check_surroundings(vector, simulated);
    true
}

/// Checks what else is true of a delivery that is accepted.
fn check_surroundings(vector: &Vector, simulated: bool) {
    let name = &vector.name;
    if simulated {
        let production = vector.policy().with_simulator(Simulator::Refuse);
        assert_eq!(vector.judge(&production, 0).reason(), Some(Reason::SignatureMismatch), "{name}");
    } else {
        let later = vector.judge(&vector.policy(), 4 * 86_400 + 1);
        assert!(matches!(later, Verdict::TooOld(_)), "{name}: {later:?}");
        let other = match vector.environment {
            Environment::Live => Environment::Sandbox,
            Environment::Sandbox => Environment::Live,
        };
        let other = PayPalPolicy::new(other, &vector.webhook_id).expect("an id");
        assert_eq!(vector.judge(&other, 0).reason(), Some(Reason::CertificateUrlNotAllowed), "{name}");
    }
    let early = vector.judge(&vector.policy(), -301);
    assert_eq!(early.reason(), Some(Reason::TransmissionInFuture), "{name}");
    if vector.own_ca && CertificateUrls::default().environment_of(&vector.certificate_url).is_none() {
        let own_urls = vector.policy().with_urls(CertificateUrls::default());
        assert_eq!(vector.judge(&own_urls, 0).reason(), Some(Reason::CertificateUrlNotAllowed), "{name}");
    }
    // Whatever a body claims, it can only name an event and something to ask the provider for. Not
    // every signed body is an event.
    let Ok(event) = PayPalEvent::parse(&vector.body) else { return };
    assert!(!event.id.is_empty() && event.resource.as_ref().is_none_or(|r| r.path().ends_with(&r.id)), "{name}");
}

/// The reason for vectors known by name; others give one, or need only be refused.
fn expected_reason(name: &str) -> Option<Reason> {
    Some(match name {
        "reserialised-with-spaces" | "sorted-keys" | "escaped-slashes-php-style" => Reason::SignatureMismatch,
        "other-merchants-webhook-id" | "trailing-newline" | "amount-tampered" | "wrong-transmission-time" => {
            Reason::SignatureMismatch
        }
        "auth-algo-sha1" => Reason::AlgorithmNotAllowed,
        "testca-expired-leaf" => Reason::CertificateNotValidAtTransmission,
        "testca-wrong-cn" => Reason::CertificateNameMismatch,
        "forged-selfsigned" => Reason::CertificateUntrusted,
        _ => return None,
    })
}

/// An entry that only gives the CRC of another vector's body, wrongly printed with a sign.
fn check_crc(entry: &Value, path: &Path, entries: &[Value]) {
    let (name, base) = (text(entry, "name").unwrap_or_default(), text(entry, "base_vector").unwrap_or_default());
    let Some(signed) = text(entry, "signed_crc") else { panic!("{name} in {}: nothing to verify", path.display()) };
    match entries.iter().find(|entry| text(entry, "name") == Some(base)) {
        Some(base) => {
            let body = text(base, "body_base64").map(Base64::decode_vec).expect("a body").expect("base64");
            let crc = crc32fast::hash(&body);
            assert_eq!((crc as i32).to_string(), signed, "{name}");
            assert_ne!(crc.to_string(), signed, "{name}");
        }
        None => say(&format!("{name}: its vector {base} is not in the file")),
    }
}

#[test]
fn recorded_certificate_urls_are_judged_as_expected() {
    let Some(path) = file(None, "cert_url_cases.json") else { return };
    let cases = read(&path);
    for case in cases.as_array().expect("a list") {
        let url = text(case, "cert_url").expect("cert_url");
        let expect = text(case, "expect").expect("expect");
        let mode = if text(case, "mode") == Some("sandbox") { Environment::Sandbox } else { Environment::Live };
        let accepts = |urls: &CertificateUrls| urls.environment_of(url).is_some_and(|(found, _)| found == mode);
        assert_eq!(accepts(&CertificateUrls::default()), expect.starts_with("accept"), "{url}: {expect}");
        if expect.starts_with("configurable") {
            let host = url.split('/').nth(2).expect("a host").to_owned();
            let configured = CertificateUrls { live_hosts: vec![host], ..Default::default() };
            assert!(accepts(&configured), "{url}: {expect}");
        }
    }
}

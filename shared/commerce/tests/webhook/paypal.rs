//! PayPal's scheme against deliveries that we sign ourselves, good and forged.

use commerce::time::Moment;
use commerce::webhook::Reason;
use commerce::webhook::paypal::{
    Delivery, Environment, PassedCertificate, PayPalPolicy, Simulator, Trust, Verdict, verify,
};

use crate::authority::{
    CA_KEY, LEAF_KEY, LIVE_NAME, Leaf, NOW, SHORT_KEY, Signed, WEBHOOK_ID, intermediate_pem, root_pem,
};

const BODY: &[u8] = br#"{"id":"WH-1","event_type":"PAYMENT.CAPTURE.COMPLETED","resource":{"id":"C1"}}"#;
const DAY: i64 = 86_400;

fn policy() -> PayPalPolicy {
    PayPalPolicy::new(Environment::Live, WEBHOOK_ID).unwrap()
}

fn trust() -> Trust {
    Trust::from_pem(root_pem().as_bytes(), intermediate_pem((-365, 365)).as_bytes()).unwrap()
}

fn text(at: i64) -> String {
    Moment(at * 1_000_000).to_rfc3339().replace(".000000", "")
}

/// A good delivery sent `ago` seconds before now.
fn sent(ago: i64) -> Signed {
    Signed::new(&LEAF_KEY, WEBHOOK_ID, &text(NOW - ago), BODY)
}

/// The whole way of a delivery: headers, certificate, signature.
fn judge(signed: &Signed, pem: &str, trust: &Trust, policy: &PayPalPolicy) -> Verdict {
    let delivery = match Delivery::read(&signed.headers(), policy, NOW) {
        Ok(delivery) => delivery,
        Err(reason) => return Verdict::Refused(reason),
    };
    let at = delivery.transmission().time;
    match PassedCertificate::check(pem.as_bytes(), trust, delivery.certificate_name(), at) {
        Ok(certificate) => verify(&delivery, &signed.body, &certificate, trust, policy, NOW),
        Err(reason) => Verdict::Refused(reason),
    }
}

#[track_caller]
fn check(what: &str, signed: &Signed, pem: &str, expected: Option<Reason>) {
    assert_eq!(judge(signed, pem, &trust(), &policy()).reason(), expected, "{what}");
}

#[test]
fn a_genuine_delivery_is_genuine_within_the_window_and_kept_when_older() {
    let leaf = Leaf::default().pem();
    for (ago, expected) in [
        (0, None),
        (4 * DAY, None),
        (4 * DAY + 1, Some(Reason::TransmissionTooOld)),
        (-300, None),
        (-301, Some(Reason::TransmissionInFuture)),
    ] {
        check(&format!("sent {ago} s ago"), &sent(ago), &leaf, expected);
    }
    let Verdict::TooOld(transmission) = judge(&sent(5 * DAY), &leaf, &trust(), &policy()) else { panic!("not kept") };
    assert_eq!(transmission.time, NOW - 5 * DAY);
    let wide = policy().with_window(6 * 86_400, 0);
    assert!(matches!(judge(&sent(5 * DAY), &leaf, &trust(), &wide), Verdict::Genuine(_)));
}

#[test]
fn whatever_is_signed_can_not_be_changed() {
    let leaf = Leaf::default().pem();
    let mismatch = Some(Reason::SignatureMismatch);
    let good = sent(0);
    let body = |body: &[u8]| Signed { body: body.to_vec(), ..good.clone() };
    check("a newline more", &body(&[BODY, b"\n"].concat()), &leaf, mismatch);
    check("no body", &body(b""), &leaf, mismatch);
    check("id", &good.clone().with("paypal-transmission-id", Some("another")), &leaf, mismatch);
    check("time", &good.clone().with("paypal-transmission-time", Some(&text(NOW - 1))), &leaf, mismatch);
    let same_moment = text(NOW).replace('Z', "+00:00");
    check("time, written otherwise", &good.with("paypal-transmission-time", Some(&same_moment)), &leaf, mismatch);
    check("another webhook", &Signed::new(&LEAF_KEY, "OTHER", &text(NOW), BODY), &leaf, mismatch);
    check("another key", &Signed::new(&CA_KEY, WEBHOOK_ID, &text(NOW), BODY), &leaf, mismatch);
}

#[test]
fn a_crc_above_two_to_the_31_is_written_unsigned() {
    // About every other body has one; some fail somewhere if either half is formatted wrongly.
    let leaf = Leaf::default().pem();
    let bodies: Vec<_> = (0..8).map(|n| format!("{{\"n\":{n}}}")).collect();
    assert!(bodies.iter().any(|body| crc32fast::hash(body.as_bytes()) > 1 << 31));
    for body in bodies {
        check(&body, &Signed::new(&LEAF_KEY, WEBHOOK_ID, &text(NOW), body.as_bytes()), &leaf, None);
    }
}

#[test]
fn headers_are_complete_single_and_well_formed() {
    let leaf = Leaf::default().pem();
    for name in [
        "paypal-transmission-id",
        "paypal-transmission-time",
        "paypal-transmission-sig",
        "paypal-cert-url",
        "paypal-auth-algo",
    ] {
        check(name, &sent(0).with(name, None), &leaf, Some(Reason::HeaderMissing));
        check(name, &sent(0).with(name, Some("")), &leaf, Some(Reason::HeaderMissing));
        let mut twice = sent(0);
        let (_, value) = twice.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).unwrap().clone();
        twice.headers.push((name.to_owned(), value));
        check(name, &twice, &leaf, Some(Reason::HeaderDuplicated));
    }
    for (name, value, reason) in [
        ("paypal-transmission-id", "a|b", Reason::HeaderMalformed),
        ("paypal-transmission-id", &"a".repeat(51), Reason::HeaderMalformed),
        ("paypal-transmission-time", "yesterday", Reason::HeaderMalformed),
        ("paypal-transmission-time", "2026-19-15T12:00:00Z", Reason::HeaderMalformed),
        ("paypal-transmission-sig", "%%%", Reason::HeaderMalformed),
        ("paypal-transmission-sig", &"A".repeat(704), Reason::HeaderMalformed),
        ("paypal-transmission-sig", "AAAA", Reason::SignatureMismatch),
        ("paypal-auth-algo", "SHA1withRSA", Reason::AlgorithmNotAllowed),
        ("paypal-auth-algo", "none", Reason::AlgorithmNotAllowed),
        ("paypal-cert-url", "https://evil.example/v1/notifications/certs/CERT-1", Reason::CertificateUrlNotAllowed),
    ] {
        check(&format!("{name}: {value}"), &sent(0).with(name, Some(value)), &leaf, Some(reason));
    }
}

#[test]
fn a_certificate_needs_a_chain_a_name_and_its_time() {
    let good = sent(0);
    let bundle = format!("{}{}", Leaf::default().pem(), intermediate_pem((-365, 365)));
    let sandbox = "messageverificationcerts.sandbox.paypal.com";
    for (what, pem, expected) in [
        ("right", Leaf::default().pem(), None),
        ("among other names", Leaf { names: vec!["a.example", LIVE_NAME], ..Leaf::default() }.pem(), None),
        ("intermediate served along", bundle, None),
        ("self-signed", Leaf { self_signed: true, ..Leaf::default() }.pem(), Some(Reason::CertificateUntrusted)),
        ("a CA", Leaf { is_ca: true, ..Leaf::default() }.pem(), Some(Reason::CertificateUntrusted)),
        (
            "an extension it insists on and we don't know",
            Leaf { critical_extension: true, ..Leaf::default() }.pem(),
            Some(Reason::CertificateUntrusted),
        ),
        (
            "expired",
            Leaf { valid: (-30, -1), ..Leaf::default() }.pem(),
            Some(Reason::CertificateNotValidAtTransmission),
        ),
        (
            "not yet valid",
            Leaf { valid: (1, 30), ..Leaf::default() }.pem(),
            Some(Reason::CertificateNotValidAtTransmission),
        ),
        (
            "other name",
            Leaf { names: vec!["example.com"], ..Leaf::default() }.pem(),
            Some(Reason::CertificateNameMismatch),
        ),
        (
            "sandbox's name",
            Leaf { names: vec![sandbox], ..Leaf::default() }.pem(),
            Some(Reason::CertificateNameMismatch),
        ),
        (
            "wildcard",
            Leaf { names: vec!["*.paypal.com"], ..Leaf::default() }.pem(),
            Some(Reason::CertificateNameMismatch),
        ),
        ("no name", Leaf { names: vec![], ..Leaf::default() }.pem(), Some(Reason::CertificateNameMismatch)),
        ("nothing", String::new(), Some(Reason::CertificateUnreadable)),
        ("no certificate", "<html></html>".into(), Some(Reason::CertificateUnreadable)),
        ("damaged", Leaf::default().pem().replace('A', "B"), Some(Reason::CertificateUnreadable)),
        ("huge", format!("{}{}", "#".repeat(65_536), Leaf::default().pem()), Some(Reason::CertificateUnreadable)),
    ] {
        check(what, &good, &pem, expected);
    }
    let short = Signed::new(&SHORT_KEY, WEBHOOK_ID, &text(NOW), BODY);
    let leaf = Leaf { key: &SHORT_KEY, ..Leaf::default() }.pem();
    check("1024 bits", &short, &leaf, Some(Reason::SignatureMismatch));
}

#[test]
fn the_certificate_is_judged_at_the_transmission_time_not_now() {
    let leaf = Leaf { valid: (-30, -1), ..Leaf::default() }.pem();
    check("valid when sent, expired since", &sent(2 * DAY), &leaf, None);
    let young = Leaf { valid: (-1, 30), ..Leaf::default() }.pem();
    check("sent before it existed", &sent(2 * DAY), &young, Some(Reason::CertificateNotValidAtTransmission));

    // A certificate that passed for one delivery is judged again for the next one.
    let (trust, policy) = (trust(), policy());
    let passed = PassedCertificate::check(young.as_bytes(), &trust, LIVE_NAME, NOW).unwrap();
    let old = Delivery::read(&sent(2 * DAY).headers(), &policy, NOW).unwrap();
    let verdict = verify(&old, BODY, &passed, &trust, &policy, NOW);
    assert_eq!(verdict.reason(), Some(Reason::CertificateNotValidAtTransmission));
    let before_1970 = PassedCertificate::check(young.as_bytes(), &trust, LIVE_NAME, -1);
    assert_eq!(before_1970, Err(Reason::CertificateNotValidAtTransmission));
}

#[test]
fn the_chain_needs_pinned_and_valid_links() {
    let (good, leaf, root) = (sent(0), Leaf::default().pem(), root_pem());
    let other_root = Leaf { self_signed: true, is_ca: true, ..Leaf::default() }.pem();
    let intermediate = intermediate_pem((-365, 365));
    let expired = intermediate_pem((-365, -1));
    for (what, roots, intermediates, expected) in [
        ("several of each", format!("{other_root}{root}"), format!("{expired}{intermediate}"), None),
        ("no intermediate", root.clone(), String::new(), Some(Reason::CertificateUntrusted)),
        ("another root", other_root, intermediate, Some(Reason::CertificateUntrusted)),
        ("expired intermediate", root, expired, Some(Reason::CertificateNotValidAtTransmission)),
    ] {
        let trust = Trust::from_pem(roots.as_bytes(), intermediates.as_bytes()).unwrap();
        assert_eq!(judge(&good, &leaf, &trust, &policy()).reason(), expected, "{what}");
    }
    for (roots, intermediates) in [("", ""), ("junk", ""), (&*Leaf::default().pem().replace('A', "B"), "")] {
        let refused = Trust::from_pem(roots.as_bytes(), intermediates.as_bytes()).err();
        assert_eq!(refused, Some(Reason::CertificateUnreadable));
    }
}

#[test]
fn a_certificate_checked_for_another_name_proves_nothing() {
    let (trust, policy, signed) = (trust(), policy(), sent(0));
    let sandbox = Environment::Sandbox.certificate_name();
    let pem = Leaf { names: vec![LIVE_NAME, sandbox], ..Leaf::default() }.pem();
    let passed = PassedCertificate::check(pem.as_bytes(), &trust, sandbox, NOW).unwrap();
    let delivery = Delivery::read(&signed.headers(), &policy, NOW).unwrap();
    let verdict = verify(&delivery, BODY, &passed, &trust, &policy, NOW);
    assert_eq!(verdict, Verdict::Refused(Reason::CertificateNameMismatch));
}

#[test]
fn simulator_events_never_count_and_are_recognised_where_allowed() {
    let leaf = Leaf::default().pem();
    let simulated = Signed::new(&LEAF_KEY, "WEBHOOK_ID", &text(NOW), BODY);
    check("production", &simulated, &leaf, Some(Reason::SignatureMismatch));
    let allowed = policy().with_simulator(Simulator::Ignore);
    assert!(matches!(judge(&simulated, &leaf, &trust(), &allowed), Verdict::Simulator(_)));
    let forged = Signed { body: b"{}".to_vec(), ..simulated.clone() };
    assert_eq!(judge(&forged, &leaf, &trust(), &allowed).reason(), Some(Reason::SignatureMismatch));

    // In the sandbox the simulator signs with the live certificate; nothing else may.
    let sandbox = PayPalPolicy::new(Environment::Sandbox, WEBHOOK_ID).unwrap();
    let refused = judge(&simulated, &leaf, &trust(), &sandbox).reason();
    assert_eq!(refused, Some(Reason::CertificateUrlNotAllowed));
    let sandbox = sandbox.with_simulator(Simulator::Ignore);
    assert!(matches!(judge(&simulated, &leaf, &trust(), &sandbox), Verdict::Simulator(_)));
    assert_eq!(judge(&sent(0), &leaf, &trust(), &sandbox).reason(), Some(Reason::SignatureMismatch));
}

#[test]
fn reasons_are_stable_kebab_case_names() {
    use Reason::*;
    let names = [
        (HeaderMissing, "header-missing"),
        (HeaderDuplicated, "header-duplicated"),
        (HeaderMalformed, "header-malformed"),
        (AlgorithmNotAllowed, "algorithm-not-allowed"),
        (CertificateUrlNotAllowed, "certificate-url-not-allowed"),
        (CertificateUnreadable, "certificate-unreadable"),
        (CertificateUntrusted, "certificate-untrusted"),
        (CertificateNameMismatch, "certificate-name-mismatch"),
        (CertificateNotValidAtTransmission, "certificate-not-valid-at-transmission"),
        (TransmissionInFuture, "transmission-in-future"),
        (TransmissionTooOld, "transmission-too-old"),
        (SignatureMismatch, "signature-mismatch"),
        (SimulatorEvent, "simulator-event"),
        (LivemodeMismatch, "livemode-mismatch"),
        (AccountMismatch, "account-mismatch"),
        (EventMalformed, "event-malformed"),
    ];
    for (reason, name) in names {
        assert_eq!(reason.to_string(), name);
    }
}

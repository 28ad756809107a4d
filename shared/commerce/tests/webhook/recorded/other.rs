//! Recorded vectors of Stripe and of Standard Webhooks.

use base64ct::{Base64, Encoding};
use commerce::webhook::event::stripe::StripeEvent;
use commerce::webhook::{Headers, Reason, standard, stripe};
use serde_json::Value;

use super::{file, read, say, text};

#[test]
fn every_stripe_vector_gets_the_verdict_that_its_file_expects() {
    let Some(path) = file(Some("STRIPE_VECTORS"), "stripe_webhook_vectors.json") else { return };
    let vectors = read(&path);
    let vectors = vectors.as_array().expect("a list");
    for vector in vectors {
        let name = text(vector, "name").unwrap_or("unnamed");
        let body = match text(vector, "payload_base64") {
            Some(encoded) => Base64::decode_vec(encoded).expect("base64"),
            None => text(vector, "payload_utf8").expect("a payload").into(),
        };
        let header = text(vector, "stripe_signature_header").unwrap_or_default();
        let headers = Headers::new([("Stripe-Signature", header.as_bytes())]);
        let secrets = match vector.get("secrets").and_then(Value::as_array) {
            Some(several) => several.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            None => vec![text(vector, "secret").expect("a secret").to_owned()],
        };
        let tolerance = vector.get("tolerance_s").and_then(Value::as_i64).unwrap_or(300);
        let now = vector.get("now_unix").and_then(Value::as_i64).expect("now_unix");
        let verdict = stripe::verify(&headers, &body, &stripe::StripePolicy { secrets, tolerance }, now);
        let expect = text(vector, "expect").expect("expect");
        match expect.split_once(':').unwrap_or((expect, "")) {
            ("accept", _) => assert!(verdict.is_ok(), "{name}: {verdict:?}"),
            ("signature_ok_then_json_error", _) => {
                assert!(verdict.is_ok(), "{name}: {verdict:?}");
                assert_eq!(StripeEvent::parse(&body), Err(Reason::EventMalformed), "{name}");
            }
            (other, why) => {
                assert_eq!(other, "reject", "{name}");
                let reason = verdict.expect_err(name);
                let expected = match why {
                    "not_signed" => Reason::HeaderMissing,
                    "invalid_header" => Reason::HeaderMalformed,
                    "no_valid_signature" => Reason::SignatureMismatch,
                    "too_old" => Reason::TransmissionTooOld,
                    "too_new" | "in_future" | "future" => Reason::TransmissionInFuture,
                    _ => reason,
                };
                assert_eq!(reason, expected, "{name}");
            }
        }
    }
    say(&format!("{}: {} as expected", path.display(), vectors.len()));
}

#[test]
fn every_standard_webhooks_vector_gets_the_verdict_that_its_file_expects() {
    let Some(path) = file(None, "standard_webhooks_vectors.json") else { return };
    let file = read(&path);
    let tolerance = file.get("tolerance_s").and_then(Value::as_i64).expect("tolerance_s");
    let policy = standard::StandardPolicy::new([text(&file, "secret").expect("a secret")], tolerance).expect("base64");
    let payload = text(&file, "payload").expect("a payload");
    for case in file.get("cases").and_then(Value::as_array).expect("cases") {
        let headers = case.get("headers").and_then(Value::as_object).expect("headers");
        let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_str().expect("text").as_bytes()));
        let now = case.get("now_unix").and_then(Value::as_i64).expect("now_unix");
        let verdict = standard::verify(&Headers::new(headers), payload.as_bytes(), &policy, now);
        let (name, expected) = (text(case, "name").expect("a name"), text(case, "expect") == Some("accept"));
        assert_eq!(verdict.is_ok(), expected, "{name}: {verdict:?}");
        let reason = match name {
            "valid" | "valid-multi-sig" => continue,
            "too-old" => Reason::TransmissionTooOld,
            "too-new" => Reason::TransmissionInFuture,
            missing if missing.starts_with("missing-") => Reason::HeaderMissing,
            _ => Reason::SignatureMismatch,
        };
        assert_eq!(verdict, Err(reason), "{name}");
    }
}

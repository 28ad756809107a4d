//! Stripe's signature scheme: `Stripe-Signature: t=<seconds>,v1=<hex>,...`, HMAC-SHA256 over
//! `t.body`.

use super::{Headers, Reason, mac};
use crate::hex;

/// The rules of this receiver for Stripe.
pub struct StripePolicy {
    /// The endpoint's secrets (`whsec_...`, used as they are). Several while one is being replaced.
    pub secrets: Vec<String>,
    /// The difference that the signed time may have from now, either way, in seconds. Stripe's
    /// default is 300.
    pub tolerance: i64,
}

impl std::fmt::Debug for StripePolicy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (secrets, tolerance) = (self.secrets.len(), self.tolerance);
        write!(f, "StripePolicy {{ {secrets} secrets, tolerance: {tolerance} }}")
    }
}

/// Judges `body`, the raw bytes as received, at `now` (seconds since 1970). Answers the signed
/// time.
///
/// The whole body is signed, so its content may be believed. [`livemode_matches`] checks whether
/// its `livemode` fits, once it is parsed.
///
/// # Errors
/// `header-*`, `signature-mismatch` (also if there is no v1 signature), then `transmission-too-old`
/// or `transmission-in-future` for a body that was genuinely signed at another time.
pub fn verify(headers: &Headers<'_>, body: &[u8], policy: &StripePolicy, now: i64) -> Result<i64, Reason> {
    let header = Signatures::read(headers.single("stripe-signature")?)?;
    let pieces = [header.time_text.as_bytes(), b".", body];
    if !mac::any_matches(&policy.secrets, &pieces, &header.v1) {
        return Err(Reason::SignatureMismatch);
    }
    if header.time < now.saturating_sub(policy.tolerance) {
        return Err(Reason::TransmissionTooOld);
    }
    if header.time > now.saturating_add(policy.tolerance) {
        return Err(Reason::TransmissionInFuture);
    }
    Ok(header.time)
}

/// Whether an event belongs to this endpoint's mode. An event that doesn't say is not of it.
///
/// # Errors
/// `livemode-mismatch`.
pub fn livemode_matches(event: Option<bool>, expected: bool) -> Result<(), Reason> {
    if event == Some(expected) { Ok(()) } else { Err(Reason::LivemodeMismatch) }
}

struct Signatures<'a> {
    /// The time as sent: the signature covers the text.
    time_text: &'a str,
    time: i64,
    v1: Vec<Vec<u8>>,
}

impl<'a> Signatures<'a> {
    fn read(header: &'a str) -> Result<Self, Reason> {
        let mut time = None;
        let mut v1 = Vec::new();
        for item in header.split(',') {
            let (scheme, value) = item.trim().split_once('=').ok_or(Reason::HeaderMalformed)?;
            match scheme {
                // Two times: which one was signed can't be known.
                "t" if time.is_some() => return Err(Reason::HeaderMalformed),
                "t" => time = Some(value),
                // An unreadable signature counts for nothing; a readable one beside it still
                // counts.
                "v1" => v1.extend(hex::decode(value)),
                // v0 is a fake that test mode sends along; other schemes do not exist yet.
                _ => {}
            }
        }
        let time_text = time.ok_or(Reason::HeaderMalformed)?;
        let well_formed = (1..=15).contains(&time_text.len()) && time_text.bytes().all(|b| b.is_ascii_digit());
        let time = well_formed.then(|| time_text.parse().ok()).flatten().ok_or(Reason::HeaderMalformed)?;
        Ok(Self { time_text, time, v1 })
    }
}

#[cfg(test)]
mod tests {
    use hmac::{Hmac, Mac};
    use sha2::Sha256;

    use super::*;

    const NOW: i64 = 1_700_000_000;
    const BODY: &[u8] = br#"{"id":"evt_1","livemode":true}"#;

    fn signature(secret: &str, time: &str, body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(time.as_bytes());
        mac.update(b".");
        mac.update(body);
        hex::encode(&mac.finalize().into_bytes())
    }

    fn judge(header: &str, body: &[u8]) -> Result<i64, Reason> {
        let policy = StripePolicy { secrets: vec!["old".into(), "new".into()], tolerance: 300 };
        verify(&Headers::new([("Stripe-Signature", header.as_bytes())]), body, &policy, NOW)
    }

    fn at(offset: i64) -> String {
        let time = (NOW + offset).to_string();
        format!("t={time},v1={}", signature("new", &time, BODY))
    }

    #[test]
    fn a_signature_counts_under_any_current_secret_and_within_the_tolerance() {
        let time = NOW.to_string();
        let (old, new) = (signature("old", &time, BODY), signature("new", &time, BODY));
        let other = signature("other", &time, BODY);
        let mismatch = Err(Reason::SignatureMismatch);
        let malformed = Err(Reason::HeaderMalformed);
        for (header, expected) in [
            (at(0), Ok(NOW)),
            (at(-300), Ok(NOW - 300)),
            (at(300), Ok(NOW + 300)),
            (at(-301), Err(Reason::TransmissionTooOld)),
            (at(301), Err(Reason::TransmissionInFuture)),
            (format!("t={time},v1={old}"), Ok(NOW)),
            (format!("v1={new},t={time}"), Ok(NOW)),
            (format!("t={time}, v1={new}"), Ok(NOW)),
            (format!("t={time},v1={}", new.to_uppercase()), Ok(NOW)),
            (format!("t={time},v1={other},v1={new}"), Ok(NOW)),
            (format!("t={time},v1=zz,v1=abc,v1=,v1={new}"), Ok(NOW)),
            (format!("t={time},v9=x,v1={new}"), Ok(NOW)),
            (format!("t={time},v1={other}"), mismatch),
            (format!("t={time},v0={new}"), mismatch),
            (format!("t={time},V1={new}"), mismatch),
            (format!("t={time},v1={}", &new[..32]), mismatch),
            (format!("t={time},v1={new}00"), mismatch),
            (format!("t=0{time},v1={new}"), mismatch),
            (format!("t={time}"), mismatch),
            (format!("t={},v1={new}", NOW + 1), mismatch),
            (format!("v1={new}"), malformed),
            (format!("t={time},t={time},v1={new}"), malformed),
            (format!("t=+{time},v1={new}"), malformed),
            (format!("t=,v1={new}"), malformed),
            (format!("t=9999999999999999,v1={new}"), malformed),
            (format!("t={time},v1={new},"), malformed),
            ("no signature".into(), malformed),
            (String::new(), Err(Reason::HeaderMissing)),
        ] {
            assert_eq!(judge(&header, BODY), expected, "{header}");
        }
        assert_eq!(judge(&at(0), b"{}"), mismatch, "another body");
    }

    #[test]
    fn a_second_signature_header_is_refused() {
        let (policy, value) = (StripePolicy { secrets: vec!["new".into()], tolerance: 300 }, at(0));
        let twice = Headers::new([("stripe-signature", value.as_bytes()), ("Stripe-Signature", value.as_bytes())]);
        assert_eq!(verify(&twice, BODY, &policy, NOW), Err(Reason::HeaderDuplicated));
    }

    #[test]
    fn an_event_counts_only_in_its_own_mode() {
        for (event, expected, fits) in [
            (Some(true), true, true),
            (Some(false), false, true),
            (Some(true), false, false),
            (Some(false), true, false),
            (None, true, false),
            (None, false, false),
        ] {
            assert_eq!(livemode_matches(event, expected).is_ok(), fits, "{event:?} at {expected}");
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        let policy = StripePolicy { secrets: vec!["whsec_x".into()], tolerance: 300 };
        assert_eq!(format!("{policy:?}"), "StripePolicy { 1 secrets, tolerance: 300 }");
    }
}

//! The scheme of Standard Webhooks (standardwebhooks.com), for gateways that follow it and for
//! messages of our own: HMAC-SHA256 over `id.timestamp.body`, signatures as `v1,<base64>` separated
//! by blanks.

use base64ct::{Base64, Encoding};

use super::{Headers, Reason, mac};

/// The rules of this receiver.
pub struct StandardPolicy {
    secrets: Vec<Vec<u8>>,
    tolerance: i64,
}

impl StandardPolicy {
    /// `secrets` are base64, with or without `whsec_`; `tolerance` is how far the signed time may
    /// be from now, either way, in seconds. `None` when a secret is empty or no base64.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>, tolerance: i64) -> Option<Self> {
        Some(Self { secrets: secrets.into_iter().map(secret).collect::<Option<_>>()?, tolerance })
    }
}

/// The bytes of a secret: base64, with or without `whsec_`. `None` if it is empty or no base64.
fn secret(text: &str) -> Option<Vec<u8>> {
    let bytes = Base64::decode_vec(text.strip_prefix("whsec_").unwrap_or(text)).ok()?;
    (!bytes.is_empty()).then_some(bytes)
}

/// Signs our own messages. A receiver that knows one of the secrets accepts them, so a secret is
/// replaced without a gap.
#[derive(Clone, Default)]
pub struct Signer(Vec<Vec<u8>>);

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({} secrets)", self.0.len())
    }
}

impl Signer {
    /// Reads secrets between blanks. `None` if one of them is no base64.
    pub fn parse(text: &str) -> Option<Self> {
        text.split_whitespace().map(secret).collect::<Option<_>>().map(Self)
    }

    /// Whether it has no secret.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The headers of a message, sent at `time` (seconds since 1970).
    pub fn headers(&self, id: &str, time: i64, body: &[u8]) -> [(&'static str, String); 3] {
        let time = time.to_string();
        let pieces = [id.as_bytes(), b".", time.as_bytes(), b".", body];
        let signatures = self.0.iter().filter_map(|secret| mac::of(secret, &pieces));
        let signatures: Vec<String> =
            signatures.map(|signature| format!("v1,{}", Base64::encode_string(&signature))).collect();
        [("webhook-id", id.to_owned()), ("webhook-timestamp", time), ("webhook-signature", signatures.join(" "))]
    }
}

/// A message that verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// `webhook-id`: the same for every attempt to deliver this message.
    pub id: String,
    /// `webhook-timestamp`, seconds since 1970.
    pub time: i64,
}

/// Judges `body`, the raw bytes as received, at `now` (seconds since 1970).
///
/// # Errors
/// `header-*`, `signature-mismatch`, then `transmission-too-old` or `transmission-in-future`.
pub fn verify(headers: &Headers<'_>, body: &[u8], policy: &StandardPolicy, now: i64) -> Result<Message, Reason> {
    let id = headers.single("webhook-id")?;
    let time_text = headers.single("webhook-timestamp")?;
    let signatures = headers.single("webhook-signature")?;
    // A dot in the id could shift the borders of the signed text.
    let well_formed = id.len() <= 255 && !id.contains('.');
    let digits = time_text.len() <= 15 && time_text.bytes().all(|b| b.is_ascii_digit());
    let time: i64 = time_text.parse().ok().filter(|_| digits && well_formed).ok_or(Reason::HeaderMalformed)?;
    let v1 = signatures.split(' ').filter_map(|one| Base64::decode_vec(one.strip_prefix("v1,")?).ok());
    let pieces = [id.as_bytes(), b".", time_text.as_bytes(), b".", body];
    if !mac::any_matches(&policy.secrets, &pieces, &v1.collect::<Vec<_>>()) {
        return Err(Reason::SignatureMismatch);
    }
    if time < now.saturating_sub(policy.tolerance) {
        return Err(Reason::TransmissionTooOld);
    }
    if time > now.saturating_add(policy.tolerance) {
        return Err(Reason::TransmissionInFuture);
    }
    Ok(Message { id: id.to_owned(), time })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_must_be_base64_with_something_in_it() {
        for (secret, taken) in [("whsec_AAAA", true), ("AAAA", true), ("whsec_", false), ("", false), ("a b", false)] {
            assert_eq!(StandardPolicy::new([secret], 300).is_some(), taken, "{secret}");
        }
    }

    #[test]
    fn a_signed_message_verifies_under_each_of_its_secrets_and_under_no_other() {
        let signer = Signer::parse(" whsec_bmV3  b2xk ").unwrap();
        let signed = signer.headers("session_1", 1000, b"{}");
        let headers = Headers::new(signed.iter().map(|(name, value)| (*name, value.as_bytes())));
        let verdict = |secret, body: &[u8]| verify(&headers, body, &StandardPolicy::new([secret], 300).unwrap(), 1010);
        let message = Message { id: "session_1".into(), time: 1000 };
        assert_eq!(verdict("whsec_bmV3", b"{}"), Ok(message.clone()));
        assert_eq!(verdict("b2xk", b"{}"), Ok(message));
        assert_eq!(verdict("b3RoZXI=", b"{}"), Err(Reason::SignatureMismatch));
        assert_eq!(verdict("b2xk", b"{} "), Err(Reason::SignatureMismatch));
        assert!(Signer::parse("").unwrap().is_empty());
        assert!(Signer::parse("bmV3 no!").is_none());
        assert_eq!(format!("{signer:?}"), "Signer(2 secrets)");
    }

    #[test]
    fn odd_headers_are_malformed() {
        let policy = StandardPolicy::new(["AAAA"], 300).unwrap();
        for (id, time, expected) in [
            ("a.b", "1", Reason::HeaderMalformed),
            ("a", "+1", Reason::HeaderMalformed),
            ("a", "1.5", Reason::HeaderMalformed),
            ("a", "1", Reason::SignatureMismatch),
        ] {
            let headers = Headers::new([
                ("webhook-id", id.as_bytes()),
                ("webhook-timestamp", time.as_bytes()),
                ("webhook-signature", b"v1,AAAA"),
            ]);
            assert_eq!(verify(&headers, b"", &policy, 1), Err(expected), "{id} {time}");
        }
    }
}

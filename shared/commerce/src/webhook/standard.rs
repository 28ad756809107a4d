//! The scheme of Standard Webhooks (standardwebhooks.com), for gateways that follow it: HMAC-SHA256
//! over `id.timestamp.body`, signatures as `v1,<base64>` separated by blanks.

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
        let decode = |secret: &str| {
            let bytes = Base64::decode_vec(secret.strip_prefix("whsec_").unwrap_or(secret)).ok()?;
            (!bytes.is_empty()).then_some(bytes)
        };
        Some(Self { secrets: secrets.into_iter().map(decode).collect::<Option<_>>()?, tolerance })
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

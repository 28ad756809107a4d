//! Standard Webhooks (standardwebhooks.com): HMAC-SHA256 over `id.timestamp.body`, the raw bytes as
//! they came.

use base64ct::{Base64, Encoding};
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// How far the signed time may be from now, either way, in seconds.
const TOLERANCE: i64 = 300;

/// Whether one of the secrets (base64, with or without `whsec_`, between blanks) signed this
/// message around now. A secret that is no base64 signs nothing.
pub fn is_genuine(secrets: &str, id: &str, time: &str, signatures: &str, body: &[u8], now: i64) -> bool {
    // A dot in the id could shift the borders of the signed text.
    let well_formed = !id.is_empty() && !id.contains('.') && time.bytes().all(|byte| byte.is_ascii_digit());
    let fresh = time.parse().is_ok_and(|time: i64| now.saturating_sub(time).saturating_abs() <= TOLERANCE);
    well_formed && fresh && secrets.split_whitespace().any(|secret| signed(secret, id, time, signatures, body))
}

fn signed(secret: &str, id: &str, time: &str, signatures: &str, body: &[u8]) -> bool {
    let Ok(secret) = Base64::decode_vec(secret.strip_prefix("whsec_").unwrap_or(secret)) else { return false };
    if secret.is_empty() {
        return false;
    }
    let given = signatures.split(' ').filter_map(|one| Base64::decode_vec(one.strip_prefix("v1,")?).ok());
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(&secret) else { return false };
    let mac = mac.chain_update(id).chain_update(".").chain_update(time).chain_update(".").chain_update(body);
    // verify_slice takes the same time whatever differs.
    given.into_iter().any(|signature| mac.clone().verify_slice(&signature).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQ=";
    const NOW: i64 = 1_700_000_000;

    fn signature(secret: &str, id: &str, time: &str, body: &[u8]) -> String {
        let secret = Base64::decode_vec(secret.trim_start_matches("whsec_")).expect("base64");
        let mac = Hmac::<Sha256>::new_from_slice(&secret).expect("a key");
        let mac = mac.chain_update(format!("{id}.{time}.")).chain_update(body);
        format!("v1,{}", Base64::encode_string(&mac.finalize().into_bytes()))
    }

    #[test]
    fn only_what_a_known_secret_signed_just_now_is_genuine() {
        let time = NOW.to_string();
        let good = signature(SECRET, "msg_1", &time, b"{}");
        let judge = |secrets: &str, id: &str, time: &str, signatures: &str, body: &[u8], now: i64| {
            is_genuine(secrets, id, time, signatures, body, now)
        };
        assert!(judge(SECRET, "msg_1", &time, &good, b"{}", NOW));
        assert!(judge(&format!("bmV3 {SECRET}"), "msg_1", &time, &format!("v1,AAAA {good}"), b"{}", NOW + 300));
        assert!(!judge(SECRET, "msg_2", &time, &good, b"{}", NOW), "another id");
        assert!(!judge(SECRET, "msg_1", &time, &good, b"{ }", NOW), "another body");
        assert!(!judge(SECRET, "msg_1", &time, &good, b"{}", NOW + 301), "too old");
        assert!(!judge(SECRET, "msg_1", &time, &good, b"{}", NOW - 301), "from the future");
        assert!(!judge("bmV3", "msg_1", &time, &good, b"{}", NOW), "another secret");
        assert!(!judge("", "msg_1", &time, &good, b"{}", NOW), "no secret");
    }
}

//! Stand-ins for personal values that must not be shown: in keys of Redis, in a column that only
//! has to be found again.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use strum::IntoStaticStr;

use crate::gateway::Secret;
use crate::hex;

/// The use of a value. The same value has another pseudonym in every place, so that nobody can join
/// them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
pub enum Purpose {
    /// A customer, in the keys of limits.
    #[strum(serialize = "limit/customer")]
    LimitedCustomer,
    /// An address, in the keys of limits.
    #[strum(serialize = "limit/address")]
    LimitedAddress,
    /// The name of an attempt to pay.
    #[strum(serialize = "limit/attempt")]
    Attempt,
    /// The owner of a checkout session.
    #[strum(serialize = "checkout/owner")]
    CheckoutOwner,
    /// The token of a guest.
    #[strum(serialize = "guest/token")]
    GuestToken,
    /// The ticket of a payment session's redirect.
    #[strum(serialize = "session/redirect")]
    RedirectTicket,
    /// The ticket of a payment session's return page.
    #[strum(serialize = "session/return")]
    ReturnTicket,
    /// The ticket of an order's live status.
    #[strum(serialize = "order/live")]
    LiveTicket,
}

/// The keys of pseudonyms, the newest first. What is written gets the newest; what was written
/// under an older one is still found, so a key is replaced without a gap.
#[derive(Debug, Clone, Default)]
pub struct PseudonymKeys(Vec<Secret>);

impl PseudonymKeys {
    /// These keys, the newest first.
    pub fn new(keys: Vec<Secret>) -> Self {
        Self(keys)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them, the newest first.
    pub fn each(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(|key| key.expose().as_bytes())
    }

    /// [`pseudonym`] under each of them.
    pub fn pseudonyms(&self, purpose: Purpose, value: &[u8]) -> impl Iterator<Item = String> {
        self.each().map(move |key| pseudonym(key, purpose, value))
    }

    /// [`short_pseudonym`] under each of them.
    pub fn short_pseudonyms(&self, purpose: Purpose, value: &[u8]) -> impl Iterator<Item = String> {
        self.each().map(move |key| short_pseudonym(key, purpose, value))
    }

    /// [`short_pseudonym`] under the newest; empty if there is none.
    pub fn short_pseudonym(&self, purpose: Purpose, value: &[u8]) -> String {
        self.short_pseudonyms(purpose, value).next().unwrap_or_default()
    }

    /// Whether a text is the [`short_pseudonym`] of a value under one of them. All are tried, so
    /// the time tells nothing.
    pub fn is_short_pseudonym(&self, purpose: Purpose, value: &[u8], text: &str) -> bool {
        self.each().fold(false, |is, key| is | is_short_pseudonym(key, purpose, value, text))
    }
}

/// HMAC-SHA256 of a value for one purpose, as 64 hexadecimal digits. Without `key` nobody can try
/// values out.
pub fn pseudonym(key: &[u8], purpose: Purpose, value: &[u8]) -> String {
    // HMAC takes keys of any length.
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    // No label holds a NUL, so no label and value can be taken for another pair.
    let mac = mac.chain_update(<&str>::from(purpose)).chain_update([0]).chain_update(value);
    hex::encode(&mac.finalize().into_bytes())
}

/// The same, cut to 128 bits: enough to tell two values apart in a key.
pub fn short_pseudonym(key: &[u8], purpose: Purpose, value: &[u8]) -> String {
    let mut full = pseudonym(key, purpose, value);
    full.truncate(32);
    full
}

/// Whether a text is [`short_pseudonym`] of a value. The time that it takes doesn't depend on which
/// characters differ.
pub fn is_short_pseudonym(key: &[u8], purpose: Purpose, value: &[u8], text: &str) -> bool {
    let right = short_pseudonym(key, purpose, value);
    let differences = right.bytes().zip(text.bytes()).fold(0, |all, (one, other)| all | (one ^ other));
    !right.is_empty() && right.len() == text.len() && std::hint::black_box(differences) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pseudonym_is_the_hmac_of_purpose_and_value() {
        // RFC 4231 has no such message; computed with `openssl dgst -sha256 -hmac key`, fed
        // "guest/token\0abc".
        let expected = "761059105696bcec7d0e7920f75d9f55c05543f5233e3c8953b8d9ec1361ba71";
        assert_eq!(pseudonym(b"key", Purpose::GuestToken, b"abc"), expected);
        assert_eq!(short_pseudonym(b"key", Purpose::GuestToken, b"abc"), expected[..32]);
    }

    #[test]
    fn a_pseudonym_is_recognised_whole_and_for_its_purpose() {
        let is = |purpose, text: &str| is_short_pseudonym(b"key", purpose, b"abc", text);
        let right = short_pseudonym(b"key", Purpose::RedirectTicket, b"abc");
        assert!(is(Purpose::RedirectTicket, &right));
        assert!(!is(Purpose::ReturnTicket, &right));
        for wrong in ["", &right[..31], &format!("{right}0"), &right.replace(&right[..1], "x"), &right.to_uppercase()] {
            assert!(!is(Purpose::RedirectTicket, wrong), "{wrong}");
        }
    }

    #[test]
    fn a_pseudonym_is_made_under_the_newest_key_and_recognised_under_each() {
        let keys = PseudonymKeys::new(vec![Secret::new("new"), Secret::new("old")]);
        let made = keys.short_pseudonym(Purpose::ReturnTicket, b"abc");
        assert_eq!(made, short_pseudonym(b"new", Purpose::ReturnTicket, b"abc"));
        for key in [&b"new"[..], b"old"] {
            assert!(keys.is_short_pseudonym(
                Purpose::ReturnTicket,
                b"abc",
                &short_pseudonym(key, Purpose::ReturnTicket, b"abc")
            ));
        }
        assert!(!keys.is_short_pseudonym(
            Purpose::ReturnTicket,
            b"abc",
            &short_pseudonym(b"other", Purpose::ReturnTicket, b"abc")
        ));
        assert!(!PseudonymKeys::default().is_short_pseudonym(Purpose::ReturnTicket, b"abc", ""));
        assert_eq!(
            keys.pseudonyms(Purpose::GuestToken, b"abc").nth(1),
            Some(pseudonym(b"old", Purpose::GuestToken, b"abc"))
        );
    }

    #[test]
    fn key_purpose_and_value_all_count() {
        let purposes = [
            Purpose::LimitedCustomer,
            Purpose::LimitedAddress,
            Purpose::Attempt,
            Purpose::CheckoutOwner,
            Purpose::GuestToken,
            Purpose::RedirectTicket,
            Purpose::ReturnTicket,
            Purpose::LiveTicket,
        ];
        let mut all = Vec::new();
        for purpose in purposes {
            for key in [b"a", b"b"] {
                for value in [&b""[..], b"v", b"\0v"] {
                    all.push(pseudonym(key, purpose, value));
                }
            }
        }
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}

//! The keys in Redis that deliveries use, without the namespace's prefix.

use cache_logic::key::KeyBuilder;
use sha2::{Digest, Sha256};

use crate::hex;
use crate::provider::Provider;

/// The claim on one event: the transaction it is about (`-` if it is about nothing of ours), its
/// account, its id, and the SHA-256 of its body. The same id with another body is another event, so
/// a forged one can't take the genuine one's place.
pub fn claim(provider: Provider, account: &str, transaction: Option<&str>, event: &str, sha256: &str) -> String {
    let key = KeyBuilder::new("order-payment:webhook").part(transaction.unwrap_or("-"));
    key.pair(provider.as_str(), account).part(event).part(sha256).build()
}

/// A certificate that has passed, by the URL that it came from.
pub fn certificate(url: &str) -> String {
    KeyBuilder::new("order-payment:certificate").part(hex::encode(&Sha256::digest(url))).build()
}

/// The holder of the right to fetch that certificate, or the reason why it didn't pass.
pub fn certificate_lock(url: &str) -> String {
    format!("{}:lock", certificate(url))
}

/// When certificates were fetched within the last minute.
pub fn certificate_fetches() -> String {
    KeyBuilder::new("order-payment:certificates:fetches").build()
}

/// The certificates that were asked for in vain in one span of time.
pub fn certificates_seen(span: u64) -> String {
    KeyBuilder::new("order-payment:certificates:seen").part(span.to_string()).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_one_bodys_alone() {
        let key = |account, transaction, event, sha256| claim(Provider::PayPal, account, transaction, event, sha256);
        assert_eq!(key("M1", Some("3C6"), "WH-1", "ab"), "order-payment:webhook:3C6:paypal/M1:WH-1:ab");
        assert_eq!(key("M1", None, "WH-1", "ab"), "order-payment:webhook:-:paypal/M1:WH-1:ab");
        let keys = [
            key("M1", Some("3C6"), "WH-1", "ab"),
            key("M1", Some("3C6"), "WH-1", "cd"),
            key("M1", Some("3C6"), "WH-2", "ab"),
            key("M2", Some("3C6"), "WH-1", "ab"),
            key("M1", Some("3C6:WH-1"), "x", "ab"),
            claim(Provider::Stripe, "M1", Some("3C6"), "WH-1", "ab"),
        ];
        assert_eq!(keys.iter().collect::<std::collections::HashSet<_>>().len(), keys.len());
    }

    #[test]
    fn a_certificates_key_shows_nothing_of_its_url() {
        let (one, other) = (certificate("https://a/1"), certificate("https://a/2"));
        assert!(one != other && !one.contains("https") && certificate_lock("https://a/1").starts_with(&one));
    }
}

//! HMAC-SHA256 over a message in pieces: made, or compared in constant time.

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// The MAC of the joined `pieces`; `None` if there is no secret.
pub(super) fn of(secret: &[u8], pieces: &[&[u8]]) -> Option<Vec<u8>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok().filter(|_| !secret.is_empty())?;
    pieces.iter().for_each(|piece| mac.update(piece));
    Some(mac.finalize().into_bytes().to_vec())
}

/// Whether any of `candidates` is the MAC of the joined `pieces` under any of `secrets`. Every pair
/// is tried, whichever matches, and the time of a comparison doesn't depend on which bytes differ.
pub(super) fn any_matches<S: AsRef<[u8]>>(secrets: &[S], pieces: &[&[u8]], candidates: &[Vec<u8>]) -> bool {
    let mut matched = false;
    for secret in secrets.iter().filter(|secret| !secret.as_ref().is_empty()) {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_ref()) else { continue };
        pieces.iter().for_each(|piece| mac.update(piece));
        for candidate in candidates {
            matched |= mac.clone().verify_slice(candidate).is_ok();
        }
    }
    matched
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_secret_signs_nothing() {
        let mac = Hmac::<Sha256>::new_from_slice(b"").unwrap().chain_update(b"body").finalize().into_bytes().to_vec();
        assert!(!any_matches(&[""], &[b"body"], std::slice::from_ref(&mac)));
        assert!(!any_matches::<&str>(&[], &[b"body"], &[mac]));
    }
}

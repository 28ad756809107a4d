//! The certificates that one instance knows. A known certificate is not asked for again. The
//! fetches of all instances are limited together, beside the store that they share.

use std::collections::VecDeque;

use super::paypal::{PassedCertificate, Trust};

/// The number of passed certificates that are kept.
pub const KEPT: usize = 16;
/// The number of fetches that may begin within a minute, by all instances together.
pub const FETCHES: i32 = 10;
/// The number of them for URLs that were asked for before and had to wait. Forged URLs are new each
/// time. A genuine one comes again with the provider's next delivery, so a flood of new ones leaves
/// these to it.
pub const RESERVED: i32 = 3;

/// Passed certificates by URL. A failed one isn't kept.
#[derive(Debug, Default)]
pub struct Certificates {
    /// The most recently used one last.
    passed: VecDeque<(String, PassedCertificate)>,
}

impl Certificates {
    /// The certificate of a URL, if it is known.
    pub fn known(&mut self, url: &str) -> Option<PassedCertificate> {
        let at = self.passed.iter().position(|(known, _)| known == url)?;
        let entry = self.passed.remove(at)?;
        let certificate = entry.1.clone();
        self.passed.push_back(entry);
        Some(certificate)
    }

    /// A genuine delivery was signed with it at `at`, in seconds since 1970.
    pub fn held_at(&mut self, url: &str, trust: &Trust, at: i64) {
        if let Some((_, certificate)) = self.passed.iter_mut().find(|(known, _)| known == url) {
            certificate.held_at(trust, at);
        }
    }

    /// Keeps a certificate that has passed; the one unused for longest goes.
    pub fn keep(&mut self, url: &str, certificate: PassedCertificate) {
        self.passed.retain(|(known, _)| known != url);
        self.passed.push_back((url.to_owned(), certificate));
        if self.passed.len() > KEPT {
            self.passed.pop_front();
        }
    }
}

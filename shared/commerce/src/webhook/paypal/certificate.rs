//! The certificate that signed a message: its chain to a pinned root, its name, its validity at a
//! given time.

use std::time::Duration;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, Error, KeyUsage, anchor_from_trusted_cert};

use super::algorithm::RsaSha256;
use crate::webhook::Reason;

/// Largest answer of the certificate URL that is read, in bytes.
pub const LARGEST_CERTIFICATE: usize = 64 * 1024;

/// The certificates that are trusted: pinned roots, and the intermediates that PayPal's URL doesn't
/// serve along.
#[derive(Debug, Clone)]
pub struct Trust {
    roots: Vec<CertificateDer<'static>>,
    intermediates: Vec<CertificateDer<'static>>,
}

impl Trust {
    /// From one PEM bundle: what names itself as its issuer is a root, all else an intermediate.
    ///
    /// # Errors
    /// As [`Self::from_pem`].
    pub fn from_bundle(pem: &[u8]) -> Result<Self, Reason> {
        let (mut roots, mut intermediates) = (Vec::new(), Vec::new());
        for certificate in read(pem)? {
            let parsed = EndEntityCert::try_from(&certificate).map_err(|_| Reason::CertificateUnreadable)?;
            let own = parsed.issuer() == parsed.subject();
            if own { &mut roots } else { &mut intermediates }.push(certificate);
        }
        Self::new(roots, intermediates)
    }

    /// From two PEM bundles. Intermediates are material for building chains, they aren't trusted by
    /// themselves.
    ///
    /// # Errors
    /// `certificate-unreadable` when a bundle is damaged or there is no root.
    pub fn from_pem(roots: &[u8], intermediates: &[u8]) -> Result<Self, Reason> {
        Self::new(read(roots)?, read(intermediates)?)
    }

    fn new(roots: Vec<CertificateDer<'static>>, intermediates: Vec<CertificateDer<'static>>) -> Result<Self, Reason> {
        let trust = Self { roots, intermediates };
        let readable = trust.roots.iter().all(|root| anchor_from_trusted_cert(root).is_ok());
        if trust.roots.is_empty() || !readable {
            return Err(Reason::CertificateUnreadable);
        }
        Ok(trust)
    }

    /// The second since 1970 at which the first of these certificates ends.
    pub fn ends(&self) -> Option<i64> {
        self.roots.iter().chain(&self.intermediates).filter_map(|one| super::validity::ends(one)).min()
    }
}

/// A certificate that passed [`check`](Self::check) at least once. Only such a one may be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedCertificate {
    chain: Vec<CertificateDer<'static>>,
    name: &'static str,
    /// First and last time at which the chain is known to be valid. A chain that is valid at two
    /// times is so between them.
    known: (i64, i64),
}

/// The time ahead of a good delivery at which its chain is looked at, too, in seconds: the next
/// ones needn't.
const AHEAD: i64 = 3600;

impl PassedCertificate {
    /// Checks what a certificate URL served: the first certificate is the signer's, further ones
    /// may help to build the chain.
    ///
    /// `name` is the exact name it has to carry; no wildcard counts. `at` is the time, in seconds
    /// since 1970, at which the whole chain has to be valid. It is the transmission time, since
    /// these certificates expire long before their messages lose their meaning.
    ///
    /// # Errors
    /// One of the `certificate-*` reasons.
    pub fn check(pem: &[u8], trust: &Trust, name: &'static str, at: i64) -> Result<Self, Reason> {
        if pem.len() > LARGEST_CERTIFICATE {
            return Err(Reason::CertificateUnreadable);
        }
        let passed = Self { chain: read(pem)?, name, known: (at, at) };
        passed.valid_at(trust, at)?;
        Ok(passed)
    }

    /// Checks chain, name and validity anew, for a message sent at `at`.
    ///
    /// # Errors
    /// One of the `certificate-*` reasons.
    pub fn valid_at(&self, trust: &Trust, at: i64) -> Result<(), Reason> {
        let (leaf, served) = self.chain.split_first().ok_or(Reason::CertificateUnreadable)?;
        let leaf = EndEntityCert::try_from(leaf).map_err(|error| reason(&error))?;
        let anchors: Vec<_> = trust.roots.iter().filter_map(|root| anchor_from_trusted_cert(root).ok()).collect();
        let intermediates: Vec<_> = served.iter().chain(&trust.intermediates).cloned().collect();
        let at = u64::try_from(at).map_err(|_| Reason::CertificateNotValidAtTransmission)?;
        let at = UnixTime::since_unix_epoch(Duration::from_secs(at));
        // PayPal signs messages with an ordinary TLS server certificate.
        leaf.verify_for_usage(&[&RsaSha256], &anchors, &intermediates, at, KeyUsage::server_auth(), None, None)
            .map_err(|error| reason(&error))?;
        if !leaf.valid_dns_names().any(|presented| presented.eq_ignore_ascii_case(self.name)) {
            return Err(Reason::CertificateNameMismatch);
        }
        Ok(())
    }

    /// As [`Self::valid_at`], without going through the chain again if it is known to be valid.
    pub(super) fn holds_at(&self, trust: &Trust, at: i64) -> Result<(), Reason> {
        if (self.known.0..=self.known.1).contains(&at) { Ok(()) } else { self.valid_at(trust, at) }
    }

    /// Remembers that it held at `at`, the time of a delivery that was genuine, and looks whether
    /// it will for a while. Never call it for other times: a forger could choose them.
    pub fn held_at(&mut self, trust: &Trust, at: i64) {
        if (self.known.0..=self.known.1).contains(&at) {
            return;
        }
        let ahead = at.saturating_add(AHEAD);
        let last = if self.valid_at(trust, ahead).is_ok() { ahead } else { at };
        self.known = (self.known.0.min(at), self.known.1.max(last));
    }

    /// Whether it was checked for this name.
    pub(super) fn is_for(&self, name: &str) -> bool {
        self.name == name
    }

    /// Whether `signature` is this certificate's over `message`.
    pub(super) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let leaf = self.chain.first().and_then(|leaf| EndEntityCert::try_from(leaf).ok());
        leaf.is_some_and(|leaf| leaf.verify_signature(&RsaSha256, message, signature).is_ok())
    }
}

fn reason(error: &Error) -> Reason {
    match error {
        Error::CertExpired { .. } | Error::CertNotValidYet { .. } => Reason::CertificateNotValidAtTransmission,
        Error::BadDer | Error::BadDerTime | Error::TrailingData(_) => Reason::CertificateUnreadable,
        _ => Reason::CertificateUntrusted,
    }
}

fn read(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Reason> {
    CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|_| Reason::CertificateUnreadable)
}

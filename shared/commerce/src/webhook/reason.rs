//! Why a delivery was refused, or kept without being believed.

use std::fmt;

/// The stable name of a verdict's cause. The kebab-case form is shown to operators, stored with the event and counted in
/// metrics, so a name is never changed or reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// A header that the signature scheme needs is not there or empty.
    HeaderMissing,
    /// A header that must be single came more than once: which one was signed can't be known.
    HeaderDuplicated,
    /// A signature header doesn't have the form that the provider documents.
    HeaderMalformed,
    /// The signature algorithm that the delivery asks for isn't the one we accept.
    AlgorithmNotAllowed,
    /// The certificate URL isn't one of the provider's, or belongs to the other environment.
    CertificateUrlNotAllowed,
    /// What the certificate URL served is no certificate.
    CertificateUnreadable,
    /// No chain from the certificate to a pinned root.
    CertificateUntrusted,
    /// The certificate is the provider's CA's, but not for the name that signs messages.
    CertificateNameMismatch,
    /// A certificate of the chain had expired, or didn't exist yet, when the message was sent.
    CertificateNotValidAtTransmission,
    /// The delivery says that it was sent further in the future than clocks differ.
    TransmissionInFuture,
    /// Genuinely signed, but older than the provider retries.
    TransmissionTooOld,
    /// The signature doesn't fit these bytes, this webhook and this time.
    SignatureMismatch,
    /// Signed by the provider's public simulator, which anybody can use.
    SimulatorEvent,
    /// A live event at a test endpoint, or the other way round.
    LivemodeMismatch,
    /// Signed, but not the JSON of an event.
    EventMalformed,
}

impl Reason {
    /// The stable kebab-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HeaderMissing => "header-missing",
            Self::HeaderDuplicated => "header-duplicated",
            Self::HeaderMalformed => "header-malformed",
            Self::AlgorithmNotAllowed => "algorithm-not-allowed",
            Self::CertificateUrlNotAllowed => "certificate-url-not-allowed",
            Self::CertificateUnreadable => "certificate-unreadable",
            Self::CertificateUntrusted => "certificate-untrusted",
            Self::CertificateNameMismatch => "certificate-name-mismatch",
            Self::CertificateNotValidAtTransmission => "certificate-not-valid-at-transmission",
            Self::TransmissionInFuture => "transmission-in-future",
            Self::TransmissionTooOld => "transmission-too-old",
            Self::SignatureMismatch => "signature-mismatch",
            Self::SimulatorEvent => "simulator-event",
            Self::LivemodeMismatch => "livemode-mismatch",
            Self::EventMalformed => "event-malformed",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::error::Error for Reason {}

//! Why a delivery was refused, or kept without being believed.

use strum::{Display, EnumString, VariantArray, VariantNames};

use crate::text::text_forms;

/// The stable name of a verdict's cause. The kebab-case form is shown to operators, stored with the
/// event and counted in metrics, so a name is never changed or reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Display, EnumString, VariantArray, VariantNames)]
#[strum(serialize_all = "kebab-case")]
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
    /// The answer of the certificate URL is no certificate.
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
    /// The event names an account that its signature doesn't speak for.
    AccountMismatch,
    /// Signed, but not the JSON of an event.
    EventMalformed,
}

text_forms!(Reason);

impl std::error::Error for Reason {}

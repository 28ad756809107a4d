//! The verdict on one PayPal delivery.

use super::certificate::{PassedCertificate, Trust};
use super::delivery::{Delivery, Transmission};
use super::policy::{PayPalPolicy, SIMULATOR_WEBHOOK_ID, Simulator};
use crate::webhook::Reason;

/// The verdict on a delivery. `Genuine` still covers no more than a CRC-32 of the body: the body
/// may name a resource, but money is believed only as the provider's API tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Signed by PayPal for this webhook, in time.
    Genuine(Transmission),
    /// Signed by PayPal's public simulator, if that is allowed: recognised, without any effect.
    Simulator(Transmission),
    /// Signed by PayPal for this webhook, but longer ago than PayPal retries: keep it, somebody has
    /// to look.
    TooOld(Transmission),
    /// Not to be believed.
    Refused(Reason),
}

impl Verdict {
    /// Why it isn't plainly genuine.
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Self::Genuine(_) => None,
            Self::Simulator(_) => Some(Reason::SimulatorEvent),
            Self::TooOld(_) => Some(Reason::TransmissionTooOld),
            Self::Refused(reason) => Some(*reason),
        }
    }
}

/// Judges `body`, the raw bytes as received, at `now` (seconds since 1970).
///
/// The signature comes first and costs one RSA operation for each webhook id, and one more if
/// simulator events are recognised. So a flood of forgeries that names a known certificate doesn't
/// pay for its chain every time. Neither do genuine ones, see [`PassedCertificate::held_at`].
pub fn verify(
    delivery: &Delivery,
    body: &[u8],
    certificate: &PassedCertificate,
    trust: &Trust,
    policy: &PayPalPolicy,
    now: i64,
) -> Verdict {
    if !certificate.is_for(delivery.certificate_name()) {
        return Verdict::Refused(Reason::CertificateNameMismatch);
    }
    let signed_for =
        |webhook_id: &str| certificate.signed(delivery.signed_text(webhook_id, body).as_bytes(), &delivery.signature);
    let own = policy.own_messages_from(delivery.certificate_environment)
        && policy.webhook_ids().iter().any(|id| signed_for(id));
    let simulated = !own && policy.simulator() == Simulator::Ignore && signed_for(SIMULATOR_WEBHOOK_ID);
    if !own && !simulated {
        return Verdict::Refused(Reason::SignatureMismatch);
    }
    if let Err(reason) = certificate.holds_at(trust, delivery.transmission.time) {
        return Verdict::Refused(reason);
    }
    let transmission = delivery.transmission.clone();
    if simulated {
        Verdict::Simulator(transmission)
    } else if transmission.time < now.saturating_sub(policy.seconds_back()) {
        Verdict::TooOld(transmission)
    } else {
        Verdict::Genuine(transmission)
    }
}

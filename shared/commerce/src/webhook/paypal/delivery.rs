//! The signature headers of one PayPal delivery: what can be refused before a certificate is asked
//! for.

use base64ct::{Base64, Encoding};

use super::policy::PayPalPolicy;
use super::url::Environment;
use crate::webhook::{Headers, Reason, moment};

/// The only value of `paypal-auth-algo`.
const ALGORITHM: &str = "SHA256withRSA";
/// Longest transmission id, as in PayPal's schema.
const LONGEST_ID: usize = 50;
/// Longest signature header, as in PayPal's schema (2048 bits are 344 characters, 4096 bits are
/// 684).
const LONGEST_SIGNATURE: usize = 700;

/// The transmission of a message: a verdict is about one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmission {
    /// `paypal-transmission-id`. One transmission has one body: another body under the same id is a
    /// conflict.
    pub id: String,
    /// `paypal-transmission-time`, seconds since 1970.
    pub time: i64,
}

/// A delivery whose headers are in order. Nothing about it is proven yet.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub(super) transmission: Transmission,
    /// The time as sent: the signature covers the text.
    time_text: String,
    pub(super) signature: Vec<u8>,
    pub(super) certificate_environment: Environment,
    certificate_url: String,
}

impl Delivery {
    /// Reads the headers; `now` is in seconds since 1970.
    ///
    /// # Errors
    /// `header-*`, `algorithm-not-allowed`, `certificate-url-not-allowed`,
    /// `transmission-in-future`.
    pub fn read(headers: &Headers<'_>, policy: &PayPalPolicy, now: i64) -> Result<Self, Reason> {
        let id = headers.single("paypal-transmission-id")?;
        let time_text = headers.single("paypal-transmission-time")?;
        let signature = headers.single("paypal-transmission-sig")?;
        let url = headers.single("paypal-cert-url")?;
        let algorithm = headers.single("paypal-auth-algo")?;

        if algorithm != ALGORITHM {
            return Err(Reason::AlgorithmNotAllowed);
        }
        // The id stands in front of the other fields of the signed text: a `|` in it could shift
        // their borders.
        let well_formed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if id.len() > LONGEST_ID || !id.bytes().all(well_formed) || signature.len() > LONGEST_SIGNATURE {
            return Err(Reason::HeaderMalformed);
        }
        let time = moment(time_text).ok_or(Reason::HeaderMalformed)?.0.div_euclid(1_000_000);
        let signature = Base64::decode_vec(signature).map_err(|_| Reason::HeaderMalformed)?;
        let (environment, url) = policy.urls().environment_of(url).ok_or(Reason::CertificateUrlNotAllowed)?;
        if !policy.takes_certificates_of(environment) {
            return Err(Reason::CertificateUrlNotAllowed);
        }
        if time > now.saturating_add(policy.seconds_ahead()) {
            return Err(Reason::TransmissionInFuture);
        }
        Ok(Self {
            transmission: Transmission { id: id.to_owned(), time },
            time_text: time_text.to_owned(),
            signature,
            certificate_environment: environment,
            certificate_url: url,
        })
    }

    /// The certificate's address, allowed by the policy. Fetch it without following redirects.
    pub fn certificate_url(&self) -> &str {
        &self.certificate_url
    }

    /// The name that the certificate has to carry.
    pub fn certificate_name(&self) -> &'static str {
        self.certificate_environment.certificate_name()
    }

    /// The transmission that this claims to be.
    pub fn transmission(&self) -> &Transmission {
        &self.transmission
    }

    /// The signed text: `id|time|webhook id|CRC-32 of the body`, the CRC in unsigned decimal.
    pub(super) fn signed_text(&self, webhook_id: &str, body: &[u8]) -> String {
        format!("{}|{}|{webhook_id}|{}", self.transmission.id, self.time_text, crc32fast::hash(body))
    }
}

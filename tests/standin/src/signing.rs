//! Deliveries as the providers send them: headers and raw body.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};

use crate::authority::{AUTHORITY, Certificate};
use crate::exchange::Request;
use crate::settings::Settings;
use crate::{Provider, ids};

/// How a delivery is signed. The default is right in every respect.
#[derive(Clone, Debug, Default)]
pub struct Signing {
    /// Seconds since 1970 at which it claims to be sent. Default: now.
    pub sent_at: Option<i64>,
    /// SignedDelivery with an attacker's key, or another secret.
    pub wrong_key: bool,
    /// PayPal: signed for another webhook, e.g. the simulator's `WEBHOOK_ID`.
    pub webhook_id: Option<String>,
    /// PayPal: the transmission. Default: a new one.
    pub transmission_id: Option<String>,
    /// PayPal: the certificate that it names. Default: the environment's.
    pub certificate: Option<Certificate>,
    /// PayPal: the certificate's whole address.
    pub certificate_url: Option<String>,
}

/// One delivery, ready to be sent and open to be changed.
#[derive(Clone, Debug)]
pub struct SignedDelivery {
    /// The provider that sends it.
    pub provider: Provider,
    /// Name and value, in order.
    pub headers: Vec<(String, String)>,
    /// The raw body.
    pub body: Vec<u8>,
}

impl SignedDelivery {
    /// With one header replaced or added.
    pub fn with(mut self, name: &str, value: &str) -> SignedDelivery {
        self.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With one more header of a name that may be there already.
    pub fn with_another(mut self, name: &str, value: &str) -> SignedDelivery {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without a header.
    pub fn without(mut self, name: &str) -> SignedDelivery {
        self.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        self
    }

    /// With another body under the same signature.
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> SignedDelivery {
        self.body = body.into();
        self
    }

    /// A header's value; empty if it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }
}

pub(crate) fn sign(
    settings: &Settings,
    base_url: &str,
    provider: Provider,
    body: &[u8],
    how: &Signing,
) -> SignedDelivery {
    let headers = match provider {
        Provider::PayPal => paypal(settings, base_url, body, how),
        Provider::Stripe => stripe(settings, body, how),
    };
    let mut headers: Vec<_> = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
    SignedDelivery { provider, headers, body: body.to_vec() }
}

/// RSA-SHA256 over `id|time|webhook id|CRC-32 of the body`, the CRC in unsigned decimal.
fn paypal(settings: &Settings, base_url: &str, body: &[u8], how: &Signing) -> Vec<(&'static str, String)> {
    let id = how.transmission_id.clone().unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    let time = ids::rfc3339(how.sent_at.unwrap_or_else(ids::now));
    let webhook = how.webhook_id.as_ref().unwrap_or(&settings.paypal_webhook_id);
    let text = format!("{id}|{time}|{webhook}|{}", crc32fast::hash(body));
    let default = if settings.live { Certificate::Live } else { Certificate::Sandbox };
    let certificate = how.certificate.unwrap_or(default);
    let wrong = how.wrong_key || certificate == Certificate::SelfSigned;
    let key = if wrong { &AUTHORITY.wrong_key } else { &AUTHORITY.key };
    let url = format!("{base_url}/v1/notifications/certs/{}", certificate.file_name());
    vec![
        ("PayPal-Transmission-Id", id),
        ("PayPal-Transmission-Time", time),
        ("PayPal-Transmission-Sig", BASE64.encode(key.signature(text.as_bytes()))),
        ("PayPal-Cert-Url", how.certificate_url.clone().unwrap_or(url)),
        ("PayPal-Auth-Algo", "SHA256withRSA".to_owned()),
        ("PayPal-Auth-Version", "v2".to_owned()),
        ("User-Agent", "PayPal/AUHD-214.0-56673529".to_owned()),
    ]
}

/// HMAC-SHA256 over `t.body`; the v0 signature that test mode adds is no signature.
fn stripe(settings: &Settings, body: &[u8], how: &Signing) -> Vec<(&'static str, String)> {
    let secret = if how.wrong_key { "whsec_of_somebody_else" } else { &settings.stripe_webhook_secret };
    let time = how.sent_at.unwrap_or_else(ids::now);
    let text = [format!("{time}.").as_bytes(), body].concat();
    let v1 = hex(&hmac_sha256::HMAC::mac(&text, secret.as_bytes()));
    let v0 = hex(&hmac_sha256::HMAC::mac(&text, b"nothing"));
    vec![
        ("Stripe-Signature", format!("t={time},v1={v1},v0={v0}")),
        ("User-Agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)".to_owned()),
    ]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// How far a question's time may be from now, in seconds.
const QUESTION_TOLERANCE: i64 = 300;

/// Whether a question to one of the shop's own services is signed as Standard Webhooks says:
/// HMAC-SHA256 over `id.timestamp.body`. One of several signatures is enough.
pub(crate) fn is_signed(secret: &str, request: &Request) -> bool {
    let (id, time) = (request.header("webhook-id"), request.header("webhook-timestamp"));
    let recent = time.parse::<i64>().is_ok_and(|time| (time - ids::now()).abs() <= QUESTION_TOLERANCE);
    let Ok(key) = BASE64.decode(secret.trim_start_matches("whsec_")) else { return false };
    let text = [format!("{id}.{time}.").as_bytes(), &request.body].concat();
    let expected = format!("v1,{}", BASE64.encode(hmac_sha256::HMAC::mac(&text, &key)));
    recent && !id.is_empty() && request.header("webhook-signature").split(' ').any(|one| one == expected)
}

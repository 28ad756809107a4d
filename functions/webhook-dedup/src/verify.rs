//! Verification of a delivery: the pure check, with this deployment's settings and certificates.

use commerce::error::Error;
use commerce::provider::Provider;
use commerce::webhook::paypal::{self, CertificateUrls, Environment, PayPalPolicy, Verdict};
use commerce::webhook::{Headers, Reason, stripe};
use serde_json::{Map, Value};

use edge::App;
use edge::clock::now_millis;
use payments::config::{PayPalMode, PaymentConfig};
use payments::{Payments, needs};

use crate::Deliveries;

/// How far Stripe's signed time may be from now, either way, in seconds.
const STRIPE_TOLERANCE: i64 = 300;

/// How a delivery that verifies is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// It may take effect.
    Apply,
    /// It never does.
    Ignore(Reason),
    /// An operator has to look first.
    Review(Reason),
}

/// The outcome for a delivery that verifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// How it is treated.
    pub treatment: Treatment,
    /// PayPal's transmission id: one transmission has one body.
    pub transmission: Option<String>,
}

/// Verifies the raw bytes of a delivery, for one account after the other. Gives the credentials of
/// the account whose signature it bears, too.
///
/// # Errors
/// [`Error::Refused`] with the reason that the first account gives. [`Error::Misconfigured`] that
/// names the setting that the provider's webhooks need. [`Error::Unavailable`] if the certificate
/// can't be had now.
pub async fn verify(
    provider: Provider,
    app: &'static App,
    payments: &'static Payments,
    deliveries: &Deliveries,
    headers: &Headers<'_>,
    body: &[u8],
) -> Result<(&'static Payments, Verification), Error> {
    let mut refusal = None;
    for account in payments.accounts(provider) {
        let verification = match (needs::for_deliveries(&account.config, provider), provider) {
            (Err(error), _) => Err(error),
            (Ok(()), Provider::PayPal) => paypal(app, account, deliveries, headers, body).await,
            (Ok(()), Provider::Stripe) => stripe(account, headers, body),
        };
        match verification {
            Ok(verification) => return Ok((account, verification)),
            // Another account's secret may have signed it.
            Err(error @ (Error::Refused { .. } | Error::Misconfigured { .. })) => refusal = refusal.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    // Without an account here, the variables' own lacks its settings.
    let error = refusal.or_else(|| needs::for_deliveries(&payments.config, provider).err());
    Err(error.unwrap_or_else(|| refused(Reason::SignatureMismatch)))
}

/// The headers of the signature, to be kept with the event. They hold no secret.
pub fn evidence(provider: Provider, headers: &Headers<'_>) -> Value {
    let names: &[&str] = match provider {
        Provider::PayPal => &[
            "paypal-transmission-id",
            "paypal-transmission-time",
            "paypal-transmission-sig",
            "paypal-cert-url",
            "paypal-auth-algo",
        ],
        Provider::Stripe => &["stripe-signature"],
    };
    let kept = names.iter().filter_map(|name| Some(((*name).to_owned(), headers.single(name).ok()?.into())));
    Value::Object(kept.collect::<Map<_, _>>())
}

/// The treatment of an event by its mode. Stripe sends test events to live endpoints, too (of
/// connected accounts): they are kept, and never take effect.
///
/// # Errors
/// [`Error::Refused`] for a live event at a test endpoint, and for one that names no mode: a
/// deployment that takes it in by mistake must not swallow it.
pub fn of_mode(
    config: &PaymentConfig,
    livemode: Option<bool>,
    verification: Verification,
) -> Result<Verification, Error> {
    match stripe::livemode_matches(livemode, config.environment == Environment::Live) {
        Ok(()) => Ok(verification),
        Err(reason) if is_of_test_mode(config, livemode) => {
            Ok(Verification { treatment: Treatment::Ignore(reason), ..verification })
        }
        Err(reason) => Err(refused(reason)),
    }
}

/// Whether PayPal is asked about every body before it is believed.
pub fn asks_back(config: &PaymentConfig, provider: Provider) -> bool {
    provider == Provider::PayPal && config.paypal.mode == PayPalMode::PostBack
}

/// Whether an event is of test mode, and this deployment of live mode.
pub fn is_of_test_mode(config: &PaymentConfig, livemode: Option<bool>) -> bool {
    config.environment == Environment::Live && livemode == Some(false)
}

async fn paypal(
    app: &'static App,
    payments: &Payments,
    deliveries: &Deliveries,
    headers: &Headers<'_>,
    body: &[u8],
) -> Result<Verification, Error> {
    let (config, now) = (&payments.config.paypal, (now_millis() / 1000) as i64);
    let misconfigured = |variable: &str| Error::Misconfigured { detail: format!("{variable} can't be used") };
    let trust = config.trust.as_ref().ok_or_else(|| misconfigured("paypal_trust_anchors"))?;
    let environment = payments.config.environment;
    let ids = config.webhook_ids.iter().map(String::as_str);
    let policy = PayPalPolicy::of_any(environment, ids).ok_or_else(|| misconfigured("paypal_webhook_id"))?;
    let mut policy = policy.with_simulator(config.simulator);
    if let Some(beginning) = &config.certificate_url {
        let urls = CertificateUrls::elsewhere(environment, beginning);
        policy = policy.with_urls(urls.ok_or_else(|| misconfigured("paypal_certificate_url"))?);
    }
    let delivery = paypal::Delivery::read(headers, &policy, now).map_err(refused)?;
    let certificate =
        deliveries.certificates.get(app, payments.gateway.client(), &delivery, trust, payments.config.timeout).await?;
    let (treatment, transmission) = match paypal::verify(&delivery, body, &certificate, trust, &policy, now) {
        Verdict::Genuine(transmission) => (Treatment::Apply, transmission),
        Verdict::Simulator(transmission) => (Treatment::Ignore(Reason::SimulatorEvent), transmission),
        Verdict::TooOld(transmission) => (Treatment::Review(Reason::TransmissionTooOld), transmission),
        Verdict::Refused(reason) => return Err(refused(reason)),
    };
    deliveries.certificates.confirm(&delivery, trust);
    Ok(Verification { treatment, transmission: Some(transmission.id) })
}

fn stripe(payments: &Payments, headers: &Headers<'_>, body: &[u8]) -> Result<Verification, Error> {
    let secrets = payments.config.stripe.webhook_secrets.iter().map(|secret| secret.expose().to_owned()).collect();
    let policy = stripe::StripePolicy { secrets, tolerance: STRIPE_TOLERANCE };
    stripe::verify(headers, body, &policy, (now_millis() / 1000) as i64).map_err(refused)?;
    Ok(Verification { treatment: Treatment::Apply, transmission: None })
}

pub(crate) fn refused(reason: Reason) -> Error {
    Error::Refused { reason: reason.as_str() }
}

//! The requests to PayPal.

use base64ct::{Base64, Encoding};
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::super::request::{Request, escape};
use super::super::{Capturable, GatewayError, NewCapture, NewPayment, NewRefund, Secret};
use crate::provider::Provider;
use crate::time::Moment;
use crate::webhook::Headers;
use crate::webhook::amount::{Amount, AmountError};
use crate::webhook::event::paypal::{Resource, ResourceKind};

/// The number of events that are listed at once: PayPal's most.
const PAGE: u32 = 300;
/// PayPal's longest note.
const LONGEST_NOTE: usize = 255;

/// Asks for an access token (OAuth 2.0, client credentials).
pub fn token_request(client_id: &str, secret: &Secret) -> Request {
    let basic = Base64::encode_string(format!("{client_id}:{}", secret.expose()).as_bytes());
    Request::post("/v1/oauth2/token", "application/x-www-form-urlencoded", "grant_type=client_credentials")
        .with("authorization", format!("Basic {basic}"))
}

/// Creates an order whose payment goes to `account`.
///
/// # Errors
/// [`GatewayError::Refused`] for a currency or an amount that PayPal doesn't take.
pub fn create(payment: &NewPayment, account: &str) -> Result<Request, GatewayError> {
    let mut unit = json!({
        "custom_id": payment.order,
        "amount": money(&payment.amount, payment.currency.as_str())?,
    });
    if !account.is_empty() {
        unit["payee"] = json!({ "merchant_id": account });
    }
    let body = json!({
        "intent": "CAPTURE",
        "purchase_units": [unit],
        "payment_source": { "paypal": { "experience_context": {
            "return_url": payment.return_url,
            "cancel_url": payment.cancel_url,
            "user_action": "PAY_NOW",
        } } },
    });
    Ok(action("/v2/checkout/orders", &body, &payment.session.to_string()))
}

/// Captures an order or an authorization.
///
/// # Errors
/// [`GatewayError::Refused`] for a currency or an amount that PayPal doesn't take;
/// [`GatewayError::Unexpected`] for what isn't PayPal's.
pub fn capture(capture: &NewCapture) -> Result<Request, GatewayError> {
    let kind = match capture.what {
        // All of it, always: that is what the shopper approved.
        Capturable::PayPalOrder => ResourceKind::Order,
        Capturable::PayPalAuthorization => ResourceKind::Authorization,
        Capturable::StripePaymentIntent => return Err(GatewayError::Unexpected),
    };
    let mut body = json!({});
    if kind == ResourceKind::Authorization {
        body["final_capture"] = json!(true);
        if let Some((amount, currency)) = &capture.amount {
            body["amount"] = money(amount, currency.as_str())?;
        }
    }
    let path = Resource { kind, id: escape(&capture.external_id), reversal: false }.path();
    Ok(action(&format!("{path}/capture"), &body, &capture.request))
}

/// Refunds a capture.
///
/// # Errors
/// [`GatewayError::Refused`] for a currency or an amount that PayPal doesn't take.
pub fn refund(refund: &NewRefund) -> Result<Request, GatewayError> {
    let mut body = json!({
        "amount": money(&refund.amount, refund.currency.as_str())?,
        "custom_id": refund.order,
        // Its event gives it back, so a refund whose answer was lost is found.
        "invoice_id": refund.request,
    });
    if let Some(note) = &refund.note {
        body["note_to_payer"] = json!(note.chars().take(LONGEST_NOTE).collect::<String>());
    }
    let capture = Resource { kind: ResourceKind::Capture, id: escape(&refund.payment), reversal: false };
    Ok(action(&format!("{}/refund", capture.path()), &body, &refund.request.to_string()))
}

/// Reads a resource.
pub fn read(resource: &Resource) -> Request {
    Request::get(resource.path())
}

/// Sends a delivery back, to be told whether PayPal sent it. `None`: it can't be PayPal's, since a
/// header is missing or the body isn't one JSON value. Such a body, spliced in as it is, could name
/// another webhook.
pub fn post_back(headers: &Headers<'_>, webhook_id: &str, body: &[u8]) -> Option<Request> {
    let of = |name: &str| headers.single(name).ok();
    let head = json!({
        "auth_algo": of("paypal-auth-algo")?,
        "cert_url": of("paypal-cert-url")?,
        "transmission_id": of("paypal-transmission-id")?,
        "transmission_sig": of("paypal-transmission-sig")?,
        "transmission_time": of("paypal-transmission-time")?,
        "webhook_id": webhook_id,
    });
    serde_json::from_slice::<IgnoredAny>(body).ok()?;
    // The raw bytes go in: an encoder of ours would write numbers, escapes and blanks in its own
    // way.
    let mut document = head.to_string().into_bytes();
    document.pop();
    document.extend_from_slice(b",\"webhook_event\":");
    document.extend_from_slice(body);
    document.push(b'}');
    Some(Request::post("/v1/notifications/verify-webhook-signature", "application/json", document))
}

/// Reads one event as PayPal keeps it.
pub fn event(id: &str) -> Request {
    Request::get(format!("/v1/notifications/webhooks-events/{}", escape(id)))
}

/// Lists events since a moment. `page` is the query that the page before named.
pub fn events(since: Moment, page: Option<&str>) -> Request {
    let query = match page {
        Some(page) => page.to_owned(),
        None => format!("page_size={PAGE}&start_time={}", escape(&since.to_rfc3339())),
    };
    Request::get(format!("/v1/notifications/webhooks-events?{query}"))
}

/// A request that does something, once for each request id. The whole resource comes back, not only
/// its links.
fn action(path: &str, body: &Value, request_id: &str) -> Request {
    Request::post(path, "application/json", body.to_string())
        .with("paypal-request-id", request_id)
        .with("prefer", "return=representation")
}

fn money(amount: &str, currency: &str) -> Result<Value, GatewayError> {
    let amount = Amount::parse(Provider::PayPal, amount, currency).map_err(GatewayError::from)?;
    Ok(json!({ "currency_code": currency, "value": amount.to_string() }))
}

impl From<AmountError> for GatewayError {
    fn from(error: AmountError) -> Self {
        let (reason, field) = match error {
            AmountError::CurrencyNotTaken => ("currency-not-taken", "currency"),
            AmountError::Malformed => ("amount-malformed", "amount"),
            AmountError::TooPrecise => ("amount-too-precise", "amount"),
            AmountError::TooLarge => ("amount-too-large", "amount"),
        };
        Self::Refused { reason: reason.to_owned(), field: Some(field.to_owned()) }
    }
}

//! Stripe's API: Checkout Sessions, Refunds, Payment Intents, Events.

use serde_json::Value;

use super::request::{Answer, Request, code, escape, form, link};
use super::{Capturable, EventPage, GatewayError, ListedEvent, NewCapture, NewPayment, NewRefund, PaymentPage, Secret};
use crate::foreign;
use crate::provider::Provider;
use crate::session::Flow;
use crate::time::Moment;
use crate::webhook::amount::Amount;
use crate::webhook::event::stripe::{Named, ORDER_METADATA, REFUND_METADATA, TYPES};
use crate::webhook::event::stripe_objects::{charge, payment_intent, refund as refund_object};
use crate::webhook::event::{ObjectState, ProviderObject, id, text};

#[cfg(test)]
mod tests;

/// The version whose shapes are read here; an account's default may be any.
const VERSION: &str = "2024-06-20";
/// The number of events that are listed at once: Stripe's most.
const PAGE: u32 = 100;

/// Creates what the shopper pays: a checkout session, with a page of Stripe's, or a payment intent,
/// for a form in the shop's own page.
///
/// # Errors
/// [`GatewayError::Refused`] for a currency or an amount that Stripe doesn't take.
pub fn create(payment: &NewPayment) -> Result<Request, GatewayError> {
    match payment.flow {
        Flow::Redirect => checkout_session(payment),
        Flow::Embedded => new_payment_intent(payment),
    }
}

fn new_payment_intent(payment: &NewPayment) -> Result<Request, GatewayError> {
    let order = payment.order.to_string();
    let units = units(&payment.amount, payment.currency.as_str())?;
    let fields = [
        ("amount", &*units),
        ("currency", &payment.currency.as_str().to_ascii_lowercase()),
        ("automatic_payment_methods[enabled]", "true"),
        (&format!("metadata[{ORDER_METADATA}]"), &order),
    ];
    Ok(action("/v1/payment_intents", &fields, &payment.session.to_string()))
}

/// Creates a checkout session. The order's id stands on the session and on its payment intent:
/// events come of both.
fn checkout_session(payment: &NewPayment) -> Result<Request, GatewayError> {
    let order = payment.order.to_string();
    let units = units(&payment.amount, payment.currency.as_str())?;
    let currency = payment.currency.as_str().to_ascii_lowercase();
    let (session_metadata, intent_metadata) =
        (format!("metadata[{ORDER_METADATA}]"), format!("payment_intent_data[metadata][{ORDER_METADATA}]"));
    let fields = [
        ("mode", "payment"),
        ("client_reference_id", &order),
        (&session_metadata, &order),
        (&intent_metadata, &order),
        ("line_items[0][quantity]", "1"),
        ("line_items[0][price_data][currency]", &currency),
        ("line_items[0][price_data][unit_amount]", &units),
        ("line_items[0][price_data][product_data][name]", &format!("Order {order}")),
        ("success_url", &payment.return_url),
        ("cancel_url", &payment.cancel_url),
    ];
    Ok(action("/v1/checkout/sessions", &fields, &payment.session.to_string()))
}

/// Refunds a payment intent or a charge.
///
/// # Errors
/// [`GatewayError::Refused`] for a currency or an amount that Stripe doesn't take.
pub fn refund(refund: &NewRefund) -> Result<Request, GatewayError> {
    let of = if is_charge(&refund.payment) { "charge" } else { "payment_intent" };
    let units = units(&refund.amount, refund.currency.as_str())?;
    let (order, request) = (refund.order.to_string(), refund.request.to_string());
    let metadata = format!("metadata[{ORDER_METADATA}]");
    let request_metadata = format!("metadata[{REFUND_METADATA}]");
    let fields =
        [(of, refund.payment.as_str()), ("amount", &units), (&metadata, &order), (&request_metadata, &request)];
    Ok(action("/v1/refunds", &fields, &request))
}

/// Reads a payment intent.
pub fn read_payment_intent(id: &str) -> Request {
    versioned(Request::get(format!("/v1/payment_intents/{}", escape(id))))
}

/// Whether a payment's id is that of a charge without an intent.
fn is_charge(payment: &str) -> bool {
    payment.starts_with("ch_") || payment.starts_with("py_")
}

/// Reads a payment, a payment intent or a charge without one, with its charge and fee.
pub fn read_payment(id: &str) -> Request {
    let folder = if is_charge(id) { "charges" } else { "payment_intents" };
    let path = format!("/v1/{folder}/{}", escape(id));
    let expand = expanded(&path).unwrap_or_default();
    versioned(Request::get(format!("{path}?{}", form(&[("expand[]", expand)]))))
}

/// What has to be shown whole of a payment at this path, so that its fee is told; `None` if it is
/// no payment.
fn expanded(path: &str) -> Option<&'static str> {
    if path.starts_with("/v1/charges/") {
        Some("balance_transaction")
    } else {
        path.starts_with("/v1/payment_intents/").then_some("latest_charge.balance_transaction")
    }
}

/// Reads the payment in the answer to [`read_payment`], and what its charge says of it.
///
/// # Errors
/// [`GatewayError::Unexpected`] for another object.
pub fn payment(answer: &Answer, id: &str) -> Result<ProviderObject, GatewayError> {
    let body = resource(answer)?;
    let object = if is_charge(id) { charge(&body) } else { payment_intent(&body) };
    let object = object.filter(|object| object.id == id).ok_or(GatewayError::Unexpected)?;
    let charged = body.get("latest_charge").and_then(charge).filter(|_| object.state == ObjectState::Completed);
    Ok(match charged {
        Some(charged) => ProviderObject { refunded_total: charged.refunded_total, ..object },
        None => object,
    })
}

/// Lists the refunds of a payment: the newest hundred, more than a payment has.
pub fn refunds_of(id: &str) -> Request {
    let of = if is_charge(id) { "charge" } else { "payment_intent" };
    versioned(Request::get(format!("/v1/refunds?{}", form(&[(of, id), ("limit", &PAGE.to_string())]))))
}

/// Reads the list in the answer to [`refunds_of`].
///
/// # Errors
/// [`GatewayError::Unexpected`] for what is no list of refunds.
pub fn refunds(answer: &Answer) -> Result<Vec<ProviderObject>, GatewayError> {
    let body = resource(answer)?;
    let listed = body.get("data").and_then(Value::as_array).ok_or(GatewayError::Unexpected)?;
    listed.iter().map(refund_object).collect::<Option<_>>().ok_or(GatewayError::Unexpected)
}

/// Reads a refund.
pub fn read_refund(id: &str) -> Request {
    versioned(Request::get(format!("/v1/refunds/{}", escape(id))))
}

/// Captures a payment intent.
///
/// # Errors
/// [`GatewayError::Refused`] for an amount that Stripe doesn't take; [`GatewayError::Unexpected`]
/// for what isn't Stripe's.
pub fn capture(capture: &NewCapture) -> Result<Request, GatewayError> {
    if capture.what != Capturable::StripePaymentIntent {
        return Err(GatewayError::Unexpected);
    }
    let units = capture.amount.as_ref().map(|(amount, currency)| units(amount, currency.as_str())).transpose()?;
    let fields: Vec<(&str, &str)> = units.iter().map(|units| ("amount_to_capture", units.as_str())).collect();
    Ok(action(&format!("/v1/payment_intents/{}/capture", escape(&capture.external_id)), &fields, &capture.request))
}

/// Lists events of payments since a moment, the newest first. `page` is the last event of the page
/// before.
pub fn events(since: Moment, page: Option<&str>) -> Request {
    let (since, limit) = (since.0.div_euclid(1_000_000).to_string(), PAGE.to_string());
    let mut fields = vec![("created[gte]", since.as_str()), ("limit", &limit)];
    fields.extend(TYPES.iter().filter(|kind| kind.listed).map(|kind| ("types[]", kind.name)));
    fields.extend(page.map(|last| ("starting_after", last)));
    versioned(Request::get(format!("/v1/events?{}", form(&fields))))
}

/// Reads the object that a thin event names, a payment with its fee. `account`: the connected
/// account that it lives in, `None` for our own.
pub fn read(named: &Named, account: Option<&str>) -> Request {
    let path = named.path();
    let path = match expanded(&path) {
        Some(expand) => format!("{path}?{}", form(&[("expand[]", expand)])),
        None => path,
    };
    let request = versioned(Request::get(path));
    match account {
        Some(account) => request.with("stripe-account", account),
        None => request,
    }
}

/// Reads the object in the answer to [`read`]. `None` if there is nothing to fold.
///
/// # Errors
/// [`GatewayError::Unexpected`] for another object.
pub fn named(answer: &Answer, named: &Named) -> Result<Option<ProviderObject>, GatewayError> {
    named.object(&resource(answer)?).map_err(|_| GatewayError::Unexpected)
}

/// Reads a checkout session that was created.
///
/// # Errors
/// [`GatewayError::Unexpected`] for one without a link: it can't be paid.
pub fn created(answer: &Answer) -> Result<PaymentPage, GatewayError> {
    let body = resource(answer)?;
    match (id(&body, "id"), text(&body, &["url"]).and_then(link)) {
        (Some(external_id), redirect_url @ Some(_)) => {
            Ok(PaymentPage { external_id, redirect_url, client_secret: None })
        }
        _ => Err(GatewayError::Unexpected),
    }
}

/// Reads a payment intent with its client secret.
///
/// # Errors
/// [`GatewayError::Unexpected`] for one without: it can't be paid.
pub fn intended(answer: &Answer) -> Result<PaymentPage, GatewayError> {
    let body = resource(answer)?;
    let secret = text(&body, &["client_secret"]).filter(|secret| secret.bytes().all(|b| b.is_ascii_graphic()));
    match (id(&body, "id"), secret) {
        (Some(external_id), Some(secret)) => {
            Ok(PaymentPage { external_id, redirect_url: None, client_secret: Some(Secret::new(secret)) })
        }
        _ => Err(GatewayError::Unexpected),
    }
}

/// Reads a refund that was made.
///
/// # Errors
/// [`GatewayError::Unexpected`] for what is no refund.
pub fn refunded(answer: &Answer) -> Result<ProviderObject, GatewayError> {
    refund_object(&resource(answer)?).ok_or(GatewayError::Unexpected)
}

/// Reads a payment intent.
///
/// # Errors
/// [`GatewayError::Unexpected`] for what is no payment intent.
pub fn captured(answer: &Answer) -> Result<ProviderObject, GatewayError> {
    payment_intent(&resource(answer)?).ok_or(GatewayError::Unexpected)
}

/// Reads a page of events.
///
/// # Errors
/// [`GatewayError::Unexpected`] for what is no list of events.
pub fn page(answer: &Answer) -> Result<EventPage, GatewayError> {
    let body = resource(answer)?;
    let listed = body.get("data").and_then(Value::as_array).ok_or(GatewayError::Unexpected)?;
    let events: Vec<ListedEvent> = listed.iter().map(event).collect::<Option<_>>().ok_or(GatewayError::Unexpected)?;
    let more = body.get("has_more").and_then(Value::as_bool).unwrap_or_default();
    let next = events.last().filter(|_| more).map(|last| last.id.clone());
    Ok(EventPage { events, next })
}

fn event(value: &Value) -> Option<ListedEvent> {
    let seconds = value.get("created").and_then(Value::as_i64);
    Some(ListedEvent {
        id: id(value, "id")?,
        kind: text(value, &["type"])?.to_owned(),
        created_at: seconds.and_then(|seconds| seconds.checked_mul(1_000_000)).map(Moment),
        body: value.to_string().into_bytes(),
    })
}

fn resource(answer: &Answer) -> Result<Value, GatewayError> {
    if answer.status == 401 {
        return Err(GatewayError::Unconfigured { variable: "stripe_api_key" });
    }
    foreign::parse(answer.success(refusal)?).ok_or(GatewayError::Unexpected)
}

/// `{error: {type, code, decline_code, param}}`.
fn refusal(body: &[u8]) -> GatewayError {
    let body = foreign::parse(body).unwrap_or_default();
    let of = |key: &str| text(&body, &["error", key]);
    let reason = of("decline_code").or_else(|| of("code")).or_else(|| of("type")).unwrap_or_default();
    let about = [of("param").unwrap_or_default(), reason].concat();
    let field = ["currency", "amount"].into_iter().find(|field| about.contains(field));
    GatewayError::Refused { reason: code(reason), field: field.map(str::to_owned) }
}

fn action(path: &str, fields: &[(&str, &str)], request_id: &str) -> Request {
    versioned(Request::post(path, "application/x-www-form-urlencoded", form(fields)))
        .with("idempotency-key", request_id)
}

fn versioned(request: Request) -> Request {
    request.with("stripe-version", VERSION)
}

fn units(amount: &str, currency: &str) -> Result<String, GatewayError> {
    Ok(Amount::parse(Provider::Stripe, amount, currency)?.minor.to_string())
}

//! PayPal's answers.

use serde_json::Value;

use super::super::request::{Answer, code, link};
use super::super::{EventPage, GatewayError, ListedEvent, PaymentPage, Secret};
use crate::foreign;
use crate::webhook::event::paypal::{Resource, ResourceKind};
use crate::webhook::event::{ProviderObject, id, text};
use crate::webhook::moment;

/// The time before its end at which a token isn't used any more, in milliseconds.
const TOKEN_MARGIN: u64 = 60_000;

/// Refusals of a capture that come from the shopper or the shopper's means, as they are shown. The
/// shopper has to choose other means. Any other refusal may be the merchant's account's, or pass.
const PAYERS_REFUSALS: [&str; 12] = [
    "card-brand-not-supported",
    "card-closed",
    "card-expired",
    "card-type-not-supported",
    "credit-card-refused",
    "instrument-declined",
    "max-number-of-payment-attempts-exceeded",
    "payer-account-locked-or-closed",
    "payer-account-restricted",
    "payer-action-required",
    "payer-cannot-pay",
    "redirect-payer-for-alternate-funding",
];

/// Whether a refusal of a capture ends the shopper's approval.
pub fn is_payers_refusal(reason: &str) -> bool {
    PAYERS_REFUSALS.contains(&reason)
}

/// An access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// The token.
    pub token: Secret,
    /// Until when it is used, in the milliseconds of the clock it was read by.
    pub usable_until: u64,
}

/// Reads an access token, at `now`.
///
/// # Errors
/// [`GatewayError::Unconfigured`] if PayPal doesn't know the client.
pub fn token(answer: &Answer, now: u64) -> Result<AccessToken, GatewayError> {
    let body = json(answer.success(|_| GatewayError::Unconfigured { variable: "paypal_client_secret" })?)?;
    let token = text(&body, &["access_token"]).filter(|token| token.bytes().all(|b| b.is_ascii_graphic()));
    let seconds = body.get("expires_in").and_then(Value::as_u64).filter(|seconds| *seconds <= 366 * 86_400);
    let (Some(token), Some(seconds)) = (token.filter(|token| !token.is_empty()), seconds) else {
        return Err(GatewayError::Unexpected);
    };
    // Of a short one at least half.
    let usable = (seconds * 1000).saturating_sub(TOKEN_MARGIN).max(seconds * 500);
    Ok(AccessToken { token: Secret::new(token), usable_until: now + usable })
}

/// Reads an order that was created: its id, and the page on which the shopper approves it.
///
/// # Errors
/// [`GatewayError::Unexpected`] for an order without a link: it can't be paid.
pub fn created(answer: &Answer) -> Result<PaymentPage, GatewayError> {
    let body = resource(answer)?;
    let links = body.get("links").and_then(Value::as_array);
    // `payer-action` if a payment source was named, else `approve`.
    let approve =
        links.into_iter().flatten().find(|one| matches!(text(one, &["rel"]), Some("payer-action" | "approve")));
    let redirect_url = approve.and_then(|one| link(text(one, &["href"])?));
    match (id(&body, "id"), redirect_url) {
        (Some(external_id), redirect_url @ Some(_)) => {
            Ok(PaymentPage { external_id, redirect_url, client_secret: None })
        }
        _ => Err(GatewayError::Unexpected),
    }
}

/// Reads a resource.
///
/// # Errors
/// The error that the status stands for; [`GatewayError::Refused`] with PayPal's issue.
pub fn resource(answer: &Answer) -> Result<Value, GatewayError> {
    json(answer.success(refusal)?)
}

/// The objects in the answer to a capture or a refund; `kind` is what it has to be. A capture of an
/// order gives the order.
///
/// # Errors
/// [`GatewayError::Unexpected`] if it is something else.
pub fn objects(answer: &Value, kind: ResourceKind) -> Result<Vec<ProviderObject>, GatewayError> {
    let id = id(answer, "id").ok_or(GatewayError::Unexpected)?;
    Resource { kind, id, reversal: false }.objects(answer).map_err(|_| GatewayError::Unexpected)
}

/// The resource that has to be read besides, to know the state of the payment that `resource` is
/// about. For a refund or dispute it is the payment. For a capture of which something was given
/// back it is the order, since only the order lists its refunds.
pub fn related(resource: &Resource, answer: &Value, objects: &[ProviderObject]) -> Option<Resource> {
    let object = objects.first()?;
    if resource.kind == ResourceKind::Capture {
        let given_back = matches!(text(answer, &["status"]), Some("PARTIALLY_REFUNDED" | "REFUNDED"));
        let order = object.external_order.clone().filter(|_| given_back)?;
        return Some(Resource { kind: ResourceKind::Order, id: order, reversal: false });
    }
    resource.payment_of(object)
}

/// Adds the objects that were read besides. Those known first stay; a refund or dispute that
/// doesn't say whose it is gets payee and reference of its payment.
pub fn join(objects: &mut Vec<ProviderObject>, found: Vec<ProviderObject>) {
    for object in objects.iter_mut() {
        let payment = found.iter().find(|one| Some(&one.id) == object.parent.as_ref());
        if let Some(payment) = payment {
            object.payee = object.payee.take().or_else(|| payment.payee.clone());
            object.order_reference = object.order_reference.take().or_else(|| payment.order_reference.clone());
        }
    }
    for object in found {
        if !objects.iter().any(|known| (known.kind, &known.id) == (object.kind, &object.id)) {
            objects.push(object);
        }
    }
}

/// Whether PayPal says that it sent the delivery.
///
/// # Errors
/// The error that the status stands for; a refusal means that the question was wrong, so the
/// delivery isn't PayPal's.
pub fn verified(answer: &Answer) -> Result<bool, GatewayError> {
    let body = resource(answer)?;
    match text(&body, &["verification_status"]) {
        Some("SUCCESS") => Ok(true),
        Some("FAILURE") => Ok(false),
        _ => Err(GatewayError::Unexpected),
    }
}

/// Reads a page of events.
///
/// # Errors
/// [`GatewayError::Unexpected`] for what is no list of events.
pub fn page(answer: &Answer) -> Result<EventPage, GatewayError> {
    let body = resource(answer)?;
    let listed = body.get("events").and_then(Value::as_array).ok_or(GatewayError::Unexpected)?;
    let events: Option<Vec<ListedEvent>> = listed.iter().map(event).collect();
    let links = body.get("links").and_then(Value::as_array);
    let next = links.into_iter().flatten().find(|one| text(one, &["rel"]) == Some("next"));
    let next = next.and_then(|one| query(text(one, &["href"])?));
    Ok(EventPage { events: events.ok_or(GatewayError::Unexpected)?, next })
}

fn event(value: &Value) -> Option<ListedEvent> {
    Some(ListedEvent {
        id: id(value, "id")?,
        kind: text(value, &["event_type"])?.to_owned(),
        created_at: text(value, &["create_time"]).and_then(moment),
        body: value.to_string().into_bytes(),
    })
}

/// The query of a link to the same list. Only the query is taken: host and path stay ours.
fn query(href: &str) -> Option<String> {
    let (_, query) = href.split_once("/v1/notifications/webhooks-events?")?;
    let known =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~' | b'%' | b'&' | b'=' | b':' | b'+');
    (query.len() <= 2048 && query.bytes().all(known)).then(|| query.to_owned())
}

/// `{name, details: [{issue, field}]}`.
fn refusal(body: &[u8]) -> GatewayError {
    let body = foreign::parse(body).unwrap_or_default();
    let detail = body.get("details").and_then(|details| details.get(0)).unwrap_or(&Value::Null);
    let issue = text(detail, &["issue"]).or_else(|| text(&body, &["name"])).unwrap_or_default();
    let field = match issue {
        issue if issue.contains("CURRENCY") => Some("currency"),
        issue if issue.contains("AMOUNT") || issue.contains("DECIMAL_PRECISION") => Some("amount"),
        _ => None,
    };
    GatewayError::Refused { reason: code(issue), field: field.map(str::to_owned) }
}

fn json(body: &[u8]) -> Result<Value, GatewayError> {
    foreign::parse(body).ok_or(GatewayError::Unexpected)
}

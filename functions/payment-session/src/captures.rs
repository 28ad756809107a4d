//! Captures: an operator takes money that a shopper has approved or that was reserved.

use commerce::error::Error;
use commerce::gateway::{Capturable, GatewayError, NewCapture};
use commerce::hex;
use commerce::money::Currency;
use commerce::outcome::{CaptureOutcome, Outcome};
use commerce::provider::Provider;
use commerce::refund::{CaptureRequest, CapturesQuery};
use commerce::time::Moment;
use commerce::webhook::event::{ObjectKind, ProviderObject};
use edge::log::{self, Level};
use edge::{Call, KeyedBody, Reply, Row, params};
use payments::needs::configured_account;
use payments::{Payments, approvals};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::observed;

/// `GET /payments/captures`: the captured payments, those that were captured last first.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators.
pub async fn search(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    let query = CapturesQuery::parse(call.query())?;
    caller.require_operator("the list of captures")?;
    let params = params![
        caller.organization,
        query.status,
        query.provider.map(Provider::as_str),
        query.from.map(Moment::to_rfc3339),
        query.to.map(Moment::to_rfc3339),
        query.limit as i32,
        query.after.map(|place| place.to_string()),
    ];
    edge::page(app, "capture_search", params).await
}

/// `POST /payments/:id/capture`, by the id of an authorized payment, or of a payment session that
/// the shopper has approved.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators. [`Error::Conflict`] if there is nothing to capture.
/// [`Error::Unprocessable`] for a key of another body, and if the provider refuses.
/// [`Error::Unavailable`] if the provider is away; the same request again takes nothing twice.
pub async fn capture(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    let payments = Payments::ready().await?;
    caller.require_operator("a capture")?;
    call.no_query()?;
    let id = call.id()?;
    let KeyedBody { body, key, hash } = call.keyed_json().await?;
    let wanted = CaptureRequest::decode(&body)?;
    let principal = caller.principal();
    let lease = payments.lease();
    let params = params![caller.organization, id, &*principal, key, hash, wanted.amount.as_deref(), lease];
    let mut row = edge::change_one(app, "capture_begin", params).await?;
    match CaptureOutcome::read(row.text("outcome")?)? {
        CaptureOutcome::Capture => {}
        CaptureOutcome::Replay => return Ok(reply(row.take_text("body")?)),
        CaptureOutcome::Mismatch => return Err(Error::idempotency_mismatch("capture")),
        CaptureOutcome::NotFound => return Err(Error::not_found("payment")),
        CaptureOutcome::NotCapturable => {
            return Err(Error::conflict("there is nothing to capture", row.text("status")?));
        }
    }

    let capture = plan(&row, wanted, &request_id(caller.organization, id, &principal, key))?;
    let provider = row.text("provider")?.and_then(Provider::parse).ok_or_else(|| Error::internal("no provider"))?;
    let configured = configured_account(&payments.config, provider);
    let account = row.text("account")?.unwrap_or(configured);
    let payments = payments.for_account(provider, account)?;
    let objects = match payments.gateway.capture(&capture).await {
        Err(refusal @ GatewayError::Refused { .. }) if capture.what == Capturable::PayPalOrder => {
            approvals::record_refusal(app, &capture.external_id, row.int("refusals")?.unwrap_or_default()).await?;
            return Err(refusal.into());
        }
        outcome => outcome?,
    };
    let shown: Vec<Value> = objects.iter().filter(|object| object.kind == ObjectKind::Payment).map(show).collect();
    // The provider has captured. If this fails, its event does the rest.
    let status = observed::apply(app, provider, account, &capture.request, "api.capture", objects).await;
    let status = status.unwrap_or_else(|error| {
        log::say(Level::Warn, "capture", format_args!("a capture waits for the provider's event: {error}"));
        None
    });
    let order = row.text("order_id")?;
    let body = json!({ "id": id, "orderId": order, "orderPaymentStatus": status, "captures": shown }).to_string();
    let params = params![caller.organization, id, principal, key, &*body];
    if let Err(error) = edge::change(app, "capture_done", params).await {
        // A repetition asks the provider again, which answers as before.
        log::say(Level::Warn, "capture", format_args!("the answer to a capture wasn't kept: {error}"));
    }
    Ok(reply(body))
}

/// The provider's request, from the database's plan.
fn plan(row: &Row, wanted: CaptureRequest, request_id: &str) -> Result<NewCapture, Error> {
    let wrong = || Error::internal("what can be captured can't be read");
    let external_id = row.text("external_id")?.ok_or_else(wrong)?;
    let currency = row.text("currency")?.and_then(Currency::recorded).ok_or_else(wrong)?;
    let amount = wanted.amount.map(|amount| (amount, currency));
    let what = match row.text("what")? {
        Some("paypal_order") if amount.is_some() => {
            return Err(Error::unprocessable("amount", "an approved order is captured as a whole: leave it out"));
        }
        Some("paypal_order") => {
            return Ok(NewCapture::of_paypal_order(external_id, row.int("refusals")?.unwrap_or_default()));
        }
        Some("paypal_authorization") => Capturable::PayPalAuthorization,
        Some("stripe_payment_intent") => Capturable::StripePaymentIntent,
        _ => return Err(wrong()),
    };
    Ok(NewCapture { what, external_id: external_id.to_owned(), request: request_id.to_owned(), amount })
}

/// The provider's request id: the same for the same request of the same caller, and for no other.
fn request_id(organization: Uuid, id: Uuid, principal: &str, key: &str) -> String {
    let digest = Sha256::new()
        .chain_update(organization.as_bytes())
        .chain_update(id.as_bytes())
        .chain_update(principal.len().to_be_bytes())
        .chain_update(principal)
        .chain_update(key)
        .finalize();
    format!("capture-{}", hex::encode(&digest[..16]))
}

fn show(object: &ProviderObject) -> Value {
    json!({
        "externalTransactionId": object.id,
        "status": object.state,
        "amount": object.amount.map(|amount| amount.to_string()),
        "currency": object.currency,
    })
}

fn reply(body: String) -> Reply {
    Reply::fresh(200, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_is_one_callers_one_requests() {
        let of = |organization: u128, id: u128, principal: &str, key: &str| {
            request_id(Uuid::from_u128(organization), Uuid::from_u128(id), principal, key)
        };
        let one = of(1, 2, "operator", "key");
        assert_eq!(one, of(1, 2, "operator", "key"));
        assert!(one.len() <= 108, "PayPal's limit");
        for other in [
            of(2, 2, "operator", "key"),
            of(1, 3, "operator", "key"),
            of(1, 2, "operato", "rkey"),
            of(1, 2, "operator", "k"),
        ] {
            assert_ne!(one, other);
        }
    }
}

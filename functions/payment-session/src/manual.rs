//! Payments that were made otherwise than by a provider: an operator records and corrects them.

use commerce::error::Error;
use commerce::outcome::{ManualCorrectOutcome, ManualRecordOutcome, Outcome};
use commerce::refund::{Correction, ManualPayment};
use edge::{Call, KeyedBody, Reply, params};
use uuid::Uuid;

/// `POST /orders/:id/payments`: records a payment.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators. [`Error::NotFound`]. [`Error::Unprocessable`] for an
/// amount that can't be, a reference that is taken, and a key of another body.
pub async fn record(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    caller.require_operator("recording a payment")?;
    call.no_query()?;
    let order = call.id()?;
    let KeyedBody { body, key, hash } = call.keyed_json().await?;
    let payment = ManualPayment::decode(&body)?;
    let params = params![
        caller.organization,
        order,
        payment.amount,
        payment.reference,
        payment.received_at.map(|moment| moment.to_rfc3339()),
        payment.note,
        caller.principal(),
        key,
        hash,
        Uuid::now_v7(),
    ];
    let mut row = edge::write_one(app, "manual_record", params).await?;
    match ManualRecordOutcome::read(row.text("outcome")?)? {
        ManualRecordOutcome::Recorded | ManualRecordOutcome::Replay => Ok(Reply::fresh(201, row.take_text("body")?)),
        ManualRecordOutcome::Mismatch => Err(Error::idempotency_mismatch("payment")),
        ManualRecordOutcome::NotFound => Err(Error::not_found("order")),
        ManualRecordOutcome::BadAmount => {
            let detail =
                "must be above zero and have no more digits than the currency; absent, the order must want more";
            Err(Error::unprocessable("amount", detail))
        }
        ManualRecordOutcome::KnownReference => Err(Error::unprocessable("reference", "names another payment")),
    }
}

/// `POST /payments/:id/correct`: corrects the sum of a payment that was recorded by hand.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators. [`Error::NotFound`]. [`Error::Conflict`] for a
/// provider's payment. [`Error::Unprocessable`] for an amount that can't be.
pub async fn correct(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    caller.require_operator("correcting a payment")?;
    call.no_query()?;
    let payment = call.id()?;
    let correction = Correction::decode(&call.json().await?)?;
    let params = params![caller.organization, payment, correction.amount, correction.note, caller.principal()];
    let mut row = edge::write_one(app, "manual_correct", params).await?;
    match ManualCorrectOutcome::read(row.text("outcome")?)? {
        ManualCorrectOutcome::Corrected => Ok(Reply::fresh(200, row.take_text("body")?)),
        ManualCorrectOutcome::NotFound => Err(Error::not_found("payment")),
        ManualCorrectOutcome::NotManual => Err(Error::conflict("the payment is its provider's to tell of", None)),
        ManualCorrectOutcome::BadAmount => {
            let detail = "must have no more digits than the currency, and be no less than what was refunded";
            Err(Error::unprocessable("amount", detail))
        }
    }
}

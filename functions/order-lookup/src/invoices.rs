//! The invoice of an order and its credit notes, issued. `GET /orders/:id/invoice` shows them.

use commerce::error::Error;
use commerce::invoice::{NewCreditNote, NewInvoice};
use commerce::outcome::{InvoiceCreditOutcome, InvoiceIssueOutcome, Outcome};
use edge::settings::Rules;
use edge::state::KeyBuilder;
use edge::turn::Turn;
use edge::{Call, KeyedBody, Reply, params};
use uuid::Uuid;

/// `POST /orders/:id/invoice`: issues the invoice of an order, once. A second request finds it,
/// whatever its body.
///
/// # Errors
/// [`Error::Forbidden`] for customers. [`Error::NotFound`]. [`Error::Conflict`] for an order that
/// is cancelled or costs nothing. [`Error::Unprocessable`] without a rate for another currency than
/// lei.
pub async fn issue(call: Call<'_>) -> Result<Reply, Error> {
    let order = call.id()?;
    call.no_query()?;
    call.caller.require_staff("issuing an invoice")?;
    let invoice = NewInvoice::decode(call.optional_json().await?.as_deref())?;
    let params = params![
        call.caller.organization,
        order,
        invoice.due_days,
        invoice.ron_rate,
        call.caller.principal(),
        Uuid::now_v7(),
    ];
    let turn = turn(&call).await?;
    let row = edge::write_one(call.app, "invoice_issue", params).await;
    turn.give_back();
    let mut row = row?;
    let status = InvoiceIssueOutcome::read(row.text("outcome")?)?.status()?;
    let reply = Reply::fresh(status, row.take_text("body")?);
    Ok(if status == 201 { reply.with("location", format!("/api/v1/orders/{order}/invoice")) } else { reply })
}

/// `POST /orders/:id/invoice/credit-note`: credits a part of an order's invoice, once per caller
/// and `Idempotency-Key`.
///
/// # Errors
/// [`Error::Forbidden`] for customers. [`Error::NotFound`]. [`Error::Conflict`] for more than is
/// left of the invoice, or if nothing calls for a credit note. [`Error::Unprocessable`] for lines
/// and amounts that can't be, and for a key that was used for another body.
pub async fn credit(call: Call<'_>) -> Result<Reply, Error> {
    let order = call.id()?;
    call.no_query()?;
    call.caller.require_staff("issuing a credit note")?;
    let KeyedBody { body, key, hash } = call.keyed_json().await?;
    let note = NewCreditNote::decode(&body)?;
    let params = params![
        call.caller.organization,
        order,
        edge::json(&note)?,
        call.caller.principal(),
        key,
        hash,
        Uuid::now_v7(),
    ];
    let turn = turn(&call).await?;
    let row = edge::write_one(call.app, "invoice_credit", params).await;
    turn.give_back();
    let mut row = row?;
    InvoiceCreditOutcome::read(row.text("outcome")?)?.check()?;
    Ok(Reply::fresh(201, row.take_text("body")?))
}

/// The caller's turn to draw a number of its organisation. It only keeps the queue at the series'
/// row short; the statement that draws the number is right without it.
async fn turn(call: &Call<'_>) -> Result<Turn, Error> {
    let rules = Rules::ready().await?;
    let key = KeyBuilder::new("lock:invoice-number").part(call.caller.organization.to_string()).build();
    Ok(Turn::take(call.app, &key, rules.invoice_lock, rules.invoice_wait).await)
}

//! Changing and deleting an order. Each is one statement. The answer comes when no reader is served
//! the old state any more.

use commerce::error::Error;
use commerce::order::OrderPatch;
use commerce::outcome::{DeleteOutcome, Outcome, PatchOutcome};
use commerce::query::parse_hard;
use commerce::views;
use edge::changed::{ChangedDocument, Conditions};
use edge::holds::hold_pieces;
use edge::settings::Rules;
use edge::{Call, Reply, params};

/// `PATCH /orders/:id`.
///
/// # Errors
/// [`Error::NotFound`], also for another customer's order. [`Error::PreconditionFailed`].
/// [`Error::Conflict`] for a move that the table of statuses doesn't have, and for items that
/// something hangs on. [`Error::Unprocessable`] for items that can't be ordered.
pub async fn patch(call: Call<'_>) -> Result<Reply, Error> {
    let id = call.id()?;
    call.no_query()?;
    let Conditions { only, unless } = Conditions::read(call.request)?;
    let body = call.json().await?;
    let patch = OrderPatch::decode(&body)?;
    let restriction = call.caller.restriction()?;
    patch.permit(call.caller)?;
    let address = patch.shipping_address.as_ref().and_then(Option::as_ref).map(edge::json).transpose()?;
    let items = patch.items.as_ref().map(edge::json).transpose()?;
    let items_from: Vec<String> =
        OrderPatch::items_from(call.caller).iter().map(|status| status.as_str().to_owned()).collect();
    if items.is_some() {
        hold_pieces(call.app, "stock_hold_begin_change", || {
            Ok(params![call.caller.organization, id, restriction, items.clone(), items_from.clone()])
        })
        .await?;
    }
    // A repeated request is no move: the order already has the status that it asks for.
    let sources =
        patch.status.map_or(vec![], |to| to.sources().chain([to]).map(|status| status.as_str().to_owned()).collect());
    let params = params![
        call.caller.organization,
        id,
        restriction,
        None::<i64>,
        patch.status.map(|status| status.as_str()),
        sources,
        patch.notes.is_some(),
        patch.notes.clone().flatten(),
        address,
        patch.shipping_address.is_some(),
        only,
        unless,
        call.caller.principal(),
        items,
        items_from,
        Rules::ready().await?.inventory.as_str(),
    ];
    let entry = views::ORDER.entry_of(call.caller.organization, id);
    let (row, stored) = edge::write_through(call.app, "order_patch", params, entry.clone()).await?;
    let to = patch.status.map_or("that", |status| status.as_str());
    PatchOutcome::read(row.text("outcome")?)?.check(to, row.int("version")?, row.text("status")?)?;
    if !stored {
        edge::fill_behind(call.app, entry, params![call.caller.organization, id]);
    }
    Ok(ChangedDocument::from_row(row)?.into_reply(200))
}

/// `DELETE /orders/:id`: hides an order, or, `hard`, removes it.
///
/// # Errors
/// [`Error::Forbidden`] for customers; if it is hard, for all but operators. [`Error::Conflict`] if
/// money hangs on the order, or may still come, and if it has an invoice.
pub async fn delete(call: Call<'_>) -> Result<Reply, Error> {
    let id = call.id()?;
    let hard = parse_hard(call.query())?;
    let Conditions { only, unless } = Conditions::read(call.request)?;
    if hard {
        call.caller.require_operator("deleting an order for good")?;
    }
    call.caller.require_staff("deleting an order")?;
    let params = params![call.caller.organization, id, hard, None::<i64>, only, unless, call.caller.principal()];
    let row = edge::write_one(call.app, "order_delete", params).await?;
    match DeleteOutcome::read(row.text("outcome")?)? {
        DeleteOutcome::Deleted => Ok(Reply::no_content()),
        DeleteOutcome::NotFound => Err(Error::not_found("order")),
        DeleteOutcome::VersionMismatch => Err(Error::PreconditionFailed { current: row.int("version")? }),
        DeleteOutcome::HasPayments => {
            let detail = "an order that has payments, or that may still be paid through a session, can't be deleted \
                for good";
            Err(Error::conflict(detail, None))
        }
        DeleteOutcome::HasInvoice => {
            Err(Error::conflict("an order that has an invoice can't be deleted for good", None))
        }
    }
}

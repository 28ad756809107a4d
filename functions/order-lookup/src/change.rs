//! Changing and deleting an order. Each is one statement, and answers when no reader is served the old
//! state any more.

use commerce::error::Error;
use commerce::order::PatchOrder;
use commerce::preconditions::if_match;
use commerce::query::parse_hard;
use edge::changed::Changed;
use edge::{Call, Param, Reply};
use serde::Serialize;

/// `PATCH /orders/:id`.
///
/// # Errors
/// [`Error::NotFound`] for another's too, [`Error::PreconditionFailed`], and [`Error::Conflict`] for a
/// move that the table of statuses doesn't have.
pub async fn patch(call: Call<'_>) -> Result<Reply, Error> {
    let id = call.id()?;
    call.no_query()?;
    let version = if_match(call.request.values("if-match"))?;
    let body = call.json().await?;
    let patch = PatchOrder::decode(&body)?;
    let restriction = call.caller.restriction()?;
    patch.permit(call.caller)?;
    let notes = patch.notes.clone().flatten().map_or(Param::Null, Param::Text);
    let address = patch.shipping_address.as_ref().and_then(Option::as_ref).map_or(Ok(Param::Null), json)?;
    let params = vec![
        Param::Id(call.caller.organization),
        Param::Id(id),
        restriction.map_or(Param::Null, Param::Id),
        version.map_or(Param::Null, Param::BigInt),
        patch.status.map_or(Param::Null, |status| Param::Text(status.as_str().to_owned())),
        // A repeated request is no move: it finds the order where it wants it.
        Param::TextArray(
            patch
                .status
                .map_or(vec![], |to| to.sources().chain([to]).map(|status| status.as_str().to_owned()).collect()),
        ),
        Param::Bool(patch.notes.is_some()),
        notes,
        address,
        Param::Bool(patch.shipping_address.is_some()),
    ];
    let row = edge::write_one(call.app, include_str!("../../../shared/edge/src/sql/order_patch.sql"), params).await?;
    match (row.outcome()?, patch.status) {
        ("updated", _) => Ok(Changed::from_row(row)?.into_reply(200)),
        ("not_found", _) => Err(Error::not_found("order")),
        ("version_mismatch", _) => Err(Error::PreconditionFailed { current: row.int("version")? }),
        ("not_allowed", Some(to)) => {
            let current = row.text("status")?.map(str::to_owned);
            Err(Error::Conflict { detail: format!("the order can't become {}", to.as_str()), current })
        }
        (other, _) => Err(Error::internal(format!("unknown outcome {other}"))),
    }
}

/// `DELETE /orders/:id`: hides an order, or, `hard`, removes it.
///
/// # Errors
/// [`Error::Forbidden`] for customers, and for all but operators if it is hard; [`Error::Conflict`] if
/// payments hang on it.
pub async fn delete(call: Call<'_>) -> Result<Reply, Error> {
    let id = call.id()?;
    let hard = parse_hard(call.query())?;
    let version = if_match(call.request.values("if-match"))?;
    if hard {
        call.caller.require_operator("deleting an order for good")?;
    }
    call.caller.require_staff("deleting an order")?;
    let params = vec![
        Param::Id(call.caller.organization),
        Param::Id(id),
        Param::Bool(hard),
        version.map_or(Param::Null, Param::BigInt),
    ];
    let row = edge::write_one(call.app, include_str!("../../../shared/edge/src/sql/order_delete.sql"), params).await?;
    match row.outcome()? {
        "deleted" => Ok(Reply::no_content()),
        "not_found" => Err(Error::not_found("order")),
        "version_mismatch" => Err(Error::PreconditionFailed { current: row.int("version")? }),
        "has_payments" => Err(Error::Conflict {
            detail: "an order with payments can't be deleted for good".to_owned(),
            current: None,
        }),
        other => Err(Error::internal(format!("unknown outcome {other}"))),
    }
}

fn json(value: &impl Serialize) -> Result<Param, Error> {
    serde_json::to_string(value).map(Param::Json).map_err(|error| Error::internal(error.to_string()))
}

//! What changes orders. Each is one statement, and answers when no reader is served the old state any more.

use commerce::caller::Caller;
use commerce::error::Error;
use commerce::order::{BulkWrite, NewOrder, PatchOrder};
use commerce::query::hex;
use commerce::status::OrderStatus;
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::uuid;
use crate::backend::Backend;
use crate::http::Reply;
use crate::postgres::{Param, Row};

/// An order as it is after a change.
#[derive(Debug)]
pub struct Changed {
    /// Its JSON, as a read gives it.
    pub body: Vec<u8>,
    /// Its version.
    pub version: i64,
}

impl Changed {
    pub(crate) fn of(mut row: Row) -> Result<Self, Error> {
        let version = row.int("version")?.ok_or_else(|| Error::internal("a changed order without a version"))?;
        Ok(Self { body: row.take_text("body")?.into_bytes(), version })
    }

    /// The response that gives it; the entity tag is its version, as a read gives it.
    pub fn into_reply(self, status: u16) -> Reply {
        Reply::json(status, self.body)
            .with("etag", format!("\"{}\"", self.version))
            .with("cache-control", "private, no-cache")
            .with("vary", "Authorization")
    }
}

/// Makes an order, once per caller and `key`; `body` is what the request holds, for telling a repetition from a mistake.
/// Gives the order's id with it.
///
/// # Errors
/// [`Error::Unprocessable`] for unknown customers and products and for a key that was used for another body.
pub async fn create(
    backend: &'static Backend,
    caller: &Caller,
    order: &NewOrder,
    key: &str,
    body: &[u8],
) -> Result<(String, Changed), Error> {
    order.permit(caller)?;
    let params = vec![
        uuid(caller.organization),
        json(order)?,
        Param::Text(principal(caller)),
        Param::Text(key.to_owned()),
        Param::Text(hex(&Sha256::digest(body))),
        uuid(Uuid::now_v7()),
    ];
    let row = one(backend.write(include_str!("../sql/order_create.sql"), params).await?)?;
    let outcome = outcome(&row)?;
    match outcome.as_str() {
        "created" | "replay" => {
            let changed = Changed::of(row)?;
            Ok((id_of(&changed.body)?, changed))
        }
        "mismatch" => {
            Err(Error::unprocessable("Idempotency-Key", "was used for another body; a new order needs a new key"))
        }
        _ => Err(refusal(&outcome, order.currency.as_str())),
    }
}

/// Why an order wasn't made, by the outcome that `order_create` gave.
pub(crate) fn refusal(outcome: &str, currency: &str) -> Error {
    let (outcome, index) = outcome.split_once(':').unwrap_or((outcome, ""));
    match outcome {
        "unknown_customer" => Error::unprocessable("customerId", "there is no such customer"),
        "unknown_sku" => Error::unprocessable(format!("items[{index}].sku"), "there is no such product"),
        "no_price" => {
            let detail = format!("the product has no price in {currency}");
            Error::unprocessable(format!("items[{index}].sku"), detail)
        }
        "total_too_large" => Error::unprocessable("items", "the total is larger than any order's may be"),
        other => unknown(other),
    }
}

/// Changes an order; `version` is the one that it must have, `None` for any.
///
/// # Errors
/// [`Error::NotFound`] for another's too, [`Error::PreconditionFailed`], and [`Error::Conflict`] for a move that the table doesn't have.
pub async fn patch(
    backend: &'static Backend,
    caller: &Caller,
    id: Uuid,
    patch: &PatchOrder,
    version: Option<i64>,
) -> Result<Changed, Error> {
    let restriction = caller.restriction()?;
    patch.permit(caller)?;
    let notes = patch.notes.clone().flatten().map_or(Param::Null, Param::Text);
    let address = patch.shipping_address.as_ref().and_then(Option::as_ref).map_or(Ok(Param::Null), json)?;
    let params = vec![
        uuid(caller.organization),
        uuid(id),
        restriction.map_or(Param::Null, uuid),
        version.map_or(Param::Null, Param::BigInt),
        patch.status.map_or(Param::Null, |status| Param::Text(status.as_str().to_owned())),
        // A repeated request is no move: it finds the order where it wants it.
        patch.status.map_or(Param::TextArray(vec![]), |to| names(to.sources().chain([to]))),
        Param::Bool(patch.notes.is_some()),
        notes,
        address,
        Param::Bool(patch.shipping_address.is_some()),
    ];
    let row = one(backend.write(include_str!("../sql/order_patch.sql"), params).await?)?;
    match (outcome(&row)?.as_str(), patch.status) {
        ("updated", _) => Changed::of(row),
        ("not_found", _) => Err(Error::not_found("order")),
        ("version_mismatch", _) => Err(Error::PreconditionFailed { current: row.int("version")? }),
        ("not_allowed", Some(to)) => {
            let current = row.text("status")?.map(str::to_owned);
            Err(Error::Conflict { detail: format!("the order can't become {}", to.as_str()), current })
        }
        (other, _) => Err(unknown(other)),
    }
}

/// Deletes an order: hides it, or, `hard`, removes it.
///
/// # Errors
/// [`Error::Forbidden`] for customers, and for all but operators where it is hard; [`Error::Conflict`] where payments hang on it.
pub async fn delete(
    backend: &'static Backend,
    caller: &Caller,
    id: Uuid,
    hard: bool,
    version: Option<i64>,
) -> Result<(), Error> {
    if hard {
        caller.require_operator("deleting an order for good")?;
    }
    caller.require_staff("deleting an order")?;
    let version = version.map_or(Param::Null, Param::BigInt);
    let params = vec![uuid(caller.organization), uuid(id), Param::Bool(hard), version];
    let row = one(backend.write(include_str!("../sql/order_delete.sql"), params).await?)?;
    match outcome(&row)?.as_str() {
        "deleted" => Ok(()),
        "not_found" => Err(Error::not_found("order")),
        "version_mismatch" => Err(Error::PreconditionFailed { current: row.int("version")? }),
        "has_payments" => Err(Error::Conflict {
            detail: "an order with payments can't be deleted for good".to_owned(),
            current: None,
        }),
        other => Err(unknown(other)),
    }
}

/// Moves many orders to one status. Gives `{items}` in the order of the ids, each with its outcome.
///
/// # Errors
/// [`Error::Forbidden`] for customers. What happens to one order never fails the others.
pub async fn set_statuses(backend: &'static Backend, caller: &Caller, request: &BulkWrite) -> Result<Vec<u8>, Error> {
    caller.require_staff("changing many orders")?;
    let params = vec![
        uuid(caller.organization),
        Param::TextArray(request.ids.iter().map(Uuid::to_string).collect()),
        Param::Text(request.status.as_str().to_owned()),
        names(request.status.sources()),
    ];
    let rows = backend.write(include_str!("../sql/orders_set_status.sql"), params).await?;
    let items: Result<Vec<String>, Error> = rows.iter().map(|row| set_status_item(row, request.status)).collect();
    Ok(format!("{{\"items\":[{}]}}", items?.join(",")).into_bytes())
}

/// What became of one order: its outcome, the reason where it isn't as asked, and its state where there is one.
fn set_status_item(row: &Row, to: OrderStatus) -> Result<String, Error> {
    let outcome = outcome(row)?;
    let detail = match outcome.as_str() {
        "updated" | "unchanged" => None,
        "not_found" => Some("no such order".to_owned()),
        "not_allowed" => Some(format!("it can't become {}", to.as_str())),
        other => return Err(unknown(other)),
    };
    let detail = detail.map(|detail| format!(",\"detail\":\"{detail}\"")).unwrap_or_default();
    // The state begins with the id; without a state only the id is left to say.
    let state = match row.text("body")?.and_then(|body| body.strip_prefix('{')) {
        Some(state) => state.to_owned(),
        None => format!("\"id\":\"{}\"}}", row.text("id")?.unwrap_or_default()),
    };
    Ok(format!("{{\"outcome\":\"{outcome}\"{detail},{state}"))
}

/// Whose idempotency keys they are: the same key of another caller is another key.
pub(crate) fn principal(caller: &Caller) -> String {
    let customer = caller.customer.map(|customer| customer.to_string()).unwrap_or_default();
    format!("{}:{customer}:{}", caller.role.as_str(), caller.subject)
}

fn names(statuses: impl Iterator<Item = OrderStatus>) -> Param {
    Param::TextArray(statuses.map(|status| status.as_str().to_owned()).collect())
}

fn json(value: &impl Serialize) -> Result<Param, Error> {
    serde_json::to_string(value).map(Param::Json).map_err(|error| Error::internal(error.to_string()))
}

/// The `id` of an order's JSON; a repetition has the id of the first time.
pub(crate) fn id_of(body: &[u8]) -> Result<String, Error> {
    let order: serde_json::Value = serde_json::from_slice(body).map_err(|error| Error::internal(error.to_string()))?;
    order["id"].as_str().map(str::to_owned).ok_or_else(|| Error::internal("an order without an id"))
}

pub(crate) fn one(rows: Vec<Row>) -> Result<Row, Error> {
    rows.into_iter().next().ok_or_else(|| Error::internal("a write gave no row"))
}

pub(crate) fn outcome(row: &Row) -> Result<String, Error> {
    row.text("outcome")?.map(str::to_owned).ok_or_else(|| Error::internal("a write without an outcome"))
}

pub(crate) fn unknown(outcome: &str) -> Error {
    Error::internal(format!("unknown outcome {outcome}"))
}

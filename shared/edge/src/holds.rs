//! Pieces that a product-service holds for an order, from before the order is made.
//!
//! Three steps, and the service is called between two of them, so no transaction waits for it: the
//! wish is noted, the service is asked, its answer is noted. Then the order is made, and takes the
//! hold in its own transaction. If an instance dies on the way, a repetition of the request goes on
//! with the same hold; without one the job lets it go.

use commerce::error::Error;
use commerce::outcome::{HoldOutcome, Outcome};
use commerce::stock::InventoryMode;
use commerce::stock_hold::{Hold, HoldAnswer, HoldMessage, refusal};
use uuid::Uuid;

use crate::app::App;
use crate::clock::now_millis;
use crate::data::{Param, Row, change_one};
use crate::params;
use crate::product_service::ProductService;
use crate::settings::Rules;

/// Holds the pieces of an order that is about to be made or changed, if a product-service keeps
/// stock. `function` notes the wish; `params` are its parameters but for the last, a new id.
///
/// If the service gives no answer, the order is let through all the same, and the job asks again.
///
/// # Errors
/// [`Error::Conflict`] if the service refuses. [`Error::Misconfigured`] without its settings. The
/// error that Postgres gave.
pub async fn hold_pieces(
    app: &App,
    function: &'static str,
    params: impl FnOnce() -> Result<Vec<Param>, Error>,
) -> Result<(), Error> {
    if Rules::ready().await?.inventory != InventoryMode::Service {
        return Ok(());
    }
    let service = ProductService::ready().await?;
    let mut params = params()?;
    params.push(Uuid::now_v7().into());
    let row = change_one(app, function, params).await?;
    match HoldOutcome::read(row.text("outcome")?)? {
        HoldOutcome::Ask => {}
        HoldOutcome::Held | HoldOutcome::Pass => return Ok(()),
    }
    let (id, replaces) = (uuid(&row, "hold")?.ok_or_else(unreadable)?, uuid(&row, "replaces")?);
    let organization = uuid(&row, "organization")?.ok_or_else(unreadable)?;
    let hold = Hold { id, organization, order: None, items: items(&row)?, replaces };
    service.heard(row.int("resting_ms")?);
    let answer = service.tell(HoldMessage::Reserve, &hold, now_millis()).await;
    let (reservation, shortage) = match answer {
        Ok(HoldAnswer::Reserved(reservation)) => (Some(reservation), None),
        Ok(HoldAnswer::Refused(shortage)) => (None, shortage),
        // Any other fault is the service's or an operator's, and no reason to sell nothing.
        Ok(HoldAnswer::Settled) | Err(_) => {
            let is_held = answered(app, service, id, None, true).await?;
            return if is_held { Ok(()) } else { Err(refusal(None, &hold)) };
        }
    };
    let is_held = answered(app, service, id, reservation, false).await?;
    if is_held { Ok(()) } else { Err(refusal(shortage.as_ref(), &hold)) }
}

/// Notes the service's answer, and tells the other instances if it has none. Gives whether the
/// order may be made.
async fn answered(
    app: &App,
    service: &ProductService,
    id: Uuid,
    reservation: Option<String>,
    away: bool,
) -> Result<bool, Error> {
    let params = params![id, reservation, away, service.rests_to_tell()];
    let row = change_one(app, "stock_hold_answer", params).await?;
    Ok(row.bool("held")?.unwrap_or(false))
}

/// The pieces in a row of a hold.
///
/// # Errors
/// [`Error::Internal`] if they aren't JSON.
pub fn items(row: &Row) -> Result<serde_json::Value, Error> {
    serde_json::from_str(row.text("items")?.unwrap_or_default()).map_err(|_| unreadable())
}

/// A UUID in a row of a hold; `None` if the column is empty.
///
/// # Errors
/// [`Error::Internal`] if it is none.
pub fn uuid(row: &Row, column: &'static str) -> Result<Option<Uuid>, Error> {
    row.text(column)?.map(|text| Uuid::try_parse(text).map_err(|_| unreadable())).transpose()
}

/// The row of a hold is none: code and database don't belong together.
pub fn unreadable() -> Error {
    Error::internal("a hold of stock can't be read")
}

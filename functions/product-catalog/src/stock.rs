//! Stock: how many pieces of a product's article there are, and which orders hold some.

use commerce::error::Error;
use commerce::outcome::{Outcome, StockCountOutcome, StockForgetOutcome, StockMoveOutcome};
use commerce::query::parse_stretch;
use commerce::stock::{StockCount, StockMovement};
use edge::jobs::Step;
use edge::settings::Rules;
use edge::{App, Call, KeyedBody, Reply, params};
use serde_json::json;

/// The most orders that one step of [`expire`] looks at.
const STEP: i32 = 100;

/// `PUT /products/:id/stock`: sets how many pieces there are. From then on the article is counted.
///
/// # Errors
/// [`Error::Forbidden`] for customers. [`Error::NotFound`]. [`Error::Conflict`] if more are
/// reserved.
pub async fn count(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    caller.require_staff("counting stock")?;
    call.no_query()?;
    let id = call.id()?;
    let count = StockCount::decode(&call.json().await?)?;
    let params = params![caller.organization, id, i64::from(count.on_hand), count.note, caller.principal()];
    let mut row = edge::write_one(app, "stock_count", params).await?;
    match StockCountOutcome::read(row.text("outcome")?)? {
        StockCountOutcome::Counted => Ok(Reply::fresh(200, row.take_text("body")?)),
        StockCountOutcome::NotFound => Err(Error::not_found("product")),
        StockCountOutcome::Reserved => {
            let reserved = row.int("reserved")?.unwrap_or_default();
            let detail = format!("onHand can't be below the {reserved} pieces that orders have reserved");
            Err(Error::conflict(detail, None))
        }
    }
}

/// `DELETE /products/:id/stock`: ends the counting of the article. It also succeeds if the article
/// isn't counted, so a repetition is harmless.
///
/// # Errors
/// [`Error::Forbidden`] for customers. [`Error::NotFound`]. [`Error::Conflict`] if orders hold
/// some.
pub async fn forget(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    caller.require_staff("ending the count of stock")?;
    call.no_query()?;
    let row = edge::write_one(app, "stock_forget", params![caller.organization, call.id()?]).await?;
    match StockForgetOutcome::read(row.text("outcome")?)? {
        StockForgetOutcome::Forgotten => Ok(Reply::no_content()),
        StockForgetOutcome::NotFound => Err(Error::not_found("product")),
        StockForgetOutcome::Reserved => {
            let reserved = row.int("reserved")?.unwrap_or_default();
            Err(Error::conflict(format!("orders have reserved {reserved} pieces"), None))
        }
    }
}

/// `POST /products/:id/stock/movements`: books pieces in or out, once per `Idempotency-Key`.
///
/// # Errors
/// [`Error::Forbidden`] for customers. [`Error::NotFound`]. [`Error::Conflict`] if the article
/// isn't counted, or fewer pieces would be there than are reserved. [`Error::Unprocessable`] for a
/// key of another body.
pub async fn book(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    caller.require_staff("booking stock")?;
    call.no_query()?;
    let id = call.id()?;
    let KeyedBody { body, key, hash } = call.keyed_json().await?;
    let movement = StockMovement::decode(&body)?;
    let params = params![
        caller.organization,
        id,
        i64::from(movement.change),
        movement.reason.as_str(),
        movement.note,
        caller.principal(),
        key,
        hash,
    ];
    let mut row = edge::write_one(app, "stock_move", params).await?;
    match StockMoveOutcome::read(row.text("outcome")?)? {
        StockMoveOutcome::Moved | StockMoveOutcome::Replay => Ok(Reply::fresh(201, row.take_text("body")?)),
        StockMoveOutcome::Mismatch => Err(Error::idempotency_mismatch("movement")),
        StockMoveOutcome::NotFound => Err(Error::not_found("product")),
        StockMoveOutcome::NotCounted => {
            Err(Error::conflict("the article isn't counted: PUT how many pieces there are first", None))
        }
        StockMoveOutcome::TooFew => {
            let available = row.int("available")?.unwrap_or_default();
            let detail = format!("only {available} pieces are there that no order has reserved");
            Err(Error::conflict(detail, None))
        }
    }
}

/// `GET /products/:id/stock/movements`: a page of them, the newest first.
///
/// # Errors
/// [`Error::Forbidden`] for customers. [`Error::NotFound`].
pub async fn movements(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    let (limit, after) = parse_stretch(call.query())?;
    caller.require_staff("movements of stock")?;
    let params = params![caller.organization, call.id()?, limit as i32, after.map(|place| place.to_string())];
    edge::document(app, "stock_movements", params, "product").await
}

/// `GET /orders/:id/stock`: what an order holds, or held.
///
/// # Errors
/// [`Error::Forbidden`] for customers. [`Error::NotFound`].
pub async fn of_order(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    call.no_query()?;
    caller.require_staff("what an order holds of stock")?;
    edge::document(app, "stock_of_order", params![caller.organization, call.id()?], "order").await
}

/// `POST /stock/expire`: cancels orders that hold stock and that nobody has paid in time. One
/// bounded step: `more` says whether to call again.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators.
pub async fn expire(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    caller.require_operator("ending unpaid orders")?;
    call.no_query()?;
    let (expired, more) = end_unpaid(app).await?;
    Ok(Reply::fresh(200, json!({ "expired": expired, "more": more }).to_string()))
}

/// [`expire`] as a job.
///
/// # Errors
/// The error that Postgres gave.
pub async fn step(app: &'static App) -> Result<Step, Error> {
    let (expired, more) = end_unpaid(app).await?;
    Ok(Step::of(json!({ "expired": expired }), more))
}

/// Cancels orders that nobody has paid in time: how many, and whether there may be more.
async fn end_unpaid(app: &'static App) -> Result<(i64, bool), Error> {
    let Some(hold) = Rules::ready().await?.stock_hold else { return Ok((0, false)) };
    let row = edge::write_one(app, "stock_expire", params![hold.as_secs() as i64, STEP]).await?;
    let count = |name| Ok::<_, Error>(row.int(name)?.unwrap_or_default());
    let (expired, looked) = (count("expired")?, count("looked")?);
    // Without one that expired the next call would find the same orders.
    Ok((expired, looked >= i64::from(STEP) && expired > 0))
}

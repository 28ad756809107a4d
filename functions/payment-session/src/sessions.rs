//! Payment sessions: reading them and moving them on. [`begin`] holds their beginning.

pub mod begin;
mod judge;
pub mod tickets;

use commerce::error::Error;
use commerce::outcome::{Outcome, SessionMoveOutcome};
use commerce::session::{SessionQuery, SessionStatus};
use commerce::views;
use edge::jobs::Step;
use edge::{App, Call, Reply, Row, params};
use payments::Payments;
use serde_json::json;

/// How many sessions one sweep marks: as many as one statement announces by name
/// (`announced_rows()`).
const SWEPT: i32 = 200;

/// `GET /payments/sessions/:id`, from Redis or from Postgres. Redis keeps its copy no longer than
/// the session is open.
///
/// # Errors
/// [`Error::NotFound`] if it isn't there or isn't the caller's.
pub async fn get(call: Call<'_>) -> Result<Reply, Error> {
    let payments = Payments::ready().await?;
    call.no_query()?;
    let id = call.id()?;
    let organization = call.caller.organization;
    let entry = views::PAYMENT_SESSION.entry_of(organization, id);
    let answer = edge::read_while(call, entry, payments.config.session_ttl, params![organization, id]).await?;
    call.show(answer, "payment session")
}

/// `GET /payments/sessions`: the newest sessions; a customer gets its own only. Only staff see why
/// one was held.
///
/// # Errors
/// The error that Postgres gave.
pub async fn list(call: Call<'_>) -> Result<Reply, Error> {
    let query = SessionQuery::parse(call.query())?;
    let restriction = call.caller.restriction()?;
    let params = params![
        call.caller.organization,
        restriction,
        query.order,
        query.status.map(|status| status.as_str()),
        query.limit as i32,
        restriction.is_none(),
        query.after.map(|place| place.to_string()),
    ];
    edge::page(call.app, "session_list", params).await
}

/// `POST /payments/sessions/:id/cancel`: gives a session up. The payment at the provider ends there
/// by itself. If it is paid all the same, completed beats failed.
///
/// # Errors
/// [`Error::Conflict`] if it is completed.
pub async fn cancel(call: Call<'_>) -> Result<Reply, Error> {
    let mut row = move_to(call, SessionStatus::Failed, Some("cancelled")).await?;
    Ok(Reply::fresh(200, row.take_text("body")?))
}

/// `POST /payments/sessions/sweep`: marks sessions whose time is over. A scheduler calls it.
/// Nothing depends on it, since such sessions count as failed without it.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators.
pub async fn sweep(call: Call<'_>) -> Result<Reply, Error> {
    call.no_query()?;
    call.caller.require_operator("sweeping sessions")?;
    Ok(Reply::fresh(200, format!("{{\"swept\":{}}}", mark_over(call.app).await?)))
}

/// [`sweep`] as a job.
///
/// # Errors
/// The error that Postgres gave.
pub async fn step(app: &'static App) -> Result<Step, Error> {
    let swept = mark_over(app).await?;
    Ok(Step::of(json!({ "swept": swept }), swept >= i64::from(SWEPT)))
}

/// Marks sessions whose time is over; gives how many.
async fn mark_over(app: &'static App) -> Result<i64, Error> {
    let row = edge::write_one(app, "session_sweep", params![SWEPT]).await?;
    Ok(row.int("swept")?.unwrap_or_default())
}

/// Moves a session by compare-and-set.
async fn move_to(call: Call<'_>, to: SessionStatus, reason: Option<&str>) -> Result<Row, Error> {
    call.no_query()?;
    let id = call.id()?;
    let params = params![
        call.caller.organization,
        id,
        call.caller.restriction()?,
        to.sources().iter().map(|status| status.as_str().to_owned()).collect::<Vec<_>>(),
        to.as_str(),
        reason,
        call.caller.principal(),
    ];
    let row = edge::write_one(call.app, "session_move", params).await?;
    moved(row, to)
}

/// The row of a session that has moved, or was there before.
fn moved(row: Row, to: SessionStatus) -> Result<Row, Error> {
    let conflict = |detail: &str| Err(Error::conflict(detail, row.text("status")?));
    match SessionMoveOutcome::read(row.text("outcome")?)? {
        SessionMoveOutcome::Moved | SessionMoveOutcome::Unchanged => Ok(row),
        SessionMoveOutcome::NotFound => Err(Error::not_found("payment session")),
        SessionMoveOutcome::NotPayable => conflict("the session's order can't be paid any more as it was asked for"),
        SessionMoveOutcome::NotAllowed => conflict(&format!("the session can't become {}", to.as_str())),
    }
}

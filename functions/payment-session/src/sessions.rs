//! Payment sessions: reading them and moving them on. How one begins is in [`begin`].

pub mod begin;

use commerce::entries::Entry;
use commerce::error::Error;
use commerce::session::{SessionQuery, SessionStatus};
use edge::{Call, Param, Reply, Row};
use payments::Payments;

/// How many sessions one sweep marks: as many as one statement announces by name (`announced_rows()`).
const SWEPT: i32 = 200;

/// `GET /payments/sessions/:id`, from Redis or from Postgres. Redis holds a copy, kept at most as long as
/// the session is open.
///
/// # Errors
/// [`Error::NotFound`] if it isn't there or isn't the caller's.
pub async fn get(call: Call<'_>) -> Result<Reply, Error> {
    let payments = Payments::ready().await?;
    call.no_query()?;
    let id = call.id()?;
    let organization = call.caller.organization;
    let entry = Entry::session(organization, id);
    let params = vec![Param::Id(organization), Param::Id(id)];
    let statement = include_str!("../../../shared/edge/src/sql/payment_session_get.sql");
    let answer = edge::read_while(call.app, entry, payments.config.session_ttl, statement, params).await?;
    let answer = answer.filter(|answer| call.caller.may_see(answer.owner.as_deref()));
    Ok(answer.ok_or_else(|| Error::not_found("payment session"))?.into_reply(call.request))
}

/// `GET /payments/sessions`: the newest sessions; a customer's own only. Staff are told why one was held.
///
/// # Errors
/// What Postgres gave.
pub async fn list(call: Call<'_>) -> Result<Reply, Error> {
    let query = SessionQuery::parse(call.query())?;
    let restriction = call.caller.restriction()?;
    let params = vec![
        Param::Id(call.caller.organization),
        restriction.map_or(Param::Null, Param::Id),
        query.order.map_or(Param::Null, Param::Id),
        query.status.map_or(Param::Null, |status| Param::Text(status.as_str().to_owned())),
        Param::Int(query.limit as i32),
        Param::Bool(restriction.is_none()),
    ];
    let statement = include_str!("../../../shared/edge/src/sql/payment_sessions_list.sql");
    let rows = edge::query(call.app, statement, params).await?;
    Ok(Reply::fresh(200, edge::one(rows)?.take_text("body")?))
}

/// `GET /payments/sessions/:id/redirect`: sends the shopper to the provider. Going there again is as good
/// as going there once.
///
/// # Errors
/// [`Error::Conflict`] if the session is past that, or its gateway has no page.
pub async fn redirect(call: Call<'_>) -> Result<Reply, Error> {
    let mut row = step(call, SessionStatus::AwaitingCallback, None).await?;
    let body = row.take_text("body")?;
    match row.text("redirect_url")? {
        Some(url) => Ok(Reply::fresh(303, body).with("location", url.to_owned())),
        None => Err(Error::Conflict {
            detail: "the session's gateway has no page to redirect to".into(),
            current: row.text("status")?.map(str::to_owned),
        }),
    }
}

/// `POST /payments/sessions/:id/cancel`: gives a session up. Whatever was begun at the provider ends there
/// by itself; if it is paid all the same, completed beats failed.
///
/// # Errors
/// [`Error::Conflict`] if it is completed.
pub async fn cancel(call: Call<'_>) -> Result<Reply, Error> {
    let mut row = step(call, SessionStatus::Failed, Some("cancelled")).await?;
    Ok(Reply::fresh(200, row.take_text("body")?))
}

/// `POST /payments/sessions/sweep`: marks sessions whose time is over, for a scheduler. Nothing depends on
/// it: they count as failed without it.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators.
pub async fn sweep(call: Call<'_>) -> Result<Reply, Error> {
    call.no_query()?;
    call.caller.require_operator("sweeping sessions")?;
    let statement = include_str!("../../../shared/edge/src/sql/payment_sessions_sweep.sql");
    let row = edge::write_one(call.app, statement, vec![Param::Int(SWEPT)]).await?;
    Ok(Reply::fresh(200, format!("{{\"swept\":{}}}", row.int("swept")?.unwrap_or_default())))
}

/// Moves a session by compare-and-set.
async fn step(call: Call<'_>, to: SessionStatus, reason: Option<&str>) -> Result<Row, Error> {
    call.no_query()?;
    let id = call.id()?;
    let params = vec![
        Param::Id(call.caller.organization),
        Param::Id(id),
        call.caller.restriction()?.map_or(Param::Null, Param::Id),
        Param::TextArray(to.sources().iter().map(|status| status.as_str().to_owned()).collect()),
        Param::Text(to.as_str().to_owned()),
        reason.map_or(Param::Null, |reason| Param::Text(reason.to_owned())),
    ];
    let statement = include_str!("../../../shared/edge/src/sql/payment_session_move.sql");
    let row = edge::write_one(call.app, statement, params).await?;
    match row.outcome()? {
        "moved" | "unchanged" => Ok(row),
        "not_found" => Err(Error::not_found("payment session")),
        "not_payable" => {
            let current = row.text("status")?.map(str::to_owned);
            Err(Error::Conflict {
                detail: "the session's order can't be paid any more as it was asked for".into(),
                current,
            })
        }
        "not_allowed" => {
            let current = row.text("status")?.map(str::to_owned);
            Err(Error::Conflict { detail: format!("the session can't become {}", to.as_str()), current })
        }
        other => Err(Error::internal(format!("unknown outcome {other}"))),
    }
}

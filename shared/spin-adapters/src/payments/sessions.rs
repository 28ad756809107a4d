//! Payment sessions: reading them and moving them on. How one begins is in [`begin`].

pub mod begin;

use cache_logic::policy::Policy;
use commerce::caller::Caller;
use commerce::entries::{Class, Entry};
use commerce::error::Error;
use commerce::session::{SessionQuery, SessionStatus};
use uuid::Uuid;

use super::Payments;
use crate::backend::{Answer, Backend};
use crate::config::Rules;
use crate::http::Reply;
use crate::orders::change::{one, outcome, unknown};
use crate::orders::uuid;
use crate::postgres::{Param, Row};

/// How many sessions one sweep marks: as many as one statement announces by name (`announced_rows()`).
const SWEPT: i32 = 200;

/// One session, from Redis or from Postgres: what Redis holds is a copy, kept at most as long as the session is open.
///
/// # Errors
/// [`Error::NotFound`] where it isn't there or isn't the caller's.
pub async fn read(backend: &'static Backend, payments: &Payments, caller: &Caller, id: Uuid) -> Result<Answer, Error> {
    let entry = Entry::session(caller.organization, id);
    let policy =
        Policy { ttl: payments.config.session_ttl, ..*Rules::ready().await?.policies.of(Class::PaymentSession) };
    let params = vec![uuid(caller.organization), uuid(id)];
    let answer = backend.read_while(&entry, policy, include_str!("../sql/payment_session_get.sql"), params).await?;
    answer.filter(|answer| caller.may_see(answer.owner.as_deref())).ok_or_else(|| Error::not_found("payment session"))
}

/// The newest sessions; a customer's own only. Staff are told why one was held.
///
/// # Errors
/// What Postgres gave.
pub async fn list(backend: &'static Backend, caller: &Caller, query: &SessionQuery) -> Result<Reply, Error> {
    let restriction = caller.restriction()?;
    let params = vec![
        uuid(caller.organization),
        restriction.map_or(Param::Null, uuid),
        query.order.map_or(Param::Null, uuid),
        query.status.map_or(Param::Null, |status| Param::Text(status.as_str().to_owned())),
        Param::Int(query.limit as i32),
        Param::Bool(restriction.is_none()),
    ];
    let rows = backend.ports.postgres.query(include_str!("../sql/payment_sessions_list.sql"), params).await?;
    Ok(fresh(200, one(rows)?.take_text("body")?))
}

/// Sends the shopper to the provider. Going there again is as good as going there once.
///
/// # Errors
/// [`Error::Conflict`] where the session is past that, or its gateway has no page.
pub async fn redirect(backend: &'static Backend, caller: &Caller, id: Uuid) -> Result<Reply, Error> {
    let mut row = step(backend, caller, id, SessionStatus::AwaitingCallback, None).await?;
    let body = row.take_text("body")?;
    match row.text("redirect_url")? {
        Some(url) => Ok(fresh(303, body).with("location", url.to_owned())),
        None => Err(Error::Conflict {
            detail: "the session's gateway has no page to redirect to".into(),
            current: row.text("status")?.map(str::to_owned),
        }),
    }
}

/// Gives a session up. What was begun at the provider ends there by itself; should it be paid all the same, completed beats failed.
///
/// # Errors
/// [`Error::Conflict`] where it is completed.
pub async fn cancel(backend: &'static Backend, caller: &Caller, id: Uuid) -> Result<Reply, Error> {
    let mut row = step(backend, caller, id, SessionStatus::Failed, Some("cancelled")).await?;
    Ok(fresh(200, row.take_text("body")?))
}

/// Marks sessions whose time is over, for a scheduler. Nothing depends on it: they count as failed without it.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators.
pub async fn sweep(backend: &'static Backend, caller: &Caller) -> Result<Reply, Error> {
    caller.require_operator("sweeping sessions")?;
    let rows = backend.write(include_str!("../sql/payment_sessions_sweep.sql"), vec![Param::Int(SWEPT)]).await?;
    Ok(fresh(200, format!("{{\"swept\":{}}}", one(rows)?.int("swept")?.unwrap_or_default())))
}

/// Moves a session by compare-and-set.
async fn step(
    backend: &'static Backend,
    caller: &Caller,
    id: Uuid,
    to: SessionStatus,
    reason: Option<&str>,
) -> Result<Row, Error> {
    let params = vec![
        uuid(caller.organization),
        uuid(id),
        caller.restriction()?.map_or(Param::Null, uuid),
        Param::TextArray(to.sources().iter().map(|status| status.as_str().to_owned()).collect()),
        Param::Text(to.as_str().to_owned()),
        reason.map_or(Param::Null, |reason| Param::Text(reason.to_owned())),
    ];
    let row = one(backend.write(include_str!("../sql/payment_session_move.sql"), params).await?)?;
    match outcome(&row)?.as_str() {
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
        other => Err(unknown(other)),
    }
}

/// An answer that is not to be kept: it is about this moment.
fn fresh(status: u16, body: impl Into<Vec<u8>>) -> Reply {
    Reply::json(status, body).with("cache-control", "no-store")
}

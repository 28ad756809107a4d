//! Revoked tokens of the caller's organisation.

use commerce::access::{Revocation, Tokens, parse_page};
use commerce::error::Error;
use commerce::time::Moment;
use edge::clock::request_millis;
use edge::{Call, Reply, Row, params};
use uuid::Uuid;

/// `GET /auth/revocations`: those that still stop tokens, the newest first.
///
/// # Errors
/// [`Error::Forbidden`] for customers, and for services without the scope.
pub async fn list(call: Call<'_>) -> Result<Reply, Error> {
    let (limit, after) = parse_page(call.query())?;
    call.caller.require_revoker()?;
    edge::page(call.app, "access_list", params![call.caller.organization, limit as i32, after]).await
}

/// `POST /auth/revocations`. No request that begins after its answer gets anything with one of
/// these tokens. A repetition is harmless.
///
/// # Errors
/// [`Error::Forbidden`] for customers, and for services without the scope.
pub async fn revoke(call: Call<'_>) -> Result<Reply, Error> {
    call.no_query()?;
    call.caller.require_revoker()?;
    let revocation = Revocation::decode(&call.json().await?, Moment::of_millis(request_millis()))?;
    let mut row = write(call, revocation).await?;
    Ok(Reply::fresh(201, row.take_text("body")?))
}

/// `DELETE /auth/revocations/:id`: takes a revocation back. Its tokens count again until they
/// expire, unless another one names them.
///
/// # Errors
/// [`Error::Forbidden`] for customers, and for services without the scope. [`Error::NotFound`].
pub async fn restore(call: Call<'_>) -> Result<Reply, Error> {
    let id = call.id()?;
    call.no_query()?;
    call.caller.require_revoker()?;
    let row = edge::write_one(call.app, "access_restore", params![call.caller.organization, id]).await?;
    match row.int("found")? {
        Some(1) => Ok(Reply::no_content()),
        _ => Err(Error::not_found("revocation")),
    }
}

/// Revokes tokens of the caller's organisation. Returns when no request gets anything with them.
///
/// # Errors
/// The error that Postgres gave; then nothing has changed.
pub async fn write(call: Call<'_>, revocation: Revocation) -> Result<Row, Error> {
    let Revocation { tokens, expires_at, note } = revocation;
    let kind = tokens.kind();
    let (token, subject, issued_before, issued_at) = match tokens {
        Tokens::One(id) => (Some(id), None, None, None),
        Tokens::OfSubject(subject, before) => (None, Some(subject), before.map(Moment::to_rfc3339), None),
        Tokens::OfSession(subject, at) => (None, Some(subject), None, Some(at)),
    };
    let params = params![
        call.caller.organization,
        Uuid::now_v7(),
        kind,
        token,
        subject,
        issued_before,
        issued_at,
        expires_at.map(Moment::to_rfc3339),
        note,
        call.caller.principal(),
    ];
    edge::write_one(call.app, "access_revoke", params).await
}

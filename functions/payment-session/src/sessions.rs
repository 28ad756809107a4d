//! `/payments/sessions` and what is below it.

use commerce::error::Error;
use commerce::preconditions::idempotency_key;
use commerce::query::{parse_id, parse_none};
use commerce::session::{NewSession, SessionQuery};
use http::Method;
use spin_adapters::http::Reply;
use spin_adapters::payments::address::client_address;
use spin_adapters::payments::sessions;
use spin_adapters::payments::sessions::begin::{Asked, approve, begin};

use crate::{Call, only};

/// `/payments/sessions`.
pub async fn all(Call { backend, payments, caller, request }: Call<'_>) -> Result<Reply, Error> {
    if request.reads() {
        return sessions::list(backend, caller, &SessionQuery::parse(request.query.as_deref())?).await;
    }
    only(&Method::POST, request, "GET, HEAD, POST")?;
    parse_none(request.query.as_deref())?;
    let body = request.json().await?;
    let key = idempotency_key(request.values("idempotency-key"))?;
    let session = NewSession::decode(&body, &payments.config.return_urls)?;
    let address = client_address(backend, &payments.config.trusted_proxies, request);
    begin(backend, payments, caller, Asked { session: &session, body: &body, key, address }).await
}

/// `/payments/sessions/:id` and, below it, its steps.
pub async fn one(Call { backend, payments, caller, request }: Call<'_>, part: Option<&str>) -> Result<Reply, Error> {
    let id = || parse_id("id", request.param("id"));
    parse_none(request.query.as_deref())?;
    match part {
        None if request.reads() => Ok(sessions::read(backend, payments, caller, id()?).await?.into_reply(request)),
        None => Err(Error::MethodNotAllowed { allow: "GET, HEAD" }),
        // It moves the session on, so HEAD is no way to look at it.
        Some("redirect") => {
            only(&Method::GET, request, "GET")?;
            sessions::redirect(backend, caller, id()?).await
        }
        Some("cancel") => {
            only(&Method::POST, request, "POST")?;
            sessions::cancel(backend, caller, id()?).await
        }
        Some("release") => {
            only(&Method::POST, request, "POST")?;
            approve(backend, payments, caller, id()?).await
        }
        Some(_) => Err(Error::not_found("route")),
    }
}

/// `/payments/sessions/sweep`.
pub async fn sweep(Call { backend, caller, request, .. }: Call<'_>) -> Result<Reply, Error> {
    only(&Method::POST, request, "POST")?;
    parse_none(request.query.as_deref())?;
    sessions::sweep(backend, caller).await
}

//! The beginning of a payment session: admission, begun in Postgres, judged, made at the provider,
//! reported to Postgres. After a crash at any step, the same request with the same key goes on from
//! there. The provider is asked under the session's id, so it makes nothing twice.

use commerce::caller::Caller;
use commerce::error::Error;
use commerce::gateway::{GatewayError, NewPayment, Secret};
use commerce::money::Currency;
use commerce::outcome::{Outcome, SessionApproveOutcome, SessionBeginOutcome};
use commerce::provider::Provider;
use commerce::session::{self, Flow, PaymentGateway};
use serde_json::{Value, json};
use uuid::Uuid;

use edge::{App, Call, Json, KeyedBody, Reply, Row, params};
use payments::Payments;
use payments::address::client_address;
use payments::needs::{self, configured_account};

use super::judge::{Judged, Shopper, judge};
use super::tickets::Tickets;
use crate::limits::{Admission, Attempt, IN_PROGRESS, count};

/// `Retry-After` if the provider doesn't name a time, in seconds.
const RETRY_AFTER: u32 = 5;
const NOT_PAYABLE: &str = "the order can't be paid in this state";
/// The reason of a session that the shop's fraud check has refused, and the `current` of the
/// answer.
const DENIED: &str = "denied";

/// A decoded request for a session.
#[derive(Debug, Clone, Copy)]
struct SessionRequest<'a> {
    /// The decoded body.
    session: &'a session::NewSession,
    /// The `Idempotency-Key`.
    key: &'a str,
    /// The hash of the body that the key stands for.
    hash: &'a str,
    /// The shopper that it is asked for.
    shopper: Shopper,
}

/// A session in Postgres whose payment the provider is still to make.
pub struct SessionDraft {
    /// Its id.
    pub id: Uuid,
    /// The order to pay.
    pub order: Uuid,
    /// Its organisation.
    pub organization: Uuid,
    /// The sum, as a decimal string.
    pub amount: String,
    /// Its currency.
    pub currency: String,
    /// The party that takes the money.
    pub gateway: PaymentGateway,
    return_url: String,
    /// The address that the shopper comes back to after giving up.
    pub cancel_url: String,
    flow: Flow,
}

/// `POST /payments/sessions`: begins a session. 201, or 202 if it is held for review.
///
/// # Errors
/// - [`Error::TooManyRequests`] beyond a limit.
/// - [`Error::RequiresRetry`] if the provider is away.
/// - [`Error::Unprocessable`] if the provider doesn't take the payment, or its account isn't the
///   organisation's.
/// - [`Error::Conflict`] if the order can't be paid, has an open session, the shop's fraud check
///   refuses it, or the same request is in work.
///
/// Every refusal of an admitted attempt comes as [`Error::Counted`].
pub async fn begin(call: Call<'_>) -> Result<Reply, Error> {
    begin_below(call, "/api/v1/payments/sessions").await
}

/// As [`begin`], for a caller that finds its sessions below `place`.
///
/// # Errors
/// As [`begin`].
pub async fn begin_below(call: Call<'_>, place: &str) -> Result<Reply, Error> {
    let Call { app, caller, request, .. } = call;
    let payments = Payments::ready().await?;
    call.no_query()?;
    let KeyedBody { body, key, hash } = call.keyed_json().await?;
    let session = session::NewSession::decode(&body, &payments.config.return_urls)?;
    let address = match (caller.restriction()?, session.shopper_address) {
        (Some(_), None) => Some(client_address(app, &payments.config.trusted_proxies, request)),
        (Some(_), Some(_)) => return Err(Error::forbidden("naming the shopper's address needs the role service")),
        // The service's own address isn't limited: behind it stands a shop with all its customers.
        (None, named) => named,
    };
    let hmac_keys = payments.config.hmac_keys()?;
    let merchant = match session.gateway {
        PaymentGateway::Provider(provider) => merchant(app, payments, caller.organization, provider).await?,
        PaymentGateway::Other => payments,
    };
    let shopper = Shopper { customer: customer_of(app, caller, session.order).await?, address };
    let wanted = SessionRequest { session: &session, key, hash: &hash, shopper };
    let attempt = Attempt {
        organization: caller.organization,
        customer: shopper.customer,
        address,
        // Another body under the same key is another attempt.
        name: &format!("{} {} {}", caller.principal(), wanted.key, wanted.hash),
    };
    let admission = count(app, &payments.config.limits, hmac_keys, attempt).await?;
    admission.admit()?;
    let outcome = begin_admitted(app, payments, merchant, caller, wanted, &admission).await;
    if let Err(refusal) = &outcome {
        admission.close(app, refusal).await;
    }
    outcome.and_then(|session| reply(session, place, &admission)).map_err(|refusal| admission.with_limits(refusal))
}

/// Begins an admitted session with the credentials of `merchant`. Gives its JSON.
async fn begin_admitted(
    app: &'static App,
    payments: &'static Payments,
    merchant: &'static Payments,
    caller: &Caller,
    wanted: SessionRequest<'_>,
    admission: &Admission,
) -> Result<Vec<u8>, Error> {
    let params = params![
        caller.organization,
        caller.restriction()?,
        wanted.session.order,
        wanted.session.gateway.as_str(),
        account(merchant, wanted.session.gateway),
        &*wanted.session.return_url,
        caller.principal(),
        wanted.key,
        wanted.hash,
        Uuid::now_v7(),
        payments.config.session_ttl.as_secs() as i64,
        payments.lease(),
        wanted.session.flow.as_str(),
    ];
    let mut row = edge::write_one(app, "session_begin", params).await?;
    match SessionBeginOutcome::read(row.text("outcome")?)? {
        SessionBeginOutcome::Replay => replayed(merchant, wanted.session, row.take_text("body")?.into_bytes()).await,
        SessionBeginOutcome::Started => {
            if let PaymentGateway::Provider(provider) = wanted.session.gateway {
                merchant.gateway.heard(provider, row.int("resting_ms")?);
            }
            let draft = SessionDraft {
                id: id(&row, "session")?,
                order: wanted.session.order,
                organization: caller.organization,
                amount: row.take_text("amount")?,
                currency: row.take_text("currency")?,
                gateway: wanted.session.gateway,
                return_url: wanted.session.return_url.clone(),
                cancel_url: wanted.session.cancel_url.clone(),
                flow: wanted.session.flow,
            };
            // A session that an operator has let go on isn't judged again.
            let judged = match row.int("released")? {
                Some(1) => Judged::Allowed,
                _ => judge(app, payments, &draft, &row, wanted.shopper, admission).await?,
            };
            match judged {
                Judged::Allowed => {
                    let (body, secret) = at_provider(app, merchant, &draft).await?;
                    with_secret(body, secret)
                }
                Judged::Held(body) => Ok(body),
                Judged::Denied => Err(denied()),
            }
        }
        SessionBeginOutcome::InProgress => {
            Err(Error::conflict("a request with this Idempotency-Key is in work", Some(IN_PROGRESS)))
        }
        SessionBeginOutcome::Mismatch => Err(Error::idempotency_mismatch("session")),
        SessionBeginOutcome::UnknownOrder => Err(Error::not_found("order")),
        SessionBeginOutcome::NotPayable => Err(Error::conflict(NOT_PAYABLE, row.text("reason")?)),
        SessionBeginOutcome::ForeignAccount => Err(foreign_account()),
        SessionBeginOutcome::OpenSession => {
            let open = row.text("session")?.unwrap_or_default();
            Err(Error::conflict("the order has an open payment session", Some(open)))
        }
    }
}

/// `POST /payments/sessions/:id/release`: lets a held session go on. The provider is asked now.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators. [`Error::RequiresRetry`] if the provider is away:
/// the session stays released, and the same request asks again.
pub async fn release(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    let payments = Payments::ready().await?;
    call.no_query()?;
    let session = call.id()?;
    caller.require_operator("letting a held payment go on")?;
    let params = params![
        caller.organization,
        session,
        accounts(payments),
        caller.principal(),
        payments.config.session_ttl.as_secs() as i64,
        payments.lease(),
    ];
    let mut row = edge::write_one(app, "session_approve", params).await?;
    match SessionApproveOutcome::read(row.text("outcome")?)? {
        SessionApproveOutcome::Started => {}
        SessionApproveOutcome::InProgress => {
            return Err(Error::conflict("the session is being released", Some(IN_PROGRESS)));
        }
        SessionApproveOutcome::NotFound => return Err(Error::not_found("payment session")),
        SessionApproveOutcome::NotAllowed => {
            return Err(Error::conflict("the session isn't held", row.text("status")?));
        }
        SessionApproveOutcome::NotPayable => return Err(Error::conflict(NOT_PAYABLE, row.text("status")?)),
        SessionApproveOutcome::ForeignAccount => return Err(foreign_account()),
    }
    let gateway = row.text("gateway")?.and_then(PaymentGateway::parse);
    let draft = SessionDraft {
        id: session,
        order: id(&row, "order_id")?,
        organization: caller.organization,
        gateway: gateway.ok_or_else(|| Error::internal("a session of an unknown gateway"))?,
        amount: row.take_text("amount")?,
        currency: row.take_text("currency")?,
        return_url: row.take_text("return_url")?,
        cancel_url: row.take_text("cancel_url")?,
        flow: row.text("flow")?.and_then(Flow::parse).unwrap_or(Flow::Redirect),
    };
    let merchant = match (draft.gateway, row.text("account")?) {
        (PaymentGateway::Provider(provider), Some(account)) => payments.for_account(provider, account)?,
        _ => payments,
    };
    // The client secret is the shop's: it gets it by its own request.
    let (body, _) = at_provider(app, merchant, &draft).await?;
    Ok(Reply::fresh(200, body))
}

/// The customer that an attempt counts for: the caller itself, or the order's customer if a service
/// speaks for one.
async fn customer_of(app: &'static App, caller: &Caller, order: Uuid) -> Result<Uuid, Error> {
    if let Some(customer) = caller.restriction()? {
        return Ok(customer);
    }
    let rows = edge::query(app, "session_customer", params![caller.organization, order]).await?;
    let row = rows.into_iter().next().ok_or_else(|| Error::not_found("order"))?;
    id(&row, "customer")
}

/// A session that this key has begun before. The client secret of its payment intent is read anew,
/// as long as the session may be paid.
async fn replayed(payments: &'static Payments, wanted: &session::NewSession, body: Vec<u8>) -> Result<Vec<u8>, Error> {
    let shown: Value = serde_json::from_slice(&body).map_err(|error| Error::internal(error.to_string()))?;
    if shown["reason"] == DENIED {
        return Err(denied());
    }
    let stripe = wanted.gateway == PaymentGateway::Provider(Provider::Stripe);
    if !stripe || wanted.flow != Flow::Embedded {
        return Ok(body);
    }
    let open = matches!(shown["status"].as_str(), Some("awaiting_redirect" | "awaiting_callback"));
    let Some(intent) = shown["externalTransactionId"].as_str().filter(|_| open) else { return Ok(body) };
    let secret =
        payments.gateway.client_secret(intent).await.map_err(|error| Error::RequiresRetry {
            retry_after_seconds: error.retry_after().unwrap_or(RETRY_AFTER),
        })?;
    with_secret(body, secret)
}

/// The session's JSON with the client secret at its end, for its own caller only.
fn with_secret(mut body: Vec<u8>, secret: Option<Secret>) -> Result<Vec<u8>, Error> {
    if let Some(secret) = secret {
        let end = body.pop();
        if end != Some(b'}') {
            return Err(Error::internal("a session isn't an object"));
        }
        body.extend_from_slice(format!(", \"clientSecret\" : {}}}", json!(secret.expose())).as_bytes());
    }
    Ok(body)
}

/// Makes the payment at the provider and reports it. Gives the session's JSON, and the client
/// secret if there is one.
async fn at_provider(
    app: &'static App,
    payments: &'static Payments,
    draft: &SessionDraft,
) -> Result<(Vec<u8>, Option<Secret>), Error> {
    // Before the provider is asked: without their key nothing is made that can't be reported.
    let tickets = Tickets::of(payments, draft.id)?;
    let made = match draft.gateway {
        PaymentGateway::Other => Ok((None, None, None)),
        PaymentGateway::Provider(gateway) => {
            let currency = Currency::recorded(&draft.currency).ok_or_else(|| Error::internal("an unknown currency"))?;
            let payment = NewPayment {
                session: draft.id,
                order: draft.order,
                amount: draft.amount.clone(),
                currency,
                gateway,
                return_url: draft.return_url.clone(),
                cancel_url: draft.cancel_url.clone(),
                flow: draft.flow,
            };
            let page = payments.gateway.create(&payment).await;
            page.map(|page| (Some(page.external_id), page.redirect_url, page.client_secret))
        }
    };
    match made {
        Ok((external_id, redirect_url, secret)) => {
            let params =
                params![draft.id, external_id, redirect_url, draft.organization, tickets.redirect, tickets.page];
            let rows = edge::write(app, "session_created", params).await?;
            let late =
                || Error::conflict("the session's time was over before the provider had made it", Some("failed"));
            Ok((rows.into_iter().next().ok_or_else(late)?.take_text("body")?.into_bytes(), secret))
        }
        Err(error @ (GatewayError::Refused { .. } | GatewayError::Unconfigured { .. })) => {
            edge::write(app, "session_abandon", params![draft.id, draft.organization]).await?;
            Err(error.into())
        }
        Err(error) => {
            // If this fails too, the lease runs out by itself.
            let params = params![draft.id, draft.organization, payments.gateway.rests_to_tell().map(Json)];
            let _ = edge::write(app, "session_postpone", params).await;
            Err(Error::RequiresRetry { retry_after_seconds: error.retry_after().unwrap_or(RETRY_AFTER) })
        }
    }
}

/// The credentials that a new payment of an organisation is made with. One statement tells which
/// account is the organisation's, if there are several.
///
/// # Errors
/// [`Error::Misconfigured`] if the provider isn't used. [`Error::Unprocessable`] if none of the
/// accounts is the organisation's.
async fn merchant(
    app: &'static App,
    payments: &'static Payments,
    organization: Uuid,
    provider: Provider,
) -> Result<&'static Payments, Error> {
    let known: Vec<&'static Payments> = payments.accounts(provider).collect();
    let merchant = match &known[..] {
        [] => payments,
        [only] => only,
        _ => {
            let accounts: Vec<String> =
                known.iter().map(|of| configured_account(&of.config, provider).to_owned()).collect();
            let params = params![organization, provider.as_str(), accounts];
            let rows = edge::query(app, "provider_account_of", params).await?;
            let account = rows.first().map_or(Ok(None), |row| row.text("account"))?;
            account.and_then(|account| payments.account(provider, account)).ok_or_else(foreign_account)?
        }
    };
    needs::for_calls(&merchant.config, provider)?;
    Ok(merchant)
}

/// The account that gets the money.
fn account(payments: &Payments, gateway: PaymentGateway) -> Option<&str> {
    match gateway {
        PaymentGateway::Provider(provider) => Some(configured_account(&payments.config, provider)),
        PaymentGateway::Other => None,
    }
}

/// The accounts at each gateway, for a session whose account only Postgres knows.
fn accounts(payments: &Payments) -> String {
    let of = |provider: &Provider| {
        let known = payments.accounts(*provider).map(|of| configured_account(&of.config, *provider));
        (provider.as_str().to_owned(), json!(known.collect::<Vec<_>>()))
    };
    Value::Object(Provider::ALL.iter().map(of).collect()).to_string()
}

/// Why nothing comes of a session that another request has taken on.
pub fn gone() -> Error {
    Error::conflict("the session was begun by another request meanwhile", None)
}

/// The refusal of the shop's fraud check. Its caller isn't told why.
fn denied() -> Error {
    Error::conflict("this payment isn't taken", Some(DENIED))
}

fn foreign_account() -> Error {
    Error::unprocessable("paymentGateway", "this organisation has no account there")
}

fn id(row: &Row, column: &str) -> Result<Uuid, Error> {
    let id = row.text(column)?.and_then(|text| Uuid::try_parse(text).ok());
    id.ok_or_else(|| Error::internal(format!("{column} is not a UUID")))
}

fn reply(body: impl AsRef<[u8]>, place: &str, admission: &Admission) -> Result<Reply, Error> {
    let body = body.as_ref();
    let session: serde_json::Value =
        serde_json::from_slice(body).map_err(|error| Error::internal(error.to_string()))?;
    let id = session["id"].as_str().ok_or_else(|| Error::internal("a session without an id"))?;
    let status = if session["status"] == "needs_review" { 202 } else { 201 };
    Ok(Reply::fresh(status, body)
        .with("location", format!("{place}/{id}"))
        .with("ratelimit-policy", admission.decision.policy())
        .with("ratelimit", admission.decision.limit()))
}

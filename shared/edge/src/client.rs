//! Outbound HTTP: one request, one answer, within one time limit and one size limit. Redirects are
//! answers like any other, and aren't followed.

use std::future::Future;
use std::time::Duration;

use commerce::gateway::{Answer, GatewayError, Method, Request, RetryHints};
use spin_sdk::wasip3::http::client;
use spin_sdk::wasip3::http::types::{ErrorCode, Fields, Method as WasiMethod, Request as WasiRequest};
use spin_sdk::wasip3::http::types::{RequestOptions, Response, Scheme};
use spin_sdk::wasip3::wit_bindgen::{StreamResult, yield_async};
use spin_sdk::wasip3::wit_future;

use cache_spin::clock::{self, limited};
use cache_spin::log::{self, Level};

use crate::outgoing::body_ends;

/// How much is read of an answer at once.
const CHUNK: usize = 16 << 10;

/// The product's name and version, which the other side sees.
const USER_AGENT: &str = concat!("edge-orders/", env!("CARGO_PKG_VERSION"));

/// The outside world, as calls of other services need it. A port, so that they are tested without
/// one.
pub trait Wire {
    /// Sends a request to an origin (scheme, host, port), and reads at most `max_bytes` of the
    /// answer within `limit`.
    ///
    /// # Errors
    /// [`GatewayError::Away`] for no answer in time. [`GatewayError::Unexpected`] for more than
    /// `max_bytes`, and for an address that can't be called at all.
    fn send(
        &self,
        origin: &str,
        request: &Request,
        max_bytes: usize,
        limit: Duration,
    ) -> impl Future<Output = Result<Answer, GatewayError>>;

    /// Waits.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()>;

    /// Milliseconds on the monotonic clock.
    fn now(&self) -> u64;

    /// A random number from [0, 1).
    fn draw(&self) -> f64;
}

/// Outbound HTTP over the host, which keeps the connections.
pub struct Client {
    limit: Duration,
}

impl Wire for Client {
    async fn send(
        &self,
        origin: &str,
        request: &Request,
        max_bytes: usize,
        limit: Duration,
    ) -> Result<Answer, GatewayError> {
        let away = || Err(GatewayError::Away { retry_after: None });
        limited(limit, exchange(origin, request, max_bytes, limit)).await.unwrap_or_else(away)
    }

    async fn sleep(&self, duration: Duration) {
        clock::sleep(duration).await;
    }

    fn now(&self) -> u64 {
        clock::monotonic_millis()
    }

    fn draw(&self) -> f64 {
        clock::draw()
    }
}

impl Client {
    /// `limit` bounds a call of [`Self::get_limited`], from connecting to the last byte; calls over
    /// [`Wire`] bring their own.
    pub fn new(limit: Duration) -> Self {
        Self { limit }
    }

    /// Gets the document at `url`, at most `max_bytes` of it.
    ///
    /// # Errors
    /// As [`Wire::send`]. A status other than 200 is an answer.
    pub async fn get_limited(&self, url: &str, max_bytes: usize) -> Result<Answer, GatewayError> {
        let path_at = url.find("://").and_then(|at| url[at + 3..].find('/').map(|slash| at + 3 + slash));
        let (origin, path) = url.split_at(path_at.ok_or(GatewayError::Unexpected)?);
        let request = Request { method: Method::Get, path: path.to_owned(), headers: Vec::new(), body: Vec::new() };
        self.send(origin, &request, max_bytes, self.limit).await
    }
}

async fn exchange(origin: &str, request: &Request, max_bytes: usize, limit: Duration) -> Result<Answer, GatewayError> {
    let request = outgoing(origin, request, limit).ok_or(GatewayError::Unexpected)?;
    // Lets the body's write begin: a head that leaves alone makes the body wait for the other
    // side's delayed acknowledgement.
    yield_async().await;
    let response = client::send(request).await.map_err(|error| fault(&error))?;
    let status = response.get_status_code();
    let headers = response.get_headers();
    let retry_after = retry_after(&headers.get("retry-after"));
    let told = |name: &str| Some(headers.get(name).first()?.trim_ascii() == b"true");
    let should_retry = told("stripe-should-retry");
    let hints = RetryHints { should_retry, replayed: told("idempotent-replayed").unwrap_or_default() };
    let body = collect(response, max_bytes).await?;
    Ok(Answer { status, retry_after, hints, body })
}

/// `None` if some part of the request can't be sent.
fn outgoing(origin: &str, request: &Request, limit: Duration) -> Option<WasiRequest> {
    let (scheme, authority) = origin.split_once("://")?;
    let scheme = if scheme == "https" { Scheme::Https } else { Scheme::Http };
    let mut headers = vec![("user-agent".to_owned(), USER_AGENT.as_bytes().to_vec())];
    headers.extend(request.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into_bytes())));
    if request.method == Method::Post {
        headers.push(("content-length".to_owned(), request.body.len().to_string().into_bytes()));
    }
    let (body, trailers) = body_ends((!request.body.is_empty()).then(|| request.body.clone()));
    // If the host can't do it, the limit around the whole call does.
    let options = RequestOptions::new();
    let nanos = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
    let _ = options.set_connect_timeout(Some(nanos));
    let _ = options.set_first_byte_timeout(Some(nanos));
    let _ = options.set_between_bytes_timeout(Some(nanos));
    let (outgoing, _sent) = WasiRequest::new(Fields::from_list(&headers).ok()?, body, trailers, Some(options));
    let method = if request.method == Method::Get { WasiMethod::Get } else { WasiMethod::Post };
    outgoing.set_method(&method).ok()?;
    outgoing.set_scheme(Some(&scheme)).ok()?;
    outgoing.set_authority(Some(authority)).ok()?;
    outgoing.set_path_with_query(Some(&request.path)).ok()?;
    Some(outgoing)
}

/// Reads a body to its end.
async fn collect(response: Response, max_bytes: usize) -> Result<Vec<u8>, GatewayError> {
    let (_, done) = wit_future::new(|| Ok(()));
    let (mut stream, end) = Response::consume_body(response, done);
    let mut body = Vec::new();
    loop {
        let (status, chunk) = stream.read(Vec::with_capacity(CHUNK)).await;
        body.extend_from_slice(&chunk);
        if body.len() > max_bytes {
            return Err(GatewayError::Unexpected);
        }
        if !matches!(status, StreamResult::Complete(_)) {
            break;
        }
    }
    // A body that was cut off ends like a whole one; only the trailers tell them apart.
    drop(stream);
    end.await.map_err(|error| fault(&error))?;
    Ok(body)
}

/// A request that was never sent won't be sent by a retry; any other fault may pass.
fn fault(error: &ErrorCode) -> GatewayError {
    match error {
        ErrorCode::HttpRequestDenied => {
            let message = "an address that a setting names is not in allowed_outbound_hosts";
            log::say(Level::Error, "settings", message);
            GatewayError::Unexpected
        }
        ErrorCode::HttpRequestUriInvalid | ErrorCode::HttpRequestMethodInvalid | ErrorCode::HttpRequestUriTooLong => {
            GatewayError::Unexpected
        }
        _ => GatewayError::Away { retry_after: None },
    }
}

/// In seconds. The form with a date isn't read, because neither provider uses it.
fn retry_after(values: &[Vec<u8>]) -> Option<u32> {
    std::str::from_utf8(values.first()?).ok()?.trim().parse().ok()
}

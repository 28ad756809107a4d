//! HTTP glue: a request decoded once, a response sent in one packet.

use crate::auth;
use crate::backend::Backend;
use crate::clock::{begin_request, limited};
use crate::outgoing::written;
use crate::problem;
use commerce::caller::Caller;
use commerce::error::Error;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use spin_sdk::wasip3::http::types::{Fields, Method as WasiMethod, Request, Response};
use spin_sdk::wasip3::wit_bindgen::{StreamReader, StreamResult, yield_async};
use spin_sdk::wasip3::wit_future;
use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::net::SocketAddr;
use std::time::Duration;

/// How much of a body that is too large is read and dropped, so that the client gets to read the answer.
const DRAIN_LIMIT: usize = 16 << 20;

/// How long a body may take to arrive. Spin has no such limit, and a request that trickles holds its place in the instance.
const BODY_TIME: Duration = Duration::from_secs(10);

/// About how many headers a response has.
const HEADERS: usize = 8;

/// How long to wait for the rest of a body that nobody reads.
const DRAIN_TIME: Duration = Duration::from_secs(1);

/// A decoded request.
pub struct Incoming {
    /// The method.
    pub method: Method,
    /// The path, percent-encoded as it came.
    pub path: String,
    /// The query, without `?`, as it came.
    pub query: Option<String>,
    /// Its id, from `X-Request-Id` or made here.
    pub request_id: String,
    fields: Fields,
    all: OnceCell<HeaderMap>,
    body: RefCell<Option<StreamReader<u8>>>,
}

impl Incoming {
    fn decode(request: Request) -> Self {
        begin_request();
        let method = match request.get_method() {
            WasiMethod::Get => Method::GET,
            WasiMethod::Head => Method::HEAD,
            WasiMethod::Post => Method::POST,
            WasiMethod::Put => Method::PUT,
            WasiMethod::Delete => Method::DELETE,
            WasiMethod::Connect => Method::CONNECT,
            WasiMethod::Options => Method::OPTIONS,
            WasiMethod::Trace => Method::TRACE,
            WasiMethod::Patch => Method::PATCH,
            // Something that no route has.
            WasiMethod::Other(name) => Method::from_bytes(name.as_bytes()).unwrap_or(Method::CONNECT),
        };
        let target = request.get_path_with_query().unwrap_or_default();
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
            None => (target, None),
        };
        let fields = request.get_headers();
        let reads_body = !matches!(method, Method::GET | Method::HEAD | Method::OPTIONS);
        let body = reads_body.then(|| {
            let (_, done) = wit_future::new(|| Ok(()));
            Request::consume_body(request, done).0
        });
        let request_id =
            fields.get("x-request-id").into_iter().next().and_then(usable_id).unwrap_or_else(crate::clock::request_id);
        Self { method, path, query, request_id, fields, all: OnceCell::new(), body: RefCell::new(body) }
    }

    /// All headers; those of Spin come last, behind what a client may have forged. Copied from the host at the first call: a hit needs
    /// two of some twenty, so it asks for these by name.
    pub fn headers(&self) -> &HeaderMap {
        self.all.get_or_init(|| {
            let mut headers = HeaderMap::new();
            for (name, value) in self.fields.copy_all() {
                // What isn't a header by the standard is as good as absent.
                if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                    headers.append(name, value);
                }
            }
            headers
        })
    }

    /// The first header of that name, if it is visible ASCII.
    pub fn header(&self, name: &str) -> Option<String> {
        self.fields.get(name).into_iter().next().and_then(visible)
    }

    /// The only header of that name, if it is text; none where there are several.
    pub fn only_header(&self, name: &str) -> Option<String> {
        let [value] = <[Vec<u8>; 1]>::try_from(self.fields.get(name)).ok()?;
        String::from_utf8(value).ok()
    }

    /// A part of the path, as the route in spin.toml names it (`:id`).
    pub fn param(&self, name: &str) -> &str {
        // The last one: Spin sets it behind whatever the client has sent.
        let values = self.headers().get_all(format!("spin-path-match-{name}"));
        values.iter().next_back().and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The address of the peer, as Spin saw it.
    pub fn client_addr(&self) -> Option<SocketAddr> {
        // The last one: Spin sets it behind whatever the client has sent.
        self.fields.get("spin-client-addr").pop().and_then(visible).and_then(|address| address.parse().ok())
    }

    fn has_unread_body(&self) -> bool {
        self.body.borrow().is_some()
    }

    /// The whole body.
    ///
    /// # Errors
    /// [`Error::TooLarge`] naming `field` where it has more than `limit` bytes, [`Error::Invalid`] where it takes too long.
    pub async fn body(&self, limit: usize, field: &str) -> Result<Vec<u8>, Error> {
        let Some(stream) = self.body.take() else { return Ok(Vec::new()) };
        let late = || Err(Error::invalid(field, format!("did not arrive within {} seconds", BODY_TIME.as_secs())));
        limited(BODY_TIME, collect(stream, limit, field)).await.unwrap_or_else(late)
    }
}

/// Reads a body to its end, or as far as is worth the while.
async fn collect(mut stream: StreamReader<u8>, limit: usize, field: &str) -> Result<Vec<u8>, Error> {
    let (mut body, mut total) = (Vec::new(), 0);
    loop {
        let (status, chunk) = stream.read(Vec::with_capacity(64 << 10)).await;
        total += chunk.len();
        if total <= limit {
            body.extend_from_slice(&chunk);
        }
        if !matches!(status, StreamResult::Complete(_)) || total > DRAIN_LIMIT {
            break;
        }
    }
    if total > limit { Err(Error::TooLarge { field: field.to_owned(), limit }) } else { Ok(body) }
}

/// A client's request id is kept where it is short and harmless.
fn usable_id(value: Vec<u8>) -> Option<String> {
    visible(value).filter(|id| (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()))
}

/// A header's value as text: visible ASCII, blanks and tabs (RFC 9110, section 5.5).
fn visible(value: Vec<u8>) -> Option<String> {
    let text = String::from_utf8(value).ok()?;
    text.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte)).then_some(text)
}

/// A response in the making.
#[derive(Debug)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// Headers besides those that every response has.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// The whole body; `None` where the status has none.
    pub body: Option<Vec<u8>>,
}

impl Reply {
    /// JSON bytes, sent as they are.
    pub fn json(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::of_type(status, "application/json", body)
    }

    /// A body of any type.
    pub fn of_type(status: u16, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        let reply = Self { status, headers: Vec::with_capacity(HEADERS), body: Some(body.into()) };
        reply.with("content-type", content_type)
    }

    /// 204: done, and nothing to say.
    pub fn no_content() -> Self {
        Self { status: 204, headers: Vec::new(), body: None }
    }

    /// 304: the caller has it already.
    pub fn not_modified() -> Self {
        Self { status: 304, headers: Vec::new(), body: None }
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// Serves a request of an authenticated caller.
pub async fn serve(
    request: Request,
    handler: impl AsyncFnOnce(&'static Backend, &Caller, &Incoming) -> Result<Reply, Error>,
) -> Response {
    serve_open(request, async |incoming: &Incoming| authenticated(incoming, handler).await).await
}

/// The part of a request behind authentication, where only some of a function's routes need it.
///
/// # Errors
/// [`Error::Unauthenticated`], [`Error::Misconfigured`], and what the handler gives.
pub async fn authenticated(
    incoming: &Incoming,
    handler: impl AsyncFnOnce(&'static Backend, &Caller, &Incoming) -> Result<Reply, Error>,
) -> Result<Reply, Error> {
    let backend = Backend::ready().await?;
    let caller = auth::authenticate(backend, incoming)?;
    handler(backend, &caller, incoming).await
}

/// Serves a request of anyone; the handler gets whatever the configuration is.
pub async fn serve_open(request: Request, handler: impl AsyncFnOnce(&Incoming) -> Result<Reply, Error>) -> Response {
    let incoming = Incoming::decode(request);
    let reply = handler(&incoming).await;
    respond(incoming, reply).await
}

pub(crate) fn misconfigured(errors: &[crate::config::ConfigError]) -> Error {
    let named: Vec<String> = errors.iter().map(|error| format!("{} {}", error.variable, error.detail)).collect();
    Error::Misconfigured { detail: named.join("; ") }
}

async fn respond(incoming: Incoming, outcome: Result<Reply, Error>) -> Response {
    if incoming.has_unread_body() {
        // A body that nobody has asked for is read to its end: the connection is of use again.
        let _ = Box::pin(limited(DRAIN_TIME, incoming.body(DRAIN_LIMIT, "body"))).await;
    }
    let mut reply = outcome.unwrap_or_else(|error| {
        if let Error::Internal { detail } = error.cause() {
            eprintln!("error: {} {}: {detail} (request {})", incoming.method, incoming.path, incoming.request_id);
        }
        problem::reply(&error, &incoming.path, &incoming.request_id)
    });
    if let Some(traceparent) = incoming.header("traceparent") {
        reply = reply.with("traceparent", traceparent);
    }
    send(reply.with("x-request-id", incoming.request_id)).await
}

thread_local! {
    /// The headers of the last response, whose buffers the next one uses again: the bindings want them owned.
    static LINES: RefCell<Vec<(String, Vec<u8>)>> = const { RefCell::new(Vec::new()) };
}

/// Hands headers to the host.
fn fields<'a>(headers: impl ExactSizeIterator<Item = (&'a str, &'a str)>) -> Fields {
    LINES.with_borrow_mut(|lines| {
        let count = headers.len();
        lines.resize_with(count.max(lines.len()), Default::default);
        for ((name, value), line) in headers.zip(lines.iter_mut()) {
            line.0.clear();
            line.0.push_str(name);
            line.1.clear();
            line.1.extend_from_slice(value.as_bytes());
        }
        // Our own headers are valid; should one not be, the response goes out without any rather than not at all.
        Fields::from_list(&lines[..count]).unwrap_or_else(|_| Fields::new())
    })
}

/// Sends a response so that head and body leave in one packet: with a Content-Length, and with the body's write begun before the
/// handler returns. Spin's server doesn't set TCP_NODELAY; a second packet would wait for the client's delayed ACK, 40 ms.
async fn send(mut reply: Reply) -> Response {
    if let Some(body) = &reply.body {
        let length = body.len().to_string();
        reply.headers.push(("content-length", length.into()));
    }
    let fields = fields(reply.headers.iter().map(|(name, value)| (*name, value.as_ref())));
    let (contents, trailers) = written(reply.body);
    let (response, _sent) = Response::new(fields, contents, trailers);
    // It is 200 by itself.
    if reply.status != 200 {
        // Only codes of three digits are ever set.
        let _ = response.set_status_code(reply.status);
    }
    // The first yield lets the executor take up the spawned write, the second lets the write begin. With one, this function would go on
    // first, and the head would leave alone.
    yield_async().await;
    yield_async().await;
    response
}

/// Exports a function as the component's HTTP handler. The function takes the raw request and always gives a response: an `Err` would be
/// an empty 500.
#[macro_export]
macro_rules! component {
    ($handle:path) => {
        struct Component;
        ::spin_sdk::wasip3::http::service::export!(Component with_types_in ::spin_sdk::wasip3);

        impl ::spin_sdk::wasip3::exports::http::handler::Guest for Component {
            async fn handle(
                request: ::spin_sdk::wasip3::http::types::Request,
            ) -> Result<::spin_sdk::wasip3::http::types::Response, ::spin_sdk::wasip3::http::types::ErrorCode> {
                Ok($handle(request).await)
            }
        }
    };
}

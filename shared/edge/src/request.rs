//! A request, decoded once.

use cache_spin::clock::{begin_request, limited, request_id};
use cache_spin::log::Scope;
use commerce::error::Error;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use spin_sdk::wasip3::http::types::{Fields, Method as WasiMethod, Request};
use spin_sdk::wasip3::wit_bindgen::{StreamReader, StreamResult};
use spin_sdk::wasip3::wit_future;
use std::cell::{OnceCell, RefCell};
use std::net::SocketAddr;
use std::time::Duration;

/// How much of a body that is too large is read and dropped. Without that, the client would see a
/// broken connection in place of the answer.
const DRAIN_LIMIT: usize = 16 << 20;

/// How long a body may take to arrive. Spin has no such limit, and a request that trickles holds
/// its place in the instance.
const BODY_TIME: Duration = Duration::from_secs(10);

/// How long to wait for the rest of a body that no operation reads.
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

impl Scope for Incoming {
    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn traceparent(&self) -> Option<String> {
        self.header("traceparent")
    }
}

impl Incoming {
    /// Decodes what the host hands over, and reads the clock for it.
    pub fn decode(request: Request) -> Self {
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
            // A method that no route has.
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
        let request_id = fields.get("x-request-id").into_iter().next().and_then(usable_id).unwrap_or_else(request_id);
        Self { method, path, query, request_id, fields, all: OnceCell::new(), body: RefCell::new(body) }
    }

    /// All headers. Those of Spin come last, behind any that a client may have forged. Copied from
    /// the host at the first call: a hit needs two of some twenty, so it asks for these by name.
    pub fn headers(&self) -> &HeaderMap {
        self.all.get_or_init(|| {
            let mut headers = HeaderMap::new();
            for (name, value) in self.fields.copy_all() {
                // A header that breaks the standard counts as absent.
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

    /// All lines of a header that is a list, as one (RFC 9110, section 5.3). A line that isn't
    /// visible ASCII counts as absent.
    pub fn list(&self, name: &str) -> Option<String> {
        self.fields.get(name).into_iter().filter_map(visible).reduce(|all, line| [&*all, ", ", &*line].concat())
    }

    /// The only header of that name, if it is text; `None` if there are several.
    pub fn only_header(&self, name: &str) -> Option<String> {
        let [value] = <[Vec<u8>; 1]>::try_from(self.fields.get(name)).ok()?;
        String::from_utf8(value).ok()
    }

    /// A part of the path, as the route in spin.toml names it (`:id`).
    pub fn param(&self, name: &str) -> &str {
        // The last one counts: Spin sets it behind any that the client has sent.
        let values = self.headers().get_all(format!("spin-path-match-{name}"));
        values.iter().next_back().and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The address of the peer, as Spin saw it.
    pub fn client_addr(&self) -> Option<SocketAddr> {
        // The last one counts: Spin sets it behind any that the client has sent.
        self.fields.get("spin-client-addr").pop().and_then(visible).and_then(|address| address.parse().ok())
    }

    /// The whole body.
    ///
    /// # Errors
    /// [`Error::TooLarge`] that names `field`, if it has more than `limit` bytes.
    /// [`Error::Invalid`] if it takes too long.
    pub async fn body(&self, limit: usize, field: &str) -> Result<Vec<u8>, Error> {
        let Some(stream) = self.body.take() else { return Ok(Vec::new()) };
        let late = || Err(Error::invalid(field, format!("did not arrive within {} seconds", BODY_TIME.as_secs())));
        limited(BODY_TIME, collect(stream, limit, field)).await.unwrap_or_else(late)
    }

    /// Reads a body that no operation has read to its end, so that the connection can be used
    /// again.
    pub(crate) async fn drain(&self) {
        if self.body.borrow().is_some() {
            let _ = Box::pin(limited(DRAIN_TIME, self.body(DRAIN_LIMIT, "body"))).await;
        }
    }

    /// Every value of a header, as bytes.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.headers().get_all(name).iter().map(|value| value.as_bytes())
    }

    /// Whether it only reads. HEAD is answered like GET; the server leaves the body out.
    pub fn reads(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD)
    }

    /// The part of the path at `index` below `/api/v1`; `None` if the path is shorter.
    pub fn segment(&self, index: usize) -> Option<&str> {
        let below = self.path.strip_prefix("/api/v1/")?;
        below.split('/').nth(index).filter(|segment| !segment.is_empty())
    }
}

/// Reads a body to its end, or until the limits for too large a body are reached.
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

/// A client's request id is kept if it is short and harmless.
fn usable_id(value: Vec<u8>) -> Option<String> {
    visible(value).filter(|id| (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()))
}

/// A header's value as text: visible ASCII, blanks and tabs (RFC 9110, section 5.5).
fn visible(value: Vec<u8>) -> Option<String> {
    let text = String::from_utf8(value).ok()?;
    text.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte)).then_some(text)
}

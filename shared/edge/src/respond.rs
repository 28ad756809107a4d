//! A response on its way out: head and body in one packet, unless the body is made on the way.

use cache_spin::log::{self, Level};
use commerce::error::Error;
use spin_sdk::wasip3::http::types::{Fields, Response};
use spin_sdk::wasip3::wit_bindgen::yield_async;
use std::cell::RefCell;
use std::rc::Rc;

use crate::cors;
use crate::outgoing::body_ends;
use crate::problem;
use crate::reply::Reply;
use crate::request::Incoming;

/// Turns the outcome of a request into its response.
pub async fn respond(incoming: Rc<Incoming>, outcome: Result<Reply, Error>) -> Response {
    incoming.drain().await;
    let mut reply = outcome.unwrap_or_else(|error| {
        if let Error::Internal { detail } = error.cause()
            && let Some(line) = log::at(Level::Error, "internal-error")
        {
            let line = line.about(&*incoming).text("method", incoming.method.as_str()).text("path", &incoming.path);
            line.text("message", detail).write();
        }
        problem::reply(&error, &incoming.path, &incoming.request_id)
    });
    if let Some(traceparent) = incoming.header("traceparent") {
        reply = reply.with("traceparent", traceparent);
    }
    let reply = cors::share(&incoming, reply).await;
    let name = || format!("{} {} (request {})", incoming.method, incoming.path, incoming.request_id);
    let what = reply.parts.is_some().then(name).unwrap_or_default();
    send(reply.with("x-request-id", incoming.request_id.clone()), what).await
}

thread_local! {
    /// The headers of the last response. The bindings want them owned, so the next response uses
    /// their buffers again.
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
        // Our own headers are valid. If one were not, the response would go out without headers
        // rather than not at all.
        Fields::from_list(&lines[..count]).unwrap_or_else(|_| Fields::new())
    })
}

/// Sends a response so that head and body leave in one packet: with a Content-Length, and with the
/// body's write begun before the handler returns. Spin's server doesn't set TCP_NODELAY, so a
/// second packet would wait for the client's delayed ACK, 40 ms. A body in parts has no length, and
/// `what` names it in the log.
async fn send(mut reply: Reply, what: String) -> Response {
    if let Some(body) = &reply.body {
        let length = body.len().to_string();
        reply.headers.push(("content-length", length.into()));
    }
    let fields = fields(reply.headers.iter().map(|(name, value)| (*name, value.as_ref())));
    let (contents, trailers) = match reply.parts {
        Some(parts) => parts.ends(what),
        None => body_ends(reply.body),
    };
    let (response, _sent) = Response::new(fields, contents, trailers);
    // A response is 200 unless told otherwise.
    if reply.status != 200 {
        // Only codes of three digits are ever set.
        let _ = response.set_status_code(reply.status);
    }
    // The first yield lets the executor take up the spawned write, the second lets the write begin.
    // With one, this function would go on first, and the head would leave alone.
    yield_async().await;
    yield_async().await;
    response
}

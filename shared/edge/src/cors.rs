//! Cross-origin requests: what a preflight is told, and which scripts may read a response. The
//! rules are in [`commerce::cors`].

use commerce::cors::{AllowedOrigins, EXPOSED_HEADERS, PREFLIGHT_SECONDS, REQUEST_HEADERS};
use http::Method;

use crate::app::App;
use crate::reply::Reply;
use crate::request::Incoming;
use crate::settings::{PAGES, component};

/// The answer to OPTIONS: the methods of the path. A browser sends it without a token, so none is
/// asked for; it tells no more than the description of the API does.
pub(crate) fn options(allow: &str) -> Reply {
    Reply::no_content().with("allow", [allow, ", OPTIONS"].concat())
}

/// Adds what a browser has to know before it lets a script read the response.
pub(crate) async fn share(request: &Incoming, reply: Reply) -> Reply {
    match App::loaded() {
        Some(app) => with_origin(&app.config.cors_origins, request, reply),
        // A response that needed no settings. The future is boxed: nearly every request finds them.
        None if component() != PAGES && request.header("origin").is_some() => match Box::pin(App::get()).await {
            Ok(app) => with_origin(&app.config.cors_origins, request, reply),
            Err(_) => reply,
        },
        None => reply,
    }
}

fn with_origin(origins: &AllowedOrigins, request: &Incoming, reply: Reply) -> Reply {
    if *origins == AllowedOrigins::None {
        return reply;
    }
    // A shared cache must not give one origin's response to another.
    let reply = if *origins == AllowedOrigins::Any { reply } else { reply.with("vary", "Origin") };
    let Some(origin) = request.header("origin") else { return reply };
    let Some(allowed) = origins.allow(&origin) else { return reply };
    let reply = reply.with("access-control-allow-origin", allowed.to_owned());
    if request.method != Method::OPTIONS || request.header("access-control-request-method").is_none() {
        return reply.with("access-control-expose-headers", EXPOSED_HEADERS);
    }
    let methods = reply.headers.iter().find(|(name, _)| *name == "allow").map(|(_, value)| value.clone());
    reply
        .with("access-control-allow-methods", methods.unwrap_or_default())
        .with("access-control-allow-headers", REQUEST_HEADERS)
        .with("access-control-max-age", PREFLIGHT_SECONDS)
}

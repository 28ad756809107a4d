//! The headers by which a component learns about the request's route and client.

use crate::routes::Match;
use anyhow::{Context as _, Result, bail};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use std::net::SocketAddr;

/// Makes the request's URI absolute, by its `Host` header.
///
/// # Errors
/// No authority, one that isn't valid, or two that differ.
pub fn complete_uri(request: &mut Parts) -> Result<()> {
    let mut uri = request.uri.clone().into_parts();
    let host = request.headers.get(header::HOST).map(|host| -> Result<Authority> {
        host.to_str().context("the Host header is not text")?.parse().context("the Host header is not valid")
    });
    uri.authority = match (host.transpose()?, uri.authority) {
        (None, None) => bail!("the request has no Host header"),
        (Some(host), Some(authority)) if host != authority => bail!("the Host header contradicts the request's URI"),
        (host, authority) => host.or(authority),
    };
    uri.scheme = Some(http::uri::Scheme::HTTP);
    request.uri = Uri::from_parts(uri)?;
    Ok(())
}

/// Appends Spin's headers after those of the client. Nothing is stripped. A client can send any of
/// them, so a component must take the last value.
///
/// # Errors
/// A header value of the client that isn't UTF-8.
pub fn append(request: &mut Parts, found: &Match<'_>, client: SocketAddr) -> Result<()> {
    for (name, value) in &request.headers {
        std::str::from_utf8(value.as_bytes()).with_context(|| format!("the header {name} is not UTF-8"))?;
    }
    let host = match request.headers.get(header::HOST) {
        Some(host) => host.to_str().context("the Host header is not text")?,
        None => "localhost",
    };
    let path = request.uri.path_and_query().map_or("/", |path| path.as_str());
    let full_url = format!("http://{host}{path}");
    let pattern = &found.route.pattern;
    let based = pattern.strip_suffix('/').unwrap_or(pattern);

    let headers = &mut request.headers;
    add(headers, "spin-path-info", &found.trailing);
    add(headers, "spin-full-url", &full_url);
    add(headers, "spin-matched-route", based);
    add(headers, "spin-base-path", "/");
    add(headers, "spin-raw-component-route", pattern);
    add(headers, "spin-component-route", pattern.strip_suffix("/...").unwrap_or(pattern));
    add(headers, "spin-client-addr", &client.to_string());
    for (name, value) in &found.params {
        add(headers, &format!("spin-path-match-{}", name.to_ascii_lowercase().replace('_', "-")), value);
    }
    Ok(())
}

/// A value that can't be a header is left out, as Spin does it.
fn add(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_bytes(value.as_bytes())) {
        headers.append(name, value);
    }
}

//! Cross-origin requests (the Fetch standard's CORS protocol): which origins' scripts may call, and
//! what a preflight is told. Tokens travel in a header that a script sets, and never in a cookie.
//! So no credentials are allowed, and no origin gains what its token doesn't give it.

/// The headers that scripts may send.
pub const REQUEST_HEADERS: &str = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, \
                                   Last-Event-ID, X-Request-Id, traceparent, tracestate";

/// The headers of a response that scripts may read, besides those that they always may.
pub const EXPOSED_HEADERS: &str = "Allow, Cache-Status, ETag, Link, Location, RateLimit, RateLimit-Policy, Retry-After, \
                                   X-Request-Id, traceparent";

/// How long a browser may keep the answer to a preflight, in seconds.
pub const PREFLIGHT_SECONDS: &str = "600";

/// The origins whose scripts may call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AllowedOrigins {
    /// None: responses say nothing of origins.
    #[default]
    None,
    /// Every one.
    Any,
    /// These, each as browsers write it.
    Listed(Vec<String>),
}

impl AllowedOrigins {
    /// Reads the setting: nothing, `*`, or origins separated by commas.
    ///
    /// # Errors
    /// The origin that no browser would send.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut listed = Vec::new();
        for origin in text.split(',').map(str::trim).filter(|origin| !origin.is_empty()) {
            if origin != "*" && !is_origin(origin) {
                return Err(format!(
                    "must be *, or origins such as https://shop.example or http://localhost:5173, without a path: \
                     number {} is not",
                    listed.len() + 1
                ));
            }
            listed.push(origin.to_owned());
        }
        Ok(match listed.as_slice() {
            [] => Self::None,
            [one] if one == "*" => Self::Any,
            _ if listed.iter().any(|origin| origin == "*") => return Err("* stands alone".to_owned()),
            _ => Self::Listed(listed),
        })
    }

    /// The value of `Access-Control-Allow-Origin` for a request of `origin`; `None` if its scripts
    /// may not read the response.
    pub fn allow<'a>(&self, origin: &'a str) -> Option<&'a str> {
        match self {
            Self::None => None,
            Self::Any => Some("*"),
            Self::Listed(listed) => listed.iter().any(|listed| listed == origin).then_some(origin),
        }
    }
}

/// Whether it is an origin as browsers write it (RFC 6454, section 6.2): scheme, host and a port
/// that isn't the scheme's own, in small letters.
fn is_origin(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let usual_port = match scheme {
        "https" => 443,
        "http" => 80,
        _ => return false,
    };
    let address = rest.starts_with('[');
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (rest, None),
    };
    let is_port = |port: &str| {
        !port.starts_with('0') && port.parse::<u16>().is_ok_and(|number| number != usual_port && number != 0)
    };
    let of_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
    let is_host = if address {
        host.strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .is_some_and(|host| host.parse::<std::net::Ipv6Addr>().is_ok_and(|parsed| parsed.to_string() == host))
    } else {
        !host.is_empty() && host.bytes().all(of_name)
    };
    is_host && port.is_none_or(is_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_an_unusual_port() {
        for origin in [
            "https://shop.example",
            "https://shop.example:8443",
            "http://localhost:5173",
            "http://127.0.0.1:3000",
            "http://[::1]:3000",
            "https://xn--bcher-kva.example",
        ] {
            assert_eq!(AllowedOrigins::parse(origin), Ok(AllowedOrigins::Listed(vec![origin.to_owned()])), "{origin}");
        }
        for wrong in [
            "shop.example",
            "https://",
            "https://shop.example/",
            "https://shop.example/path",
            "https://Shop.example",
            "https://shop.example:443",
            "http://shop.example:80",
            "https://shop.example:0",
            "https://shop.example:x",
            "https://user@shop.example",
            "https://*.shop.example",
            "http://[::0001]",
            "file:///",
            "null",
        ] {
            assert!(AllowedOrigins::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_a_listed_origin_is_allowed_letter_by_letter() {
        let listed = AllowedOrigins::parse("https://a.example, https://b.example:8443,").unwrap();
        assert_eq!(listed.allow("https://a.example"), Some("https://a.example"));
        assert_eq!(listed.allow("https://b.example:8443"), Some("https://b.example:8443"));
        for other in ["https://b.example", "http://a.example", "https://a.example.evil.example", "null", ""] {
            assert_eq!(listed.allow(other), None, "{other}");
        }
        assert_eq!(AllowedOrigins::parse(" ").unwrap().allow("https://a.example"), None);
        assert_eq!(AllowedOrigins::parse("*").unwrap().allow("https://a.example"), Some("*"));
        assert!(AllowedOrigins::parse("*, https://a.example").is_err(), "a list beside * would mean nothing");
    }
}

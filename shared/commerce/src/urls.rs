//! Addresses in variables: origins of APIs, prefixes of pages and certificates. Pure.

/// Scheme, host and port, without the slash at the end. `tls`: only `https` will do, since real
/// money is asked for.
///
/// # Errors
/// The rule that the text breaks.
pub fn origin(text: &str, tls: bool) -> Result<String, String> {
    let (scheme, rest) = split(text).ok_or("must be http:// or https:// and a host")?;
    if tls && scheme != "https" {
        return Err("must be https:// where payment_environment is live".to_owned());
    }
    let host = rest.strip_suffix('/').unwrap_or(rest);
    if host.is_empty() || host.contains('/') {
        return Err("must be scheme, host and port only".to_owned());
    }
    Ok(format!("{scheme}://{host}"))
}

/// The path of an API, perhaps with a query.
///
/// # Errors
/// The rule that the text breaks.
pub fn path(text: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'#' | b'\\' | b'"' | b'<' | b'>');
    let right = text.starts_with('/') && text.bytes().all(plain);
    right.then(|| text.to_owned()).ok_or_else(|| "must begin with a slash, and be a path as it is sent".to_owned())
}

/// The prefix of pages that a shopper may be sent back to. It ends with a slash:
/// `https://shop.example` must not allow `https://shop.example.elsewhere`.
///
/// # Errors
/// The rule that the text breaks.
pub fn return_prefix(text: &str) -> Result<String, String> {
    let (scheme, rest) = split(text).ok_or("must be origins such as https://shop.example, perhaps with a folder")?;
    let slash = if rest.ends_with('/') { "" } else { "/" };
    Ok(format!("{scheme}://{rest}{slash}"))
}

/// The prefix of certificates' URLs; `None` if it is empty: then PayPal's own rule holds.
///
/// # Errors
/// The rule that the text breaks.
pub fn certificate_prefix(text: &str) -> Result<Option<String>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    match split(text) {
        Some((_, rest)) if rest.contains('/') && rest.ends_with('/') => Ok(Some(text.to_owned())),
        _ => Err("must be a URL that ends with the slash before a certificate's name".to_owned()),
    }
}

/// Scheme and rest of an address that can be compared as text: without user, query, fragment,
/// escapes and path steps.
fn split(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"))?;
    let plain =
        |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'@' | b'?' | b'#' | b'%' | b'\\' | b'"' | b'<' | b'>');
    let host = rest.split('/').next().unwrap_or_default();
    let lower = !host.is_empty() && !host.bytes().any(|byte| byte.is_ascii_uppercase());
    let steps = rest.split('/').any(|step| matches!(step, "." | ".."));
    (lower && !steps && rest.bytes().all(plain)).then_some((scheme, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        assert_eq!(origin("https://api.stripe.com/", true).as_deref(), Ok("https://api.stripe.com"));
        assert_eq!(origin("http://127.0.0.1:4010", false).as_deref(), Ok("http://127.0.0.1:4010"));
        assert!(origin("http://127.0.0.1:4010", true).is_err());
        for wrong in
            ["", "api.stripe.com", "ftp://x", "https://", "https://a/b", "https://u@a", "https://a?b", "https://A"]
        {
            assert!(origin(wrong, false).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_path_is_sent_as_it_is_given() {
        for right in ["/", "/fraud/check", "/check?shop=1%20a"] {
            assert_eq!(path(right).as_deref(), Ok(right));
        }
        for wrong in ["", "check", "/a b", "/a#b", "/a\nb", "https://a/b"] {
            assert!(path(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_prefix_ends_at_a_border() {
        assert_eq!(return_prefix("https://shop.example").as_deref(), Ok("https://shop.example/"));
        assert_eq!(return_prefix("https://shop.example/pay").as_deref(), Ok("https://shop.example/pay/"));
        assert_eq!(return_prefix("https://shop.example/pay/").as_deref(), Ok("https://shop.example/pay/"));
        for wrong in ["shop.example", "javascript://shop", "https://shop.example/../x", "https://shop.example/%2e", "*"]
        {
            assert!(return_prefix(wrong).is_err(), "{wrong}");
        }
        assert_eq!(certificate_prefix(""), Ok(None));
        assert!(certificate_prefix("http://127.0.0.1:4010/v1/notifications/certs/").is_ok_and(|url| url.is_some()));
        assert!(certificate_prefix("http://127.0.0.1:4010/v1").is_err());
        assert!(certificate_prefix("http://127.0.0.1:4010").is_err());
    }
}

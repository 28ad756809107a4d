//! Services of the shop's own that are asked by HTTP, with a signature.

use std::time::Duration;

use commerce::urls;
use commerce::webhook::standard::Signer;
use edge::settings::Parser;

/// A service of the shop's own that is asked by HTTP.
#[derive(Debug)]
pub struct ServiceConfig {
    /// Its origin, without a slash at the end.
    pub url: String,
    /// Its path.
    pub path: String,
    /// Signs what it is asked.
    pub signer: Signer,
    /// How long one attempt may take, from connecting to the last byte.
    pub timeout: Duration,
}

/// The names of a service's variables.
pub(super) struct ServiceNames {
    url: &'static str,
    path: &'static str,
    secret: &'static str,
    timeout: &'static str,
}

pub(super) const FRAUD_CHECK: ServiceNames = ServiceNames {
    url: "fraud_check_url",
    path: "fraud_check_path",
    secret: "fraud_check_secret",
    timeout: "fraud_check_timeout_ms",
};

pub(super) const USER_SERVICE: ServiceNames = ServiceNames {
    url: "user_service_url",
    path: "user_service_path",
    secret: "user_service_secret",
    timeout: "user_service_timeout_ms",
};

/// A service of the shop's own; `None` without its URL.
pub(super) fn service(parser: &mut Parser<'_>, names: &ServiceNames, live: bool) -> Option<ServiceConfig> {
    let origin = |text: &str| if text.is_empty() { Ok(String::new()) } else { urls::origin(text, live) };
    let url = parser.checked(names.url, origin);
    let signer = |text: &str| match Signer::parse(text) {
        Some(signer) if url.is_empty() || !signer.is_empty() => Ok(signer),
        Some(_) => Err(format!("must be set where {} is", names.url)),
        None => Err("must be base64, perhaps behind whsec_".to_owned()),
    };
    let (path, signer) = (parser.checked(names.path, urls::path), parser.parsed(names.secret, signer));
    let timeout = parser.millis(names.timeout);
    (!url.is_empty()).then(|| ServiceConfig { url, path, signer: signer.unwrap_or_default(), timeout })
}

//! Services of the shop's own that are asked by HTTP: each question is signed as Standard Webhooks
//! says, repeated with full jitter within a budget, and sent behind a breaker.

use std::time::Duration;

use cache_logic::retry::RetryPolicy;
use commerce::gateway::{GatewayError, Method, Request};
use commerce::urls;
use commerce::webhook::standard::Signer;

use crate::client::{Client, Wire};
use crate::settings::Parser;
use crate::upstream::Upstream;

/// How often a question is sent.
const ATTEMPTS: u32 = 3;
/// The longest wait before the second attempt.
const RETRY_BASE: Duration = Duration::from_millis(50);
/// No wait is drawn from more.
const RETRY_CAP: Duration = Duration::from_millis(500);
/// All attempts together may take so many times the limit of one.
const BUDGET: u32 = 2;
/// How long the service is left alone after it gave no answer.
const REST: Duration = Duration::from_secs(5);

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
pub struct ServiceNames {
    /// Of its origin.
    pub url: &'static str,
    /// Of its path.
    pub path: &'static str,
    /// Of the secrets that sign.
    pub secret: &'static str,
    /// Of the time limit.
    pub timeout: &'static str,
}

impl ServiceConfig {
    /// A service of the shop's own; `None` without its URL. `tls`: only `https` will do.
    pub fn parse(parser: &mut Parser<'_>, names: &ServiceNames, tls: bool) -> Option<Self> {
        let origin = |text: &str| if text.is_empty() { Ok(String::new()) } else { urls::origin(text, tls) };
        let url = parser.checked(names.url, origin);
        let signer = |text: &str| match Signer::parse(text) {
            Some(signer) if url.is_empty() || !signer.is_empty() => Ok(signer),
            Some(_) => Err(format!("must be set where {} is", names.url)),
            None => Err("must be base64, perhaps behind whsec_".to_owned()),
        };
        let (path, signer) = (parser.checked(names.path, urls::path), parser.parsed(names.secret, signer));
        let timeout = parser.millis(names.timeout);
        (!url.is_empty()).then(|| Self { url, path, signer: signer.unwrap_or_default(), timeout })
    }
}

/// Such a service, as one instance sees it.
pub struct SignedService<W = Client> {
    wire: W,
    upstream: Upstream,
    path: String,
    signer: Signer,
}

impl<W: Wire> SignedService<W> {
    /// A service that is taken to work. `name` is for the log.
    pub fn over(wire: W, name: &'static str, config: &ServiceConfig) -> Self {
        let budget = config.timeout * BUDGET;
        let retry = RetryPolicy { attempts: ATTEMPTS, base: RETRY_BASE, cap: RETRY_CAP, budget };
        Self {
            wire,
            upstream: Upstream::new(name, &config.url, retry, config.timeout, REST),
            path: config.path.clone(),
            signer: config.signer.clone(),
        }
    }

    /// Asks with a body of JSON. `id` names the question: it is the same for each attempt, and for
    /// each repetition, so the service can tell them. `now` is the time in milliseconds since 1970.
    /// `read` makes an answer of status and body; `None` if they are none.
    ///
    /// # Errors
    /// [`GatewayError::Away`], [`GatewayError::Unsent`]; [`GatewayError::Unexpected`] for an answer
    /// that is none.
    pub async fn ask<T>(
        &self,
        id: &str,
        body: Vec<u8>,
        now: u64,
        read: impl FnOnce(u16, &[u8]) -> Option<T>,
    ) -> Result<T, GatewayError> {
        let mut headers =
            vec![("accept", "application/json".to_owned()), ("content-type", "application/json".to_owned())];
        headers.extend(self.signer.headers(id, (now / 1000) as i64, &body));
        let question = Request { method: Method::Post, path: self.path.clone(), headers, body };
        let answer = self.upstream.call(&self.wire, &question, self.wire.now()).await;
        let answer = match answer {
            Ok(answer) if answer.retry_helps() => Err(GatewayError::Away { retry_after: answer.retry_after }),
            Ok(answer) => read(answer.status, &answer.body).ok_or(GatewayError::Unexpected),
            Err(error) => Err(error),
        };
        answer.map_err(|error| self.upstream.note(&question, error))
    }

    /// Leaves the service alone for so many milliseconds: another instance has found it away.
    pub fn heard(&self, resting_ms: Option<i64>) {
        let resting = resting_ms.and_then(|ms| u64::try_from(ms).ok()).unwrap_or_default();
        self.upstream.heard(&self.wire, Duration::from_millis(resting));
    }

    /// For how many milliseconds the other instances should leave it alone, once each time that
    /// this one finds it away.
    pub fn rest_to_tell(&self) -> Option<u64> {
        self.upstream.rest_to_tell()
    }

    /// The wire.
    pub fn wire(&self) -> &W {
        &self.wire
    }
}

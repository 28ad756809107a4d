//! OAuth 2.0: client credentials for a token that ends.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde_json::json;

use super::PayPalCall;
use crate::exchange::{Reply, Request};
use crate::ids;

/// Seconds for which PayPal's tokens are good.
const LIFE: u64 = 32_400;

/// The tokens given out.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    tokens: HashMap<String, Instant>,
    /// Seconds; `None`: PayPal's own.
    pub(crate) life: Option<u64>,
}

impl Tokens {
    /// Whether an `Authorization` header holds one that is still good.
    pub(crate) fn knows(&self, authorization: &str) -> bool {
        let token = authorization.strip_prefix("Bearer ").unwrap_or("");
        self.tokens.get(token).is_some_and(|end| Instant::now() < *end)
    }

    /// Ends all of them.
    pub(crate) fn forget(&mut self) {
        self.tokens.clear();
    }
}

impl PayPalCall<'_> {
    pub(super) fn token(&mut self, request: &Request) -> Reply {
        let expected = format!("{}:{}", self.settings.paypal_client_id, self.settings.paypal_client_secret);
        if request.header("authorization") != format!("Basic {}", BASE64.encode(expected)) {
            let body = json!({"error": "invalid_client", "error_description": "Client Authentication failed"});
            return Reply::json(401, &body);
        }
        if !request.form().iter().any(|(name, value)| name == "grant_type" && value == "client_credentials") {
            let body = json!({"error": "unsupported_grant_type", "error_description": "Grant Type is NULL"});
            return Reply::json(400, &body);
        }
        let life = self.state.paypal.tokens.life.unwrap_or(LIFE);
        let token = format!("A21AA{}", ids::token(60));
        self.state.paypal.tokens.tokens.insert(token.clone(), Instant::now() + Duration::from_secs(life));
        Reply::json(
            200,
            &json!({
                "scope": "https://uri.paypal.com/services/payments/payment/authcapture https://uri.paypal.com/services/checkout/one-click",
                "access_token": token, "token_type": "Bearer", "app_id": "APP-80W284485P519543T", "expires_in": life,
                "nonce": format!("{}{}", ids::moment(), ids::token(20)),
            }),
        )
    }
}

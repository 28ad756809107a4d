use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use serde_json::{Value, json};

/// The claims of a token, to be signed with a key of the server.
#[derive(Clone, Debug)]
pub struct Caller {
    claims: Value,
}

impl Caller {
    /// A program of this organisation.
    pub fn service(org: &str) -> Caller {
        Caller::new("service", org)
    }

    /// An operator of the platform.
    pub fn operator(org: &str) -> Caller {
        Caller::new("operator", org)
    }

    /// A shopper.
    pub fn customer(org: &str, customer: &str) -> Caller {
        Caller::new("customer", org).claim("customer", json!(customer))
    }

    fn new(role: &str, org: &str) -> Caller {
        let claims = json!({
            "iss": "edge-orders", "sub": format!("e2e-{role}"), "org": org, "role": role, "scope": "", "exp": now() + 3600,
        });
        Caller { claims }
    }

    /// The same caller with a scope.
    pub fn scope(self, scope: &str) -> Caller {
        self.claim("scope", json!(scope))
    }

    /// The same caller, whose token ended an hour ago.
    pub fn expired(self) -> Caller {
        self.claim("exp", json!(now() - 3600))
    }

    /// The same caller with a claim changed.
    pub fn claim(mut self, name: &str, value: Value) -> Caller {
        self.claims[name] = value;
        self
    }

    /// A token signed with the first key of a JWK Set (HS256).
    pub fn token(&self, keys: &Value) -> String {
        let key = &keys["keys"][0];
        let secret = key["k"].as_str().and_then(|k| BASE64.decode(k).ok()).expect("the key set holds a symmetric key");
        self.signed(&json!({"alg": "HS256", "typ": "JWT", "kid": key["kid"]}), &secret)
    }

    /// A token with any header and secret, for forgeries.
    pub fn signed(&self, header: &Value, secret: &[u8]) -> String {
        let signed = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(self.claims.to_string()));
        let signature = hmac_sha256::HMAC::mac(signed.as_bytes(), secret);
        format!("{signed}.{}", BASE64.encode(signature))
    }

    /// The claims of a token, unverified.
    pub fn claims_of(token: &str) -> Value {
        let payload = token.split('.').nth(1).and_then(|part| BASE64.decode(part).ok());
        payload.and_then(|bytes| serde_json::from_slice(&bytes).ok()).expect("a token with JSON claims")
    }

    /// A JWK Set with one random symmetric key.
    pub fn random_keys() -> Value {
        let secret: Vec<u8> =
            [uuid::Uuid::new_v4(), uuid::Uuid::new_v4()].iter().flat_map(|id| *id.as_bytes()).collect();
        json!({"keys": [{"kty": "oct", "kid": "e2e", "alg": "HS256", "k": BASE64.encode(secret)}]})
    }
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}

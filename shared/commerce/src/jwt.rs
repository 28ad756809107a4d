//! A bearer token becomes a [`Caller`]: JSON Web Tokens (RFC 7519) in compact form (RFC 7515),
//! verified and read in one place.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Number, Value};

use crate::caller::{Caller, Role};
use crate::error::Error;
use crate::keys::{Algorithm, KeySet};
use crate::query::parse_uuid;

/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN: usize = 8192;
/// The lead that the issuer's clock may have over ours for `nbf`, in seconds. `exp` gets no leeway.
const LEEWAY: i64 = 30;
/// The longest id of a token, in characters.
pub const MAX_TOKEN_ID: usize = 255;
/// The longest subject, in bytes: it becomes part of idempotency keys.
pub const MAX_SUBJECT: usize = 255;

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that must be understood (RFC 7515, section 4.1.11). We understand none.
    crit: Option<Value>,
    /// Whether the payload is base64 (RFC 7797); ours always is.
    b64: Option<Value>,
}

/// One name or several (RFC 7519, section 4.1.3).
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn names(&self, wanted: &str) -> bool {
        match self {
            Self::One(name) => name == wanted,
            Self::Several(names) => names.iter().any(|name| name == wanted),
        }
    }
}

/// The issuer whose tokens are taken.
#[derive(Debug, Clone, Copy)]
pub struct TrustedIssuer<'a> {
    /// The only issuer.
    pub issuer: &'a str,
    /// A name that `aud` must hold; `None`: tokens for any audience are taken, and those for none.
    pub audience: Option<&'a str>,
}

/// A claim that isn't here isn't looked at; one that is here twice is refused by serde.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Option<Audience>,
    sub: String,
    exp: Number,
    nbf: Option<Number>,
    iat: Option<Number>,
    jti: Option<Value>,
    org: String,
    role: String,
    scope: Option<Value>,
    customer: Option<String>,
}

/// Verifies `token` and reads the caller that it stands for. `now` is in unix seconds.
///
/// The order matters: nothing of the payload is read before the signature holds. Every error is
/// [`Error::Unauthenticated`].
pub fn verify(token: &str, keys: &KeySet, expected: TrustedIssuer<'_>, now: i64) -> Result<Caller, Error> {
    if token.len() > MAX_TOKEN {
        return Err(Error::unauthenticated("the token is too long"));
    }
    let payload = verified_payload(token, keys)?;
    let claims: Claims = serde_json::from_slice(&payload)
        .map_err(|_| refused("must be an object with iss, sub, exp, org and role of the right types"))?;
    if claims.iss != expected.issuer {
        return Err(refused("come from another issuer"));
    }
    if expected.audience.is_some_and(|wanted| !claims.aud.as_ref().is_some_and(|audience| audience.names(wanted))) {
        return Err(refused("aud must name this service"));
    }
    let expires_at = whole_seconds(&claims.exp, f64::floor).ok_or_else(|| refused("exp must be a time"))?;
    if now >= expires_at {
        return Err(Error::unauthenticated("the token has expired"));
    }
    let not_before = match &claims.nbf {
        None => None,
        Some(nbf) => {
            let begin = whole_seconds(nbf, f64::ceil).ok_or_else(|| refused("nbf must be a time"))?;
            Some(begin.saturating_sub(LEEWAY))
        }
    };
    if not_before.is_some_and(|not_before| now < not_before) {
        return Err(Error::unauthenticated("the token isn't valid yet"));
    }
    caller(claims, expires_at, not_before)
}

/// Checks the signature and gives the bytes that it covers.
fn verified_payload(token: &str, keys: &KeySet) -> Result<Vec<u8>, Error> {
    let malformed = || Error::unauthenticated("the token is not a JSON Web Token");
    let (message, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
    let (header, payload) = message.split_once('.').ok_or_else(malformed)?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed());
    let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| malformed())?;
    if header.crit.is_some() || header.b64.is_some() {
        return Err(Error::unauthenticated("the token needs an extension that isn't supported"));
    }
    let algorithm = Algorithm::parse(&header.alg)
        .ok_or_else(|| Error::unauthenticated("the token must be signed with EdDSA, ES256, RS256 or HS256"))?;
    if !keys.verify(algorithm, header.kid.as_deref(), message.as_bytes(), &decode(signature)?) {
        return Err(Error::unauthenticated("the token's signature doesn't verify"));
    }
    decode(payload)
}

/// Reads the claims that say who it is.
fn caller(claims: Claims, expires_at: i64, not_before: Option<i64>) -> Result<Caller, Error> {
    let organization = parse_uuid(&claims.org).ok_or_else(|| refused("org must be a UUID"))?;
    let role = Role::parse(&claims.role).ok_or_else(|| refused("role must be service, customer or operator"))?;
    let customer = match &claims.customer {
        None => None,
        Some(customer) => Some(parse_uuid(customer).ok_or_else(|| refused("customer must be a UUID"))?),
    };
    if role == Role::Customer && customer.is_none() {
        return Err(refused("customer is missing, which the role customer needs"));
    }
    let subject = claims.sub;
    if subject.is_empty() || subject.len() > MAX_SUBJECT || subject.chars().any(char::is_control) {
        return Err(refused("sub must be 1 to 255 bytes without control characters"));
    }
    let scopes = match &claims.scope {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(scope)) => scope.split_ascii_whitespace().map(str::to_owned).collect(),
        // Some issuers give a list, which RFC 8693 (section 4.2) doesn't.
        Some(_) => return Err(refused("scope must be one text, its names separated by blanks")),
    };
    let issued_at = match &claims.iat {
        None => 0,
        Some(iat) => whole_seconds(iat, f64::floor).ok_or_else(|| refused("iat must be a time"))?.max(0),
    };
    // RFC 7519, section 4.1.7. One that isn't a text could never be named to revoke it.
    let token_id = match claims.jti {
        None | Some(Value::Null) => None,
        Some(Value::String(id)) if (1..=MAX_TOKEN_ID).contains(&id.chars().count()) && !id.contains('\0') => Some(id),
        Some(_) => return Err(refused("jti must be a text of 1 to 255 characters")),
    };
    Ok(Caller { organization, role, customer, scopes, subject, token_id, issued_at, expires_at, not_before })
}

fn refused(detail: &str) -> Error {
    Error::unauthenticated(format!("the token's claims are refused: {detail}"))
}

/// A `NumericDate` in whole seconds; it may have a fraction, which is rounded to the strict side.
fn whole_seconds(number: &Number, round: fn(f64) -> f64) -> Option<i64> {
    // A float beyond 2^53 seconds is no date; the cast below is exact within.
    const LAST: f64 = 9_007_199_254_740_992.0;
    let float = || number.as_f64().map(round).filter(|seconds| seconds.abs() <= LAST).map(|seconds| seconds as i64);
    number.as_i64().or_else(float)
}

#[cfg(test)]
mod tests;

//! Authentication: the token of a request names its caller, and is verified once per instance.
//! Whether it was revoked is another question, see [`crate::access`].

use crate::access::Token;
use crate::request::Incoming;
use crate::settings::{AuthMode, Callers};
use cache_spin::clock::request_millis;
use commerce::caller::{Caller, Role};
use commerce::error::Error;
use commerce::jwt;
use std::cell::RefCell;
use std::rc::Rc;
use uuid::Uuid;

/// How many verified tokens an instance remembers. A full memory is emptied, so a flood of tokens
/// costs no more than this.
const REMEMBERED: usize = 256;

/// The organisation of the caller when authentication is off: the first of the seeded ones.
const DEVELOPER_ORGANIZATION: Uuid = Uuid::from_u128(0x0190_a000_0000_7000_8000_0000_0000_0001);

thread_local! {
    static VERIFIED: RefCell<Vec<Rc<Credential>>> = const { RefCell::new(Vec::new()) };
}

/// A caller that has proved its identity.
#[derive(Debug)]
pub struct Credential {
    /// The caller.
    pub caller: Caller,
    /// Its token; `None` if authentication is off.
    pub token: Option<Token>,
}

/// The caller of a request.
///
/// [`Error::Unauthenticated`] without a valid token. With authentication off, every peer that isn't
/// on loopback gets it.
pub fn authenticate(callers: &Callers, request: &Incoming) -> Result<Rc<Credential>, Error> {
    match callers.auth_mode {
        AuthMode::Off => developer(request).map(|caller| Rc::new(Credential { caller, token: None })),
        AuthMode::Jwt => by_token(callers, request),
    }
}

fn developer(request: &Incoming) -> Result<Caller, Error> {
    if !request.client_addr().is_some_and(|address| address.ip().to_canonical().is_loopback()) {
        return Err(Error::unauthenticated("authentication is switched off for peers on loopback only"));
    }
    Ok(Caller {
        organization: DEVELOPER_ORGANIZATION,
        role: Role::Operator,
        customer: None,
        scopes: Vec::new(),
        subject: "developer".to_owned(),
        token_id: None,
        issued_at: 0,
        expires_at: i64::MAX,
        not_before: None,
    })
}

fn by_token(callers: &Callers, request: &Incoming) -> Result<Rc<Credential>, Error> {
    let Some(value) = request.only_header("authorization") else {
        return Err(Error::unauthenticated("one Authorization header with a Bearer token is needed"));
    };
    let token = bearer(&value).ok_or_else(|| Error::unauthenticated("a Bearer token is needed"))?;
    let now = (request_millis() / 1000) as i64;
    let known = VERIFIED.with_borrow(|verified| {
        let is_it = |known: &&Rc<Credential>| known.token.as_ref().is_some_and(|known| is_same(known.text(), token));
        verified.iter().find(is_it).cloned()
    });
    if let Some(known) = known {
        let Caller { expires_at, not_before, .. } = known.caller;
        let valid = now < expires_at && not_before.is_none_or(|begin| begin <= now);
        return if valid { Ok(known) } else { Err(Error::unauthenticated("the token has expired")) };
    }
    let caller = jwt::verify(token, &callers.jwt_keys, callers.expected_tokens(), now)?;
    let token = Some(Token::new(token, &caller, &callers.limits));
    let credential = Rc::new(Credential { caller, token });
    VERIFIED.with_borrow_mut(|verified| {
        if verified.len() >= REMEMBERED {
            verified.clear();
        }
        verified.push(credential.clone());
    });
    Ok(credential)
}

/// Whether two tokens are one. The standard comparison goes byte by byte in WebAssembly, so this
/// one takes eight at a time. It begins at the end, because tokens differ there.
fn is_same(one: &str, other: &str) -> bool {
    let (one, one_end) = one.as_bytes().as_chunks::<8>();
    let (other, other_end) = other.as_bytes().as_chunks::<8>();
    one_end == other_end
        && one.len() == other.len()
        && one.iter().zip(other).rev().all(|(one, other)| u64::from_ne_bytes(*one) == u64::from_ne_bytes(*other))
}

/// The token behind the scheme, whose name is case-insensitive (RFC 9110, section 11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::{bearer, is_same};

    #[test]
    fn tokens_are_the_same_if_every_byte_is() {
        let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl";
        assert!(is_same(token, token) && is_same("", ""));
        for end in 0..token.len() {
            assert!(!is_same(token, &token[..end]) && !is_same(&token[..end], token), "{end}");
            let mut other = token.as_bytes().to_vec();
            other[end] ^= 1;
            assert!(!is_same(token, std::str::from_utf8(&other).unwrap()), "{end}");
        }
    }

    #[test]
    fn a_bearer_token_is_found_in_any_case_of_its_scheme() {
        for (value, token) in [
            ("Bearer a.b.c", Some("a.b.c")),
            ("bEARER  x", Some("x")),
            ("Basic x", None),
            ("Bearer", None),
            ("Bearer ", None),
        ] {
            assert_eq!(bearer(value), token, "{value}");
        }
    }
}

//! Tokens that count no longer although they haven't expired: which are, and the requests that
//! revoke some.

use serde::Deserialize;
use uuid::Uuid;

use crate::caller::Caller;
use crate::error::Error;
use crate::fields::{Fields, Mistakes, moment, text};
use crate::json::{self, Json};
use crate::jwt::{MAX_SUBJECT, MAX_TOKEN_ID};
use crate::params::Params;
use crate::query::{after_wanted, parse_uuid, take_limit};
use crate::time::Moment;

/// The longest note, in characters.
const MAX_NOTE: usize = 500;

/// An organisation's revoked tokens, as `access_revoked` gives them. Times are unix seconds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RevokedTokens {
    /// False if they are too many for one list. Then nothing else is here.
    complete: bool,
    /// Those of these ids.
    tokens: Vec<String>,
    /// Those of a subject that were issued before a time.
    subjects: Vec<(String, i64)>,
    /// Those of a subject that have no id and were issued at a time.
    sessions: Vec<(String, i64)>,
}

/// What a list says of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It counts.
    Good,
    /// It was revoked.
    Revoked,
    /// There are too many revocations for one list: the token has to be asked for by itself.
    Unlisted,
}

impl RevokedTokens {
    /// Reads the body of `access_revoked`.
    ///
    /// # Errors
    /// [`Error::Internal`] if it isn't one.
    pub fn parse(body: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice(body).map_err(|error| Error::internal(format!("the revoked tokens: {error}")))
    }

    /// What it says of a caller's token.
    pub fn judge(&self, caller: &Caller) -> Standing {
        let of_subject = |entries: &[(String, i64)], counts: &dyn Fn(i64) -> bool| {
            entries.iter().any(|(subject, issued)| *subject == caller.subject && counts(*issued))
        };
        let revoked = match &caller.token_id {
            Some(id) => self.tokens.contains(id),
            None => of_subject(&self.sessions, &|at| at == caller.issued_at),
        };
        match self.complete {
            _ if revoked || of_subject(&self.subjects, &|before| caller.issued_at < before) => Standing::Revoked,
            true => Standing::Good,
            false => Standing::Unlisted,
        }
    }
}

/// What `access_token` says of one token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct RevokedToken {
    /// Whether it was revoked.
    pub revoked: bool,
}

impl RevokedToken {
    /// Reads the body of `access_token`.
    ///
    /// # Errors
    /// [`Error::Internal`] if it isn't one.
    pub fn parse(body: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice(body).map_err(|error| Error::internal(format!("a revoked token: {error}")))
    }
}

/// The tokens that a request revokes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tokens {
    /// The one of this id.
    One(String),
    /// All of this subject that were issued before a time; `None`: before now.
    OfSubject(String, Option<Moment>),
    /// Those of this subject that have no id and were issued in this unix second.
    OfSession(String, i64),
}

impl Tokens {
    /// The caller's own.
    pub fn own(caller: &Caller) -> Self {
        match &caller.token_id {
            Some(id) => Self::One(id.clone()),
            None => Self::OfSession(caller.subject.clone(), caller.issued_at),
        }
    }

    /// The kind that `access_revoke` takes.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::One(_) => "token",
            Self::OfSubject(..) => "subject",
            Self::OfSession(..) => "session",
        }
    }
}

/// `POST /auth/revocations`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// The tokens that are meant.
    pub tokens: Tokens,
    /// When the last of them ends by itself; `None`: they are refused until this is taken back.
    pub expires_at: Option<Moment>,
    /// Why, in the caller's own words.
    pub note: Option<String>,
}

impl Revocation {
    /// Decodes a body.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every field that is wrong.
    pub fn decode(body: &[u8], now: Moment) -> Result<Self, Error> {
        const KNOWN: [&str; 5] = ["tokenId", "subject", "issuedBefore", "expiresAt", "note"];
        let mut mistakes = Mistakes::default();
        let decoded = Fields::of("", json::parse(body)?, &KNOWN, &mut mistakes).and_then(|mut fields| {
            let issued_before = fields.optional("issuedBefore", moment);
            if issued_before.is_some_and(|before| before > now) {
                fields.refuse("issuedBefore", "must not be in the future");
            }
            let expires_at = fields.optional("expiresAt", moment);
            if expires_at.is_some_and(|end| end <= now) {
                fields.refuse("expiresAt", "must be in the future: the tokens have ended by themselves");
            }
            let note = fields.optional("note", text(1, MAX_NOTE));
            let tokens = match (fields.has("tokenId"), fields.has("subject")) {
                (true, false) => {
                    if issued_before.is_some() {
                        fields.refuse("issuedBefore", "can't stand beside tokenId");
                    }
                    fields.required("tokenId", name(MAX_TOKEN_ID)).map(Tokens::One)
                }
                (false, true) => {
                    let subject = fields.required("subject", name(MAX_SUBJECT));
                    subject.map(|subject| Tokens::OfSubject(subject, issued_before))
                }
                (true, true) => {
                    fields.refuse("subject", "can't stand beside tokenId");
                    None
                }
                (false, false) => {
                    fields.refuse("body", "must hold tokenId or subject");
                    None
                }
            };
            Some(Self { tokens: tokens?, expires_at, note })
        });
        mistakes.finish(decoded)
    }
}

/// A name that a token may carry: of `max` bytes at most.
fn name(max: usize) -> impl FnOnce(Json) -> Result<String, String> {
    move |json| {
        let name = text(1, max)(json)?;
        let fits = name.len() <= max && !name.chars().any(char::is_control);
        if fits { Ok(name) } else { Err(format!("must be at most {max} bytes, without control characters")) }
    }
}

/// `GET /auth/revocations`: at most so many, and the last one of the page before.
///
/// # Errors
/// [`Error::Invalid`] naming every parameter that is wrong.
pub fn parse_page(raw: Option<&str>) -> Result<(u32, Option<Uuid>), Error> {
    let mut params = Params::parse(raw, &["limit", "after"])?;
    let after = params.take("after", after_wanted, parse_uuid);
    let limit = take_limit(&mut params);
    params.finish((limit, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::Role;

    fn caller(subject: &str, token_id: Option<&str>, issued_at: i64) -> Caller {
        Caller {
            organization: Uuid::from_u128(1),
            role: Role::Service,
            customer: None,
            scopes: Vec::new(),
            subject: subject.to_owned(),
            token_id: token_id.map(str::to_owned),
            issued_at,
            expires_at: i64::MAX,
            not_before: None,
        }
    }

    #[test]
    fn a_list_refuses_what_it_names_and_nothing_else() {
        let body = br#"{"complete":true,"tokens":["t1"],"subjects":[["ana",100]],"sessions":[["ion",7],["eva",0]]}"#;
        let list = RevokedTokens::parse(body).unwrap();
        let table = [
            (caller("shop", Some("t1"), 500), Standing::Revoked),
            (caller("shop", Some("t2"), 500), Standing::Good),
            (caller("shop", None, 500), Standing::Good),
            (caller("ana", Some("t2"), 99), Standing::Revoked),
            (caller("ana", None, 99), Standing::Revoked),
            (caller("ana", None, 0), Standing::Revoked),
            (caller("ana", Some("t2"), 100), Standing::Good),
            (caller("ion", None, 7), Standing::Revoked),
            (caller("ion", None, 8), Standing::Good),
            (caller("ion", Some("t2"), 7), Standing::Good),
            (caller("eva", None, 0), Standing::Revoked),
            (caller("t1", None, 0), Standing::Good),
        ];
        for (caller, standing) in table {
            assert_eq!(list.judge(&caller), standing, "{caller:?}");
        }
    }

    #[test]
    fn a_list_that_is_not_complete_leaves_every_token_open() {
        let list = RevokedTokens::parse(br#"{"complete":false,"tokens":[],"subjects":[],"sessions":[]}"#).unwrap();
        assert_eq!(list.judge(&caller("ana", Some("t1"), 1)), Standing::Unlisted);
        assert!(RevokedTokens::parse(b"{}").is_err() && RevokedToken::parse(b"{}").is_err());
        assert_eq!(RevokedToken::parse(br#"{"revoked":true}"#), Ok(RevokedToken { revoked: true }));
    }

    #[test]
    fn a_log_out_means_the_callers_own_token() {
        let own = |token_id, issued_at| Tokens::own(&caller("ana", token_id, issued_at));
        assert_eq!(own(Some("t1"), 5), Tokens::One("t1".into()));
        assert_eq!(own(None, 5), Tokens::OfSession("ana".into(), 5));
    }

    #[test]
    fn a_revocation_names_a_token_or_a_subject() {
        let now = Moment::parse("2026-01-31T12:00:00Z").unwrap();
        let decode = |body: &str| Revocation::decode(body.as_bytes(), now);
        let one = |tokens| Ok(Revocation { tokens, expires_at: None, note: None });
        assert_eq!(decode(r#"{"tokenId":"t1"}"#), one(Tokens::One("t1".into())));
        assert_eq!(decode(r#"{"subject":"ana"}"#), one(Tokens::OfSubject("ana".into(), None)));
        let before =
            r#"{"subject":"ana","issuedBefore":"2026-01-31T12:00:00Z","expiresAt":"2026-02-01","note":"lost"}"#;
        let decoded = decode(before).unwrap();
        assert_eq!(decoded.tokens, Tokens::OfSubject("ana".into(), Some(now)));
        assert_eq!((decoded.expires_at, decoded.note.as_deref()), (Moment::parse("2026-02-01"), Some("lost")));
        let table = [
            ("{}", "body"),
            (r#"{"note":"x"}"#, "body"),
            (r#"{"tokenId":"t1","subject":"ana"}"#, "subject"),
            (r#"{"tokenId":"t1","issuedBefore":"2026-01-01"}"#, "issuedBefore"),
            (r#"{"tokenId":7}"#, "tokenId"),
            (r#"{"tokenId":""}"#, "tokenId"),
            (r#"{"subject":null}"#, "subject"),
            (r#"{"subject":"a\u0000"}"#, "subject"),
            (r#"{"subject":"ana","issuedBefore":"2026-01-31T12:00:01Z"}"#, "issuedBefore"),
            (r#"{"subject":"ana","expiresAt":"2026-01-31T12:00:00Z"}"#, "expiresAt"),
            (r#"{"subject":"ana","expiresAt":"soon"}"#, "expiresAt"),
            (r#"{"subject":"ana","note":""}"#, "note"),
            (r#"{"subject":"ana","who":"me"}"#, "who"),
        ];
        for (body, field) in table {
            match decode(body) {
                Err(Error::Invalid(errors)) => assert!(errors.iter().all(|error| error.field == field), "{errors:?}"),
                other => panic!("{body}: {other:?}"),
            }
        }
    }
}

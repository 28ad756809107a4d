//! A request as its operation sees it: of everyone, or of a caller with a token.

use commerce::caller::Caller;
use commerce::error::Error;
use commerce::preconditions::{body_hash, idempotency_key, require_json, require_plain};
use commerce::query::{parse_id, parse_none};
use uuid::Uuid;

use crate::access::Admitted;
use crate::answer::Answer;
use crate::app::App;
use crate::auth;
use crate::reply::Reply;
use crate::request::Incoming;
use crate::route::Segments;
use crate::settings::Rules;

/// A request that everyone may make.
#[derive(Clone, Copy)]
pub struct Open<'a> {
    /// The request.
    pub request: &'a Incoming,
    /// The part of the path that its row calls `:id`; empty if it has none.
    pub id: &'a str,
}

impl<'a> Open<'a> {
    /// The `:id` of the path.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it isn't a UUID.
    pub fn id(&self) -> Result<Uuid, Error> {
        parse_id("id", self.id)
    }

    /// The caller, for an operation that asks for a token only sometimes. Its token was looked up.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`], [`Error::Misconfigured`], [`Error::Unavailable`],
    /// [`Error::TooManyRequests`].
    pub async fn admit(&self) -> Result<Admitted, Error> {
        let admitted = self.authenticate().await?;
        admitted.refuse_known()?;
        admitted.check().await?;
        Ok(admitted)
    }

    /// As [`Self::admit`], for a probe: it isn't limited.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`], [`Error::Misconfigured`], [`Error::Unavailable`].
    pub async fn admit_probe(&self) -> Result<Admitted, Error> {
        let admitted = self.authenticate().await?.unlimited();
        admitted.check().await?;
        Ok(admitted)
    }

    async fn authenticate(&self) -> Result<Admitted, Error> {
        let app = App::ready().await?;
        Ok(Admitted::new(app, auth::authenticate(app.callers().await?, self.request)?))
    }

    /// The same request as one of an admitted caller.
    pub fn call(&self, admitted: &'a Admitted) -> Call<'a> {
        Call::new(admitted, self.request, Segments { id: self.id, part: "" })
    }
}

/// A request of a caller with a token.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// The app of this instance.
    pub app: &'static App,
    /// The caller, as its token says.
    pub caller: &'a Caller,
    /// The request.
    pub request: &'a Incoming,
    /// The parts of the path that its row's parameters stand for.
    pub segments: Segments<'a>,
    /// What is known of the caller's token.
    pub(crate) admitted: &'a Admitted,
}

/// The JSON of a request that is carried out once per caller and `Idempotency-Key`.
#[derive(Debug)]
pub struct KeyedBody<'a> {
    /// The JSON.
    pub body: Vec<u8>,
    /// The key.
    pub key: &'a str,
    /// The hash of the body: the key stands for this body alone.
    pub hash: String,
}

impl<'a> Call<'a> {
    /// A request of an admitted caller, with the parts of its path.
    pub fn new(admitted: &'a Admitted, request: &'a Incoming, segments: Segments<'a>) -> Self {
        Self { app: admitted.app, caller: &admitted.credential.caller, request, segments, admitted }
    }

    /// The `:id` of the path.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it isn't a UUID.
    pub fn id(&self) -> Result<Uuid, Error> {
        parse_id("id", self.segments.id)
    }

    /// The second parameter of the path, which its row calls `name`.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it isn't a UUID.
    pub fn part(&self, name: &str) -> Result<Uuid, Error> {
        parse_id(name, self.segments.part)
    }

    /// Whether the caller has shown a token: not if authentication is off.
    pub fn has_token(&self) -> bool {
        self.admitted.credential.token.is_some()
    }

    /// The query, without `?`, as it came.
    pub fn query(&self) -> Option<&'a str> {
        self.request.query.as_deref()
    }

    /// Refuses parameters: the operation has none.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first.
    pub fn no_query(&self) -> Result<(), Error> {
        parse_none(self.query())
    }

    /// The answer to a read that everybody of the organisation may see.
    ///
    /// # Errors
    /// [`Error::NotFound`] of `noun` if it isn't there.
    pub fn give(&self, answer: Option<Answer>, noun: &str) -> Result<Reply, Error> {
        Ok(answer.ok_or_else(|| Error::not_found(noun))?.into_reply(self.request))
    }

    /// The answer to a read, if the caller may see it. The cache holds one copy for all callers, so
    /// ownership is checked after the read.
    ///
    /// # Errors
    /// [`Error::NotFound`] of `noun` if it isn't there or isn't the caller's.
    pub fn show(&self, answer: Option<Answer>, noun: &str) -> Result<Reply, Error> {
        self.give(answer.filter(|answer| self.caller.may_see(answer.owner.as_deref())), noun)
    }

    /// The body of a request that says that it is JSON.
    ///
    /// # Errors
    /// [`Error::UnsupportedMediaType`], and as [`Call::whole_body`].
    pub async fn json(&self) -> Result<Vec<u8>, Error> {
        self.small_json(usize::MAX).await
    }

    /// As [`Call::json`], for an operation that takes no more than `most` bytes.
    ///
    /// # Errors
    /// As [`Call::json`], [`Error::TooLarge`] above `most` bytes, too.
    pub async fn small_json(&self, most: usize) -> Result<Vec<u8>, Error> {
        require_json(self.request.values("content-type"))?;
        small_body(self.request, most).await
    }

    /// The body and the key of a request that may be sent twice and is carried out once.
    ///
    /// # Errors
    /// As [`Call::json`]; [`Error::Invalid`] if the key isn't there once, or isn't one.
    pub async fn keyed_json(&self) -> Result<KeyedBody<'a>, Error> {
        let body = self.json().await?;
        let key = idempotency_key(self.request.values("idempotency-key"))?;
        let hash = body_hash(&body);
        Ok(KeyedBody { body, key, hash })
    }

    /// The body of a request that needn't have one: `None` if it is empty, else it has to say that
    /// it is JSON.
    ///
    /// # Errors
    /// As [`Call::json`].
    pub async fn optional_json(&self) -> Result<Option<Vec<u8>>, Error> {
        let body = self.whole_body().await?;
        if body.trim_ascii().is_empty() {
            return Ok(None);
        }
        require_json(self.request.values("content-type"))?;
        Ok(Some(body))
    }

    /// The whole body, of any media type.
    ///
    /// # Errors
    /// [`Error::TooLarge`] above `max_body_bytes`, [`Error::Misconfigured`] if that is wrong,
    /// [`Error::UnsupportedEncoding`] if it is encoded.
    pub async fn whole_body(&self) -> Result<Vec<u8>, Error> {
        whole_body(self.request).await
    }
}

/// Reads the body of a request whose operation asks for nothing: it is empty, or `{}`.
///
/// # Errors
/// [`Error::Invalid`] for any other, with the detail behind "must be empty"; as
/// [`Call::whole_body`].
pub async fn no_body(request: &Incoming, why: &str) -> Result<(), Error> {
    match whole_body(request).await?.trim_ascii() {
        b"" | b"{}" => Ok(()),
        _ => Err(Error::invalid("body", format!("must be empty: {why}"))),
    }
}

/// The whole body of a request, of any media type.
///
/// # Errors
/// As [`Call::whole_body`].
pub async fn whole_body(request: &Incoming) -> Result<Vec<u8>, Error> {
    small_body(request, usize::MAX).await
}

/// As [`whole_body`], of at most so many bytes.
async fn small_body(request: &Incoming, most: usize) -> Result<Vec<u8>, Error> {
    require_plain(request.values("content-encoding"))?;
    request.body(Rules::ready().await?.max_body_bytes.min(most), "body").await
}

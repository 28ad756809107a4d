//! Failures, as values that say whether a retry would help. They know no HTTP: one place maps them
//! to statuses and problem documents.

/// One thing that is wrong with one field of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The place: a path into the JSON body (`items[0].quantity`), or the name of a parameter or a
    /// header (`limit`, `If-Match`).
    pub field: String,
    /// The mistake, for the caller to read.
    pub detail: String,
}

impl FieldError {
    /// Names a field and what is wrong with it.
    pub fn new(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { field: field.into(), detail: detail.into() }
    }
}

/// Why a request was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The request can't be understood. A retry of the same bytes fails again.
    #[error("{}", joined(.0))]
    Invalid(Vec<FieldError>),
    /// Understood, but it names what doesn't exist or doesn't fit together (an unknown product).
    #[error("{}", joined(.0))]
    Unprocessable(Vec<FieldError>),
    /// A part of the request is larger than we take.
    #[error("{field} is larger than {limit} bytes")]
    TooLarge {
        /// The part, `body` for the whole.
        field: String,
        /// The largest size we take, in bytes.
        limit: usize,
    },
    /// No token, or one that doesn't verify.
    #[error("{detail}")]
    Unauthenticated {
        /// The fault of the token.
        detail: String,
    },
    /// A delivery that doesn't verify. The same bytes never will.
    #[error("the delivery is not believed: {reason}")]
    Refused {
        /// The stable name of the cause.
        reason: &'static str,
    },
    /// The caller is known and may not do this, whatever it is done to.
    #[error("{detail}")]
    Forbidden {
        /// The right that is missing.
        detail: String,
    },
    /// Not there, or not the caller's: the two are never told apart.
    #[error("no such {what}")]
    NotFound {
        /// The thing that was looked for: `order`, `customer`, `route`.
        what: String,
    },
    /// The resource exists and has other methods.
    #[error("allowed methods: {allow}")]
    MethodNotAllowed {
        /// The methods it has, as in the `Allow` header.
        allow: String,
    },
    /// The body's media type isn't one we read.
    #[error("the body must be application/json")]
    UnsupportedMediaType,
    /// The body is compressed, or encoded otherwise.
    #[error("the body must not be encoded: no Content-Encoding is supported")]
    UnsupportedEncoding,
    /// The state of the resource doesn't allow it.
    #[error("{detail}{}", current.as_ref().map(|current| format!(" (it is {current})")).unwrap_or_default())]
    Conflict {
        /// Why not.
        detail: String,
        /// The state it is in, if one word says it.
        current: Option<String>,
    },
    /// Another thing has what must be one thing's own, such as an e-mail address.
    #[error("{}", joined(.0))]
    Taken(Vec<FieldError>),
    /// It was there once, and is kept no more.
    #[error("{detail}")]
    Gone {
        /// What to do now.
        detail: String,
        /// The first position that is kept.
        oldest: i64,
    },
    /// `If-Match` names another version, or `If-None-Match` the present one.
    #[error("{}", current.map_or("the version is another one".to_owned(), |version| format!("the current version is {version}")))]
    PreconditionFailed {
        /// The version it has now, if known.
        current: Option<i64>,
    },
    /// Tried too often.
    #[error("{detail}")]
    TooManyRequests {
        /// The thing that was tried.
        detail: String,
        /// When to try again, in seconds.
        retry_after_seconds: u32,
        /// The quotas, as in the `RateLimit-Policy` header.
        policy: String,
        /// The remaining quotas, as in the `RateLimit` header.
        limit: String,
    },
    /// An attempt that was counted ended in another error: that one, and what the caller has left.
    #[error("{refusal}")]
    Counted {
        /// The error that it ended in.
        refusal: Box<Error>,
        /// The quotas, as in the `RateLimit-Policy` header.
        policy: String,
        /// The remaining quotas, as in the `RateLimit` header.
        limit: String,
    },
    /// The payment provider is away. Nothing is lost and the order stands: the same request with
    /// the same key goes on from here.
    #[error("requires_retry: the payment provider is away; the order stands, send the same request again")]
    RequiresRetry {
        /// When to try again, in seconds.
        retry_after_seconds: u32,
    },
    /// A dependency is away. The same request may succeed later.
    #[error("{detail}")]
    Unavailable {
        /// The dependency.
        detail: String,
        /// When to try again, in seconds.
        retry_after_seconds: u32,
    },
    /// A variable is missing or wrong. Only a new deployment helps.
    #[error("{detail}")]
    Misconfigured {
        /// The variable and its mistake; never its value if that is a secret.
        detail: String,
    },
    /// A mistake of ours.
    #[error("{detail}")]
    Internal {
        /// For the log, never for the caller.
        detail: String,
    },
}

impl Error {
    /// One field is wrong.
    pub fn invalid(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::new(field, detail)])
    }

    /// One field names what doesn't exist or doesn't fit.
    pub fn unprocessable(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Unprocessable(vec![FieldError::new(field, detail)])
    }

    /// One field has a value that is another thing's already.
    pub fn taken(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Taken(vec![FieldError::new(field, detail)])
    }

    /// The `Idempotency-Key` has stood for another request; `what` is what was asked for.
    pub fn idempotency_mismatch(what: &str) -> Self {
        Self::unprocessable("Idempotency-Key", format!("was used for another body; a new {what} needs a new key"))
    }

    /// No valid token.
    pub fn unauthenticated(detail: impl Into<String>) -> Self {
        Self::Unauthenticated { detail: detail.into() }
    }

    /// The caller's role doesn't allow it.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::Forbidden { detail: detail.into() }
    }

    /// [`Error::Conflict`], with the word for the present state if there is one.
    pub fn conflict(detail: impl Into<String>, current: Option<&str>) -> Self {
        Self::Conflict { detail: detail.into(), current: current.map(str::to_owned) }
    }

    /// Nothing of that name, for this caller.
    pub fn not_found(what: impl Into<String>) -> Self {
        Self::NotFound { what: what.into() }
    }

    /// A mistake of ours; `detail` is for the log.
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::Internal { detail: detail.into() }
    }

    /// The failure itself, whether it was counted or not.
    pub fn cause(&self) -> &Self {
        match self {
            Self::Counted { refusal, .. } => refusal.cause(),
            other => other,
        }
    }

    /// Whether the same request may succeed later without anybody changing it.
    pub fn retry_helps(&self) -> bool {
        matches!(
            self.cause(),
            Self::Unavailable { .. }
                | Self::RequiresRetry { .. }
                | Self::TooManyRequests { .. }
                | Self::Internal { .. }
        )
    }
}

/// Every field and what is wrong with it.
fn joined(errors: &[FieldError]) -> String {
    let errors: Vec<_> = errors.iter().map(|error| format!("{}: {}", error.field, error.detail)).collect();
    errors.join("; ")
}

/// The fields that a refused request is told of.
#[cfg(test)]
pub(crate) fn refused_fields<T: std::fmt::Debug>(result: Result<T, Error>) -> Vec<String> {
    match result {
        Err(Error::Invalid(errors)) => errors.into_iter().map(|error| error.field).collect(),
        other => panic!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_an_error_names_every_field() {
        let error =
            Error::Invalid(vec![FieldError::new("limit", "must be 1 to 100"), FieldError::new("sort", "unknown")]);
        assert_eq!(error.to_string(), "limit: must be 1 to 100; sort: unknown");
    }

    #[test]
    fn the_text_of_an_error_is_what_its_reader_needs() {
        let detail = || "why".to_owned();
        let conflict =
            |current: Option<&str>| Error::Conflict { detail: detail(), current: current.map(str::to_owned) };
        let (policy, limit) = (String::new, String::new);
        let table = [
            (Error::TooLarge { field: "body".into(), limit: 5 }, "body is larger than 5 bytes"),
            (Error::taken("email", "is another's"), "email: is another's"),
            (Error::Gone { detail: detail(), oldest: 7 }, "why"),
            (Error::unauthenticated("why"), "why"),
            (Error::forbidden("why"), "why"),
            (Error::internal("why"), "why"),
            (Error::Misconfigured { detail: detail() }, "why"),
            (Error::Unavailable { detail: detail(), retry_after_seconds: 1 }, "why"),
            (
                Error::TooManyRequests { detail: detail(), retry_after_seconds: 1, policy: policy(), limit: limit() },
                "why",
            ),
            (Error::Counted { refusal: Box::new(conflict(None)), policy: policy(), limit: limit() }, "why"),
            (conflict(None), "why"),
            (conflict(Some("paid")), "why (it is paid)"),
            (Error::Refused { reason: "header-missing" }, "the delivery is not believed: header-missing"),
            (Error::not_found("order"), "no such order"),
            (Error::MethodNotAllowed { allow: "GET".into() }, "allowed methods: GET"),
            (Error::UnsupportedMediaType, "the body must be application/json"),
            (Error::UnsupportedEncoding, "the body must not be encoded: no Content-Encoding is supported"),
            (Error::PreconditionFailed { current: Some(7) }, "the current version is 7"),
            (Error::PreconditionFailed { current: None }, "the version is another one"),
            (
                Error::RequiresRetry { retry_after_seconds: 1 },
                "requires_retry: the payment provider is away; the order stands, send the same request again",
            ),
            (
                Error::idempotency_mismatch("order"),
                "Idempotency-Key: was used for another body; a new order needs a new key",
            ),
        ];
        for (error, text) in table {
            assert_eq!(error.to_string(), text);
        }
    }

    #[test]
    fn only_faults_that_pass_by_themselves_ask_for_a_retry() {
        assert!(Error::Unavailable { detail: "Postgres".into(), retry_after_seconds: 1 }.retry_helps());
        assert!(!Error::Misconfigured { detail: "jwt_keys".into() }.retry_helps());
        assert!(!Error::invalid("id", "must be a UUID").retry_helps());
        assert!(!Error::not_found("order").retry_helps());
        let counted =
            |refusal| Error::Counted { refusal: Box::new(refusal), policy: String::new(), limit: String::new() };
        assert!(counted(Error::RequiresRetry { retry_after_seconds: 1 }).retry_helps());
        assert!(!counted(Error::not_found("order")).retry_helps());
    }
}

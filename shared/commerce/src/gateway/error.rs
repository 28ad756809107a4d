//! Why a provider didn't do what it was asked, by what a retry helps.

use crate::error::Error;

/// Why a provider's API gave no result. Holds no secret and nothing of the provider's text but its
/// own short codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GatewayError {
    /// No answer, a fault of the provider, or too many requests. The same request may succeed
    /// later; whether it was carried out is not known, so it goes out again under the same request
    /// id.
    Away {
        /// When to try again, in seconds, if the provider or the breaker says so.
        retry_after: Option<u32>,
    },
    /// Nothing was sent: the provider gave no answer a moment ago and is left alone, or doesn't
    /// give the token that the request needs. So nothing is in doubt.
    Unsent {
        /// When to try again, in seconds, if the provider or the breaker says so.
        retry_after: Option<u32>,
    },
    /// The provider failed and keeps that failure: the same request id gets no other answer for as
    /// long as it is remembered. Whether the request was carried out is not known.
    Kept {
        /// The failure is an earlier attempt's: this one did nothing.
        replayed: bool,
    },
    /// The provider doesn't know the resource, perhaps not yet: an event can be earlier than what
    /// it names.
    NotYet,
    /// The provider said no. The same request fails again.
    Refused {
        /// The provider's code for it, in small letters and dashes (`card-declined`,
        /// `order-not-approved`).
        reason: String,
        /// The field of the request that the provider minds, if it is one.
        field: Option<String>,
    },
    /// The provider isn't configured.
    Unconfigured {
        /// The variable that is missing.
        variable: &'static str,
    },
    /// An answer that can't be read, or that is about something else. A mistake of ours or theirs.
    Unexpected,
}

impl GatewayError {
    /// Whether the same request may succeed later without anybody changing it.
    pub fn retry_helps(&self) -> bool {
        matches!(self, Self::Away { .. } | Self::Unsent { .. } | Self::NotYet)
    }

    /// Whether the provider can't have done anything, since it got no request that it would follow.
    pub fn is_unsent(&self) -> bool {
        matches!(self, Self::Unsent { .. } | Self::Unconfigured { .. })
    }

    /// The same failure of a request that the actual one needs first, such as a token's.
    #[must_use]
    pub fn before_sending(self) -> Self {
        match self {
            Self::Away { retry_after } => Self::Unsent { retry_after },
            other => other,
        }
    }

    /// When to try again, in seconds, if somebody said so.
    pub fn retry_after(&self) -> Option<u32> {
        match self {
            Self::Away { retry_after } | Self::Unsent { retry_after } => *retry_after,
            _ => None,
        }
    }
}

/// The wait if nobody says how long, in seconds.
const RETRY_AFTER: u32 = 5;

impl From<GatewayError> for Error {
    fn from(error: GatewayError) -> Self {
        match error {
            GatewayError::Away { retry_after } | GatewayError::Unsent { retry_after } => Self::Unavailable {
                detail: "the payment provider can't be reached".into(),
                retry_after_seconds: retry_after.unwrap_or(RETRY_AFTER),
            },
            GatewayError::NotYet => Self::Unavailable {
                detail: "the payment provider doesn't know it, perhaps not yet".into(),
                retry_after_seconds: RETRY_AFTER,
            },
            GatewayError::Refused { reason, field } => {
                let field = field.unwrap_or_else(|| "paymentGateway".into());
                Self::unprocessable(field, format!("the payment provider refuses it: {reason}"))
            }
            GatewayError::Unconfigured { variable } => {
                Self::Misconfigured { detail: format!("{variable} is not set, or isn't accepted where it is used") }
            }
            GatewayError::Kept { .. } => Self::Unavailable {
                detail: "the payment provider has failed, and gives no other answer to this request".into(),
                retry_after_seconds: RETRY_AFTER,
            },
            // The provider's answer is theirs to mend or ours; the caller can do nothing, and
            // nothing was promised.
            GatewayError::Unexpected => Self::Unavailable {
                detail: "the payment provider gave an answer that can't be read".into(),
                retry_after_seconds: RETRY_AFTER,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_its_place() {
        assert!(matches!(
            Error::from(GatewayError::Away { retry_after: Some(7) }),
            Error::Unavailable { retry_after_seconds: 7, .. }
        ));
        assert!(matches!(Error::from(GatewayError::NotYet), Error::Unavailable { .. }));
        assert!(matches!(Error::from(GatewayError::Unexpected), Error::Unavailable { .. }));
        let refused = GatewayError::Refused { reason: "currency-not-supported".into(), field: Some("currency".into()) };
        assert_eq!(
            Error::from(refused),
            Error::unprocessable("currency", "the payment provider refuses it: currency-not-supported")
        );
        let Error::Misconfigured { detail } = GatewayError::Unconfigured { variable: "stripe_api_key" }.into() else {
            panic!("another error");
        };
        assert!(detail.starts_with("stripe_api_key "));
    }

    #[test]
    fn only_what_was_never_followed_leaves_no_doubt() {
        let away = GatewayError::Away { retry_after: Some(3) };
        assert!(!away.is_unsent() && !GatewayError::Unexpected.is_unsent());
        assert!(GatewayError::Unconfigured { variable: "stripe_api_key" }.is_unsent());
        assert_eq!(away.before_sending(), GatewayError::Unsent { retry_after: Some(3) });
        assert_eq!(GatewayError::NotYet.before_sending(), GatewayError::NotYet);
    }

    #[test]
    fn a_retry_helps_against_absence_only() {
        assert!(GatewayError::Away { retry_after: None }.retry_helps() && GatewayError::NotYet.retry_helps());
        assert!(GatewayError::Unsent { retry_after: None }.retry_helps());
        let refused = GatewayError::Refused { reason: String::new(), field: None };
        assert!(!refused.retry_helps() && !GatewayError::Unexpected.retry_helps());
    }
}

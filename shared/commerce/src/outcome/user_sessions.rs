//! The answers of the functions that change user sessions.

use strum::{EnumString, VariantNames};

use super::answered_by;
use crate::error::Error;
use crate::views;

/// The answers of `user_session_put`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum UserSessionPutOutcome {
    /// It holds what was sent.
    Replaced,
    /// There is no such session for this caller, or its time is over.
    NotFound,
    /// It has another version than it must have.
    VersionMismatch,
}

/// The answers of `user_session_delete`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum UserSessionDeleteOutcome {
    /// It has ended.
    Deleted,
    /// There is no such session for this caller, or its time is over.
    NotFound,
    /// It has another version than it must have.
    VersionMismatch,
}

impl UserSessionPutOutcome {
    /// Goes on if it was replaced. `version` is the session's.
    ///
    /// # Errors
    /// The reason why it wasn't.
    pub fn check(self, version: Option<i64>) -> Result<(), Error> {
        match self {
            Self::Replaced => Ok(()),
            Self::NotFound => Err(Error::not_found(views::USER_SESSION.noun)),
            Self::VersionMismatch => Err(Error::PreconditionFailed { current: version }),
        }
    }
}

impl UserSessionDeleteOutcome {
    /// Goes on if it has ended. `version` is the session's.
    ///
    /// # Errors
    /// The reason why it hasn't.
    pub fn check(self, version: Option<i64>) -> Result<(), Error> {
        match self {
            Self::Deleted => Ok(()),
            Self::NotFound => Err(Error::not_found(views::USER_SESSION.noun)),
            Self::VersionMismatch => Err(Error::PreconditionFailed { current: version }),
        }
    }
}

answered_by! {
    UserSessionPutOutcome: "user_session_put";
    UserSessionDeleteOutcome: "user_session_delete";
}

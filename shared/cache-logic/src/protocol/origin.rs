//! Why the origin gave no answer, sorted by whether a retry helps.

use std::fmt;

use crate::ports::OriginError;

/// A fault of the origin, as an adapter of a database reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OriginFault {
    /// The origin can't be reached or gave no answer in time. The same request may succeed later.
    Unavailable {
        /// For the caller to read.
        detail: String,
        /// When to try again, in seconds.
        retry_after_seconds: u32,
    },
    /// Too much is asked of the origin at once, so it wasn't asked. The same request may succeed
    /// later. Nothing stands in for the answer, since the origin is there.
    Overloaded {
        /// For the caller to read.
        detail: String,
        /// When to try again, in seconds.
        retry_after_seconds: u32,
    },
    /// A setting is missing or wrong. Only a new deployment helps.
    Misconfigured {
        /// The setting and what is wrong with it; never its value.
        detail: String,
    },
    /// A rule of the data forbids the change, such as too few pieces in stock. Nothing has changed,
    /// and the same request may be allowed once the data is other than it is.
    Refused {
        /// For the caller to read: the rule's own words.
        detail: String,
    },
    /// A mistake of ours: a statement that is refused, or an answer that can't be read.
    Internal {
        /// For the log, never for the caller.
        detail: String,
    },
}

impl OriginFault {
    /// A mistake of ours; `detail` is for the log.
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::Internal { detail: detail.into() }
    }
}

impl OriginError for OriginFault {
    fn unreachable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}

impl fmt::Display for OriginFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable { detail, .. }
            | Self::Overloaded { detail, .. }
            | Self::Misconfigured { detail }
            | Self::Refused { detail }
            | Self::Internal { detail } => f.write_str(detail),
        }
    }
}

impl std::error::Error for OriginFault {}

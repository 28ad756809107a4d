//! Faults of the database, as errors of requests.

use cache_logic::origin::OriginFault;

use crate::error::Error;

impl From<OriginFault> for Error {
    fn from(fault: OriginFault) -> Self {
        match fault {
            OriginFault::Unavailable { detail, retry_after_seconds }
            | OriginFault::Overloaded { detail, retry_after_seconds } => {
                Self::Unavailable { detail, retry_after_seconds }
            }
            OriginFault::Misconfigured { detail } => Self::Misconfigured { detail },
            OriginFault::Refused { detail } => Self::conflict(detail, None),
            OriginFault::Internal { detail } => Self::Internal { detail },
        }
    }
}

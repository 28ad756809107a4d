//! The answers of the functions that make and change customers.

use strum::{EnumString, VariantNames};

use super::answered_by;
use crate::error::Error;

/// The answers of `customer_create`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum CustomerCreateOutcome {
    /// The customer is there now.
    Created,
    /// The key has made this customer before: the answer of that time.
    Replay,
    /// The key was used for another body.
    Mismatch,
    /// Another customer of the organisation has the e-mail address.
    EmailTaken,
}

impl CustomerCreateOutcome {
    /// Goes on if the customer is there.
    ///
    /// # Errors
    /// The reason why it isn't.
    pub fn check(self) -> Result<(), Error> {
        match self {
            Self::Created | Self::Replay => Ok(()),
            Self::Mismatch => Err(Error::idempotency_mismatch("customer")),
            Self::EmailTaken => Err(email_taken()),
        }
    }
}

/// The answers of `customer_patch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum CustomerPatchOutcome {
    /// The customer is as it was asked for.
    Updated,
    /// There is no such customer for this caller.
    NotFound,
    /// The customer has another version than it must have.
    VersionMismatch,
    /// Another customer of the organisation has the e-mail address.
    EmailTaken,
    /// The change would leave a company without a tax id, or a tax id without a company.
    CompanyIncomplete,
}

impl CustomerPatchOutcome {
    /// Goes on if the customer is as it was asked for. `version` is the customer's.
    ///
    /// # Errors
    /// The reason why nothing was changed.
    pub fn check(self, version: Option<i64>) -> Result<(), Error> {
        match self {
            Self::Updated => Ok(()),
            Self::NotFound => Err(Error::not_found("customer")),
            Self::VersionMismatch => Err(Error::PreconditionFailed { current: version }),
            Self::EmailTaken => Err(email_taken()),
            Self::CompanyIncomplete => {
                let detail = "a company has a name and a cui; set both, or take both away";
                Err(Error::unprocessable("companyName", detail))
            }
        }
    }
}

fn email_taken() -> Error {
    Error::taken("email", "is another customer's")
}

answered_by! {
    CustomerCreateOutcome: "customer_create";
    CustomerPatchOutcome: "customer_patch";
}

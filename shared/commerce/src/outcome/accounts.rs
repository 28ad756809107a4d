//! The answers of the functions that make and change organisations and their accounts at providers.

use strum::{EnumString, VariantNames};

use super::answered_by;
use crate::error::Error;

/// The answers of `organization_create`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum OrganizationCreateOutcome {
    /// The organisation is there now.
    Created,
    /// The key has made this organisation before: the answer of that time.
    Replay,
    /// The key was used for another body.
    Mismatch,
    /// Another organisation has the tax id.
    CuiTaken,
}

impl OrganizationCreateOutcome {
    /// Goes on if the organisation is there.
    ///
    /// # Errors
    /// The reason why it isn't.
    pub fn check(self) -> Result<(), Error> {
        match self {
            Self::Created | Self::Replay => Ok(()),
            Self::Mismatch => Err(Error::idempotency_mismatch("organization")),
            Self::CuiTaken => Err(cui_taken()),
        }
    }
}

/// The answers of `organization_patch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum OrganizationPatchOutcome {
    /// The organisation is as it was asked for.
    Updated,
    /// There is no such organisation.
    NotFound,
    /// The organisation has another version than it must have.
    VersionMismatch,
    /// Another organisation has the tax id.
    CuiTaken,
}

impl OrganizationPatchOutcome {
    /// Goes on if the organisation is as it was asked for. `version` is the organisation's.
    ///
    /// # Errors
    /// The reason why nothing was changed.
    pub fn check(self, version: Option<i64>) -> Result<(), Error> {
        match self {
            Self::Updated => Ok(()),
            Self::NotFound => Err(Error::not_found("organization")),
            Self::VersionMismatch => Err(Error::PreconditionFailed { current: version }),
            Self::CuiTaken => Err(cui_taken()),
        }
    }
}

/// The answers of `provider_account_create`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ProviderAccountCreateOutcome {
    /// It is the organisation's now.
    Created,
    /// It was the organisation's before.
    Known,
    /// It is another organisation's.
    Foreign,
    /// There is no such organisation.
    UnknownOrganization,
}

/// The answers of `provider_account_patch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ProviderAccountPatchOutcome {
    /// The account is as it was asked for.
    Updated,
    /// There is no such account.
    NotFound,
    /// The account has another version than it must have.
    VersionMismatch,
}

fn cui_taken() -> Error {
    Error::taken("cui", "is another organization's")
}

answered_by! {
    OrganizationCreateOutcome: "organization_create";
    OrganizationPatchOutcome: "organization_patch";
    ProviderAccountCreateOutcome: "provider_account_create";
    ProviderAccountPatchOutcome: "provider_account_patch";
}

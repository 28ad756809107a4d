//! The state of a stored event.

use strum::{EnumString, VariantArray, VariantNames};

use crate::text::text_forms;

/// The state of a stored event. An event in review that an operator has put aside is shown as
/// `dismissed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumString, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum EventState {
    /// Stored, without effect yet: it is taken up again.
    Received,
    /// It has taken effect.
    Applied,
    /// An operator has to look at it.
    NeedsReview,
    /// It concerns nothing of ours.
    Ignored,
    /// An operator has looked at it and put it aside.
    Dismissed,
}

text_forms!(EventState);

//! The answers of the functions about the feed of changes.

use strum::{EnumString, VariantNames};

use super::answered_by;

/// The answers of `event_list`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum EventListOutcome {
    /// Every event behind the position is there.
    Ok,
    /// Some are kept no more, or nobody has given the position.
    Gone,
}

answered_by! {
    EventListOutcome: "event_list";
}

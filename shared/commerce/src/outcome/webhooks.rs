//! The answers of the functions that store and apply events.

use strum::{EnumString, VariantNames};

use super::answered_by;

/// The answers of `webhook_record`, and in the column `stored` those of `webhook_deliver`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum RecordOutcome {
    /// The event is new and stored.
    Recorded,
    /// The event was stored before.
    Known,
    /// The transmission has had its bodies for this hour: nothing is stored.
    TooMany,
}

/// The answers of `webhook_apply` and `webhook_deliver`, and of `payment_observed` for what a
/// provider has just said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ApplyOutcome {
    /// The event has taken effect.
    Applied,
    /// The event had taken effect before.
    AlreadyApplied,
    /// The order or the payment isn't known yet: the event stays and is taken up again.
    Waiting,
    /// An operator has to look at the event.
    NeedsReview,
    /// The event concerns nothing of ours.
    Ignored,
    /// The event isn't stored any more: another body of its transmission has taken its place.
    UnknownEvent,
}

/// The answers of `webhook_replay`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ReplayOutcome {
    /// The event is taken up again.
    Replayed,
    /// There is no such event.
    NotFound,
    /// The event has taken effect.
    Applied,
    /// The event's body has been forgotten.
    WithoutBody,
}

/// The answers of `webhook_replay_page`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ReplayPageOutcome {
    /// The event has taken effect.
    Applied,
    /// The order or the payment isn't known yet: the event stays and is taken up again.
    Waiting,
    /// An operator has to look at the event.
    NeedsReview,
    /// It speaks of what one before it speaks of: another call takes it.
    Later,
}

/// The answers of `webhook_body`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum BodyOutcome {
    /// Headers and body, and it is written down who has read them.
    Read,
    /// There is no such event.
    NotFound,
    /// The event's body has been forgotten.
    WithoutBody,
}

/// The answers of `webhook_dismiss`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum DismissOutcome {
    /// The event is put aside, now or before.
    Dismissed,
    /// There is no such event.
    NotFound,
    /// The event isn't in review.
    NotInReview,
}

answered_by! {
    RecordOutcome: "webhook_record";
    ApplyOutcome: "webhook_apply";
    ReplayOutcome: "webhook_replay";
    ReplayPageOutcome: "webhook_replay_page";
    BodyOutcome: "webhook_body";
    DismissOutcome: "webhook_dismiss";
}

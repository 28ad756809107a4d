//! What the functions answer that store and apply events, and the one that renews the cache's certificate.

use strum::{EnumString, VariantNames};

use super::answered_by;

/// What `webhook_record` answers.
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

/// What `webhook_apply` answers, and `payment_observed` for what a provider has just answered.
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

/// What `webhook_replay` answers.
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

/// What `webhook_dismiss` answers.
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

/// What `cache_renew` answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum RenewOutcome {
    /// The certificate may be given once the rows that were read are applied.
    Ok,
    /// The database serves another cache.
    Mismatch,
}

answered_by! {
    RecordOutcome: "webhook_record";
    ApplyOutcome: "webhook_apply";
    ReplayOutcome: "webhook_replay";
    DismissOutcome: "webhook_dismiss";
    RenewOutcome: "cache_renew";
}

//! The answers of the functions that move payment sessions, captures and refunds.

use strum::{EnumString, VariantNames};

use super::answered_by;

/// The answers of `session_begin`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum SessionBeginOutcome {
    /// The provider is to be asked now, and the answer reported.
    Started,
    /// Another request with this key is asking the provider.
    InProgress,
    /// The key has begun this session before: the session as it is shown.
    Replay,
    /// The key was used for another body.
    Mismatch,
    /// There is no such order for this caller.
    UnknownOrder,
    /// The order can't be paid as it is, or not for this sum any more.
    NotPayable,
    /// The account that would get the money isn't this organisation's.
    ForeignAccount,
    /// The order has another session that is open.
    OpenSession,
}

/// The answers of `session_approve`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum SessionApproveOutcome {
    /// The provider is to be asked now, and the answer reported.
    Started,
    /// Another request is letting the session go on.
    InProgress,
    /// The session isn't held.
    NotAllowed,
    /// The order can't be paid as it is, or not for this sum any more.
    NotPayable,
    /// The account that would get the money isn't this organisation's.
    ForeignAccount,
    /// There is no such session.
    NotFound,
}

/// The answers of `session_move`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum SessionMoveOutcome {
    /// The session has moved.
    Moved,
    /// The session was there already.
    Unchanged,
    /// The session can't move there from its own status.
    NotAllowed,
    /// The order can't be paid any more as the session asks for it.
    NotPayable,
    /// There is no such session for this caller.
    NotFound,
}

/// The answers of `refund_request`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum RefundOutcome {
    /// The refund waits to be sent.
    Queued,
    /// The same, of a payment that was recorded by hand, also again: it is made here.
    ByHand,
    /// The key has asked for this refund before.
    Replay,
    /// The key was used for another refund.
    Mismatch,
    /// There is no such payment.
    NotFound,
    /// Nothing of the payment can be given back.
    NotRefundable,
    /// The amount is none of the currency, or more than what is left.
    TooMuch,
}

/// The answers of `refund_settle`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum RefundSettleOutcome {
    /// The refund is settled so, now or before.
    Settled,
    /// There is no such refund.
    NotFound,
    /// Somebody is sending the refund.
    InWork,
    /// The refund was settled otherwise before.
    NotOpen,
    /// The provider's refund isn't this one.
    AnotherRefund,
}

/// The answers of `manual_record`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ManualRecordOutcome {
    /// The payment counts now.
    Recorded,
    /// The key has recorded this before: the answer of that time.
    Replay,
    /// The key was used for another body.
    Mismatch,
    /// There is no such order.
    NotFound,
    /// The amount is none of the currency, or the order wants nothing more.
    BadAmount,
    /// Another payment has this reference.
    KnownReference,
}

/// The answers of `manual_correct`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ManualCorrectOutcome {
    /// The payment has this sum, now or before.
    Corrected,
    /// There is no such payment.
    NotFound,
    /// A provider has told of the payment.
    NotManual,
    /// The amount is none of the currency, or less than was refunded.
    BadAmount,
}

/// The answers of `approval_begin`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ApprovalOutcome {
    /// The provider is to be asked for the money now.
    Capture,
    /// Our order wants no money of it.
    Nothing,
    /// It can't be decided yet.
    Waiting,
    /// An operator has to look.
    NeedsReview,
}

/// The answers of `approval_refused`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ApprovalRefusedOutcome {
    /// The shopper's means refuse: the approval is over.
    Ended,
    /// The capture is tried again.
    Waiting,
    /// An operator has to look.
    NeedsReview,
}

/// The answers of `capture_begin`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum CaptureOutcome {
    /// The provider is to be asked now.
    Capture,
    /// The key has captured this before: the answer of that time.
    Replay,
    /// The key was used for another body.
    Mismatch,
    /// There is no such payment and no such session.
    NotFound,
    /// There is nothing to capture.
    NotCapturable,
}

/// The answers of `transaction_export_begin`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ExportOutcome {
    /// The export may begin.
    Begun,
    /// The place where the last one ended is of another history of the database.
    AnotherHistory,
    /// Rows have numbers of another cluster.
    Renumber,
}

answered_by! {
    SessionBeginOutcome: "session_begin";
    SessionApproveOutcome: "session_approve";
    SessionMoveOutcome: "session_move";
    RefundOutcome: "refund_request";
    RefundSettleOutcome: "refund_settle";
    ManualRecordOutcome: "manual_record";
    ManualCorrectOutcome: "manual_correct";
    ApprovalOutcome: "approval_begin";
    ApprovalRefusedOutcome: "approval_refused";
    CaptureOutcome: "capture_begin";
    ExportOutcome: "transaction_export_begin";
}

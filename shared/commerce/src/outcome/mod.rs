//! The answers of SQL functions in their column `outcome`, as enums.
//!
//! Every function that answers an `outcome` has one enum here, and every enum says which function
//! that is. [`OUTCOMES`] holds the names, so that a test can compare them with the literals in the
//! functions.

mod accounts;
mod cache;
mod catalogue;
mod customers;
mod feed;
mod invoices;
mod orders;
mod payments;
mod shipments;
mod stock;
mod user_sessions;
mod webhooks;

pub use accounts::{
    OrganizationCreateOutcome, OrganizationPatchOutcome, ProviderAccountCreateOutcome, ProviderAccountPatchOutcome,
};
pub use cache::{InvalidateOutcome, RenewOutcome};
pub use catalogue::{
    ProductBulkDeleteOutcome, ProductCreateOutcome, ProductDeleteOutcome, ProductPatchOutcome, SchemaCreateOutcome,
    SchemaPatchOutcome,
};
pub use customers::{CustomerCreateOutcome, CustomerPatchOutcome};
pub use feed::EventListOutcome;
pub use invoices::{InvoiceCreditOutcome, InvoiceIssueOutcome};
pub use orders::{
    CheckoutOutcome, CheckoutPutOutcome, CreateOutcome, DeleteOutcome, GuestCheckoutOutcome, PatchOutcome,
    SetStatusOutcome,
};
pub use payments::{
    ApprovalOutcome, ApprovalRefusedOutcome, CaptureOutcome, ExportOutcome, ManualCorrectOutcome, ManualRecordOutcome,
    RefundOutcome, RefundSettleOutcome, SessionApproveOutcome, SessionBeginOutcome, SessionMoveOutcome,
};
pub use shipments::{ShipmentCreateOutcome, ShipmentPatchOutcome};
pub use stock::{HoldOutcome, StockCountOutcome, StockForgetOutcome, StockMoveOutcome};
pub use user_sessions::{UserSessionDeleteOutcome, UserSessionPutOutcome};
pub use webhooks::{ApplyOutcome, BodyOutcome, DismissOutcome, RecordOutcome, ReplayOutcome, ReplayPageOutcome};

use std::str::FromStr;

use crate::error::Error;

/// The answers of one SQL function.
pub trait Outcome: FromStr {
    /// The function, for the log.
    const FUNCTION: &'static str;

    /// The outcome of that name; `None` if the function has none.
    fn named(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// Reads the column `outcome` of a row.
    ///
    /// # Errors
    /// [`Error::Internal`] if it is empty or unknown: then code and database don't belong together.
    fn read(answer: Option<&str>) -> Result<Self, Error> {
        let named = answer.and_then(Self::named);
        named.ok_or_else(|| {
            Error::internal(format!("{} gave the outcome {:?}", Self::FUNCTION, answer.unwrap_or_default()))
        })
    }
}

/// Says which function answers an enum.
macro_rules! answered_by {
    ($($type:ty: $function:literal;)+) => {$(
        impl $crate::outcome::Outcome for $type {
            const FUNCTION: &'static str = $function;
        }
    )+};
}
use answered_by;

/// Every function that answers an `outcome`, and the literals that may stand for it in the
/// function. A function that passes on the answers of another one has a row more. A literal that
/// ends in a colon is followed by an index.
pub const OUTCOMES: &[(&str, &[&str])] = {
    use strum::VariantNames;
    &[
        ("order_create", CreateOutcome::VARIANTS),
        ("order_patch", PatchOutcome::VARIANTS),
        ("order_delete", DeleteOutcome::VARIANTS),
        ("order_set_statuses", <SetStatusOutcome as VariantNames>::VARIANTS),
        ("product_create", ProductCreateOutcome::VARIANTS),
        ("product_patch", ProductPatchOutcome::VARIANTS),
        ("product_delete", ProductDeleteOutcome::VARIANTS),
        ("product_bulk_delete", <ProductBulkDeleteOutcome as VariantNames>::VARIANTS),
        ("schema_create", SchemaCreateOutcome::VARIANTS),
        ("schema_patch", SchemaPatchOutcome::VARIANTS),
        ("customer_create", CustomerCreateOutcome::VARIANTS),
        ("customer_patch", CustomerPatchOutcome::VARIANTS),
        ("organization_create", OrganizationCreateOutcome::VARIANTS),
        ("organization_patch", OrganizationPatchOutcome::VARIANTS),
        ("provider_account_create", <ProviderAccountCreateOutcome as VariantNames>::VARIANTS),
        ("provider_account_patch", <ProviderAccountPatchOutcome as VariantNames>::VARIANTS),
        ("shipment_create", ShipmentCreateOutcome::VARIANTS),
        ("shipment_patch", ShipmentPatchOutcome::VARIANTS),
        ("invoice_issue", <InvoiceIssueOutcome as VariantNames>::VARIANTS),
        ("invoice_credit", InvoiceCreditOutcome::VARIANTS),
        ("checkout_put", CheckoutPutOutcome::VARIANTS),
        ("checkout_put_kept", CheckoutPutOutcome::VARIANTS),
        ("checkout_order", CheckoutOutcome::OWN),
        ("checkout_order", CreateOutcome::VARIANTS),
        ("guest_checkout_order", CheckoutOutcome::OWN),
        ("guest_checkout_order", CreateOutcome::VARIANTS),
        ("guest_checkout_begin", GuestCheckoutOutcome::VARIANTS),
        ("session_begin", SessionBeginOutcome::VARIANTS),
        ("session_approve", SessionApproveOutcome::VARIANTS),
        ("session_move", SessionMoveOutcome::VARIANTS),
        ("refund_request", RefundOutcome::VARIANTS),
        ("refund_settle", RefundSettleOutcome::VARIANTS),
        ("manual_record", ManualRecordOutcome::VARIANTS),
        ("manual_correct", ManualCorrectOutcome::VARIANTS),
        ("approval_begin", ApprovalOutcome::VARIANTS),
        ("approval_refused", ApprovalRefusedOutcome::VARIANTS),
        ("capture_begin", CaptureOutcome::VARIANTS),
        ("transaction_export_begin", ExportOutcome::VARIANTS),
        ("payment_observed", ApplyOutcome::VARIANTS),
        ("webhook_record", RecordOutcome::VARIANTS),
        ("webhook_apply", ApplyOutcome::VARIANTS),
        ("webhook_deliver", ApplyOutcome::VARIANTS),
        ("webhook_replay", ReplayOutcome::VARIANTS),
        ("webhook_replay_page", ReplayPageOutcome::VARIANTS),
        ("webhook_body", BodyOutcome::VARIANTS),
        ("webhook_dismiss", DismissOutcome::VARIANTS),
        ("stock_count", StockCountOutcome::VARIANTS),
        ("stock_move", StockMoveOutcome::VARIANTS),
        ("stock_forget", StockForgetOutcome::VARIANTS),
        ("stock_hold_take", HoldOutcome::VARIANTS),
        ("stock_hold_begin", HoldOutcome::VARIANTS),
        ("stock_hold_begin_cart", HoldOutcome::VARIANTS),
        ("stock_hold_begin_change", HoldOutcome::VARIANTS),
        ("event_list", EventListOutcome::VARIANTS),
        ("user_session_put", UserSessionPutOutcome::VARIANTS),
        ("user_session_delete", UserSessionDeleteOutcome::VARIANTS),
        ("cache_renew", RenewOutcome::VARIANTS),
        ("cache_invalidate", InvalidateOutcome::VARIANTS),
    ]
};

#[cfg(test)]
mod tests;

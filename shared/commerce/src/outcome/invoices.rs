//! The answers of the functions that issue invoices and credit notes.

use strum::{EnumString, VariantNames};

use super::orders::indexed;
use super::{Outcome, answered_by};
use crate::error::Error;

/// The answers of `invoice_issue`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum InvoiceIssueOutcome {
    /// The invoice is there now.
    Issued,
    /// The invoice was there.
    Found,
    /// There is no such order.
    NotFound,
    /// The order is cancelled.
    Cancelled,
    /// The order costs nothing.
    Nothing,
    /// The order is in another currency than lei, and no rate was named.
    NoRate,
}

impl InvoiceIssueOutcome {
    /// The status of the answer that shows the invoice: 201 if it is new, 200 if it was there.
    ///
    /// # Errors
    /// The reason why there is none.
    pub fn status(self) -> Result<u16, Error> {
        match self {
            Self::Issued => Ok(201),
            Self::Found => Ok(200),
            Self::NotFound => Err(Error::not_found("order")),
            Self::Cancelled => Err(Error::conflict("a cancelled order isn't invoiced", None)),
            Self::Nothing => Err(Error::conflict("there is nothing to invoice: the order costs nothing", None)),
            Self::NoRate => {
                let detail = "is needed: lei for one unit of the order's currency, since VAT is owed in lei";
                Err(Error::unprocessable("ronRate", detail))
            }
        }
    }
}

/// The answers of `invoice_credit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum InvoiceCreditOutcome {
    /// The credit note is there now.
    Issued,
    /// The key has issued this credit note before: the answer of that time.
    Replay,
    /// The key was used for another body.
    Mismatch,
    /// There is no such order.
    NotFound,
    /// The order has no invoice.
    NoInvoice,
    /// There is nothing to credit: nothing is left, or nothing was refunded.
    Nothing,
    /// The amount is none of the invoice's currency.
    BadAmount,
    /// More than is left of the invoice.
    TooMuch,
    /// The line with this index is none of the invoice.
    #[strum(serialize = "unknown_line:")]
    UnknownLine(u32),
    /// More pieces than are left of the line with this index.
    #[strum(serialize = "too_many:")]
    TooMany(u32),
}

impl Outcome for InvoiceCreditOutcome {
    const FUNCTION: &'static str = "invoice_credit";

    fn named(name: &str) -> Option<Self> {
        let (name, index) = indexed(name);
        match name.parse().ok()? {
            Self::UnknownLine(_) => index.parse().ok().map(Self::UnknownLine),
            Self::TooMany(_) => index.parse().ok().map(Self::TooMany),
            plain => Some(plain),
        }
    }
}

impl InvoiceCreditOutcome {
    /// Goes on if the credit note is there.
    ///
    /// # Errors
    /// The reason why it isn't.
    pub fn check(self) -> Result<(), Error> {
        match self {
            Self::Issued | Self::Replay => Ok(()),
            Self::Mismatch => Err(Error::idempotency_mismatch("credit note")),
            Self::NotFound => Err(Error::not_found("order")),
            Self::NoInvoice => Err(Error::not_found("invoice")),
            Self::Nothing => {
                let detail = "there is nothing to credit: nothing was refunded that isn't credited, or nothing is left";
                Err(Error::conflict(detail, None))
            }
            Self::BadAmount => {
                Err(Error::unprocessable("amount", "has more digits after the point than the invoice's currency"))
            }
            Self::TooMuch => Err(Error::conflict("more would be credited than is left of the invoice", None)),
            Self::UnknownLine(index) => {
                Err(Error::unprocessable(format!("lines[{index}].position"), "is no line of the invoice"))
            }
            Self::TooMany(index) => {
                Err(Error::unprocessable(format!("lines[{index}].quantity"), "is more than is left of the line"))
            }
        }
    }
}

answered_by! {
    InvoiceIssueOutcome: "invoice_issue";
}

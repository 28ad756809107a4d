//! The answers of the functions that change orders.

use std::str::FromStr;

use strum::{EnumString, ParseError, VariantArray, VariantNames};

use super::{Outcome, answered_by};
use crate::error::Error;
use crate::text::text_forms;

/// The answers of `order_create`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum CreateOutcome {
    /// The order is there now.
    Created,
    /// The key has made this order before: the answer of that time.
    Replay,
    /// The key was used for another body.
    Mismatch,
    /// The organisation has no such customer.
    UnknownCustomer,
    /// The item with this index names no product.
    #[strum(serialize = "unknown_sku:")]
    UnknownSku(u32),
    /// The product of the item with this index has no price in the order's currency.
    #[strum(serialize = "no_price:")]
    NoPrice(u32),
    /// The total is larger than any order's may be.
    TotalTooLarge,
    /// A product-service keeps the stock, and holds nothing of these lines.
    Unreserved,
}

impl Outcome for CreateOutcome {
    const FUNCTION: &'static str = "order_create";

    fn named(name: &str) -> Option<Self> {
        let (name, index) = indexed(name);
        match name.parse().ok()? {
            Self::UnknownSku(_) => index.parse().ok().map(Self::UnknownSku),
            Self::NoPrice(_) => index.parse().ok().map(Self::NoPrice),
            plain => Some(plain),
        }
    }
}

/// An outcome that may end in a colon and an index, in two.
pub(super) fn indexed(name: &str) -> (&str, &str) {
    name.split_at(name.find(':').map_or(name.len(), |colon| colon + 1))
}

/// The item with this index names no product.
fn unknown_sku(index: u32) -> Error {
    Error::unprocessable(format!("items[{index}].sku"), "there is no such product")
}

/// The product of the item with this index has no price in the order's currency.
fn no_price(index: u32, currency: &str) -> Error {
    Error::unprocessable(format!("items[{index}].sku"), format!("the product has no price in {currency}"))
}

/// The hold was of other lines, or was let go, before the order was made.
fn unreserved() -> Error {
    Error::Unavailable {
        detail: "the items changed while their pieces were being held; the same request may succeed".into(),
        retry_after_seconds: 1,
    }
}

fn total_too_large() -> Error {
    Error::unprocessable("items", "the total is larger than any order's may be")
}

impl CreateOutcome {
    /// Goes on if the order is there.
    ///
    /// # Errors
    /// [`Error::Unprocessable`], which names the field of the request that hinders it.
    pub fn check(self, currency: &str) -> Result<(), Error> {
        match self {
            Self::Created | Self::Replay => Ok(()),
            Self::Mismatch => Err(Error::idempotency_mismatch("order")),
            Self::UnknownCustomer => Err(Error::unprocessable("customerId", "there is no such customer")),
            Self::UnknownSku(index) => Err(unknown_sku(index)),
            Self::NoPrice(index) => Err(no_price(index, currency)),
            Self::TotalTooLarge => Err(total_too_large()),
            Self::Unreserved => Err(unreserved()),
        }
    }
}

/// The answers of `checkout_order`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckoutOutcome {
    /// The order that the session became was deleted.
    Gone,
    /// There is neither a cart nor an order.
    NoCart,
    /// The cart has prices that the caller may not set.
    Priced,
    /// An answer of `order_create` about the cart, or `replay` for the order that the session has
    /// become before.
    Order(CreateOutcome),
}

impl CheckoutOutcome {
    /// The answers that only this function gives.
    pub(super) const OWN: &'static [&'static str] = &["gone", "no_cart", "priced"];
}

impl FromStr for CheckoutOutcome {
    type Err = ParseError;

    fn from_str(name: &str) -> Result<Self, ParseError> {
        match name {
            "gone" => Ok(Self::Gone),
            "no_cart" => Ok(Self::NoCart),
            "priced" => Ok(Self::Priced),
            other => CreateOutcome::named(other).map(Self::Order).ok_or(ParseError::VariantNotFound),
        }
    }
}

/// The answers of `guest_checkout_begin`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum GuestCheckoutOutcome {
    /// The token is good from now on.
    Begun,
    /// There is no such organisation.
    UnknownOrganization,
}

/// The answers of `checkout_put` and `checkout_put_kept`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum CheckoutPutOutcome {
    /// There was no cart.
    Created,
    /// It has taken the place of another one.
    Replaced,
    /// The session has become an order.
    Ordered,
    /// No cart of the user is kept.
    None,
}

/// The answers of `order_patch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum PatchOutcome {
    /// The order is as it was asked for.
    Updated,
    /// There is no such order for this caller.
    NotFound,
    /// The order has another version than it must have.
    VersionMismatch,
    /// The order can't move to this status from its own.
    NotAllowed,
    /// Items aren't changed in the order's status.
    ItemsStatus,
    /// Money was paid for the items, is reserved, or is on its way.
    ItemsPaid,
    /// A payment session over the items' sum is open.
    ItemsSession,
    /// The items stand on an invoice.
    ItemsInvoiced,
    /// There is a parcel with items.
    ItemsShipped,
    /// The new item with this index names no product.
    #[strum(serialize = "unknown_sku:")]
    UnknownSku(u32),
    /// The product of the new item with this index has no price in the order's currency.
    #[strum(serialize = "no_price:")]
    NoPrice(u32),
    /// The price of the new item with this index is none of the order's currency.
    #[strum(serialize = "bad_price:")]
    BadPrice(u32),
    /// The new total is larger than any order's may be.
    TotalTooLarge,
    /// A product-service keeps the stock, and holds nothing of the new lines.
    Unreserved,
}

impl Outcome for PatchOutcome {
    const FUNCTION: &'static str = "order_patch";

    fn named(name: &str) -> Option<Self> {
        let (name, index) = indexed(name);
        match name.parse().ok()? {
            Self::UnknownSku(_) => index.parse().ok().map(Self::UnknownSku),
            Self::NoPrice(_) => index.parse().ok().map(Self::NoPrice),
            Self::BadPrice(_) => index.parse().ok().map(Self::BadPrice),
            plain => Some(plain),
        }
    }
}

impl PatchOutcome {
    /// Goes on if the order is as it was asked for.
    /// `to` is the status that was asked for; `version` and `status` are the order's.
    ///
    /// # Errors
    /// The reason why nothing was changed.
    pub fn check(self, to: &str, version: Option<i64>, status: Option<&str>) -> Result<(), Error> {
        match self {
            Self::Updated => Ok(()),
            Self::NotFound => Err(Error::not_found("order")),
            Self::VersionMismatch => Err(Error::PreconditionFailed { current: version }),
            Self::NotAllowed => Err(Error::conflict(format!("the order can't become {to}"), status)),
            Self::ItemsStatus => Err(Error::conflict("the order's items can't be changed any more", status)),
            Self::ItemsPaid => Err(Error::conflict(
                "the order's items can't be changed: money was paid, is reserved or pending",
                status,
            )),
            Self::ItemsSession => {
                Err(Error::conflict("the order's items can't be changed: a payment session is open", status))
            }
            Self::ItemsInvoiced => {
                Err(Error::conflict("the order's items can't be changed: it has an invoice", status))
            }
            Self::ItemsShipped => Err(Error::conflict("the order's items can't be changed: it has a shipment", status)),
            Self::UnknownSku(index) => Err(unknown_sku(index)),
            Self::NoPrice(index) => Err(no_price(index, "the order's currency")),
            Self::BadPrice(index) => {
                let detail = "has more digits after the point than the order's currency";
                Err(Error::unprocessable(format!("items[{index}].unitPrice"), detail))
            }
            Self::TotalTooLarge => Err(total_too_large()),
            Self::Unreserved => Err(unreserved()),
        }
    }
}

/// The answers of `order_delete`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum DeleteOutcome {
    /// The order is gone.
    Deleted,
    /// There is no such order.
    NotFound,
    /// The order has another version than it must have.
    VersionMismatch,
    /// Money has moved for the order, is reserved, or may still come through a payment session, so
    /// it can't be removed for good.
    HasPayments,
    /// The order has an invoice, which stays.
    HasInvoice,
}

/// The answers of `order_set_statuses`, one for each order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum SetStatusOutcome {
    /// The order has moved.
    Updated,
    /// The order was there already.
    Unchanged,
    /// There is no such order.
    NotFound,
    /// The order can't move to this status from its own.
    NotAllowed,
}

text_forms!(SetStatusOutcome);

answered_by! {
    CheckoutOutcome: "checkout_order";
    CheckoutPutOutcome: "checkout_put";
    GuestCheckoutOutcome: "guest_checkout_begin";
    DeleteOutcome: "order_delete";
    SetStatusOutcome: "order_set_statuses";
}

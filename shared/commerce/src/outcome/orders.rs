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
}

impl Outcome for CreateOutcome {
    const FUNCTION: &'static str = "order_create";

    fn named(name: &str) -> Option<Self> {
        let (name, index) = name.split_at(name.find(':').map_or(name.len(), |colon| colon + 1));
        match name.parse().ok()? {
            Self::UnknownSku(_) => index.parse().ok().map(Self::UnknownSku),
            Self::NoPrice(_) => index.parse().ok().map(Self::NoPrice),
            plain => Some(plain),
        }
    }
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
            Self::UnknownSku(index) => {
                Err(Error::unprocessable(format!("items[{index}].sku"), "there is no such product"))
            }
            Self::NoPrice(index) => {
                let detail = format!("the product has no price in {currency}");
                Err(Error::unprocessable(format!("items[{index}].sku"), detail))
            }
            Self::TotalTooLarge => Err(Error::unprocessable("items", "the total is larger than any order's may be")),
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
    /// An answer of `order_create` about the cart, or `replay` for the order that the session has
    /// become before.
    Order(CreateOutcome),
}

impl CheckoutOutcome {
    /// The answers that only this function gives.
    pub(super) const OWN: &'static [&'static str] = &["gone", "no_cart"];
}

impl FromStr for CheckoutOutcome {
    type Err = ParseError;

    fn from_str(name: &str) -> Result<Self, ParseError> {
        match name {
            "gone" => Ok(Self::Gone),
            "no_cart" => Ok(Self::NoCart),
            other => CreateOutcome::named(other).map(Self::Order).ok_or(ParseError::VariantNotFound),
        }
    }
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
    /// Money has moved for the order, is reserved, or may still come through a payment session, so it
    /// can't be removed for good.
    HasPayments,
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
    PatchOutcome: "order_patch";
    DeleteOutcome: "order_delete";
    SetStatusOutcome: "order_set_statuses";
}

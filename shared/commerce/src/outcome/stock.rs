//! The answers of the functions that change stock.

use strum::{EnumString, VariantNames};

use super::answered_by;

/// The answers of `stock_count`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum StockCountOutcome {
    /// So many pieces are there, now or before.
    Counted,
    /// There is no such product.
    NotFound,
    /// More pieces are reserved than were counted.
    Reserved,
}

/// The answers of `stock_move`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum StockMoveOutcome {
    /// The pieces are booked.
    Moved,
    /// The key has booked them before: the answer of that time.
    Replay,
    /// The key was used for another body.
    Mismatch,
    /// There is no such product.
    NotFound,
    /// The article isn't counted yet.
    NotCounted,
    /// Fewer pieces would be there than are reserved.
    TooFew,
}

/// The answers of `stock_forget`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum StockForgetOutcome {
    /// The article isn't counted, any more or ever.
    Forgotten,
    /// There is no such product.
    NotFound,
    /// Orders hold pieces of it.
    Reserved,
}

/// The answers of `stock_hold_take`, and of `stock_hold_begin` and its like, which pass them on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum HoldOutcome {
    /// The product-service is to be asked.
    Ask,
    /// It was asked before, for the same pieces.
    Held,
    /// There is nothing to hold: the order is there, or will be refused.
    Pass,
}

answered_by! {
    HoldOutcome: "stock_hold_take";
    StockCountOutcome: "stock_count";
    StockMoveOutcome: "stock_move";
    StockForgetOutcome: "stock_forget";
}

//! The states of an order and of its payment, and the one table of moves between order states.

use strum::{EnumString, VariantArray, VariantNames};

use crate::text::text_forms;

/// The status of an order on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumString, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum OrderStatus {
    /// Placed, not looked at yet.
    Pending,
    /// Accepted by the shop.
    Confirmed,
    /// Being packed.
    Processing,
    /// With the carrier.
    Shipped,
    /// With the customer. The end.
    Delivered,
    /// Called off before it was shipped. The end.
    Cancelled,
}

/// Every allowed move, from and to. Any other is a conflict. An order that stays in its status
/// doesn't move.
const MOVES: [(OrderStatus, OrderStatus); 7] = {
    use OrderStatus::{Cancelled, Confirmed, Delivered, Pending, Processing, Shipped};
    [
        (Pending, Confirmed),
        (Pending, Cancelled),
        (Confirmed, Processing),
        (Confirmed, Cancelled),
        (Processing, Shipped),
        (Processing, Cancelled),
        (Shipped, Delivered),
    ]
};

impl OrderStatus {
    /// Whether an order may move from here to `to`.
    pub fn may_become(self, to: Self) -> bool {
        MOVES.contains(&(self, to))
    }

    /// The statuses from which an order may move here.
    pub fn sources(self) -> impl Iterator<Item = Self> {
        MOVES.into_iter().filter(move |(_, to)| *to == self).map(|(from, _)| from)
    }
}

/// The state of the money of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumString, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum PaymentStatus {
    /// Nothing was tried.
    Unpaid,
    /// The order costs nothing.
    NoneRequired,
    /// A payment is on its way.
    Pending,
    /// The money is reserved, not taken.
    Authorized,
    /// At least the total was taken.
    Paid,
    /// Less than the total was taken.
    PartiallyPaid,
    /// A part was given back.
    PartiallyRefunded,
    /// All was given back.
    Refunded,
    /// Taken back by the provider, or a dispute was lost.
    Reversed,
    /// A dispute is open.
    Disputed,
    /// The last try failed.
    Failed,
}

text_forms!(OrderStatus, PaymentStatus);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_allowed_moves_are_exactly_these() {
        let mut moves = Vec::new();
        for &from in OrderStatus::ALL {
            for &to in OrderStatus::ALL {
                if from.may_become(to) {
                    moves.push(format!("{} -> {}", from.as_str(), to.as_str()));
                }
            }
        }
        assert_eq!(
            moves,
            [
                "pending -> confirmed",
                "pending -> cancelled",
                "confirmed -> processing",
                "confirmed -> cancelled",
                "processing -> shipped",
                "processing -> cancelled",
                "shipped -> delivered",
            ]
        );
    }

    #[test]
    fn nothing_leaves_the_two_ends() {
        for end in [OrderStatus::Delivered, OrderStatus::Cancelled] {
            assert!(OrderStatus::ALL.iter().all(|to| !end.may_become(*to)), "{end:?}");
        }
    }

    #[test]
    fn sources_are_the_moves_read_backwards() {
        for &to in OrderStatus::ALL {
            let sources: Vec<_> = to.sources().collect();
            for &from in OrderStatus::ALL {
                assert_eq!(sources.contains(&from), from.may_become(to), "{from:?} -> {to:?}");
            }
        }
    }
}

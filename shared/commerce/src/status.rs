//! The states of an order and of its payment, and the one table of moves between order states.

/// Where an order is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

/// Every allowed move, from and to. What isn't here is a conflict. Staying where one is isn't a move.
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
    /// All of them, in the order of the way.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::Confirmed, Self::Processing, Self::Shipped, Self::Delivered, Self::Cancelled];

    /// The name used in JSON, in Postgres and in tags.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::Processing => "processing",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Whether an order may move from here to `to`.
    pub fn may_become(self, to: Self) -> bool {
        MOVES.contains(&(self, to))
    }

    /// The statuses from which an order may move here.
    pub fn sources(self) -> impl Iterator<Item = Self> {
        MOVES.into_iter().filter(move |(_, to)| *to == self).map(|(from, _)| from)
    }

    /// The names of all statuses, for messages.
    pub fn names() -> String {
        Self::ALL.map(Self::as_str).join(", ")
    }
}

/// What is known about the money of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

impl PaymentStatus {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Unpaid,
        Self::NoneRequired,
        Self::Pending,
        Self::Authorized,
        Self::Paid,
        Self::PartiallyPaid,
        Self::PartiallyRefunded,
        Self::Refunded,
        Self::Reversed,
        Self::Disputed,
        Self::Failed,
    ];

    /// The name used in JSON and in Postgres.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unpaid => "unpaid",
            Self::NoneRequired => "none_required",
            Self::Pending => "pending",
            Self::Authorized => "authorized",
            Self::Paid => "paid",
            Self::PartiallyPaid => "partially_paid",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
            Self::Reversed => "reversed",
            Self::Disputed => "disputed",
            Self::Failed => "failed",
        }
    }

    /// The status of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// The names of all statuses, for messages.
    pub fn names() -> String {
        Self::ALL.map(Self::as_str).join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_allowed_moves_are_exactly_these() {
        let mut moves = Vec::new();
        for from in OrderStatus::ALL {
            for to in OrderStatus::ALL {
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
            assert!(OrderStatus::ALL.into_iter().all(|to| !end.may_become(to)), "{end:?}");
        }
    }

    #[test]
    fn sources_are_the_moves_read_backwards() {
        for to in OrderStatus::ALL {
            let sources: Vec<_> = to.sources().collect();
            for from in OrderStatus::ALL {
                assert_eq!(sources.contains(&from), from.may_become(to), "{from:?} -> {to:?}");
            }
        }
    }

    #[test]
    fn a_name_and_its_status_are_one_to_one() {
        for status in OrderStatus::ALL {
            assert_eq!(OrderStatus::parse(status.as_str()), Some(status));
        }
        for status in PaymentStatus::ALL {
            assert_eq!(PaymentStatus::parse(status.as_str()), Some(status));
        }
        for wrong in ["", "Pending", "pending ", "canceled", "none-required"] {
            assert_eq!(OrderStatus::parse(wrong), None, "{wrong:?}");
            assert_eq!(PaymentStatus::parse(wrong), None, "{wrong:?}");
        }
    }
}

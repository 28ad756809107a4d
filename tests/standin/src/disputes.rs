//! What shoppers complain about, and how a complaint ends, in words common to the providers.

/// A complaint about a payment.
#[derive(Clone, Debug, Default)]
pub struct Complaint {
    /// A decimal string. Default: all of the payment.
    pub amount: Option<String>,
    /// It is a question, before any money moves.
    pub inquiry: bool,
}

/// The end of a complaint.
#[derive(Clone, Debug)]
pub enum Decision {
    /// For the seller.
    Won,
    /// Against the seller, over all that was disputed.
    Lost,
    /// By a refund of this sum, a decimal string; "0.00" if something else settled it. At Stripe
    /// the sum is the refund's to tell.
    Settled(String),
    /// It ended before it began: the question was answered, or the dispute prevented.
    Prevented,
    /// Nobody says how.
    Silent,
}

impl Decision {
    /// The decision of this name; `amount` goes with `settled`.
    pub(crate) fn named(name: &str, amount: Option<&str>) -> Option<Decision> {
        Some(match name {
            "won" => Decision::Won,
            "lost" => Decision::Lost,
            "settled" => Decision::Settled(amount.unwrap_or("0.00").to_owned()),
            "prevented" => Decision::Prevented,
            "silent" => Decision::Silent,
            _ => return None,
        })
    }
}

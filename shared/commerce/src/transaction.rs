//! The ledger of payments: what moves money or promises it, and how its rows are searched for.

use strum::{EnumString, VariantArray, VariantNames};

use crate::error::Error;
use crate::params::Params;
use crate::provider::Provider;
use crate::query::{Place, in_order, take_period, take_provider, take_stretch};
use crate::text::text_forms;
use crate::time::Moment;

/// The kind of a row of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumString, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum TransactionKind {
    /// Money was reserved, or set free.
    Authorization,
    /// Money came in.
    Capture,
    /// Money was given back, or a refund failed.
    Refund,
    /// The provider took money back by force.
    Reversal,
    /// A dispute took money back.
    Dispute,
    /// A payment that somebody recorded by hand.
    Manual,
}

text_forms!(TransactionKind);

/// `GET /transactions`: which ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransactionsQuery {
    /// Of this kind.
    pub kind: Option<TransactionKind>,
    /// At this provider.
    pub provider: Option<Provider>,
    /// Booked at or after this moment.
    pub from: Option<Moment>,
    /// Booked before this moment.
    pub to: Option<Moment>,
    /// At most so many, the newest first.
    pub limit: u32,
    /// The place at which the last page ended.
    pub after: Option<Place>,
}

impl TransactionsQuery {
    /// Reads a raw query string.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every parameter that is wrong.
    pub fn parse(raw: Option<&str>) -> Result<Self, Error> {
        let mut params = Params::parse(raw, &["type", "provider", "from", "to", "limit", "after"])?;
        let kind =
            params.take("type", || format!("must be one of {}", TransactionKind::names()), TransactionKind::parse);
        let provider = take_provider(&mut params);
        let (from, to) = take_period(&mut params);
        let (limit, after) = take_stretch(&mut params);
        let query = params.finish(Self { kind, provider, from, to, limit, after })?;
        in_order(query.from, query.to, ("from", "to"))?;
        Ok(query)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_is_narrowed_by_kind_provider_and_time() {
        let query = TransactionsQuery::parse(Some("type=refund&provider=stripe&from=2026-01-01&limit=5")).unwrap();
        assert_eq!(
            (query.kind, query.provider, query.from, query.limit),
            (Some(TransactionKind::Refund), Some(Provider::Stripe), Moment::parse("2026-01-01"), 5)
        );
        for wrong in ["type=gift", "provider=cash", "from=2026-02-01&to=2026-01-01", "after=x", "page=1"] {
            assert!(TransactionsQuery::parse(Some(wrong)).is_err(), "{wrong}");
        }
    }
}

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
    /// A provider keeps a part of a payment.
    Fee,
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

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ExportFormat {
    /// A JSON object in each line.
    Ndjson,
    /// Comma-separated values (RFC 4180), safe for spreadsheets.
    Csv,
}

text_forms!(ExportFormat);

/// The names of a CSV export's cells, as `transaction_csv` orders them.
const CSV_HEAD: &str = "id,orderId,paymentId,provider,account,externalTransactionId,type,amount,currency,createdAt\n";

impl ExportFormat {
    /// Its media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8; header=present",
        }
    }

    /// Its first line, if it has one.
    pub fn head(self) -> &'static str {
        match self {
            Self::Ndjson => "",
            Self::Csv => CSV_HEAD,
        }
    }

    /// Its last line: how many rows stand before it, and where the next export begins. Without this
    /// line an export isn't whole.
    pub fn end(self, rows: u64, next: &str) -> String {
        match self {
            Self::Ndjson => format!("{{\"end\":{{\"rows\":{rows},\"next\":\"{next}\"}}}}\n"),
            // As many cells as any other line has.
            Self::Csv => format!("#end,{rows},{next}{}\n", ",".repeat(CSV_HEAD.matches(',').count() - 2)),
        }
    }
}

/// `GET /transactions/export`: in which form, and from where on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportQuery {
    /// Its form.
    pub format: ExportFormat,
    /// The `next` of the export before; `None` for the first.
    pub after: Option<String>,
}

impl ExportQuery {
    /// Reads a raw query string.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every parameter that is wrong.
    pub fn parse(raw: Option<&str>) -> Result<Self, Error> {
        let mut params = Params::parse(raw, &["format", "after"])?;
        let names = || format!("must be one of {}", ExportFormat::names());
        let format = params.take("format", names, ExportFormat::parse).unwrap_or(ExportFormat::Ndjson);
        let after = params.take("after", || "must be the next of an earlier export".to_owned(), export_place);
        params.finish(Self { format, after })
    }
}

/// The end of an export, as `transaction_export_begin` writes it: a transaction's number, and what
/// tells the history of the database.
fn export_place(text: &str) -> Option<String> {
    let (number, history) = text.split_once('_')?;
    let digits = number.parse::<u64>().is_ok_and(|parsed| parsed.to_string() == number);
    let history = history.len() == 12 && history.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (digits && history).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_has_a_form_and_begins_where_another_one_ended() {
        let query = ExportQuery::parse(Some("format=csv&after=1234_0123456789ab")).unwrap();
        assert_eq!((query.format, query.after.as_deref()), (ExportFormat::Csv, Some("1234_0123456789ab")));
        assert_eq!(ExportQuery::parse(None).unwrap(), ExportQuery { format: ExportFormat::Ndjson, after: None });
        for wrong in ["format=xml", "after=1", "after=01_0123456789ab", "after=1_0123456789AB", "after=-1_0123456789ab"]
        {
            assert!(ExportQuery::parse(Some(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_last_line_of_an_export_has_the_shape_of_the_others() {
        let cells = |line: &str| line.matches(',').count();
        let csv = ExportFormat::Csv;
        assert_eq!(cells(&csv.end(7, "9_ab")), cells(csv.head()));
        assert!(csv.end(7, "9_ab").starts_with("#end,7,9_ab,"));
        let last: serde_json::Value = serde_json::from_str(&ExportFormat::Ndjson.end(7, "9_ab")).unwrap();
        assert_eq!(last, serde_json::json!({"end": {"rows": 7, "next": "9_ab"}}));
    }

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

//! Invoices and credit notes: the requests that issue them, decoded.

use serde::Serialize;

use crate::error::Error;
use crate::fields::{Fields, Mistakes, amount, text, whole};
use crate::json::{self, Json};

/// Days from the date of an invoice to the day at which it is due, if the request names none.
const DUE_DAYS: i32 = 14;
/// The most such days.
const MAX_DUE_DAYS: i32 = 365;
/// The most digits of a rate before the point, and behind it.
const RATE_DIGITS: (usize, usize) = (8, 6);
/// The most lines of a credit note: as many as an order may have items.
const MAX_LINES: usize = crate::order::MAX_ITEMS;
/// The longest reason, in characters.
const MAX_REASON: usize = 500;

/// `POST /orders/:id/invoice`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInvoice {
    /// Days from its date to the day at which it is due.
    pub due_days: i32,
    /// Lei for one unit of the order's currency; an order in lei needs none.
    pub ron_rate: Option<String>,
}

impl NewInvoice {
    /// Decodes a body; `None` is one without fields.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every field that is wrong.
    pub fn decode(body: Option<&[u8]>) -> Result<Self, Error> {
        let mut mistakes = Mistakes::default();
        let body = json::parse(body.unwrap_or(b"{}"))?;
        let invoice = Fields::of("", body, &["dueDays", "ronRate"], &mut mistakes).map(|mut fields| Self {
            due_days: fields.optional("dueDays", whole(0, MAX_DUE_DAYS)).unwrap_or(DUE_DAYS),
            ron_rate: fields.optional("ronRate", rate),
        });
        mistakes.finish(invoice)
    }
}

/// A rate of exchange, above zero.
fn rate(json: Json) -> Result<String, String> {
    let wrong =
        || format!("must be a rate above zero as a text, with at most {} decimals, such as \"4.9766\"", RATE_DIGITS.1);
    let Json::Text(rate) = json else { return Err(wrong()) };
    let (integer, fraction) = rate.split_once('.').unwrap_or((&rate, "0"));
    let digits =
        |part: &str, most: usize| (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let fits = digits(integer, RATE_DIGITS.0)
        && digits(fraction, RATE_DIGITS.1)
        && (integer == "0" || !integer.starts_with('0'))
        && rate.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    if fits { Ok(rate) } else { Err(wrong()) }
}

/// `POST /orders/:id/invoice/credit-note`. Serializes to what the SQL function takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewCreditNote {
    /// The sum, with VAT.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// Lines of the invoice, in place of a sum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<CreditedLine>>,
    /// Why it is issued, for its reader.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A line of the invoice that is credited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CreditedLine {
    /// Its position on the invoice.
    pub position: i32,
    /// How many pieces of it.
    pub quantity: i32,
}

impl NewCreditNote {
    /// Decodes a body.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every field that is wrong.
    pub fn decode(body: &[u8]) -> Result<Self, Error> {
        let mut mistakes = Mistakes::default();
        let note =
            Fields::of("", json::parse(body)?, &["amount", "lines", "reason"], &mut mistakes).map(|mut fields| {
                let (has_amount, has_lines) = (fields.has_value("amount"), fields.has_value("lines"));
                if has_amount && has_lines {
                    fields.refuse("lines", "must be absent if an amount is named");
                }
                let amount = fields.optional("amount", amount);
                let mut seen = std::collections::HashSet::new();
                let line = |path: &str, json, mistakes: &mut Mistakes| {
                    let mut fields = Fields::of(path, json, &["position", "quantity"], mistakes)?;
                    let position = fields.required("position", whole(1, i32::MAX));
                    let quantity = fields.required("quantity", whole(1, crate::order::MAX_QUANTITY));
                    if position.is_some_and(|position| !seen.insert(position)) {
                        fields.refuse("position", "is there twice");
                    }
                    Some(CreditedLine { position: position?, quantity: quantity? })
                };
                let lines = if has_lines { fields.array("lines", (1, MAX_LINES), line) } else { None };
                let reason = fields.optional("reason", text(1, MAX_REASON));
                Self { amount, lines, reason }
            });
        mistakes.finish(note)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::refused_fields as fields;

    #[test]
    fn an_invoice_is_due_in_two_weeks_unless_the_request_says_otherwise() {
        let read = |body: Option<&str>| NewInvoice::decode(body.map(str::as_bytes));
        let plain = NewInvoice { due_days: 14, ron_rate: None };
        assert_eq!(read(None), Ok(plain.clone()));
        assert_eq!(read(Some("{}")), Ok(plain));
        let whole = NewInvoice { due_days: 0, ron_rate: Some("4.9766".into()) };
        assert_eq!(read(Some(r#"{"dueDays":0,"ronRate":"4.9766"}"#)), Ok(whole));
        for (body, field) in [
            (r#"{"dueDays":-1}"#, "dueDays"),
            (r#"{"dueDays":366}"#, "dueDays"),
            (r#"{"dueDays":"14"}"#, "dueDays"),
            (r#"{"ronRate":4.97}"#, "ronRate"),
            (r#"{"ronRate":"0"}"#, "ronRate"),
            (r#"{"ronRate":"0.000000"}"#, "ronRate"),
            (r#"{"ronRate":"-1"}"#, "ronRate"),
            (r#"{"ronRate":"04.97"}"#, "ronRate"),
            (r#"{"ronRate":"4."}"#, "ronRate"),
            (r#"{"ronRate":"4.9766123"}"#, "ronRate"),
            (r#"{"ronRate":"123456789"}"#, "ronRate"),
            (r#"{"number":7}"#, "number"),
        ] {
            assert_eq!(fields(read(Some(body))), [field], "{body}");
        }
    }

    #[test]
    fn a_credit_note_is_of_an_amount_of_lines_or_of_what_was_refunded() {
        let read = |body: &str| NewCreditNote::decode(body.as_bytes());
        for body in [
            "{}",
            r#"{"reason":"returned"}"#,
            r#"{"amount":"12.50"}"#,
            r#"{"lines":[{"position":2,"quantity":1},{"position":1,"quantity":3}],"reason":"broken"}"#,
        ] {
            let written = serde_json::to_value(read(body).unwrap()).unwrap();
            assert_eq!(written, serde_json::from_str::<serde_json::Value>(body).unwrap());
        }
        for (body, field) in [
            (r#"{"amount":"0"}"#, "amount"),
            (r#"{"amount":12.5}"#, "amount"),
            (r#"{"lines":[]}"#, "lines"),
            (r#"{"lines":[{"position":1}]}"#, "lines[0].quantity"),
            (r#"{"lines":[{"position":0,"quantity":1}]}"#, "lines[0].position"),
            (r#"{"lines":[{"position":1,"quantity":1},{"position":1,"quantity":1}]}"#, "lines[1].position"),
            (r#"{"amount":"1","lines":[{"position":1,"quantity":1}]}"#, "lines"),
            (r#"{"reason":""}"#, "reason"),
            (r#"{"number":1}"#, "number"),
        ] {
            assert_eq!(fields(read(body)), [field], "{body}");
        }
    }
}

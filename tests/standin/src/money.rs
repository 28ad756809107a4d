//! Amounts as PayPal writes them: decimal strings, exact.

use serde_json::{Value, json};

/// Minor units of a currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Money {
    pub(crate) units: i64,
    pub(crate) currency: String,
}

impl Money {
    /// Reads a decimal string; `None` if PayPal would refuse it.
    pub(crate) fn parse(value: &str, currency: &str) -> Option<Money> {
        let digits = digits(currency);
        let (whole, rest) = value.split_once('.').unwrap_or((value, ""));
        let decimal = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || rest.len() > digits || !decimal(whole) || !decimal(rest) || currency.len() != 3 {
            return None;
        }
        let units = format!("{whole}{rest:0<digits$}").parse().ok()?;
        Some(Money { units, currency: currency.to_owned() })
    }

    /// Reads `{"currency_code", "value"}`.
    pub(crate) fn read(value: &Value) -> Option<Money> {
        Money::parse(value.get("value")?.as_str()?, value.get("currency_code")?.as_str()?)
    }

    pub(crate) fn with(&self, units: i64) -> Money {
        Money { units, currency: self.currency.clone() }
    }

    pub(crate) fn text(&self) -> String {
        let scale = 10_i64.pow(digits(&self.currency) as u32);
        match digits(&self.currency) {
            0 => self.units.to_string(),
            digits => format!("{}.{:0digits$}", self.units / scale, self.units % scale),
        }
    }

    pub(crate) fn json(&self) -> Value {
        json!({"currency_code": self.currency, "value": self.text()})
    }
}

/// Currencies that PayPal takes without decimals.
fn digits(currency: &str) -> usize {
    if matches!(currency, "HUF" | "JPY" | "TWD") { 0 } else { 2 }
}

/// A decimal string in the units of Stripe's API.
pub(crate) fn stripe_units(value: &str, currency: &str) -> Option<i64> {
    const WHOLE: &str = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf";
    const THOUSANDTHS: &str = "bhd jod kwd omr tnd";
    let listed = |list: &str| list.split(' ').any(|code| code.eq_ignore_ascii_case(currency));
    let digits = if listed(WHOLE) {
        0
    } else if listed(THOUSANDTHS) {
        3
    } else {
        2
    };
    let (whole, rest) = value.split_once('.').unwrap_or((value, ""));
    let rest = rest.trim_end_matches('0');
    if rest.len() > digits || rest.starts_with(['+', '-']) {
        return None;
    }
    format!("{whole}{rest:0<digits$}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact() {
        for (value, currency, expected) in [
            ("30", "EUR", Some(3000)),
            ("30.5", "EUR", Some(3050)),
            ("30.05", "EUR", Some(3005)),
            ("30.005", "EUR", None),
            ("30", "JPY", Some(30)),
            ("30.0", "JPY", None),
            (".5", "EUR", None),
            ("-1", "EUR", None),
            ("x", "EUR", None),
        ] {
            assert_eq!(Money::parse(value, currency).map(|money| money.units), expected, "{value} {currency}");
        }
        assert_eq!(Money::parse("7.05", "EUR").map(|money| money.text()), Some("7.05".to_owned()));
        assert_eq!(Money::parse("7", "JPY").map(|money| money.text()), Some("7".to_owned()));
        for (value, currency, expected) in [
            ("7.05", "EUR", Some(705)),
            ("7", "jpy", Some(7)),
            ("7.00", "JPY", Some(7)),
            ("7.5", "JPY", None),
            ("1", "KWD", Some(1000)),
        ] {
            assert_eq!(stripe_units(value, currency), expected, "{value} {currency}");
        }
    }
}

//! Money is a decimal string and a currency, never a float.

use std::fmt;

/// Currencies without a minor unit (ISO 4217, list one).
const NO_DIGITS: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
/// Currencies with three digits (ISO 4217, list one).
const THREE_DIGITS: &str = "BHD IQD JOD KWD LYD OMR TND";
/// Currencies with two digits (ISO 4217, list one).
const TWO_DIGITS: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY \
    COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD \
    KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR \
    NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP \
    TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG";
/// Currencies with two digits that this service took when they were in use. ANG, the guilder of the
/// Netherlands Antilles, gave way to XCG on 2025-03-31; BGN, the lev, gave way to the euro on
/// 2026-01-01. Nothing new may be priced in them, but payments in them can still be refunded or
/// disputed.
const WITHDRAWN: &str = "ANG BGN";

/// An ISO 4217 currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The currency of that code, three capital letters, if it is in use.
    pub fn parse(code: &str) -> Option<Self> {
        Self::listed(code, &[TWO_DIGITS, NO_DIGITS, THREE_DIGITS])
    }

    /// The codes of all currencies in use.
    pub fn codes() -> impl Iterator<Item = &'static str> {
        [TWO_DIGITS, NO_DIGITS, THREE_DIGITS].into_iter().flat_map(str::split_whitespace)
    }

    /// The currency of money that has moved already: one that was withdrawn since counts, too.
    pub fn recorded(code: &str) -> Option<Self> {
        Self::parse(code).or_else(|| Self::listed(code, &[WITHDRAWN]))
    }

    fn listed(code: &str, lists: &[&str]) -> Option<Self> {
        let listed = lists.iter().any(|list| is_in(list, code));
        listed.then(|| code.as_bytes().try_into().ok().map(Self)).flatten()
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        // Only listed codes get in, and those are ASCII.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The number of digits behind the decimal point.
    pub fn minor_digits(&self) -> u32 {
        match self.as_str() {
            code if is_in(NO_DIGITS, code) => 0,
            code if is_in(THREE_DIGITS, code) => 3,
            _ => 2,
        }
    }

    /// Whether the code stands in a list of codes with blanks between them.
    pub(crate) fn is_in(&self, list: &str) -> bool {
        is_in(list, self.as_str())
    }
}

fn is_in(list: &str, code: &str) -> bool {
    list.split_ascii_whitespace().any(|known| known == code)
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The longest integer part of an amount, in digits. Postgres holds more; the sum of a whole order
/// must stay below this.
pub const MAX_INTEGER_DIGITS: usize = 12;

/// Checks an amount of `currency`: digits, perhaps a point and as many digits as the currency has,
/// no sign, no blanks.
///
/// Gives the amount with exactly the currency's digits (`"5"` in EUR is `"5.00"`), or what is wrong
/// with it.
pub fn parse_amount(text: &str, currency: Currency) -> Result<String, String> {
    let (integer, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = currency.minor_digits() as usize;
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let dangling_point = text.ends_with('.');
    if integer.is_empty() || dangling_point || !all_digits(integer) || !all_digits(fraction) {
        return Err("must be a decimal number such as \"19.99\", without a sign".to_owned());
    }
    if integer.len() > 1 && integer.starts_with('0') {
        return Err("must not begin with a zero".to_owned());
    }
    if integer.len() > MAX_INTEGER_DIGITS {
        return Err(format!("must have at most {MAX_INTEGER_DIGITS} digits before the point"));
    }
    if fraction.len() > digits {
        return Err(format!("must have at most {digits} digits after the point in {currency}"));
    }
    Ok(if digits == 0 { integer.to_owned() } else { format!("{integer}.{fraction:0<digits$}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_currency_is_one_of_the_list_in_capitals() {
        for (code, digits) in [("EUR", 2), ("RON", 2), ("JPY", 0), ("KWD", 3), ("ISK", 0), ("HUF", 2)] {
            let currency = Currency::parse(code).unwrap();
            assert_eq!((currency.as_str(), currency.minor_digits()), (code, digits));
        }
        for (code, expected) in [("XCG", true), ("ANG", false), ("BGN", false), ("HRK", false)] {
            assert_eq!(Currency::parse(code).is_some(), expected, "{code}");
        }
        for wrong in ["", "eur", "EURO", "EU", "XXX", "E R", "EUR USD", "€", "AAA"] {
            assert_eq!(Currency::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn money_that_has_moved_may_be_in_a_withdrawn_currency() {
        for (code, expected) in [("ANG", Some(2)), ("BGN", Some(2)), ("XCG", Some(2)), ("JPY", Some(0)), ("HRK", None)]
        {
            assert_eq!(Currency::recorded(code).map(|currency| currency.minor_digits()), expected, "{code}");
        }
    }

    #[test]
    fn the_lists_hold_three_letters_each_and_nothing_twice() {
        let codes: Vec<_> =
            [TWO_DIGITS, NO_DIGITS, THREE_DIGITS, WITHDRAWN].into_iter().flat_map(str::split_whitespace).collect();
        let unique: std::collections::HashSet<_> = codes.iter().collect();
        assert_eq!(unique.len(), codes.len());
        assert!(codes.iter().all(|code| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase())));
    }

    #[test]
    fn amounts_get_the_digits_of_their_currency() {
        let table = [
            ("19.99", "EUR", "19.99"),
            ("19.9", "EUR", "19.90"),
            ("5", "EUR", "5.00"),
            ("0", "EUR", "0.00"),
            ("0.01", "EUR", "0.01"),
            ("500", "JPY", "500"),
            ("1.5", "KWD", "1.500"),
            ("999999999999.99", "RON", "999999999999.99"),
        ];
        for (text, currency, expected) in table {
            assert_eq!(
                parse_amount(text, Currency::parse(currency).unwrap()).as_deref(),
                Ok(expected),
                "{text} {currency}"
            );
        }
    }

    #[test]
    fn what_is_no_amount_of_the_currency_is_refused() {
        let table = [
            ("", "EUR"),
            (".", "EUR"),
            (".5", "EUR"),
            ("5.", "EUR"),
            ("-1", "EUR"),
            ("+1", "EUR"),
            ("1e3", "EUR"),
            ("1,5", "EUR"),
            (" 1", "EUR"),
            ("NaN", "EUR"),
            ("٣", "EUR"),
            ("01", "EUR"),
            ("1.2.3", "EUR"),
            ("1.999", "EUR"),
            ("1.0", "JPY"),
            ("1000000000000", "EUR"),
        ];
        for (text, currency) in table {
            assert!(parse_amount(text, Currency::parse(currency).unwrap()).is_err(), "{text:?} {currency}");
        }
    }
}

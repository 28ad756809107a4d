//! Money as each provider writes it: decimal strings at PayPal, integers in "the smallest unit" at
//! Stripe. Both become integers of minor units; what a provider can't express exactly is an error,
//! never rounded.

use crate::provider::Provider;
use std::fmt;

use serde::{Serialize, Serializer};

use crate::money::Currency;

/// The mistake in an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmountError {
    /// The provider doesn't take this currency (or it is no currency).
    CurrencyNotTaken,
    /// Not a plain decimal number.
    Malformed,
    /// More digits than the provider can express in this currency.
    TooPrecise,
    /// Larger than any payment.
    TooLarge,
}

/// An exact amount: `minor` units of 10^-`digits` of the currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    /// The integer of minor units.
    pub minor: i64,
    /// The number of its digits behind the decimal point.
    pub digits: u8,
    /// The currency.
    pub currency: Currency,
}

impl Amount {
    /// Reads a decimal string such as `237.75` with the digits that `provider` uses for the
    /// currency. Zeros beyond them are fine.
    ///
    /// # Errors
    /// Any [`AmountError`]; `TooPrecise` also if Stripe wants the last digit to be zero.
    pub fn parse(provider: Provider, value: &str, code: &str) -> Result<Self, AmountError> {
        let currency = currency(code).ok_or(AmountError::CurrencyNotTaken)?;
        let digits = digits(provider, currency).ok_or(AmountError::CurrencyNotTaken)?;
        let amount = Self { minor: minor(value, digits)?, digits, currency };
        if provider == Provider::Stripe && amount.minor % stripe_step(currency) != 0 {
            return Err(AmountError::TooPrecise);
        }
        Ok(amount)
    }

    /// Reads a decimal string as PayPal sends it. A currency that is missing from our list of
    /// PayPal's has the digits of ISO 4217: the money has moved, whatever the list says.
    ///
    /// # Errors
    /// Any [`AmountError`]; `CurrencyNotTaken` for what is no currency.
    pub fn from_paypal(value: &str, code: &str) -> Result<Self, AmountError> {
        let currency = currency(code).ok_or(AmountError::CurrencyNotTaken)?;
        let digits = told_digits(Provider::PayPal, currency);
        Ok(Self { minor: minor(value, digits)?, digits, currency })
    }

    /// Reads an integer as Stripe sends it. A currency that is missing from our list of Stripe's
    /// has the digits of ISO 4217.
    ///
    /// # Errors
    /// `CurrencyNotTaken`, `TooLarge`.
    pub fn from_stripe(units: i64, code: &str) -> Result<Self, AmountError> {
        let currency = currency(code).ok_or(AmountError::CurrencyNotTaken)?;
        let digits = told_digits(Provider::Stripe, currency);
        if units.unsigned_abs() >= limit(digits) {
            return Err(AmountError::TooLarge);
        }
        Ok(Self { minor: units, digits, currency })
    }

    /// The same amount without a sign: some old PayPal refunds are negative.
    pub fn unsigned(self) -> Self {
        Self { minor: self.minor.saturating_abs(), ..self }
    }
}

/// As a decimal string, the form of every amount outside this module.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, scale) = (if self.minor < 0 { "-" } else { "" }, 10_u64.pow(self.digits.into()));
        let (whole, rest) = (self.minor.unsigned_abs() / scale, self.minor.unsigned_abs() % scale);
        match self.digits {
            0 => write!(f, "{sign}{whole}"),
            digits => write!(f, "{sign}{whole}.{rest:0width$}", width = usize::from(digits)),
        }
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Stripe writes codes in lower case. Money that a provider tells of has moved already.
fn currency(code: &str) -> Option<Currency> {
    Currency::recorded(&code.to_ascii_uppercase())
}

fn minor(value: &str, digits: u8) -> Result<i64, AmountError> {
    let (negative, unsigned) = value.strip_prefix('-').map_or((false, value), |rest| (true, rest));
    let (whole, rest) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let decimal = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !decimal(whole) || !decimal(rest) {
        return Err(AmountError::Malformed);
    }
    let rest = rest.trim_end_matches('0');
    if rest.len() > digits.into() {
        return Err(AmountError::TooPrecise);
    }
    let all = format!("{whole}{rest:0<width$}", width = usize::from(digits));
    let minor: i64 = all.parse().map_err(|_| AmountError::TooLarge)?;
    if minor.unsigned_abs() >= limit(digits) {
        return Err(AmountError::TooLarge);
    }
    Ok(if negative { -minor } else { minor })
}

/// The first number of minor units that is too large: 10^11 of the currency, so that ten of them
/// still fit into Postgres' `numeric(15, 3)`.
fn limit(digits: u8) -> u64 {
    10_u64.pow(11 + u32::from(digits))
}

/// The decimal digits that `provider` uses for a currency; `None` if it doesn't take the currency.
pub fn digits(provider: Provider, currency: Currency) -> Option<u8> {
    match provider {
        Provider::PayPal if currency.is_in(PAYPAL_WHOLE) => Some(0),
        Provider::PayPal => currency.is_in(PAYPAL).then_some(2),
        Provider::Stripe if currency.is_in(STRIPE_WHOLE) => Some(0),
        Provider::Stripe if currency.is_in(STRIPE_THREE) => Some(3),
        Provider::Stripe => (currency.is_in(STRIPE) || currency.is_in(STRIPE_TIMES_100)).then_some(2),
    }
}

/// The decimal digits of a sum that the provider tells of.
fn told_digits(provider: Provider, currency: Currency) -> u8 {
    digits(provider, currency).unwrap_or(currency.minor_digits() as u8)
}

/// Of which number every Stripe amount in this currency has to be a multiple.
fn stripe_step(currency: Currency) -> i64 {
    if currency.is_in(STRIPE_THREE) {
        10
    } else if currency.is_in(STRIPE_TIMES_100) {
        100
    } else {
        1
    }
}

/// developer.paypal.com, "Currency codes": two decimals.
const PAYPAL: &str = "AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD ILS MXN MYR NOK NZD PHP PLN SEK SGD THB USD";
/// The same list: currencies "that don't support decimals" at PayPal, whatever ISO says.
const PAYPAL_WHOLE: &str = "HUF JPY TWD";
/// docs.stripe.com, "Supported currencies": two decimals.
const STRIPE: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF \
    CNY COP CRC CVE CZK DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR JMD KES \
    KGS KHR KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB \
    PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SEK SGD SHP SLE SOS SRD SZL THB TJS TOP TRY TTD TWD TZS UAH \
    USD UYU UZS WST XCD XCG YER ZAR ZMW";
/// The same page, "Zero-decimal currencies".
const STRIPE_WHOLE: &str = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF";
/// The same page, "Three-decimal currencies": the last digit has to be zero.
const STRIPE_THREE: &str = "BHD JOD KWD OMR TND";
/// The same page, "Special cases": no decimals, but written with two.
const STRIPE_TIMES_100: &str = "ISK UGX";

#[cfg(test)]
mod tests {
    use super::*;
    use AmountError::*;
    use Provider::*;

    fn check(provider: Provider, value: &str, code: &str, expected: Result<(i64, &str), AmountError>) {
        let got = Amount::parse(provider, value, code).map(|a| (a.minor, a.to_string()));
        assert_eq!(got, expected.map(|(minor, text)| (minor, text.to_owned())), "{provider:?} {value} {code}");
    }

    #[test]
    fn decimal_strings_become_exactly_the_providers_minor_units() {
        check(PayPal, "30.00", "USD", Ok((3000, "30.00")));
        check(PayPal, "30", "usd", Ok((3000, "30.00")));
        check(PayPal, "1.0", "USD", Ok((100, "1.00")));
        check(PayPal, "0.05", "USD", Ok((5, "0.05")));
        check(PayPal, "-0.49", "USD", Ok((-49, "-0.49")));
        check(PayPal, "237.750", "USD", Ok((23_775, "237.75")));
        check(PayPal, "1500", "JPY", Ok((1500, "1500")));
        check(PayPal, "1500.00", "JPY", Ok((1500, "1500")));
        check(PayPal, "1500.50", "HUF", Err(TooPrecise));
        check(PayPal, "0.001", "USD", Err(TooPrecise));
        check(PayPal, "10.00", "KWD", Err(CurrencyNotTaken));
        check(PayPal, "10.00", "US", Err(CurrencyNotTaken));
        check(PayPal, "10.00", "U\u{e9}", Err(CurrencyNotTaken));
        check(Stripe, "1500.50", "HUF", Ok((150_050, "1500.50")));
        check(Stripe, "1500", "JPY", Ok((1500, "1500")));
        check(Stripe, "1500.5", "KRW", Err(TooPrecise));
        check(Stripe, "1.23", "KWD", Ok((1230, "1.230")));
        check(Stripe, "1.234", "KWD", Err(TooPrecise));
        check(Stripe, "500", "ISK", Ok((50_000, "500.00")));
        check(Stripe, "500.5", "ISK", Err(TooPrecise));
        check(Stripe, "5", "UGX", Ok((500, "5.00")));
        check(Stripe, "10.00", "XXX", Err(CurrencyNotTaken));
    }

    #[test]
    fn what_is_no_number_is_no_amount() {
        for value in ["", ".", "-", "1.", ".5", "1,5", "1e3", "+1", " 1", "--1", "1.2.3", "NaN", "0x1"] {
            check(PayPal, value, "USD", Err(Malformed));
        }
        for value in ["99999999999999999999", "10000000000000.00"] {
            check(PayPal, value, "USD", Err(TooLarge));
        }
    }

    #[test]
    fn stripes_integers_are_read_with_the_same_table() {
        for (units, code, text) in
            [(1999, "usd", "19.99"), (1999, "jpy", "1999"), (1230, "kwd", "1.230"), (500, "isk", "5.00")]
        {
            assert_eq!(Amount::from_stripe(units, code).unwrap().to_string(), text);
        }
        assert_eq!(Amount::from_stripe(1, "xxx"), Err(CurrencyNotTaken));
        for units in [10_000_000_000_000, -10_000_000_000_000, i64::MAX, i64::MIN] {
            assert_eq!(Amount::from_stripe(units, "usd"), Err(TooLarge), "{units}");
        }
    }

    #[test]
    fn money_that_a_provider_tells_of_is_read_in_every_currency_of_iso_4217() {
        for (value, code, expected) in [
            ("30.00", "XCG", Ok("30.00")),
            ("30.00", "ZWG", Ok("30.00")),
            ("1.234", "KWD", Ok("1.234")),
            ("30", "ISK", Ok("30")),
            ("30.00", "HUF", Ok("30")),
            ("30.00", "XXX", Err(CurrencyNotTaken)),
            ("30.00", "HRK", Err(CurrencyNotTaken)),
        ] {
            let read = Amount::from_paypal(value, code).map(|amount| amount.to_string());
            assert_eq!(read, expected.map(str::to_owned), "{code}");
        }
        for (code, text) in [("xcg", "30.00"), ("ghs", "30.00"), ("iqd", "3.000")] {
            assert_eq!(Amount::from_stripe(3000, code).unwrap().to_string(), text, "{code}");
        }
    }

    #[test]
    fn no_currency_stands_in_two_lists_of_a_provider() {
        for lists in [vec![PAYPAL, PAYPAL_WHOLE], vec![STRIPE, STRIPE_WHOLE, STRIPE_THREE, STRIPE_TIMES_100]] {
            let mut codes: Vec<_> = lists.iter().flat_map(|list| list.split_ascii_whitespace()).collect();
            let count = codes.len();
            codes.sort_unstable();
            codes.dedup();
            assert_eq!(codes.len(), count);
            assert!(codes.iter().all(|code| Currency::recorded(code).is_some_and(|c| c.as_str() == *code)));
        }
    }
}

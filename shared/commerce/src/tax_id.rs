//! Tax ids as they stand on invoices. The database says the same (`is_tax_id`).

use crate::json::Json;

/// The weights of a CUI's digits before the last, with zeros in front to make ten.
const WEIGHTS: [u32; 9] = [7, 5, 3, 2, 1, 7, 5, 3, 2];

/// A tax id: a Romanian CUI with or without `RO` in front, or another country's VAT number by its
/// form.
///
/// # Errors
/// What it must be.
pub fn tax_id(json: Json) -> Result<String, String> {
    match json {
        Json::Text(text) if is_cui(text.strip_prefix("RO").unwrap_or(&text)) || is_foreign(&text) => Ok(text),
        _ => Err("must be a CUI such as RO18189442, or another country's VAT number such as DE123456789".to_owned()),
    }
}

/// Two to ten digits, of which the last is a check digit.
fn is_cui(text: &str) -> bool {
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(10)).collect();
    let Some(digits) = digits.filter(|digits| (2..=10).contains(&digits.len()) && digits[0] != 0) else { return false };
    let (last, before) = (digits[digits.len() - 1], &digits[..digits.len() - 1]);
    let weights = &WEIGHTS[WEIGHTS.len() - before.len()..];
    let sum: u32 = before.iter().zip(weights).map(|(digit, weight)| digit * weight).sum();
    sum * 10 % 11 % 10 == last
}

/// A country's two letters and two to thirteen letters and digits.
fn is_foreign(text: &str) -> bool {
    let Some((country, number)) = text.split_at_checked(2) else { return false };
    country != "RO"
        && country.bytes().all(|byte| byte.is_ascii_uppercase())
        && (2..=13).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tax_id_is_a_cui_with_its_check_digit_or_a_foreign_number() {
        for (text, fits) in [
            ("RO18189442", true),
            ("18189442", true),
            ("RO14399840", true),
            ("19", true),
            ("RO18189443", false),
            ("018189442", false),
            ("RO", false),
            ("1", false),
            ("12345678901", false),
            ("RORO18189442", false),
            ("DE123456789", true),
            ("ATU12345678", true),
            ("DE1", false),
            ("de123456789", false),
            ("DE12345678901234", false),
            ("D\u{e9}123", false),
            ("", false),
        ] {
            assert_eq!(tax_id(Json::Text(text.to_owned())).is_ok(), fits, "{text:?}");
        }
        assert!(tax_id(Json::Int(18_189_442)).is_err());
    }
}

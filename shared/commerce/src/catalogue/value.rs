//! The value of a field: judged by its type.

use serde_json::Value;

use super::schema::{Field, FieldType};
use super::{MAX_CHOICES, MAX_TEXT};
use crate::fields::text;
use crate::json::Json;
use crate::time::Moment;

/// The most digits of a number before its point, and behind it.
const MAX_DIGITS: (usize, usize) = (15, 6);

/// The value as it is kept, or what is wrong with it.
pub(super) fn judge(field: &Field, json: Json) -> Result<Value, String> {
    match (field.kind, json) {
        (FieldType::Text, json) => text(1, MAX_TEXT)(json).map(Value::String),
        (FieldType::Number, Json::Int(number)) => Ok(Value::String(number.to_string())),
        (FieldType::Number, Json::Text(number)) if is_number(&number) => Ok(Value::String(number)),
        (FieldType::Number, _) => {
            Err("must be a whole number, or a decimal number as a text, such as \"-12.5\"".to_owned())
        }
        (FieldType::Choice, Json::Text(choice)) if field.choices().any(|known| known == choice) => {
            Ok(Value::String(choice))
        }
        (FieldType::Choice, _) => {
            let known: Vec<&str> = field.choices().take(MAX_CHOICES).collect();
            Err(format!("must be one of {}", known.join(", ")))
        }
        (FieldType::Boolean, Json::Bool(value)) => Ok(Value::Bool(value)),
        (FieldType::Boolean, _) => Err("must be true or false".to_owned()),
        (FieldType::Date, Json::Text(date)) if is_date(&date) => Ok(Value::String(date)),
        (FieldType::Date, _) => Err("must be a date such as 2026-01-31".to_owned()),
    }
}

/// A decimal number: perhaps a minus, digits, perhaps a point and digits.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |part: &str, most| (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = whole == "0" || !whole.starts_with('0');
    canonical && digits(whole, MAX_DIGITS.0) && digits(fraction, MAX_DIGITS.1)
}

/// A day of the calendar, without a time.
fn is_date(text: &str) -> bool {
    text.len() == "2026-01-31".len() && Moment::parse(text).is_some()
}

//! A JSON object taken apart: every field read as what it must be, every mistake kept, so that the
//! caller sees all at once.

use uuid::Uuid;

use crate::error::{Error, FieldError};
use crate::json::{Json, join};
use crate::money::MAX_INTEGER_DIGITS;
use crate::query::{parse_uuid, uuid_wanted};
use crate::time::Moment;

/// The number of mistakes that are told at once.
const MAX_ERRORS: usize = 20;
/// No currency has more digits after the point.
const MAX_FRACTION: usize = 3;
/// The length of a date.
const DATE: usize = 10;

/// The mistakes found so far.
#[derive(Debug, Default)]
pub struct Mistakes(Vec<FieldError>);

impl Mistakes {
    /// Keeps a mistake; beyond the bound the rest is dropped.
    pub fn add(&mut self, field: impl Into<String>, detail: impl Into<String>) {
        if self.0.len() < MAX_ERRORS {
            self.0.push(FieldError::new(field, detail));
        }
    }

    /// `result` if there was no mistake. A result that is missing without a mistake would be a
    /// mistake of ours.
    pub fn finish<T>(self, result: Option<T>) -> Result<T, Error> {
        match (self.0.is_empty(), result) {
            (true, Some(result)) => Ok(result),
            (true, None) => Err(Error::internal("a body was refused without a reason")),
            (false, _) => Err(Error::Invalid(self.0)),
        }
    }
}

/// The fields of one object.
#[derive(Debug)]
pub struct Fields<'a> {
    path: String,
    fields: Vec<(String, Json)>,
    mistakes: &'a mut Mistakes,
}

impl<'a> Fields<'a> {
    /// Takes `json` apart, which must be an object with no other fields than `known`. `path` is
    /// empty for the body itself.
    pub fn of(path: &str, json: Json, known: &[&str], mistakes: &'a mut Mistakes) -> Option<Self> {
        let Json::Object(fields) = json else {
            mistakes.add(if path.is_empty() { "body" } else { path }, "must be an object");
            return None;
        };
        for (name, _) in &fields {
            if !known.contains(&name.as_str()) {
                mistakes.add(join(path, name), "is not a field of this request");
            }
        }
        Some(Self { path: path.to_owned(), fields, mistakes })
    }

    /// Whether the field is there, `null` included.
    pub fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(known, _)| known == name)
    }

    /// Whether the field is there, and `null`.
    pub fn is_null(&self, name: &str) -> bool {
        self.fields.iter().any(|(known, json)| known == name && matches!(json, Json::Null))
    }

    /// Whether the field is there and isn't `null`.
    pub fn has_value(&self, name: &str) -> bool {
        self.fields.iter().any(|(known, value)| known == name && !matches!(value, Json::Null))
    }

    /// Notes a mistake in the field `name`.
    pub fn refuse(&mut self, name: &str, detail: impl Into<String>) {
        self.mistakes.add(join(&self.path, name), detail);
    }

    /// A field that must be there.
    pub fn required<T>(&mut self, name: &str, read: impl FnOnce(Json) -> Result<T, String>) -> Option<T> {
        if !self.has(name) {
            self.refuse(name, "is missing");
            return None;
        }
        self.read(name, read)
    }

    /// A field that may be missing or `null`.
    pub fn optional<T>(&mut self, name: &str, read: impl FnOnce(Json) -> Result<T, String>) -> Option<T> {
        match self.fields.iter().find(|(known, _)| known == name) {
            None | Some((_, Json::Null)) => None,
            Some(_) => self.read(name, read),
        }
    }

    /// An array of `min` to `max` parts, each read with its path.
    pub fn array<T>(
        &mut self,
        name: &str,
        (min, max): (usize, usize),
        mut read: impl FnMut(&str, Json, &mut Mistakes) -> Option<T>,
    ) -> Option<Vec<T>> {
        let parts = self.required(name, |json| match json {
            Json::Array(parts) if (min..=max).contains(&parts.len()) => Ok(parts),
            _ => Err(format!("must be an array of {min} to {max} parts")),
        })?;
        let path = join(&self.path, name);
        let read: Vec<_> = parts
            .into_iter()
            .enumerate()
            .map(|(index, part)| read(&format!("{path}[{index}]"), part, self.mistakes))
            .collect();
        read.into_iter().collect()
    }

    /// An object inside, which may be missing or `null`.
    pub fn object<T>(&mut self, name: &str, known: &[&str], read: impl FnOnce(Fields<'_>) -> Option<T>) -> Option<T> {
        let json = self.optional(name, Ok)?;
        Fields::of(&join(&self.path, name), json, known, self.mistakes).and_then(read)
    }

    /// An object inside that must be there.
    pub fn required_object<T>(
        &mut self,
        name: &str,
        known: &[&str],
        read: impl FnOnce(Fields<'_>) -> Option<T>,
    ) -> Option<T> {
        let json = self.required(name, Ok)?;
        Fields::of(&join(&self.path, name), json, known, self.mistakes).and_then(read)
    }

    fn read<T>(&mut self, name: &str, read: impl FnOnce(Json) -> Result<T, String>) -> Option<T> {
        let at = self.fields.iter().position(|(known, _)| known == name)?;
        let (_, json) = self.fields.swap_remove(at);
        read(json).map_err(|detail| self.refuse(name, detail)).ok()
    }
}

/// A text of `min` to `max` characters.
pub fn text(min: usize, max: usize) -> impl FnOnce(Json) -> Result<String, String> {
    move |json| match json {
        Json::Text(text) if (min..=max).contains(&text.chars().count()) => Ok(text),
        _ => Err(format!("must be a text of {min} to {max} characters")),
    }
}

/// A text of `min` to `max` characters on one line: no control characters, no blanks around it.
pub fn line(min: usize, max: usize) -> impl FnOnce(Json) -> Result<String, String> {
    move |json| {
        let line = text(min, max)(json)?;
        let clean = line.trim() == line && !line.chars().any(char::is_control);
        if clean { Ok(line) } else { Err("must not have control characters, nor blanks around it".to_owned()) }
    }
}

/// A whole number from `min` to `max`.
pub fn whole(min: i32, max: i32) -> impl FnOnce(Json) -> Result<i32, String> {
    move |json| match json {
        Json::Int(number) if (i64::from(min)..=i64::from(max)).contains(&number) => Ok(number as i32),
        _ => Err(format!("must be a whole number from {min} to {max}")),
    }
}

/// True or false.
pub fn flag(json: Json) -> Result<bool, String> {
    match json {
        Json::Bool(flag) => Ok(flag),
        _ => Err("must be true or false".to_owned()),
    }
}

/// A decimal number above zero. Whether it has the digits of the currency is only known beside
/// what it is an amount of.
pub fn amount(json: Json) -> Result<String, String> {
    let wrong = || "must be a decimal number above zero as a text, such as \"19.99\"".to_owned();
    let amount = decimal(json).map_err(|_| wrong())?;
    if amount.bytes().all(|byte| matches!(byte, b'0' | b'.')) { Err(wrong()) } else { Ok(amount) }
}

/// A decimal number, not below zero.
pub fn decimal(json: Json) -> Result<String, String> {
    let wrong = || Err("must be a decimal number as a text, such as \"19.99\"".to_owned());
    let Json::Text(amount) = json else { return wrong() };
    let (whole, fraction) = amount.split_once('.').unwrap_or((&amount, "0"));
    let digits =
        |part: &str, most: usize| (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = whole == "0" || !whole.starts_with('0');
    if digits(whole, MAX_INTEGER_DIGITS) && digits(fraction, MAX_FRACTION) && canonical { Ok(amount) } else { wrong() }
}

/// A time.
pub fn moment(json: Json) -> Result<Moment, String> {
    let read = if let Json::Text(text) = json { Moment::parse(&text) } else { None };
    read.ok_or_else(|| "must be a time in RFC 3339".to_owned())
}

/// A date, `YYYY-MM-DD`.
pub fn date(json: Json) -> Result<String, String> {
    match json {
        Json::Text(text) if text.len() == DATE && Moment::parse(&text).is_some() => Ok(text),
        _ => Err("must be a date such as 2026-01-31".to_owned()),
    }
}

/// A UUID.
pub fn uuid(json: Json) -> Result<Uuid, String> {
    match json {
        Json::Text(text) => parse_uuid(&text).ok_or_else(uuid_wanted),
        _ => Err(uuid_wanted()),
    }
}

/// One of a set of names.
pub fn one_of<T>(
    parse: fn(&str) -> Option<T>,
    wanted: impl FnOnce() -> String,
) -> impl FnOnce(Json) -> Result<T, String> {
    move |json| match json {
        Json::Text(text) => parse(&text).ok_or_else(wanted),
        _ => Err(wanted()),
    }
}

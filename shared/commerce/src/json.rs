//! JSON bodies, read strictly (RFC 8259, I-JSON: RFC 7493): no name twice in an object, no NUL, no
//! depth beyond a bound, and every mistake named by its path.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::error::Error;

/// The depth to which arrays and objects may lie in each other.
pub const MAX_DEPTH: usize = 32;
/// The largest float that is taken for a whole number: 2^53.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;
/// The longest name from outside that is shown in a path, in characters.
const MAX_SHOWN: usize = 40;

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A whole number, however it is written: `2`, `2.0` and `2e0` are one (JSON Schema, section
    /// 6.1.1 of the core).
    Int(i64),
    /// Any other number; we take none, so its value isn't kept.
    OtherNumber,
    /// A string without NUL.
    Text(String),
    /// An array.
    Array(Vec<Json>),
    /// An object, in the order of the text; no name is there twice.
    Object(Vec<(String, Json)>),
}

/// Reads a whole body.
///
/// # Errors
/// [`Error::Invalid`] with the path at which reading stopped; `body` for the whole.
pub fn parse(bytes: &[u8]) -> Result<Json, Error> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::invalid("body", "is empty; a JSON object is needed"));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Error::invalid("body", "must be UTF-8"))?;
    let trail = Trail { numbers: RefCell::new(whole_numbers(text)), ..Trail::default() };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Seed { trail: &trail, depth: 0 }.deserialize(&mut deserializer);
    value
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| Error::invalid(trail.path(), error.to_string()))
}

/// The path of `name` inside `path`. A name that comes from outside is cut short and shown without
/// control characters.
pub fn join(path: &str, name: &str) -> String {
    let shown: String = name.chars().filter(|c| !c.is_control()).take(MAX_SHOWN).collect();
    let shown = if shown.is_empty() { "\"\"" } else { &shown };
    if path.is_empty() { shown.to_owned() } else { format!("{path}.{shown}") }
}

/// The place at which the parser is: pushed on the way down, popped on the way up, so that it is
/// known after a failure.
#[derive(Default)]
struct Trail {
    steps: RefCell<Vec<Step>>,
    /// For each number that is still to be read: whether it is whole as it is written. A float may
    /// have lost what says that it isn't.
    numbers: RefCell<VecDeque<bool>>,
}

enum Step {
    Name(String),
    Index(usize),
}

impl Trail {
    fn push(&self, step: Step) {
        self.steps.borrow_mut().push(step);
    }

    fn pop(&self) {
        self.steps.borrow_mut().pop();
    }

    /// Takes the next number's turn.
    fn next_is_whole(&self) -> bool {
        self.numbers.borrow_mut().pop_front().unwrap_or(false)
    }

    fn path(&self) -> String {
        let path = self.steps.borrow().iter().fold(String::new(), |path, step| match step {
            Step::Name(name) => join(&path, name),
            Step::Index(index) => format!("{path}[{index}]"),
        });
        if path.is_empty() { "body".to_owned() } else { path }
    }
}

/// Reads one value; `depth` arrays and objects are around it.
#[derive(Clone, Copy)]
struct Seed<'a> {
    trail: &'a Trail,
    depth: usize,
}

impl Seed<'_> {
    fn inside<E: de::Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(E::custom(format_args!("is nested more than {MAX_DEPTH} deep")));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

/// For each number of a JSON text, in its order: whether it is whole, exactly as it is written.
fn whole_numbers(text: &str) -> VecDeque<bool> {
    let (mut numbers, mut rest) = (VecDeque::new(), text);
    while let Some(at) = rest.find(|c: char| c == '"' || c == '-' || c.is_ascii_digit()) {
        rest = &rest[at..];
        let end = if rest.starts_with('"') { string_end(rest) } else { number_end(rest) };
        if !rest.starts_with('"') {
            numbers.push_back(is_whole(&rest[..end]));
        }
        rest = &rest[end..];
    }
    numbers
}

/// The place behind a string's closing quote, or the end of a text that has none.
fn string_end(text: &str) -> usize {
    let mut escaped = true; // the opening quote ends nothing
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' if !escaped => return at + 1,
            b'\\' if !escaped => escaped = true,
            _ => escaped = false,
        }
    }
    text.len()
}

fn number_end(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_digit() && !"+-.eE".contains(c)).unwrap_or(text.len())
}

/// Whether a number is whole: behind the point, moved by the exponent, nothing but zeros is left.
fn is_whole(number: &str) -> bool {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (before, behind) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: String = [before, behind].concat();
    if digits.bytes().all(|digit| matches!(digit, b'0' | b'-')) {
        return true;
    }
    // An exponent that is no i64 is beyond any number of zeros.
    let exponent = exponent.parse::<i64>().unwrap_or(if exponent.starts_with('-') { i64::MIN } else { i64::MAX });
    let zeros = digits.bytes().rev().take_while(|digit| *digit == b'0').count();
    (behind.len() as i64).saturating_sub(exponent) <= zeros as i64
}

fn without_nul<E: de::Error>(text: String) -> Result<String, E> {
    if text.contains('\0') { Err(E::custom("must not hold the character NUL")) } else { Ok(text) }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Json, E> {
        self.trail.next_is_whole();
        Ok(Json::Int(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Json, E> {
        self.trail.next_is_whole();
        Ok(i64::try_from(value).map_or(Json::OtherNumber, Json::Int))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Json, E> {
        // Within this bound every whole number has its own float, so none is rounded.
        let whole = self.trail.next_is_whole() && value.fract() == 0.0 && value.abs() <= MAX_EXACT;
        Ok(if whole { Json::Int(value as i64) } else { Json::OtherNumber })
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Json, E> {
        without_nul(text.to_owned()).map(Json::Text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Json, A::Error> {
        let inside = self.inside()?;
        let mut array = Vec::new();
        loop {
            self.trail.push(Step::Index(array.len()));
            let part = parts.next_element_seed(inside)?;
            self.trail.pop();
            match part {
                Some(part) => array.push(part),
                None => return Ok(Json::Array(array)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Json, A::Error> {
        let inside = self.inside()?;
        let mut object: Vec<(String, Json)> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        while let Some(name) = fields.next_key::<String>()? {
            let name = without_nul(name)?;
            self.trail.push(Step::Name(name.clone()));
            if !seen.insert(name.clone()) {
                return Err(de::Error::custom("is there twice"));
            }
            let value = fields.next_value_seed(inside)?;
            self.trail.pop();
            object.push((name, value));
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(bytes: &[u8]) -> String {
        match parse(bytes) {
            Err(Error::Invalid(errors)) => errors.into_iter().map(|error| error.field).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn values_are_what_they_are() {
        let parsed = parse(
            br#" {"a": [1, -2, 1.5, 1e2, -3.0, 1e300, 18446744073709551615, true, null], "b": {"c": "\u00e4\n\ud83d\ude00"}} "#,
        );
        let numbers = vec![
            Json::Int(1),
            Json::Int(-2),
            Json::OtherNumber,
            Json::Int(100),
            Json::Int(-3),
            Json::OtherNumber,
            Json::OtherNumber,
            Json::Bool(true),
            Json::Null,
        ];
        let inner = Json::Object(vec![("c".into(), Json::Text("ä\n😀".into()))]);
        assert_eq!(parsed, Ok(Json::Object(vec![("a".into(), Json::Array(numbers)), ("b".into(), inner)])));
    }

    #[test]
    fn a_number_is_whole_if_it_is_written_so_whatever_a_float_makes_of_it() {
        for (number, whole) in [
            ("1", true),
            ("-0", true),
            ("-0.0e-5", true),
            ("2.0", true),
            ("2e0", true),
            ("1.5e1", true),
            ("10e-1", true),
            ("100.00e-2", true),
            ("1e2", true),
            ("0e999999999999999999999", true),
            ("1.0000000000000001", false),
            ("0.99999999999999999", false),
            ("1e-30", false),
            ("15e-1", false),
            ("100.01e1", false),
            ("1e-99999999999999999999", false),
        ] {
            assert_eq!(is_whole(number), whole, "{number}");
            // Names and texts with digits and quotes come before it.
            let text = format!(r#"{{"a1": "-2.5 \"3\\", "b": [4, {number}, 6]}}"#);
            let read = match parse(text.as_bytes()) {
                Ok(Json::Object(fields)) => fields.into_iter().find(|(name, _)| name == "b").map(|(_, array)| array),
                other => panic!("{text}: {other:?}"),
            };
            let Some(Json::Array(numbers)) = read else { panic!("{text}: {read:?}") };
            assert_eq!(numbers[1] != Json::OtherNumber, whole, "{text}");
            assert_eq!((&numbers[0], &numbers[2]), (&Json::Int(4), &Json::Int(6)), "{text}");
        }
    }

    #[test]
    fn bad_json_is_named_by_its_path() {
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let table: [(&[u8], &str); 20] = [
            (b"", "body"),
            (b" \n", "body"),
            (b"{", "body"),
            (b"nonsense", "body"),
            (b"{} {}", "body"),
            (b"\xff\xfe", "body"),
            (b"\xef\xbb\xbf{}", "body"),
            (br#"{"a": }"#, "a"),
            (br#"{"a": [1, 2, x]}"#, "a[2]"),
            (br#"{"a": {"b": [{"c": tru}]}}"#, "a.b[0].c"),
            (br#"{"a": 1, "a": 1}"#, "a"),
            (br#"{"a": 1, "\u0061": 1}"#, "a"),
            (br#"{"x": {"a": 1, "a": 2}}"#, "x.a"),
            (br#"{"a": "\u0000"}"#, "a"),
            (br#"{"a\u0000": 1}"#, "body"),
            (br#"{"a": "\ud800"}"#, "a"),
            (br#"{"a": "\udc00\ud800"}"#, "a"),
            (b"{\"a\": \"\x01\"}", "a"),
            (br#"{"a": 1e999}"#, "a"),
            (br#"{"a": "unfinished"#, "a"),
        ];
        for (bytes, path) in table {
            assert_eq!(field(bytes), path, "{:?}", String::from_utf8_lossy(bytes));
        }
        assert!(parse(deep(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(field(deep(MAX_DEPTH + 1).as_bytes()), "[0]".repeat(MAX_DEPTH));
        assert_eq!(field(deep(1_000_000).as_bytes()), "[0]".repeat(MAX_DEPTH));
    }

    #[test]
    fn a_name_from_outside_is_shown_short_and_clean() {
        assert_eq!(join("", &"x".repeat(1000)), "x".repeat(MAX_SHOWN));
        assert_eq!(join("a", "\u{1b}[31m"), "a.[31m");
        assert_eq!(join("a", ""), "a.\"\"");
    }
}

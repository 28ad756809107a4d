//! A query string taken apart: percent-decoded, no name twice, none that isn't known.

use crate::error::{Error, FieldError};

/// The longest query string that is read, in bytes.
const MAX_QUERY: usize = 4096;

/// Decoded parameters, taken one by one; every mistake is kept until [`Params::finish`], so that
/// the caller sees all at once.
#[derive(Debug)]
pub struct Params {
    values: Vec<(String, String)>,
    errors: Vec<FieldError>,
}

impl Params {
    /// Takes a raw query string apart (`application/x-www-form-urlencoded`: `+` is a blank).
    /// `known` are the names that may appear.
    pub fn parse(raw: Option<&str>, known: &[&str]) -> Result<Self, Error> {
        let raw = raw.unwrap_or_default();
        if raw.len() > MAX_QUERY {
            return Err(Error::invalid("query", format!("must be at most {MAX_QUERY} bytes")));
        }
        let mut params = Self { values: Vec::new(), errors: Vec::new() };
        for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match (decode(name), decode(value)) {
                (Ok(name), Ok(value)) => params.add(name, value, known),
                (Ok(name), Err(detail)) => params.refuse(printable(&name), detail),
                (Err(detail), _) => params.refuse("query".to_owned(), detail),
            }
        }
        Ok(params)
    }

    /// Takes the parameter `name` and reads it; `wanted` says what it must be.
    pub fn take<T>(
        &mut self,
        name: &str,
        wanted: impl FnOnce() -> String,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let (_, value) = self.values.iter().find(|(known, _)| known == name)?;
        let read = read(value);
        if read.is_none() {
            self.refuse(name.to_owned(), wanted());
        }
        read
    }

    /// `result` if nothing was wrong, else everything that was.
    pub fn finish<T>(self, result: T) -> Result<T, Error> {
        if self.errors.is_empty() { Ok(result) } else { Err(Error::Invalid(self.errors)) }
    }

    fn add(&mut self, name: String, value: String, known: &[&str]) {
        if !known.contains(&name.as_str()) {
            self.refuse(printable(&name), "is not a parameter of this route");
        } else if self.values.iter().any(|(earlier, _)| *earlier == name) {
            self.refuse(name, "must be given once");
        } else {
            self.values.push((name, value));
        }
    }

    fn refuse(&mut self, field: String, detail: impl Into<String>) {
        self.errors.push(FieldError::new(field, detail));
    }
}

/// A name that came from outside, fit to be shown: short, without control characters, never empty.
fn printable(name: &str) -> String {
    let shown: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
    if shown.is_empty() { "query".to_owned() } else { shown }
}

/// Percent-decodes (RFC 3986, section 2.1); `+` is a blank.
fn decode(text: &str) -> Result<String, &'static str> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
                match (digit(rest.next()), digit(rest.next())) {
                    (Some(high), Some(low)) => bytes.push((high * 16 + low) as u8),
                    _ => return Err("holds a % that two hexadecimal digits don't follow"),
                }
            }
            other => bytes.push(other),
        }
    }
    match String::from_utf8(bytes) {
        Ok(decoded) if decoded.contains('\0') => Err("must not hold the character NUL"),
        Ok(decoded) => Ok(decoded),
        Err(_) => Err("must be UTF-8"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(raw: &str) -> Vec<String> {
        match Params::parse(Some(raw), &["a", "b"]).and_then(|params| params.finish(())) {
            Ok(()) => vec![],
            Err(Error::Invalid(errors)) => errors.into_iter().map(|error| error.field).collect(),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn values_are_decoded() {
        for (raw, expected) in [
            ("a=x+y", "x y"),
            ("a=x%2By", "x+y"),
            ("a=%C3%A4", "ä"),
            ("a=", ""),
            ("a", ""),
            ("&&a=1&", "1"),
            ("a=b=c", "b=c"),
            ("%61=1", "1"),
        ] {
            let mut params = Params::parse(Some(raw), &["a", "b"]).unwrap();
            assert_eq!(params.take("a", String::new, |text| Some(text.to_owned())).as_deref(), Some(expected), "{raw}");
        }
    }

    #[test]
    fn every_mistake_names_its_parameter() {
        let table: [(&str, &[&str]); 10] = [
            ("a=1&a=2", &["a"]),
            ("a=1&%61=2", &["a"]),
            ("c=1", &["c"]),
            ("c=1&d=2", &["c", "d"]),
            ("a=%zz", &["a"]),
            ("a=%", &["a"]),
            ("a=%ff", &["a"]),
            ("a=%00", &["a"]),
            ("%zz=1", &["query"]),
            ("=1", &["query"]),
        ];
        for (raw, expected) in table {
            assert_eq!(fields(raw), expected, "{raw}");
        }
        assert_eq!(fields(&format!("a={}", "x".repeat(5000))), ["query"]);
        assert_eq!(fields(&format!("{}=1", "x".repeat(100))), ["x".repeat(40)]);
    }
}

//! Keys: built from typed parts, so that no two inputs make the same key.

use std::fmt::Write as _;

/// A Redis key in the making: parts joined by `:`; whatever could be taken for a separator inside a part is escaped.
///
/// ```
/// use cache_logic::key::KeyBuilder;
/// let key = KeyBuilder::new("order").part("a:b").pair("org", "id").build();
/// assert_eq!(key, "order:a%3Ab:org/id");
/// ```
#[derive(Debug, Clone)]
pub struct KeyBuilder(String);

impl KeyBuilder {
    /// Starts with a name of our own, taken as it is.
    pub fn new(name: &'static str) -> Self {
        Self(name.to_owned())
    }

    /// Appends `:` and a part.
    pub fn part(mut self, part: impl AsRef<str>) -> Self {
        self.0.push(':');
        escape_into(&mut self.0, part.as_ref());
        self
    }

    /// Appends a part made of two, joined by `/`: an organisation and what belongs to it.
    pub fn pair(mut self, owner: impl AsRef<str>, id: impl AsRef<str>) -> Self {
        self.0.push(':');
        escape_into(&mut self.0, owner.as_ref());
        self.0.push('/');
        escape_into(&mut self.0, id.as_ref());
        self
    }

    /// The finished key.
    pub fn build(self) -> String {
        self.0
    }
}

/// Percent-encodes `:`, `/`, `{`, `}`, `%`, blanks and control characters (RFC 3986, section 2.1); all else stays readable.
fn escape_into(out: &mut String, part: &str) {
    for c in part.chars() {
        if matches!(c, ':' | '/' | '{' | '}' | '%' | ' ') || c.is_control() {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                // Writing to a String cannot fail.
                let _ = write!(out, "%{byte:02X}");
            }
        } else {
            out.push(c);
        }
    }
}

/// The key that holds the generation of a tag, below the namespace's prefix.
pub fn generation_key(prefix: &str, tag: &str) -> String {
    format!("{prefix}gen:{tag}")
}

/// The key of the lease for one entry.
pub fn lease_key(entry_key: &str) -> String {
    format!("{entry_key}:lock")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn no_two_inputs_make_the_same_key() {
        let parts = ["", "a", "b", "a:b", ":", "%3A", "%", "/", "a/b", "{a}", "a\n", "a ", "ä", "\u{0}", "%00"];
        let mut seen = HashMap::new();
        for a in parts {
            for b in parts {
                let keys = [KeyBuilder::new("k").part(a).part(b).build(), KeyBuilder::new("k").pair(a, b).build()];
                for (shape, key) in keys.into_iter().enumerate() {
                    let other = seen.insert(key.clone(), (shape, a, b));
                    assert_eq!(other, None, "{key:?} stands for two inputs");
                }
            }
        }
    }

    #[test]
    fn a_key_holds_no_control_character_and_no_brace() {
        let key = KeyBuilder::new("k").part("{a}\r\n\u{7f}\u{85}").build();
        assert!(!key.contains(['{', '}']) && !key.contains(char::is_control), "{key}");
    }
}

//! Keys: built from typed parts, so that no two inputs make the same key.

use std::fmt::{self, Write as _};
use std::marker::PhantomData;

/// A Redis key in the making: parts joined by `:`. A character inside a part that could pass for a
/// separator is escaped.
///
/// ```
/// use cache_logic::key::KeyBuilder;
/// let key = KeyBuilder::new("order").part("a:b").pair("org", "id").build();
/// assert_eq!(key, "order:a%3Ab:org/id");
/// ```
#[derive(Debug, Clone)]
pub struct KeyBuilder(String);

impl KeyBuilder {
    /// Starts with a fixed name, taken as it is.
    pub fn new(name: &'static str) -> Self {
        Self(name.to_owned())
    }

    /// Appends `:` and a part.
    pub fn part(mut self, part: impl AsRef<str>) -> Self {
        self.0.push(':');
        escape_into(&mut self.0, part.as_ref());
        self
    }

    /// Appends a part made of two, joined by `/`: an organisation and something that belongs to it.
    pub fn pair(mut self, owner: impl AsRef<str>, id: impl AsRef<str>) -> Self {
        self.0.push(':');
        escape_into(&mut self.0, owner.as_ref());
        self.0.push('/');
        escape_into(&mut self.0, id.as_ref());
        self
    }

    /// Puts the version of the stored shape beside the name, so that values of another shape are
    /// other entries. Call it first.
    ///
    /// ```
    /// use cache_logic::key::KeyBuilder;
    /// assert_eq!(KeyBuilder::new("order").version(2).part("7").build(), "order/v2:7");
    /// ```
    pub fn version(mut self, version: u32) -> Self {
        // Writing to a String cannot fail. A part cannot hold the slash, since it is escaped there.
        let _ = write!(self.0, "/v{version}");
        self
    }

    /// The finished key.
    pub fn build(self) -> String {
        self.0
    }

    /// The finished key of a value of type `T`.
    pub fn build_for<T>(self) -> Key<T> {
        Key { text: self.0, value: PhantomData }
    }
}

/// The key of a value of type `T`: a value stored under it cannot be read as another type.
///
/// ```
/// use cache_logic::key::{Key, KeyBuilder};
/// # struct Order;
/// let order: Key<Order> = KeyBuilder::new("order").part("7").build_for();
/// assert_eq!(order.as_str(), "order:7");
/// ```
///
/// The key of an order is no key of a customer:
///
/// ```compile_fail,E0308
/// use cache_logic::key::{Key, KeyBuilder};
/// # struct Order;
/// # struct Customer;
/// fn read(key: &Key<Customer>) {}
/// let order: Key<Order> = KeyBuilder::new("order").part("7").build_for();
/// read(&order);
/// ```
pub struct Key<T> {
    text: String,
    value: PhantomData<fn() -> T>,
}

impl<T> Key<T> {
    /// The key as Redis knows it, without the namespace's prefix.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

// By hand, since a derive would ask the same of `T`.
impl<T> Clone for Key<T> {
    fn clone(&self) -> Self {
        Self { text: self.text.clone(), value: PhantomData }
    }
}

impl<T> fmt::Debug for Key<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:?})", self.text)
    }
}

impl<T> PartialEq for Key<T> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<T> Eq for Key<T> {}

/// Percent-encodes `:`, `/`, `{`, `}`, `%`, blanks and control characters (RFC 3986, section 2.1).
/// All other characters stay readable.
fn escape_into(out: &mut String, part: &str) {
    // Nearly all parts are like this.
    if part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return out.push_str(part);
    }
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
    // Not by `format!`, here and elsewhere on the path of a hit: it costs several times as much in
    // WebAssembly.
    [prefix, "gen:", tag].concat()
}

/// The key of the lease for one entry.
pub fn lease_key(entry_key: &str) -> String {
    format!("{entry_key}:lock")
}

/// The key of what is noted of one entry's parts.
pub fn parts_key(entry_key: &str) -> String {
    [entry_key, ":parts"].concat()
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

//! Stripe's parameters: a flat form with brackets.

use serde_json::{Map, Value};

/// The pairs of a request's body.
#[derive(Debug)]
pub(super) struct Form(pub(super) Vec<(String, String)>);

impl Form {
    /// The parameter of this whole name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// A whole number.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.get(name)?.parse().ok()
    }

    /// `prefix[key]=value` as an object.
    pub(super) fn map(&self, prefix: &str) -> Value {
        let inner = |name: &str| Some(name.strip_prefix(prefix)?.strip_prefix('[')?.strip_suffix(']')?.to_owned());
        let pairs = self.0.iter().filter_map(|(name, value)| Some((inner(name)?, Value::from(value.clone()))));
        Value::Object(pairs.collect::<Map<_, _>>())
    }
}

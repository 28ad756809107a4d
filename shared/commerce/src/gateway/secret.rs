//! Text that must never be printed.

use std::fmt;

/// A secret. Its `Debug` says only that there is one; it has no `Display`.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text` from sight.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for code that has to send it or to compute with it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "Secret(none)" } else { "Secret(***)" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_isn_t_printed() {
        assert_eq!(format!("{:?} {:?}", Secret::new("sk_live_1"), Secret::default()), "Secret(***) Secret(none)");
        assert_eq!(Secret::new("sk_live_1").expose(), "sk_live_1");
    }
}

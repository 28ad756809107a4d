//! One decision per file; each is a function from the tree to its findings.

mod absence;
mod dependencies;
mod faults;
mod handlers;
mod hits;
mod sessions;
mod variables;
mod writes;

use std::fmt;

use crate::Tree;

/// A constraint that doesn't hold, and the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's short name.
    pub rule: &'static str,
    /// `path` or `path:line`.
    pub place: String,
    /// The breach.
    pub detail: String,
}

impl Finding {
    fn new(rule: &'static str, place: impl Into<String>, detail: impl Into<String>) -> Finding {
        Finding { rule, place: place.into(), detail: detail.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: [{}] {}", self.place, self.rule, self.detail)
    }
}

/// All findings.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let rules = [
        handlers::check,
        variables::check,
        faults::check,
        absence::check,
        writes::check,
        dependencies::check,
        hits::check,
        sessions::check,
    ];
    rules.iter().flat_map(|rule| rule(tree)).collect()
}

/// Whether a literal number other than zero stands in these tokens.
fn holds_number(tokens: &str) -> bool {
    let mut before = ' ';
    for c in tokens.chars() {
        // A digit that continues a name (`u64`, `cache_2`) is no number.
        if c.is_ascii_digit() && c != '0' && !(before.is_alphanumeric() || before == '_') {
            return true;
        }
        before = c;
    }
    false
}

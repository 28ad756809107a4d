//! The cache is used below the handlers only: a function calls one operation and never sees a
//! cache.

use super::Finding;
use crate::{Tree, code::Code};

const RULE: &str = "cache-below-handlers";

const FORBIDDEN: [&str; 4] = ["cache_logic", "cache_spin", "spin_sdk::redis", "spin_sdk::pg"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.below("functions/", ".rs") {
        let code = Code::read(text);
        for forbidden in FORBIDDEN {
            if let Some((name, line)) = code.names(forbidden) {
                findings.push(Finding::new(RULE, format!("{path}:{line}"), format!("a handler names {name}")));
            }
        }
    }
    findings
}

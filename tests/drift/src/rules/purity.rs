//! cache-logic and commerce are pure: no clock, no chance, no I/O of their own. Time and randomness
//! are arguments.

use super::Finding;
use crate::{Tree, code::Code};

const RULE: &str = "pure-core";

/// Addresses are values; sockets are not.
const FORBIDDEN: [&str; 17] = [
    "std::fs",
    "std::net::TcpStream",
    "std::net::TcpListener",
    "std::net::UdpSocket",
    "std::net::ToSocketAddrs",
    "std::env",
    "std::io",
    "std::process",
    "std::thread",
    "std::time::SystemTime",
    "std::time::Instant",
    "SystemTime",
    "Instant",
    "rand",
    "getrandom",
    "tokio",
    "uuid::Uuid::new_v4",
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.below("shared/cache-logic/src/", ".rs").chain(tree.below("shared/commerce/src/", ".rs")) {
        // Test modules with a file of their own.
        if path.ends_with("/tests.rs") || path.contains("/tests/") {
            continue;
        }
        let code = Code::read(text);
        for forbidden in FORBIDDEN {
            if let Some((name, line)) = code.names(forbidden) {
                findings.push(Finding::new(RULE, format!("{path}:{line}"), format!("names {name}")));
            }
        }
        for (called, _, line) in &code.calls {
            if matches!(called.as_str(), "now_v7" | "new_v4") {
                findings.push(Finding::new(
                    RULE,
                    format!("{path}:{line}"),
                    format!("calls {called}: chance is an argument"),
                ));
            }
        }
    }
    for package in ["cache-logic", "commerce"] {
        for dependency in tree.dependencies.get(package).into_iter().flatten() {
            if ["rand", "getrandom", "tokio", "redis", "tokio-postgres", "reqwest"].contains(&dependency.as_str()) {
                findings.push(Finding::new(RULE, package, format!("depends on {dependency}")));
            }
        }
    }
    findings
}

//! Dependencies point one way: functions -> payments -> edge -> cache-spin -> cache-logic, and
//! commerce is known to all above cache-spin. The host and the scenarios know none of the product's
//! crates.

use std::collections::BTreeSet;

use super::Finding;
use crate::{Tree, code::Code};

const RULE: &str = "direction-of-dependencies";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let functions: BTreeSet<&str> = tree
        .below("functions/", "/Cargo.toml")
        .filter_map(|(path, _)| path.strip_prefix("functions/")?.strip_suffix("/Cargo.toml"))
        .collect();
    for (package, dependencies) in &tree.dependencies {
        let allowed: &[&str] = match package.as_str() {
            "cache-logic" => &[],
            "commerce" => &["cache-logic"],
            "cache-spin" => &["cache-logic", "spin-sdk"],
            "edge" => &["cache-logic", "cache-spin", "commerce", "spin-sdk"],
            "payments" => &["cache-logic", "commerce", "edge", "spin-sdk"],
            // The component that the host's own tests run, and those that the app is measured
            // against.
            "host-test-guest" | "bench-floor" | "bench-floor-sdk" | "bench-hello" => &["spin-sdk"],
            "bench" => &["e2e", "standin"],
            "browser-tests" => &["e2e", "kit", "standin"],
            "dev" => &["edge", "kit", "payments"],
            // The contract of the ports, on a native Redis and inside a component; releases are
            // rehearsed on the product's database.
            "contract-tests" => &["cache-logic", "database", "kit"],
            "contract-component" => &["cache-logic", "cache-spin", "spin-sdk"],
            // The schema and the payment providers of the scenarios.
            "e2e" => &["database", "kit", "standin"],
            name if functions.contains(name) => &["commerce", "edge", "payments", "spin-sdk"],
            _ => &[],
        };
        for dependency in dependencies {
            let ours = dependency == "spin-sdk" || tree.dependencies.contains_key(dependency);
            if ours && !allowed.contains(&dependency.as_str()) {
                findings.push(Finding::new(RULE, package.as_str(), format!("may not depend on {dependency}")));
            }
        }
    }
    for folder in ["shared/cache-logic/", "shared/commerce/", "tests/host/src/", "tests/e2e/", "tests/standin/"] {
        for (path, text) in tree.below(folder, ".rs") {
            if let Some((name, line)) = Code::read(text).names("spin_sdk") {
                findings.push(Finding::new(RULE, format!("{path}:{line}"), format!("names {name}")));
            }
        }
    }
    findings
}

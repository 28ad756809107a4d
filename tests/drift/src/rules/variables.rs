//! Lifetimes come from settings: no policy is made from a number in the code. And no component may
//! connect to any host.

use toml::{Table, Value};

use super::{Finding, holds_number};
use crate::{Tree, code::Code};

const RULE: &str = "ttls-from-variables";

/// Fields and calls that make a lifetime.
const LIFETIMES: [(&str, &str); 4] =
    [("Policy", "ttl"), ("Limits", "generation_ttl"), ("Limits", "lease_hold"), ("Fill", "ttl_ms")];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = literals(tree);
    let manifest = tree.files.get("spin.toml").and_then(|text| text.parse::<Table>().ok());
    for (component, settings) in table(manifest.as_ref().and_then(|manifest| manifest.get("component"))) {
        let hosts = settings.get("allowed_outbound_hosts").map(Value::to_string).unwrap_or_default();
        if hosts.contains("://*") || hosts.contains(":*") {
            findings.push(Finding::new(RULE, "spin.toml", format!("component {component} may connect anywhere")));
        }
    }
    findings
}

fn table(value: Option<&Value>) -> Table {
    value.and_then(Value::as_table).cloned().unwrap_or_default()
}

fn literals(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.below("shared/", ".rs").chain(tree.below("functions/", ".rs")) {
        if path.contains("/tests/") || path.ends_with("/tests.rs") || path.ends_with("/contract.rs") {
            continue;
        }
        let code = Code::read(text);
        for (kind, field, value, line) in &code.fields {
            let lifetime = LIFETIMES.contains(&(kind, field)) || kind == "Policies";
            // The lease is held for the time limit of Postgres, a variable, and half a second.
            let value = value.replace("postgres_timeout+Duration::from_millis(500)", "postgres_timeout");
            if lifetime && value.contains("from_") && holds_number(&value) {
                findings.push(Finding::new(
                    RULE,
                    format!("{path}:{line}"),
                    format!("{kind}.{field} is a number in the code"),
                ));
            }
        }
        for (name, arguments, line) in &code.calls {
            if name == "with_ttl" && holds_number(arguments) {
                findings.push(Finding::new(
                    RULE,
                    format!("{path}:{line}"),
                    "a policy is made from a number in the code",
                ));
            }
        }
    }
    findings
}

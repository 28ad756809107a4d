//! TTLs and addresses come from variables: declared once, given to every component that serves orders, read by the configuration; and no
//! policy is made from a number in the code.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::{Finding, holds_number};
use crate::{Tree, code::Code};

const RULE: &str = "ttls-from-variables";
const CONFIG: &str = "shared/spin-adapters/src/config.rs";
const RULES: &str = "shared/spin-adapters/src/config/rules.rs";
const PAYMENTS: &str = "shared/spin-adapters/src/payments/config.rs";

/// Who reads the variables of payments besides everybody's: the functions of payments, and health, which validates them.
const OF_PAYMENTS: [&str; 3] = ["payment-session", "webhook-dedup", "health"];

/// Fields and calls that make a lifetime.
const LIFETIMES: [(&str, &str); 4] =
    [("Policy", "ttl"), ("Limits", "generation_ttl"), ("Limits", "lease_hold"), ("Fill", "ttl_ms")];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = literals(tree);
    let manifest = tree.files.get("spin.toml").and_then(|text| text.parse::<Table>().ok());
    let read = |path| tree.files.get(path).map(|text| read_variables(&Code::read(text)));
    match (manifest, read(CONFIG), read(RULES), read(PAYMENTS)) {
        (Some(manifest), Some(config), Some(rules), Some(payments)) => {
            findings.extend(wiring(&manifest, &config.union(&rules).cloned().collect(), &payments));
        }
        _ => {
            let detail = format!("spin.toml, {CONFIG}, {RULES} or {PAYMENTS} is missing or can't be read");
            findings.push(Finding::new(RULE, "spin.toml", detail));
        }
    }
    findings
}

/// The names in the constant `VARIABLES` of the configuration.
fn read_variables(config: &Code) -> BTreeSet<String> {
    let list = config.constants.iter().find(|(name, _)| name == "VARIABLES").map_or("", |(_, list)| list);
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// `common` is read by every component, `payments` by some.
fn wiring(manifest: &Table, common: &BTreeSet<String>, payments: &BTreeSet<String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut broken = |detail: String| findings.push(Finding::new(RULE, "spin.toml", detail));
    let declared: BTreeSet<String> = table(manifest.get("variables")).keys().cloned().collect();
    for (name, variable) in table(manifest.get("variables")) {
        if variable.get("default").is_none() && variable.get("required").is_none() {
            broken(format!("variable {name} has no default and is not required"));
        }
    }
    let every: BTreeSet<String> = common.union(payments).cloned().collect();
    for name in every.difference(&declared) {
        broken(format!("the configuration reads {name}, which is not declared"));
    }
    for (list, file) in [(common, CONFIG), (payments, PAYMENTS)] {
        if list.is_empty() {
            broken(format!("{file} names no VARIABLES"));
        }
    }

    let mut hosts = String::new();
    for (component, settings) in table(manifest.get("component")) {
        hosts.push_str(&settings.get("allowed_outbound_hosts").map(Value::to_string).unwrap_or_default());
        if hosts.contains("://*") || hosts.contains(":*") {
            broken(format!("component {component} may connect anywhere"));
        }
        let given = table(settings.get("variables"));
        let read = if OF_PAYMENTS.contains(&component.as_str()) { &every } else { common };
        for name in read {
            let template = format!("{{{{ {name} }}}}");
            if given.get(name).and_then(Value::as_str) != Some(&template) {
                broken(format!("component {component} is not given {name} as \"{template}\""));
            }
        }
        for name in given.keys().filter(|name| !read.contains(*name)) {
            broken(format!("component {component} is given {name}, which the configuration doesn't read"));
        }
    }
    for name in declared.difference(&every) {
        if !hosts.contains(&format!("{{{{ {name} }}}}")) {
            broken(format!("variable {name} is declared, but neither read nor part of an allowed host"));
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

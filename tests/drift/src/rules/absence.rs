//! A 404 is never cached: stored entries are made from a row of Postgres and from nothing else, and
//! the format has no way to say "none".

use super::Finding;
use crate::{Tree, code::Code};

const RULE: &str = "no-cached-404";
const FORMAT: &str = "shared/cache-logic/src/protocol/entry.rs";
const ROWS: &str = "shared/cache-spin/src/cache.rs";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    // cache-logic only passes on the entries that it is given.
    let adapters = ["shared/cache-spin/src/", "shared/edge/src/", "shared/payments/src/", "functions/"];
    for (path, text) in adapters.iter().flat_map(|folder| tree.below(folder, ".rs")) {
        if path.ends_with("/tests.rs") || path.contains("/tests/") {
            continue;
        }
        let code = Code::read(text);
        let made = code.fields.iter().find(|(kind, field, _, _)| kind == "Value" && field == "payload");
        if let Some((_, _, _, line)) = made
            && path != ROWS
        {
            findings.push(Finding::new(
                RULE,
                format!("{path}:{line}"),
                "a value to cache is made from something other than a row",
            ));
        }
    }
    expect(
        tree,
        FORMAT,
        "encode",
        |function| !function.contains("Option<"),
        "an entry can hold nothing",
        &mut findings,
    );
    expect(
        tree,
        ROWS,
        "value",
        |function| function.contains("Row"),
        "a value is made from something other than a row",
        &mut findings,
    );
    findings
}

fn expect(tree: &Tree, path: &str, name: &str, holds: fn(&str) -> bool, otherwise: &str, findings: &mut Vec<Finding>) {
    let code = tree.files.get(path).map(|text| Code::read(text)).unwrap_or_default();
    match code.functions.iter().find(|function| function.name == name) {
        Some(function) if holds(&function.inputs) => {}
        Some(function) => findings.push(Finding::new(RULE, format!("{path}:{}", function.line), otherwise)),
        None => findings.push(Finding::new(RULE, path, format!("there is no {name} any more: adapt this rule"))),
    }
}

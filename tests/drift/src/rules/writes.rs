//! Every mutation invalidates: a statement that writes is run by the one write path, which deletes
//! generations before it returns.

use std::collections::BTreeSet;

use super::Finding;
use crate::{Tree, code::Code};

const RULE: &str = "invalidation-after-every-mutation";
const STATEMENTS: &str = "shared/edge/src/sql/";
/// The write path.
const WRITE: [&str; 2] = ["write", "write_one"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let writers = writing_functions(tree);
    for (path, text) in tree.below(STATEMENTS, ".sql") {
        let name = path.trim_start_matches(STATEMENTS);
        // The outbox and the certificate are the protocol's own.
        if name.starts_with("cache_") || !writes(text, &writers) {
            continue;
        }
        findings.extend(uses(tree, name));
    }
    findings
}

/// Functions of the database that change something.
fn writing_functions(tree: &Tree) -> BTreeSet<String> {
    let mut functions = BTreeSet::new();
    for (_, text) in tree.below("database/code/", ".sql") {
        let text = without_comments(text);
        for part in text.split("create function ").flat_map(|part| part.split("create or replace function ")).skip(1) {
            let name = part.split('(').next().unwrap_or_default().trim().to_owned();
            let body = part.split("$$").nth(1).or_else(|| part.split("$body$").nth(1)).unwrap_or(part);
            if changes(body) {
                functions.insert(name);
            }
        }
    }
    functions
}

fn writes(statement: &str, writers: &BTreeSet<String>) -> bool {
    let text = without_comments(statement);
    changes(&text) || writers.iter().any(|name| text.contains(&format!("{name}(")))
}

fn changes(text: &str) -> bool {
    ["insert into ", "update ", "delete from "].iter().any(|verb| text.contains(verb))
}

fn without_comments(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(|line| line.split("--").next().unwrap_or(line)).collect();
    lines.join(" ").to_lowercase()
}

/// The uses of the statement that are no argument of the write path.
fn uses(tree: &Tree, statement: &str) -> Vec<Finding> {
    let include = format!("sql/{statement}\")");
    let mut findings = Vec::new();
    let mut written = false;
    for (path, text) in tree.below("shared/", ".rs").chain(tree.below("functions/", ".rs")) {
        let code = Code::read(text);
        let constants: Vec<&str> = code
            .constants
            .iter()
            .filter(|(_, value)| value.contains(&include))
            .map(|(name, _)| name.as_str())
            .collect();
        for (called, arguments, line) in &code.calls {
            let given = arguments.contains(&include)
                || constants.iter().any(|name| arguments.split([',', '&', '(', ')']).any(|argument| argument == *name));
            // An outer call has the inner one among its arguments.
            if !given || WRITE.iter().any(|write| arguments.contains(&format!("{write}("))) {
                continue;
            }
            if WRITE.contains(&called.as_str()) {
                written = true;
            } else {
                let detail = format!("{statement} changes something and is run by {called}, not by the write path");
                findings.push(Finding::new(RULE, format!("{path}:{line}"), detail));
            }
        }
    }
    if !written {
        findings.push(Finding::new(
            RULE,
            format!("{STATEMENTS}{statement}"),
            "changes something and is not run by the write path",
        ));
    }
    findings
}

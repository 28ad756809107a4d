//! Every mutation invalidates.
//!
//! - A function in Postgres that gives the tags that it announced is called by the write path. That
//!   deletes their generations before it returns.
//! - A function that only reads is declared STABLE, so that Postgres refuses its writes. One that
//!   also puts off the end of what it gives is named here, and writes nothing else.
//! - A function that is called past the write path changes no table that announces.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use crate::{Tree, code::Code};

const RULE: &str = "invalidation-after-every-mutation";
const FUNCTIONS: &str = "database/code/";
const SCHEMA: &str = "database/schema/";
const VIEWS: &str = "shared/commerce/src/views/mod.rs";
/// The library calls functions of its own, which it brings for other databases, too.
const LIBRARY: &str = "shared/cache-spin/";

/// Functions that are looked at and put off an end, which nothing shows: each with all that it
/// writes, in small letters.
const PUTTING_OFF: [(&str, &str); 1] = [("user_session_get", "update user_sessions t set expires_at = put_off where ")];

/// How a function is called.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Write,
    Change,
    Query,
}

fn way(called: &str) -> Option<Way> {
    match called {
        "write" | "write_one" => Some(Way::Write),
        "change" | "change_one" => Some(Way::Change),
        "query" => Some(Way::Query),
        _ => None,
    }
}

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let functions = functions(tree);
    let announcing = announcing(tree);
    let mut findings = Vec::new();
    for (place, name, way) in calls(tree) {
        let mut broken = |detail: String| findings.push(Finding::new(RULE, place.clone(), detail));
        let Some(text) = functions.get(&name) else {
            broken(format!("{name} has no file below {FUNCTIONS}"));
            continue;
        };
        let announces = text.contains("tags text[]");
        match way {
            Way::Write if !announces => broken(format!("{name} gives no tags, so the write path invalidates nothing")),
            Way::Change if announces => broken(format!("{name} gives tags, and nobody invalidates them")),
            Way::Change => {
                for table in announcing.iter().filter(|table| changes(text, table)) {
                    broken(format!("{name} changes {table}, which announces, past the write path"));
                }
            }
            Way::Query if !text.contains(" stable") && !only_puts_off(&name, text, &announcing) => {
                broken(format!("{name} is only looked at, but not declared STABLE"));
            }
            Way::Write | Way::Query => {}
        }
    }
    findings
}

/// The functions by name, each with the text of its file in small letters.
fn functions(tree: &Tree) -> BTreeMap<String, String> {
    let mut functions = BTreeMap::new();
    for (_, text) in tree.below(FUNCTIONS, ".sql") {
        let text = without_comments(text);
        for part in text.split("function ").skip(1) {
            let name = part.split('(').next().unwrap_or_default().trim().to_owned();
            if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                functions.entry(name).or_insert_with(|| text.clone());
            }
        }
    }
    functions
}

/// The tables with a trigger that announces.
fn announcing(tree: &Tree) -> BTreeSet<String> {
    let mut tables = BTreeSet::new();
    for (_, text) in tree.below(SCHEMA, ".sql") {
        let text = without_comments(text);
        for trigger in text.split("create trigger ").skip(1) {
            let statement = trigger.split(';').next().unwrap_or_default();
            if statement.contains("announce")
                && let Some(table) = statement.split(" on ").nth(1)
            {
                let table = table.split_whitespace().next().unwrap_or_default();
                tables.insert(table.rsplit('.').next().unwrap_or_default().to_owned());
            }
        }
    }
    tables
}

/// Whether a function may put off an end, and changes nothing else that announces.
fn only_puts_off(name: &str, text: &str, announcing: &BTreeSet<String>) -> bool {
    let Some((_, write)) = PUTTING_OFF.iter().find(|(known, _)| *known == name) else { return false };
    let words: Vec<&str> = text.split_whitespace().collect();
    let rest = words.join(" ").replacen(write, "", 1);
    !announcing.iter().any(|table| changes(&rest, table))
}

fn changes(text: &str, table: &str) -> bool {
    ["insert into ", "update ", "delete from "].iter().any(|verb| {
        text.match_indices(&format!("{verb}{table}")).any(|(at, found)| {
            !text[at + found.len()..].starts_with(|next: char| next.is_alphanumeric() || next == '_')
        })
    })
}

/// Every call of a function by its name, and every view's function, which only looks.
fn calls(tree: &Tree) -> Vec<(String, String, Way)> {
    let mut calls = Vec::new();
    let product = tree.below("shared/", ".rs").chain(tree.below("functions/", ".rs"));
    for (path, text) in product.filter(|(path, _)| !path.starts_with(LIBRARY)) {
        for (called, arguments, line) in &Code::read(text).calls {
            let Some(way) = way(called) else { continue };
            // The name stands first, or behind the app.
            let name = arguments.split(',').take(2).find_map(|argument| argument.strip_prefix('"')?.strip_suffix('"'));
            if let Some(name) = name {
                calls.push((format!("{path}:{line}"), name.to_owned(), way));
            }
        }
    }
    let views = tree.files.get(VIEWS).map_or("", String::as_str);
    for (index, line) in views.lines().enumerate() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix("statement: \"").or_else(|| line.strip_prefix("bulk: \"")) {
            let name = name.trim_end_matches(',').trim_end_matches('"').to_owned();
            // Nothing asks for many of most views.
            if !name.is_empty() {
                calls.push((format!("{VIEWS}:{}", index + 1), name, Way::Query));
            }
        }
    }
    calls
}

fn without_comments(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(|line| line.split("--").next().unwrap_or(line)).collect();
    lines.join(" ").to_lowercase()
}

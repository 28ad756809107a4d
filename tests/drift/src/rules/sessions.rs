//! An instance keeps its connections for a while, and the pool hands them on: so no function leaves
//! anything behind in its session. A setting that outlives its transaction, a temporary table, a
//! lock of the session or a subscription would be met by whatever is asked next.

use super::Finding;
use crate::Tree;

const RULE: &str = "nothing-in-sessions";

/// Where the bodies of functions stand.
const FOLDERS: [&str; 2] = ["database/code/", "shared/cache-spin/sql/"];

/// The one statement that may: it ends its own session.
const LEAVES: &str = "perform set_config('idle_session_timeout', '1ms', false);";

/// What stays in a session, as it is written.
const STAYS: [&str; 7] = [
    "create temp",
    "pg_advisory_lock(",
    "pg_advisory_lock_shared(",
    "pg_try_advisory_lock(",
    "pg_try_advisory_lock_shared(",
    "listen ",
    "execute 'set ",
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let files = FOLDERS.iter().flat_map(|folder| tree.below(folder, ".sql"));
    let lines = files.flat_map(|(path, text)| text.lines().zip(1..).map(move |(line, number)| (path, line, number)));
    let stays = lines.filter(|(_, line, _)| stays(line));
    let finding = |(path, _, number)| {
        Finding::new(RULE, format!("{path}:{number}"), "a function leaves something behind in its session")
    };
    stays.map(finding).collect()
}

fn stays(line: &str) -> bool {
    let line = line.split("--").next().unwrap_or_default().trim().to_ascii_lowercase();
    let sets = line.contains("set_config(") && !line.contains(", true)") && line != LEAVES;
    // The settings of a function stand before its body, without an end of their own; those of an
    // UPDATE aren't called LOCAL or SESSION.
    let declares = line.starts_with("set session ") || line.starts_with("set local ");
    sets || declares || STAYS.iter().any(|what| line.contains(what))
}

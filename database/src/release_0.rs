//! The last release that applied its files by a script, and the rule by which its databases are
//! taken over.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use crate::files::Files;

const LIST: &str = include_str!("release_0.txt");

/// The files that it applied.
pub(crate) fn files() -> impl Iterator<Item = &'static str> {
    LIST.lines().filter_map(|line| line.strip_prefix("file "))
}

/// The functions and views that it left, as `function name(types)` and `view name`.
pub(crate) fn objects() -> impl Iterator<Item = &'static str> {
    LIST.lines().filter(|line| line.starts_with("function ") || line.starts_with("view "))
}

/// Those of its functions that its components called, as `function name(types)`.
pub(crate) fn calls() -> impl Iterator<Item = &'static str> {
    LIST.lines().filter_map(|line| line.strip_prefix("called "))
}

/// The release that a list of applied files shows a database to come from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nothing was applied.
    New,
    /// Exactly the last release's files were applied.
    Release0,
    /// The first numbered file, at least, was applied or taken over.
    Ours,
}

/// Judges the names in `schema_migrations`.
///
/// # Errors
/// A name is neither the last release's nor one of `schema/`; or the last release's files are
/// incomplete.
pub(crate) fn origin(applied: &BTreeSet<String>, files: &Files) -> Result<Origin> {
    let old: BTreeSet<&str> = self::files().collect();
    let new: BTreeSet<&str> = files.schema.iter().map(|file| file.name.as_str()).collect();
    let unknown: Vec<&str> =
        applied.iter().map(String::as_str).filter(|name| !old.contains(name) && !new.contains(name)).collect();
    if !unknown.is_empty() {
        bail!(
            "schema_migrations names {}, which this release doesn't know. Nothing was changed. Is this another \
             program's database, or has a newer release been here?",
            unknown.join(", ")
        );
    }
    let missing: Vec<&str> = old.iter().copied().filter(|name| !applied.contains(*name)).collect();
    if !missing.is_empty() && missing.len() < old.len() {
        bail!(
            "the last release's files are not all applied: {} of {} are missing ({}). Nothing was changed. Apply them \
             with that release's scripts/migrate.sh first, then run this again",
            missing.len(),
            old.len(),
            missing.join(", ")
        );
    }
    Ok(if applied.iter().any(|name| new.contains(name.as_str())) {
        Origin::Ours
    } else if missing.is_empty() {
        Origin::Release0
    } else {
        Origin::New
    })
}

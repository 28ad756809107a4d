//! Whole histories of one order, and whether they keep the promise: a moment can be given to each
//! change, between its begin and its end, so that every read shows a change that was made, none
//! that began after the read was over, and no less than each that ended before the read began.
//!
//! An order's changes are numbered by its version, which grows by one with each. So a history has
//! only one order of changes that can be meant, and it is checked in one pass over the versions.
//! That is linearizability of changes and of the reads that don't run beside one. A read that runs
//! beside a change may show either, whatever other readers saw: one that passes the cache by sees a
//! commit before its writer was answered, one that is served from the cache doesn't yet.
//!
//! What isn't known is left open. A change without an answer may take place at any moment after its
//! begin, or never; it may be any version that nobody else has made. A change by another program in
//! the database is seen a second after its commit at the latest, so its end is a second later.

use std::collections::BTreeMap;

/// Milliseconds, or any other unit, since any fixed moment.
pub type Moment = u64;

/// What an operation did, as far as its caller knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A read was shown this version with these contents.
    Read {
        /// The version.
        version: i64,
        /// The contents.
        contents: String,
    },
    /// A change was made, and is this version.
    Changed {
        /// The version.
        version: i64,
        /// The contents.
        contents: String,
    },
    /// A change may have been made, at any moment after its begin.
    Unknown {
        /// The contents, if it was made.
        contents: String,
    },
}

/// One operation of a history. Those that changed and showed nothing aren't part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// When its caller began it.
    pub begin: Moment,
    /// When its caller had the answer. Of an unknown change it says nothing.
    pub end: Moment,
    /// What it did.
    pub effect: Effect,
}

/// The operations of one version.
#[derive(Debug)]
struct Cluster<'a> {
    change: Option<&'a Operation>,
    contents: Option<&'a str>,
    /// The latest begin of its operations, and the earliest end of one that has seen it.
    begun: Moment,
    seen: Moment,
}

/// Checks the history of one order whose first version and contents are known.
///
/// # Errors
/// Which operation can be given no moment.
pub fn check(first: i64, contents: &str, history: &[Operation]) -> Result<(), String> {
    let mut versions: BTreeMap<i64, Cluster<'_>> = BTreeMap::new();
    versions.insert(first, Cluster { change: None, contents: Some(contents), begun: 0, seen: Moment::MAX });
    let mut unknown: Vec<(Moment, &str)> = Vec::new();
    for operation in history {
        if operation.end < operation.begin {
            return Err(format!("it ends before it begins: {operation:?}"));
        }
        let (version, contents) = match &operation.effect {
            Effect::Unknown { contents } => {
                unknown.push((operation.begin, contents));
                continue;
            }
            Effect::Read { version, contents } | Effect::Changed { version, contents } => (*version, contents.as_str()),
        };
        if version < first {
            return Err(format!("version {version} was before the first, {first}: {operation:?}"));
        }
        let cluster =
            versions.entry(version).or_insert(Cluster { change: None, contents: None, begun: 0, seen: Moment::MAX });
        match cluster.contents.replace(contents) {
            Some(other) if other != contents => {
                return Err(format!("version {version} is both {other:?} and {contents:?}: {operation:?}"));
            }
            _ => {}
        }
        if matches!(operation.effect, Effect::Changed { .. }) {
            if version == first {
                return Err(format!("version {version} was there before: {operation:?}"));
            }
            if let Some(other) = cluster.change.replace(operation) {
                return Err(format!("two changes are version {version}: {other:?}, {operation:?}"));
            }
        }
        cluster.begun = cluster.begun.max(operation.begin);
        cluster.seen = cluster.seen.min(operation.end);
    }
    let firsts = in_order(&versions)?;
    made_by_somebody(first, &versions, unknown, &firsts)
}

/// No operation of a version begins after a later change has ended, and no version is seen before
/// its change begins. Gives, for each version, when it or a later one was seen first.
fn in_order(versions: &BTreeMap<i64, Cluster<'_>>) -> Result<BTreeMap<i64, Moment>, String> {
    let (mut firsts, mut seen, mut changed) = (BTreeMap::new(), Moment::MAX, Moment::MAX);
    for (version, cluster) in versions.iter().rev() {
        if changed < cluster.begun {
            let begun = cluster.begun;
            return Err(format!("a later version than {version} was made by {changed}, before one began at {begun}"));
        }
        seen = seen.min(cluster.seen);
        if let Some(change) = cluster.change {
            changed = changed.min(change.end);
            if seen < change.begin {
                return Err(format!("version {version} was seen at {seen}, before its change began: {change:?}"));
            }
        }
        firsts.insert(*version, seen);
    }
    Ok(firsts)
}

/// Every version up to the last one that was seen was made by somebody. Those of nobody are changes
/// without an answer: each of another one, which began before the version, or a later one, was
/// seen.
fn made_by_somebody(
    first: i64,
    versions: &BTreeMap<i64, Cluster<'_>>,
    unknown: Vec<(Moment, &str)>,
    firsts: &BTreeMap<i64, Moment>,
) -> Result<(), String> {
    let last = versions.keys().next_back().copied().unwrap_or(first);
    // What contents say is certain. What nobody saw takes whatever is left, the earliest first.
    let mut left = unknown;
    left.sort_unstable();
    let due = |version: i64| firsts.range(version..).next().map_or(Moment::MAX, |(_, seen)| *seen);
    let mut unseen = Vec::new();
    for version in first + 1..=last {
        let cluster = versions.get(&version);
        if cluster.is_some_and(|cluster| cluster.change.is_some()) {
            continue;
        }
        let Some(contents) = cluster.and_then(|cluster| cluster.contents) else {
            unseen.push(version);
            continue;
        };
        let maker = left.iter().position(|(begin, made)| *made == contents && *begin <= due(version));
        match maker {
            Some(maker) => drop(left.remove(maker)),
            None => return Err(format!("nobody made version {version} with {contents:?} by {}", due(version))),
        }
    }
    let mut left = left.into_iter();
    for version in unseen {
        if left.next().is_none_or(|(begin, _)| begin > due(version)) {
            return Err(format!("nobody made version {version} by {}", due(version)));
        }
    }
    Ok(())
}

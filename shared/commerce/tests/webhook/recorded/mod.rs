//! Recorded deliveries, which aren't part of this repository. `PAYPAL_VECTORS` and `STRIPE_VECTORS`
//! name a file of them, or a folder with the usual file names; otherwise a folder beside the
//! repository is used if it exists. Without any, these tests say so and check nothing.

mod events;
mod other;
mod paypal;
mod vector;

use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The folder that is searched for vectors when no variable names them.
const BESIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/payments");

/// Says something that a passing test shows, too: the test harness captures only the printing
/// macros.
fn say(what: &str) {
    let _ = writeln!(std::io::stderr(), "recorded vectors: {what}");
}

/// The file that `variable` names, else `name` in the folder beside the repository. `None`, said
/// aloud, if neither is there.
fn file(variable: Option<&str>, name: &str) -> Option<PathBuf> {
    if let Some(given) = variable.and_then(env::var_os) {
        let given = PathBuf::from(given);
        let path = if given.is_dir() { given.join(name) } else { given };
        assert!(path.exists(), "{variable:?} names {}, which doesn't exist", path.display());
        return Some(path);
    }
    let path = Path::new(BESIDE).join(name);
    if path.exists() {
        return Some(path);
    }
    say(&format!("{name} is not there ({}): nothing checked", path.display()));
    None
}

/// Whether a variable names one file, so that the usual other files aren't looked at.
fn names_one_file(variable: &str) -> bool {
    env::var_os(variable).is_some_and(|given| !Path::new(&given).is_dir())
}

fn read(path: &Path) -> Value {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str()
}

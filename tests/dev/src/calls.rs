//! `database/calls.txt`: the functions in Postgres that components call.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};

/// The folders of code that runs in components.
const CODE: [&str; 2] = ["functions", "shared"];
const HEAD: &str = "\
# Functions that components call, by name, as their code has it in a literal. The runner notes their
# signatures and refuses to drop one that a component in service may call. By make generate.
";

/// The file's whole text.
///
/// # Errors
/// A folder or a file can't be read.
pub fn list(root: &Path) -> Result<String> {
    let mut functions = BTreeSet::new();
    for path in files(&root.join("database/code"), "sql")? {
        let text = read(&path)?;
        let name = text.lines().find_map(|line| line.strip_prefix("CREATE OR REPLACE FUNCTION ")?.split('(').next());
        if path.strip_prefix(root).is_ok_and(|path| !path.starts_with("database/code/retired")) {
            functions.extend(name.map(str::to_owned));
        }
    }
    let mut code = String::new();
    for folder in CODE {
        for path in files(&root.join(folder), "rs")? {
            code.push_str(&read(&path)?);
        }
    }
    let called = |name: &String| [format!("\"{name}\""), format!(" {name}($")].iter().any(|form| code.contains(form));
    functions.retain(called);
    Ok(functions.into_iter().fold(HEAD.to_owned(), |text, name| format!("{text}{name}\n")))
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// The files below a folder with this ending, without those of tests.
fn files(folder: &Path, ending: &str) -> Result<Vec<std::path::PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            if path.file_name().is_none_or(|name| name != "tests" && name != "target") {
                found.extend(files(&path, ending)?);
            }
        } else if path.extension().is_some_and(|extension| extension == ending) {
            found.push(path);
        }
    }
    Ok(found)
}

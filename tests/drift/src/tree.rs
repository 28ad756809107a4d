use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// The workspace as text, so that a test can break it without touching a file.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Text by path, relative to the root.
    pub files: BTreeMap<String, String>,
    /// The normal dependencies of each package of the workspace, by name; dev-dependencies may
    /// point anywhere.
    pub dependencies: BTreeMap<String, Vec<String>>,
}

/// The folders with the files that the rules check.
const FOLDERS: [&str; 5] = ["functions", "shared", "database", "tests/host/src", "tests/e2e"];

impl Tree {
    /// Reads the workspace at `root`, and its packages by `cargo metadata`.
    ///
    /// # Errors
    /// A sentence if a file can't be read or cargo fails.
    pub fn load(root: &Path) -> Result<Tree, String> {
        let mut files = BTreeMap::new();
        for folder in FOLDERS {
            read_folder(root, folder, &mut files)?;
        }
        let manifest = std::fs::read_to_string(root.join("spin.toml")).map_err(|e| format!("spin.toml: {e}"))?;
        files.insert("spin.toml".to_owned(), manifest);
        Ok(Tree { files, dependencies: packages(root)? })
    }

    /// The files below `folder` with this ending.
    pub fn below<'a>(&'a self, folder: &'a str, ending: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let wanted = move |path: &str| path.starts_with(folder) && path.ends_with(ending);
        self.files.iter().filter(move |(path, _)| wanted(path)).map(|(path, text)| (path.as_str(), text.as_str()))
    }
}

fn read_folder(root: &Path, folder: &str, files: &mut BTreeMap<String, String>) -> Result<(), String> {
    let entries = std::fs::read_dir(root.join(folder)).map_err(|e| format!("{folder}: {e}"))?;
    for entry in entries {
        let entry = entry.map_err(|e| format!("{folder}: {e}"))?;
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            if !path.ends_with("/target") {
                read_folder(root, &path, files)?;
            }
        } else if path.ends_with(".rs") || path.ends_with(".sql") || path.ends_with(".toml") {
            let text = std::fs::read_to_string(entry.path()).map_err(|e| format!("{path}: {e}"))?;
            files.insert(path, text);
        }
    }
    Ok(())
}

fn packages(root: &Path) -> Result<BTreeMap<String, Vec<String>>, String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root)
        .output()
        .map_err(|e| format!("cargo metadata: {e}"))?;
    if !output.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let metadata: Value = serde_json::from_slice(&output.stdout).map_err(|e| format!("cargo metadata: {e}"))?;
    let mut packages = BTreeMap::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default().to_owned();
        let normal = package["dependencies"].as_array().into_iter().flatten().filter(|one| one["kind"].is_null());
        let names = normal.filter_map(|one| one["name"].as_str()).map(str::to_owned).collect();
        packages.insert(name, names);
    }
    Ok(packages)
}

//! The rooms of the crate: testing imports kit and protocol, kit imports protocol, and no file
//! imports one that imports it back.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Every file of `src` by its module path, such as `protocol::read::fill`.
fn files() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut folders, mut files) = (vec![root.clone()], BTreeMap::new());
    while let Some(folder) = folders.pop() {
        for found in fs::read_dir(folder).unwrap() {
            let path: PathBuf = found.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(&root).unwrap().with_extension("");
                let name = name.to_str().unwrap().replace(['/', '\\'], "::");
                files.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    files
}

/// The modules that the code of a file imports or names by a path from the crate's root, from its
/// parent, or from itself. Test modules at its end are left out.
fn imports(module: &str, code: &str, modules: &BTreeSet<String>) -> BTreeSet<String> {
    let code = code.split("#[cfg(test)]").next().unwrap_or_default();
    let parent = module.rsplit_once("::").map_or("", |(parent, _)| parent);
    let mut found = BTreeSet::new();
    for line in code.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
        for (prefix, base) in [("crate::", ""), ("super::", parent), ("use ", module)] {
            let Some((_, rest)) = line.split_once(prefix) else { continue };
            let path: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "_:".contains(*c)).collect();
            let whole = if base.is_empty() { path } else { format!("{base}::{path}") };
            // The longest part of the path that is a file.
            let mut name = whole.trim_end_matches(':');
            while !modules.contains(name) {
                let Some((shorter, _)) = name.rsplit_once("::") else { break };
                name = shorter;
            }
            if modules.contains(name) && name != module {
                found.insert(name.to_owned());
            }
        }
    }
    found
}

fn graph() -> BTreeMap<String, BTreeSet<String>> {
    let files = files();
    let modules = files.keys().filter(|name| *name != "lib").cloned().collect();
    let node = |(name, code): (&String, &String)| (name.clone(), imports(name, code, &modules));
    files.iter().filter(|(name, _)| *name != "lib" && !name.ends_with("::tests")).map(node).collect()
}

#[test]
fn imports_point_from_testing_to_kit_to_protocol() {
    let graph = graph();
    assert!(graph.len() > 30 && graph["testing::memory::store"].contains("protocol::ports"));
    for (module, imported) in graph {
        let below: &[&str] = match module.split("::").next() {
            Some("protocol") => &["protocol"],
            Some("kit") => &["protocol", "kit"],
            _ => &["protocol", "kit", "testing"],
        };
        for other in imported {
            let room = other.split("::").next().unwrap();
            assert!(below.contains(&room), "{module} imports {other}");
        }
    }
}

#[test]
fn no_circle_of_imports() {
    let mut graph = graph();
    // Takes out, again and again, the files that import none of those left.
    while let Some(leaf) = graph
        .iter()
        .find(|(_, imported)| !imported.iter().any(|other| graph.contains_key(other)))
        .map(|(module, _)| module.clone())
    {
        graph.remove(&leaf);
    }
    assert!(graph.is_empty(), "in a circle, or above one: {graph:#?}");
}

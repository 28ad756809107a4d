//! The rows of every component's table of routes. They are read from the source, because a
//! component can't be linked into a program.

use std::path::Path;

use anyhow::{Context, Result, ensure};

/// A row of a component's table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// `GET`, `POST`, …; `VISIT` is GET without HEAD, `ASK` a POST that reads, `ANY` every
    /// method.
    pub verb: String,
    /// The path, as in spin.toml.
    pub path: String,
}

/// A component and its rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// The name: that of its folder.
    pub name: String,
    /// Its `[package]` in Cargo.toml.
    pub package: toml::Value,
    /// The rows of its table, in their order. None if it takes messages and no requests.
    pub rows: Vec<Row>,
}

impl Component {
    /// What it serves, in one sentence of its Cargo.toml.
    ///
    /// # Errors
    /// It has none.
    pub fn description(&self) -> Result<&str> {
        let description = self.package.get("description").and_then(toml::Value::as_str);
        description.with_context(|| format!("functions/{}/Cargo.toml has no description", self.name))
    }
}

/// Every component that serves requests, by name.
///
/// # Errors
/// As [`all`].
pub fn components(root: &Path) -> Result<Vec<Component>> {
    Ok(all(root)?.into_iter().filter(|component| !component.rows.is_empty()).collect())
}

/// Every component below `functions/`, by name.
///
/// # Errors
/// A folder without a table or a Cargo.toml, or a row that can't be read.
pub fn all(root: &Path) -> Result<Vec<Component>> {
    let mut components = Vec::new();
    for entry in std::fs::read_dir(root.join("functions")).context("functions/ can't be listed")? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let place = root.join("functions").join(&name).join("src/lib.rs");
        let text = std::fs::read_to_string(&place).with_context(|| format!("{name}/src/lib.rs can't be read"))?;
        let rows = rows(&text).with_context(|| format!("functions/{name}/src/lib.rs"))?;
        let manifest = std::fs::read_to_string(root.join("functions").join(&name).join("Cargo.toml"));
        let manifest: toml::Table = manifest.with_context(|| format!("{name}/Cargo.toml can't be read"))?.parse()?;
        let package = manifest.get("package").with_context(|| format!("{name}/Cargo.toml has no package"))?.clone();
        components.push(Component { name, package, rows });
    }
    components.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(components)
}

/// The rows of `edge::component! { … }`; none for `edge::subscriber! { … }`.
fn rows(text: &str) -> Result<Vec<Row>> {
    if text.contains("edge::subscriber! {") {
        return Ok(Vec::new());
    }
    let (_, table) = text.split_once("edge::component! {").context("has no table of routes")?;
    let (table, _) = table.split_once('}').context("has a table of routes without an end")?;
    let rows: Result<Vec<Row>> = table.lines().map(str::trim).filter(|line| !line.is_empty()).map(row).collect();
    let rows = rows?;
    ensure!(!rows.is_empty(), "has an empty table of routes");
    Ok(rows)
}

fn row(line: &str) -> Result<Row> {
    let parts: Vec<&str> = line.split_whitespace().collect();
    let [verb, _access, path, "=>", _operation, ..] = parts.as_slice() else {
        anyhow::bail!("{line:?} is not `VERB access \"path\" => operation;`");
    };
    Ok(Row { verb: (*verb).to_owned(), path: path.trim_matches('"').to_owned() })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kit::{Description, Operation};

    use super::*;

    #[test]
    fn a_row_is_read_with_its_method_and_path() {
        let text = "mod a;\nedge::component! {\n    GET   token \"/a/:id\" => a::get;\n\n    ANY open \"/...\" => b [c::D];\n}\n";
        let row = |verb: &str, path: &str| Row { verb: verb.into(), path: path.into() };
        assert_eq!(rows(text).expect("rows"), [row("GET", "/a/:id"), row("ANY", "/...")]);
        assert!(rows("mod a;").is_err());
        assert!(rows("edge::component! { GET \"/a\" => b; }").is_err());
    }

    /// Every route of the API is described, and every described one is a row.
    #[test]
    fn the_rows_are_the_operations_of_openapi() {
        let description = Description::get();
        let base = description.document()["servers"][0]["url"].as_str().expect("a server");
        let of = |operation: &Operation| format!("{} {base}{}", operation.method, operation.path);
        let described: BTreeSet<String> = description.operations().iter().map(of).collect();
        let mut rows = BTreeSet::new();
        for row in components(crate::root()).expect("components").into_iter().flat_map(|component| component.rows) {
            // Some are at the root too, where programs look by habit.
            if row.path.starts_with("/api/v1/") {
                let verb = match &*row.verb {
                    "VISIT" => "GET",
                    "ASK" => "POST",
                    verb => verb,
                };
                let path: Vec<String> = row
                    .path
                    .split('/')
                    .map(|part| part.strip_prefix(':').map_or(part.to_owned(), |name| format!("{{{name}}}")))
                    .collect();
                rows.insert(format!("{verb} {}", path.join("/")));
            }
        }
        assert_eq!(rows, described);
    }
}

//! The rows of settings, and README's tables of them and of components.

use std::path::Path;

use anyhow::{Context, Result};
use edge::settings::{Group, Setting};

/// Every group, in the order of spin.toml.
pub fn groups() -> impl Iterator<Item = &'static Group> {
    edge::settings::GROUPS.iter().chain(payments::config::GROUPS).copied()
}

/// Every setting, in the same order.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    groups().flat_map(|group| group.settings)
}

/// README with its tables of components and of settings.
///
/// # Errors
/// README can't be read, has no place for a table, or a component can't be read.
pub fn readme(root: &Path) -> Result<String> {
    let text = std::fs::read_to_string(root.join("README.md")).context("README.md can't be read")?;
    with_part(&with_part(&text, "components", &components(root)?)?, "settings", &table())
}

/// The text with the part between the two comments of this name replaced.
fn with_part(text: &str, name: &str, part: &str) -> Result<String> {
    let begin = format!("<!-- {name}: begin, by make generate -->\n");
    let end = format!("<!-- {name}: end -->");
    let (before, rest) = text.split_once(&begin).with_context(|| format!("README.md has no place for the {name}"))?;
    let (_, after) = rest.split_once(&end).with_context(|| format!("README.md has no end of the {name}"))?;
    Ok(format!("{before}{begin}{part}{end}{after}"))
}

fn components(root: &Path) -> Result<String> {
    let mut text = "\n| component | serves |\n| --- | --- |\n".to_owned();
    for component in crate::routes::components(root)? {
        text.push_str(&format!("| `functions/{}` | {} |\n", component.name, component.description()?));
    }
    text.push('\n');
    Ok(text)
}

fn table() -> String {
    let mut text = "\n| variable | default | bounds | |\n| --- | --- | --- | --- |\n".to_owned();
    for setting in all() {
        let default = if setting.default.is_empty() { "empty".to_owned() } else { format!("`{}`", setting.default) };
        let bounds = setting.bounds.map_or(String::new(), |(low, high)| format!("{low} to {high}"));
        let secret = if setting.secret { "secret: " } else { "" };
        text.push_str(&format!("| `{}` | {default} | {bounds} | {secret}{} |\n", setting.name, setting.about));
    }
    text.push('\n');
    text
}

//! The rows of settings, and the tables of them and of components in docs/.

use std::path::Path;

use anyhow::Result;
use edge::settings::{Group, Setting};

/// Every group, in the order of spin.toml.
pub fn groups() -> impl Iterator<Item = &'static Group> {
    let own = edge::settings::GROUPS.iter().chain(edge::settings::SERVICES);
    own.chain(payments::config::GROUPS).copied()
}

/// Every setting, in the same order.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    groups().flat_map(|group| group.settings)
}

/// docs/architecture.md with its table of components.
///
/// # Errors
/// The file can't be read, has no place for the table, or a component can't be read.
pub fn architecture(root: &Path) -> Result<String> {
    crate::part::replaced(root, "docs/architecture.md", "components", &components(root)?)
}

/// docs/settings.md with its table.
///
/// # Errors
/// The file can't be read, or has no place for the table.
pub fn reference(root: &Path) -> Result<String> {
    crate::part::replaced(root, "docs/settings.md", "settings", &table())
}

fn components(root: &Path) -> Result<String> {
    let mut text = "\n| component | serves |\n| --- | --- |\n".to_owned();
    for component in crate::routes::all(root)? {
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

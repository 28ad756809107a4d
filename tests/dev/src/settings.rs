//! The rows of settings, and README's table of them.

use std::path::Path;

use anyhow::{Context, Result};
use edge::settings::{Group, Setting};

const BEGIN: &str = "<!-- settings: begin, by make generate -->\n";
const END: &str = "<!-- settings: end -->";

/// Every group, in the order of spin.toml.
pub fn groups() -> impl Iterator<Item = &'static Group> {
    edge::settings::GROUPS.iter().chain(payments::config::GROUPS).copied()
}

/// Every setting, in the same order.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    groups().flat_map(|group| group.settings)
}

/// README with its table of settings.
///
/// # Errors
/// README can't be read, or has no place for the table.
pub fn readme(root: &Path) -> Result<String> {
    let text = std::fs::read_to_string(root.join("README.md")).context("README.md can't be read")?;
    let (before, rest) = text.split_once(BEGIN).context("README.md has no place for the settings")?;
    let (_, after) = rest.split_once(END).context("README.md has no end of the settings")?;
    Ok(format!("{before}{BEGIN}{}{END}{after}", table()))
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

//! Values of the application's variables, and the templates (`"redis://{{ host }}"`) that use them.

use crate::manifest::Variable;
use anyhow::{Context as _, Result, bail, ensure};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::Path;

/// The value of every application variable. Its `Debug` shows names only: some values are secret.
#[derive(Clone, Default)]
pub struct Values(BTreeMap<String, String>);

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The sources of values, the first hit wins: `overrides`, then `SPIN_VARIABLE_<NAME>` of
/// `environment`, then the default.
#[derive(Clone, Default)]
pub struct Sources {
    /// `--variable name=value`
    pub overrides: HashMap<String, String>,
    /// Environment variables by name
    pub environment: HashMap<String, String>,
}

impl Sources {
    /// The environment of this process over `.env` in the directory `dir`, and `overrides` over
    /// both.
    ///
    /// # Errors
    /// A `.env` that can't be parsed; a missing one is fine.
    pub fn of_process(dir: &Path, overrides: HashMap<String, String>) -> Result<Self> {
        let mut environment = HashMap::new();
        if let Ok(lines) = dotenvy::from_path_iter(dir.join(".env")) {
            for line in lines {
                let (name, value) = line.context("cannot read .env")?;
                environment.insert(name, value);
            }
        }
        environment
            .extend(std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))));
        Ok(Self { overrides, environment })
    }
}

impl Values {
    /// Gives every declared variable its value.
    ///
    /// # Errors
    /// A name that Spin would refuse, a required variable without a value, or an override of a
    /// variable that isn't declared.
    pub fn resolve(declared: &BTreeMap<String, Variable>, sources: &Sources) -> Result<Self> {
        for name in sources.overrides.keys() {
            ensure!(declared.contains_key(name), "there is no variable {name:?} to be set");
        }
        let mut values = BTreeMap::new();
        let mut missing = Vec::new();
        for (name, variable) in declared {
            check_name(name).map_err(|why| anyhow::anyhow!("variable {name:?} {why}"))?;
            let from_environment = || sources.environment.get(&environment_name(name));
            let value = sources.overrides.get(name).or_else(from_environment).or(variable.default.as_ref());
            match value {
                Some(value) => drop(values.insert(name.clone(), value.clone())),
                None => missing.push(format!("{name} ({})", environment_name(name))),
            }
        }
        if !missing.is_empty() {
            bail!("required variables have no value: {}", missing.join(", "));
        }
        Ok(Self(values))
    }

    /// Replaces each `{{ name }}` of a template by that variable's value.
    ///
    /// # Errors
    /// A `{{` without its `}}`, a `}}` without its `{{`, or an unknown variable.
    pub fn expand(&self, template: &str) -> Result<String> {
        let mut expanded = String::new();
        let mut rest = template;
        while let Some((literal, after)) = rest.split_once("{{") {
            let (name, tail) = after.split_once("}}").with_context(|| format!("unmatched '{{{{' in {template:?}"))?;
            let name = name.trim();
            let value = self.0.get(name).with_context(|| format!("unknown variable {name:?} in {template:?}"))?;
            expanded.push_str(literal);
            expanded.push_str(value);
            rest = tail;
        }
        ensure!(!rest.contains("}}"), "unmatched '}}}}' in {template:?}");
        expanded.push_str(rest);
        Ok(expanded)
    }
}

/// The values that one `--variable` sets: `NAME=VALUE`, `NAME=@FILE` (the file's text), or
/// `@FILE.toml` and `@FILE.json` (a table of names and texts).
///
/// # Errors
/// An argument of another form, or a file that can't be read as its name says.
pub fn parse_argument(argument: &str) -> Result<HashMap<String, String>> {
    let read = |path: &str| std::fs::read_to_string(path).with_context(|| format!("cannot read {path}"));
    if let Some(path) = argument.strip_prefix('@') {
        let extension = Path::new(path).extension().and_then(|extension| extension.to_str());
        return match extension {
            Some("toml") => toml::from_str(&read(path)?).with_context(|| format!("{path} is not a table of texts")),
            Some("json") => {
                serde_json::from_str(&read(path)?).with_context(|| format!("{path} is not an object of texts"))
            }
            _ => bail!("files of variables must end in .toml or .json, {path} doesn't"),
        };
    }
    let (name, value) = argument.split_once('=').context("--variable takes NAME=VALUE or @FILE")?;
    let value = value.strip_prefix('@').map_or_else(|| Ok(value.to_owned()), read)?;
    Ok(HashMap::from([(name.to_owned(), value)]))
}

fn environment_name(variable: &str) -> String {
    format!("SPIN_VARIABLE_{}", variable.to_ascii_uppercase())
}

/// Whether a variable may have this name: lower-case words of letters and digits with single
/// underscores between them.
///
/// # Errors
/// The mistake, to be read after the name.
pub fn check_name(name: &str) -> Result<(), &'static str> {
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        Err("must start with a lower-case letter")
    } else if name.contains(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')) {
        Err("may hold only lower-case letters, digits and underscores")
    } else if name.ends_with('_') || name.contains("__") {
        Err("must not end with an underscore or hold two in a row")
    } else {
        Ok(())
    }
}

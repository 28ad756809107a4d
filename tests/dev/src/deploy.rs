//! What SpinKube's manifests in `deploy/spinkube` have from the components: which of them each app
//! has, and which requests it gets.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use serde_yaml_ng::Value;

use crate::routes::{self, Component};

/// Apps that name their components themselves. All others are in `reads`, and every app but that of
/// pages has `health`.
const OTHERS: [&str; 3] = ["payments", "webhooks", "console"];
const IN_ALL: &str = "health";

/// The components that an app's manifest names.
///
/// # Errors
/// The manifest can't be read.
pub fn components_of(root: &Path, app: &str) -> Result<BTreeSet<String>> {
    let file = format!("deploy/spinkube/{app}.yaml");
    let text = std::fs::read_to_string(root.join(&file)).with_context(|| format!("{file} can't be read"))?;
    let manifest: Value = serde_yaml_ng::from_str(&text).with_context(|| format!("{file} is no YAML"))?;
    let names = manifest["spec"]["components"].as_sequence().into_iter().flatten();
    Ok(names.filter_map(|name| name.as_str().map(str::to_owned)).collect())
}

/// `reads.yaml` with its list of components: each that no other app has.
///
/// # Errors
/// A manifest or a component that can't be read.
pub fn reads(root: &Path) -> Result<String> {
    let mut elsewhere = BTreeSet::new();
    for app in OTHERS {
        elsewhere.extend(components_of(root, app)?);
    }
    elsewhere.remove(IN_ALL);
    let mut part = "  components:\n".to_owned();
    for component in routes::components(root)?.iter().filter(|one| !elsewhere.contains(&one.name)) {
        writeln!(part, "    - {}", component.name)?;
    }
    crate::part::replaced(root, "deploy/spinkube/reads.yaml", "components", &part)
}

/// `routes.yaml` with its rules: the paths of each app's components go to the app, and all else to
/// `reads`.
///
/// # Errors
/// As [`reads`].
pub fn routes(root: &Path) -> Result<String> {
    let components = routes::components(root)?;
    let mut part = "  rules:\n".to_owned();
    for app in OTHERS {
        let names = components_of(root, app)?;
        let its = components.iter().filter(|one| one.name != IN_ALL && names.contains(&one.name));
        part.push_str("    - matches:\n");
        for path in its.flat_map(paths).collect::<BTreeSet<_>>() {
            let exact = !path.contains(':');
            let kind = if exact { "Exact" } else { "RegularExpression" };
            writeln!(
                part,
                "        - path: {{type: {kind}, value: \"{}\"}}",
                if exact { path } else { pattern(&path) }
            )?;
        }
        writeln!(part, "      backendRefs: [{{name: edge-orders-{app}, port: 80}}]")?;
    }
    part.push_str("    - matches:\n        - path: {type: PathPrefix, value: /}\n");
    part.push_str("      backendRefs: [{name: edge-orders-reads, port: 80}]\n");
    crate::part::replaced(root, "deploy/spinkube/routes.yaml", "rules", &part)
}

fn paths(component: &Component) -> Vec<String> {
    component.rows.iter().map(|row| row.path.clone()).collect()
}

/// A path with a pattern for each of its parameters.
fn pattern(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with(':') { "[^/]+" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

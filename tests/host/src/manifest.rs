//! Reads `spin.toml` (manifest version 2) into plain types. An unsupported feature is an error,
//! never ignored.

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// An application as its manifest describes it; templates are not expanded yet.
#[derive(Debug)]
pub struct App {
    /// `application.name`
    pub name: String,
    /// `application.version`, if it is given
    pub version: Option<String>,
    /// Application variables by name
    pub variables: BTreeMap<String, Variable>,
    /// Components by id
    pub components: BTreeMap<String, ComponentSpec>,
    /// (route, component id), in the manifest's order
    pub routes: Vec<(String, String)>,
    /// Redis triggers
    pub subscriptions: Vec<Subscription>,
}

/// A Redis trigger.
#[derive(Debug)]
pub struct Subscription {
    /// Template of the address of Redis, with user and password
    pub address: String,
    /// Template of the channel
    pub channel: String,
    /// The component's id
    pub component: String,
}

/// An application variable.
#[derive(Debug, Clone)]
pub struct Variable {
    /// The value if no other source gives one; `None` = required
    pub default: Option<String>,
    /// Whether its value must not be shown
    pub secret: bool,
}

/// A component's part of the manifest.
#[derive(Debug)]
pub struct ComponentSpec {
    /// The compiled component
    pub source: PathBuf,
    /// Component variables: templates by name
    pub variables: BTreeMap<String, String>,
    /// Environment variables
    pub environment: BTreeMap<String, String>,
    /// Templates of the addresses it may connect to
    pub allowed_outbound_hosts: Vec<String>,
}

impl App {
    /// Reads the manifest at `path`, or `spin.toml` in that directory; component sources are
    /// relative to its directory.
    ///
    /// # Errors
    /// A file that can't be read, is not version 2, contradicts itself, or uses a feature that this
    /// host doesn't have.
    pub fn read(path: &Path) -> Result<Self> {
        let below = path.join("spin.toml");
        let path = if path.is_dir() { &below } else { path };
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text, path.parent().unwrap_or(Path::new("")))
            .with_context(|| format!("{} cannot be run by this host", path.display()))
    }

    /// As [`App::read`], of a text whose component sources are relative to `dir`.
    ///
    /// # Errors
    /// As [`App::read`].
    pub fn parse(text: &str, dir: &Path) -> Result<Self> {
        let toml: ManifestToml = toml::from_str(text)?;
        ensure!(toml.spin_manifest_version == 2, "spin_manifest_version must be 2");

        let mut variables = BTreeMap::new();
        for (name, variable) in toml.variables {
            ensure!(
                variable.required != variable.default.is_some(),
                "variable {name:?} must either be required or have a default"
            );
            variables.insert(name, Variable { default: variable.default, secret: variable.secret });
        }

        let mut components = BTreeMap::new();
        for (id, component) in toml.component {
            let SourceToml::Path(source) = component.source else {
                bail!("component {id:?} has a remote source; this host takes only paths");
            };
            let spec = ComponentSpec {
                source: dir.join(source),
                variables: component.variables,
                environment: component.environment,
                allowed_outbound_hosts: component.allowed_outbound_hosts,
            };
            components.insert(id, spec);
        }

        let mut routes = Vec::new();
        for trigger in toml.trigger.http {
            ensure!(
                components.contains_key(&trigger.component),
                "route {:?} names the component {:?}, which does not exist",
                trigger.route,
                trigger.component
            );
            routes.push((trigger.route, trigger.component));
        }
        let mut subscriptions = Vec::new();
        let common = toml.application.trigger.and_then(|triggers| triggers.redis).map(|redis| redis.address);
        for trigger in toml.trigger.redis {
            let RedisTriggerToml { channel, component, address, .. } = trigger;
            ensure!(
                components.contains_key(&component),
                "channel {channel:?} names the component {component:?}, which does not exist"
            );
            let address = address.or_else(|| common.clone()).context("a Redis trigger has no address")?;
            subscriptions.push(Subscription { address, channel, component });
        }
        ensure!(
            routes.is_empty() != subscriptions.is_empty(),
            "there must be triggers of one kind: with two, Spin runs two processes and ends both when one ends"
        );
        Ok(Self {
            name: toml.application.name,
            version: toml.application.version,
            variables,
            components,
            routes,
            subscriptions,
        })
    }
}

// The file as it is written. Fields that change nothing at run time are read and dropped, so that
// they are allowed.

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ManifestToml {
    spin_manifest_version: u32,
    application: ApplicationToml,
    #[serde(default)]
    variables: BTreeMap<String, VariableToml>,
    trigger: TriggersToml,
    component: BTreeMap<String, ComponentToml>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApplicationToml {
    name: String,
    version: Option<String>,
    #[serde(rename = "description")]
    _description: Option<String>,
    #[serde(rename = "authors")]
    _authors: Option<Vec<String>>,
    trigger: Option<ApplicationTriggersToml>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApplicationTriggersToml {
    redis: Option<ApplicationRedisToml>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApplicationRedisToml {
    address: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VariableToml {
    default: Option<String>,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    secret: bool,
    #[serde(rename = "description")]
    _description: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TriggersToml {
    #[serde(default)]
    http: Vec<HttpTriggerToml>,
    #[serde(default)]
    redis: Vec<RedisTriggerToml>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RedisTriggerToml {
    #[serde(rename = "id")]
    _id: Option<String>,
    channel: String,
    component: String,
    address: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpTriggerToml {
    #[serde(rename = "id")]
    _id: Option<String>,
    route: String,
    component: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ComponentToml {
    source: SourceToml,
    #[serde(default)]
    variables: BTreeMap<String, String>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    allowed_outbound_hosts: Vec<String>,
    #[serde(rename = "description")]
    _description: Option<String>,
    #[serde(rename = "build")]
    _build: Option<toml::Table>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum SourceToml {
    Path(PathBuf),
    #[allow(dead_code, reason = "only recognised, to say that it is not supported")]
    Remote(toml::Table),
}

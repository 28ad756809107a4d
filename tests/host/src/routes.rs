//! The component that a path belongs to. The `routefinder` crate matches, as in Spin.

use anyhow::{Result, anyhow};

/// Paths under it belong to the host.
pub const WELL_KNOWN: &str = "/.well-known/spin/";

/// The routes of an application.
pub struct Routes(routefinder::Router<Route>);

/// A route of the manifest.
#[derive(Debug)]
pub struct Route {
    /// As it stands in the manifest
    pub pattern: String,
    /// The component's id
    pub component: String,
}

/// A path that has a component.
pub struct Match<'a> {
    /// The route that won
    pub route: &'a Route,
    /// The part that a trailing `/...` stands for: empty, or with a leading slash
    pub trailing: String,
    /// (name, value) of each `/:name`
    pub params: Vec<(String, String)>,
}

impl Routes {
    /// The table of (route, component id). Of two equal routes the later one counts, as in Spin.
    ///
    /// # Errors
    /// A route that cannot be parsed.
    pub fn new(routes: impl IntoIterator<Item = (String, String)>) -> Result<Self> {
        let mut router = routefinder::Router::new();
        for (pattern, component) in routes {
            if pattern.starts_with(WELL_KNOWN) {
                eprintln!("route {pattern:?} will never be reached: paths under {WELL_KNOWN} are the host's");
            }
            let spec = match pattern.strip_suffix("/...") {
                Some(prefix) => format!("{prefix}/*"),
                None => pattern.clone(),
            };
            let route = Route { pattern: pattern.clone(), component };
            router.add(spec, route).map_err(|why| anyhow!("route {pattern:?} is not valid: {why}"))?;
        }
        Ok(Self(router))
    }

    /// The route for a path: exact segments beat parameters, parameters beat the wildcard, the
    /// longer prefix wins.
    pub fn find(&self, path: &str) -> Option<Match<'_>> {
        let found = self.0.best_match(path)?;
        let captures = found.captures();
        let trailing = captures.wildcard().map(|rest| match (rest.is_empty(), path.ends_with('/')) {
            (true, false) => String::new(),
            (true, true) => "/".to_owned(),
            (false, slash) => format!("/{rest}{}", if slash { "/" } else { "" }),
        });
        let params = captures.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Some(Match { route: found.handler(), trailing: trailing.unwrap_or_default(), params })
    }

    /// All of them, most specific first.
    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        self.0.iter().map(|(_, route)| route)
    }
}

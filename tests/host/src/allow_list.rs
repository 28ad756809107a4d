//! `allowed_outbound_hosts`: the addresses that a component may connect to.

use anyhow::{Context as _, Result, bail, ensure};
use std::ops::Range;
use url::{Host, Url};

/// The addresses that one component may connect to.
#[derive(Debug, Default)]
pub struct AllowList(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    /// `None` = any
    scheme: Option<String>,
    host: HostRule,
    /// `None` = any
    ports: Option<Range<u32>>,
}

#[derive(Debug)]
enum HostRule {
    Any,
    /// With the leading dot
    Subdomains(String),
    Exactly(Host),
}

impl AllowList {
    /// Parses entries of the form `scheme://host[:port]`, templates already expanded. `*` stands
    /// for any scheme, host or port, `*.example.com` for any subdomain, `8000..8010` for ports
    /// without the last one. An entry that is empty, or `http://` or `https://` alone, is skipped.
    /// So an empty variable leaves out an optional address.
    ///
    /// # Errors
    /// The entry that can't be understood, or that only Spin itself has: networks, `self` and
    /// `*.spin.internal`. The message doesn't show the entry, which may come from a secret.
    pub fn parse<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let given = entries.into_iter().filter(|entry| !matches!(*entry, "" | "http://" | "https://"));
        given.map(Entry::parse).collect::<Result<_>>().map(Self)
    }

    /// Whether a connection to `address` is allowed; an address without a scheme is taken to have
    /// `default_scheme`.
    pub fn allows(&self, address: &str, default_scheme: &str) -> bool {
        let Some(url) = parse_address(address, default_scheme) else { return false };
        let Some(Ok(host)) = url.host_str().map(Host::parse) else { return false };
        let port = url.port().or_else(|| well_known_port(url.scheme()));
        self.0.iter().any(|entry| {
            entry.scheme.as_deref().is_none_or(|scheme| scheme == url.scheme())
                && entry.host.allows(&host)
                && entry.ports.as_ref().is_none_or(|ports| port.is_some_and(|port| ports.contains(&u32::from(port))))
        })
    }

    /// As [`AllowList::allows`], and logs a refusal for the operator. Credentials in the address
    /// are not shown.
    pub fn check(&self, component: &str, address: &str, default_scheme: &str) -> bool {
        let allowed = self.allows(address, default_scheme);
        if !allowed {
            let shown = parse_address(address, default_scheme).and_then(|url| {
                let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
                Some(format!("{}://{}{port}", url.scheme(), url.host_str()?))
            });
            let shown = shown.as_deref().unwrap_or("an address that cannot be parsed");
            eprintln!("[{component}] refused: {shown} is not in allowed_outbound_hosts");
        }
        allowed
    }
}

impl Entry {
    fn parse(entry: &str) -> Result<Self> {
        let (scheme, rest) = entry.trim().split_once("://").context("an entry needs a scheme, such as \"redis://\"")?;
        ensure!(
            scheme == "*" || scheme.chars().all(char::is_alphabetic),
            "a scheme is '*' or letters only; lists of schemes are not supported"
        );
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        ensure!(!rest.contains('/'), "an entry must not have a path, and networks are not supported by this host");
        // The colons of an IPv6 address are inside brackets.
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port),
            _ => (rest, ""),
        };
        let ports = match port {
            "*" => None,
            "" => {
                let port = well_known_port(scheme)
                    .with_context(|| format!("an entry needs a port: {scheme:?} has no default one"))?;
                Some(u32::from(port)..u32::from(port) + 1)
            }
            _ => Some(parse_ports(port)?),
        };
        Ok(Self { scheme: (scheme != "*").then(|| scheme.to_owned()), host: HostRule::parse(host)?, ports })
    }
}

impl HostRule {
    fn parse(host: &str) -> Result<Self> {
        if host == "*" {
            return Ok(Self::Any);
        }
        if host == "self" || host == "self.alt" || host.ends_with(".spin.internal") {
            bail!("requests to the application itself (self, *.spin.internal) are not supported by this host");
        }
        match host.strip_prefix("*.") {
            Some(domain) => match Host::parse(domain) {
                Ok(Host::Domain(domain)) if !domain.contains('*') => Ok(Self::Subdomains(format!(".{domain}"))),
                _ => bail!("what follows '*.' must be a domain"),
            },
            None if host.contains('*') => bail!("'*' may stand only for the whole host or for subdomains"),
            None => Ok(Self::Exactly(Host::parse(host).context("the host is not valid")?)),
        }
    }

    fn allows(&self, host: &Host) -> bool {
        match self {
            Self::Any => true,
            Self::Subdomains(suffix) => matches!(host, Host::Domain(domain) if domain.ends_with(suffix)),
            Self::Exactly(allowed) => host == allowed,
        }
    }
}

fn parse_ports(port: &str) -> Result<Range<u32>> {
    let number =
        |text: &str| text.parse::<u16>().map(u32::from).context("a port is a number or a range such as 8000..8010");
    match port.split_once("..") {
        Some((first, end)) => Ok(number(first)?..number(end)?),
        None => number(port).map(|port| port..port + 1),
    }
}

fn well_known_port(scheme: &str) -> Option<u16> {
    match scheme {
        "postgres" => Some(5432),
        "mysql" => Some(3306),
        "redis" => Some(6379),
        "mqtt" => Some(1883),
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

/// The address as a URL. User and password are cut off first, because their characters need not be
/// allowed in a URL.
fn parse_address(address: &str, default_scheme: &str) -> Option<Url> {
    let authority = address.find("://").map_or(0, |at| at + 3);
    let path = address[authority..].find('/').map_or(address.len(), |at| authority + at);
    let bare = match address.find('@') {
        Some(at) if at >= authority && at < path => format!("{}{}", &address[..authority], &address[at + 1..]),
        _ => address.to_owned(),
    };
    match Url::parse(&bare) {
        Ok(url) if url.has_host() => Some(url),
        _ => Url::parse(&format!("{default_scheme}://{bare}")).ok(),
    }
}

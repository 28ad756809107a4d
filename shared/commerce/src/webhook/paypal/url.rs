//! The certificate URLs that a delivery may name. The URL stands in an unsigned header, so it is an
//! attacker's free choice. It is matched as text, character by character, instead of being parsed
//! the way some client would.

/// Longest URL looked at, as in PayPal's own schema.
const LONGEST: usize = 500;

/// PayPal's two worlds. Each has its API host, certificate host and certificate name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Environment {
    /// Real money.
    Live,
    /// Test accounts.
    Sandbox,
}

impl Environment {
    /// The name in the certificates that sign this environment's messages.
    pub const fn certificate_name(self) -> &'static str {
        match self {
            Self::Live => "messageverificationcerts.paypal.com",
            Self::Sandbox => "messageverificationcerts.sandbox.paypal.com",
        }
    }
}

/// Hosts, folder and file names of acceptable certificate URLs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateUrls {
    /// Exact lower-case hosts of live certificates.
    pub live_hosts: Vec<String>,
    /// Exact lower-case hosts of sandbox certificates.
    pub sandbox_hosts: Vec<String>,
    /// The folder, with both slashes.
    pub folder: String,
    /// The beginning of the file name.
    pub prefix: String,
    /// The characters that may follow the prefix, at least one of them.
    pub characters: Characters,
    /// Certificates that don't come from PayPal: their environment, and the beginning of their
    /// whole URL. For tests: the scheme may be `http` and the host may have a port. With it nothing
    /// else is taken.
    pub elsewhere: Option<(Environment, String)>,
}

/// The characters of a certificate's file name after its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Characters {
    /// Hexadecimal digits and dashes, as in every certificate seen so far.
    HexAndDash,
    /// ASCII letters, digits and dashes.
    AlphanumericAndDash,
}

impl Default for CertificateUrls {
    fn default() -> Self {
        Self {
            live_hosts: vec!["api.paypal.com".into()],
            sandbox_hosts: vec!["api.sandbox.paypal.com".into()],
            folder: "/v1/notifications/certs/".into(),
            prefix: "CERT-".into(),
            characters: Characters::HexAndDash,
            elsewhere: None,
        }
    }
}

impl CertificateUrls {
    /// Certificates whose URLs are `beginning` and a name of letters, digits and dashes. `None` for
    /// a beginning that isn't a folder of some host.
    pub fn elsewhere(environment: Environment, beginning: &str) -> Option<Self> {
        let rest = beginning.strip_prefix("https://").or_else(|| beginning.strip_prefix("http://"))?;
        let (host, path) = rest.split_at(rest.find('/')?);
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._:/".contains(&b);
        let folder = !host.is_empty() && path.ends_with('/') && rest.bytes().all(plain);
        folder.then(|| Self { elsewhere: Some((environment, beginning.to_owned())), ..Self::default() })
    }

    /// The environment whose certificates live at `url`, and the URL to fetch (host in lower case:
    /// also the cache key). `None`: not a URL to touch. Nothing but `https://` + host + folder +
    /// file name passes: no port, user, query, fragment, escape or dot.
    pub fn environment_of(&self, url: &str) -> Option<(Environment, String)> {
        if url.len() > LONGEST {
            return None;
        }
        if let Some((environment, beginning)) = &self.elsewhere {
            let name = url.strip_prefix(beginning.as_str())?;
            let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
            return (!name.is_empty() && name.bytes().all(plain)).then(|| (*environment, url.to_owned()));
        }
        let rest = url.strip_prefix("https://")?;
        let (host, path) = rest.split_at(rest.find('/')?);
        let host = host.to_ascii_lowercase();
        let environment = if self.live_hosts.contains(&host) {
            Environment::Live
        } else if self.sandbox_hosts.contains(&host) {
            Environment::Sandbox
        } else {
            return None;
        };
        let name = path.strip_prefix(self.folder.as_str())?.strip_prefix(self.prefix.as_str())?;
        let allowed = |b: u8| match self.characters {
            Characters::HexAndDash => b.is_ascii_hexdigit() || b == b'-',
            Characters::AlphanumericAndDash => b.is_ascii_alphanumeric() || b == b'-',
        };
        (!name.is_empty() && name.bytes().all(allowed)).then(|| (environment, format!("https://{host}{path}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_providers_own_certificate_files_are_fetched() {
        let urls = CertificateUrls::default();
        let live = "https://api.paypal.com/v1/notifications/certs/CERT-0a1b2c3d-4e5f6071-8293a4b5";
        for (url, expected) in [
            (live, Some(Environment::Live)),
            ("https://API.PayPal.com/v1/notifications/certs/CERT-1a", Some(Environment::Live)),
            ("https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1a", Some(Environment::Sandbox)),
            ("HTTPS://api.paypal.com/v1/notifications/certs/CERT-1a", None),
            ("http://api.paypal.com/v1/notifications/certs/CERT-1a", None),
            ("https://api-m.paypal.com/v1/notifications/certs/CERT-1a", None),
            ("https://api.paypal.com:443/v1/notifications/certs/CERT-1a", None),
            ("https://user@api.paypal.com/v1/notifications/certs/CERT-1a", None),
            ("https://api.paypal.com/v1/notifications/certs/CERT-", None),
            ("https://api.paypal.com/v1/notifications/certs/cert-1a", None),
            ("https://api.paypal.com/v1/notifications/certs/CERT-1a/", None),
            ("https://api.paypal.com/v1/notifications/certs/CERT-1a?x", None),
            ("https://api.paypal.com/v1/notifications/certs/CERT-1a#x", None),
            ("https://api.paypal.com/v1/notifications/certs/CERT-%31", None),
            ("https://api.paypal.com/v1/notifications/certs/CERT-../x", None),
            ("https://api.paypal.com/v1//notifications/certs/CERT-1a", None),
            ("https://api.paypal.com/v1/notifications/certs/CERT-1g", None),
            ("https://api.paypal.com", None),
            ("https://", None),
        ] {
            assert_eq!(urls.environment_of(url).map(|(e, _)| e), expected, "{url}");
        }
        let (_, fetched) = urls.environment_of("https://API.PAYPAL.COM/v1/notifications/certs/CERT-1a").unwrap();
        assert_eq!(fetched, "https://api.paypal.com/v1/notifications/certs/CERT-1a", "one certificate, one cache key");
    }

    #[test]
    fn the_rule_can_be_widened_by_configuration() {
        let urls = CertificateUrls {
            live_hosts: vec!["localhost".into()],
            prefix: String::new(),
            characters: Characters::AlphanumericAndDash,
            ..Default::default()
        };
        assert!(urls.environment_of("https://localhost/v1/notifications/certs/testca-good").is_some());
        assert!(urls.environment_of("https://localhost/v1/notifications/certs/test_ca").is_none());
        assert!(urls.environment_of("https://api.paypal.com/v1/notifications/certs/CERT-1").is_none());
    }

    #[test]
    fn certificates_from_elsewhere_come_from_one_folder_only() {
        let folder = "http://127.0.0.1:4010/v1/notifications/certs/";
        let urls = CertificateUrls::elsewhere(Environment::Sandbox, folder).unwrap();
        let taken = format!("{folder}CERT-1a");
        assert_eq!(urls.environment_of(&taken), Some((Environment::Sandbox, taken.clone())));
        for url in [
            folder,
            "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1a",
            "http://127.0.0.1:4010/v1/notifications/certs/../CERT-1",
            "http://127.0.0.1:4010/v1/notifications/certs/CERT-1?x",
            "http://127.0.0.1:40100/v1/notifications/certs/CERT-1",
            "http://127.0.0.1:4010/v1/notifications/certs/a/b",
        ] {
            assert_eq!(urls.environment_of(url), None, "{url}");
        }
        for beginning in
            ["", "http://", "ftp://host/", "http://host", "http://host/file", "http://user@host/", "http:///"]
        {
            assert!(CertificateUrls::elsewhere(Environment::Sandbox, beginning).is_none(), "{beginning}");
        }
    }
}

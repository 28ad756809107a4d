//! The rows of the tables of settings.

/// One setting: a variable of the app.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its name in spin.toml; the environment has it as `SPIN_VARIABLE_<NAME>`.
    pub name: &'static str,
    /// Its value if none is given.
    pub default: &'static str,
    /// One sentence for spin.toml and docs/settings.md.
    pub about: &'static str,
    /// Its value is shown nowhere.
    pub secret: bool,
    /// The smallest and the largest number that it may be.
    pub bounds: Option<(u64, u64)>,
    /// A hit needs it.
    pub at_start: bool,
    /// The components that are given it; `None`: all of them but [`PAGES`].
    pub readers: Option<&'static [&'static str]>,
}

/// Settings that belong together, in the order of spin.toml.
#[derive(Debug)]
pub struct Group {
    /// Their subject.
    pub about: &'static str,
    /// The rows.
    pub settings: &'static [Setting],
}

/// The components that know payment providers. Health is named with each group whose settings it
/// validates.
pub const PAYMENTS: &[&str] = &["payment-session", "webhook-dedup", "health"];

/// The component of the shopper's way.
pub const SESSIONS: &[&str] = &["payment-session", "health"];

/// The component of webhooks.
pub const DELIVERIES: &[&str] = &["webhook-dedup", "health"];

/// The components that keep views of orders, products and customers. Each knows all lifetimes,
/// since generations outlive the longest of them.
pub const ORDERS: &[&str] =
    &["order-lookup", "order-list", "product-catalog", "customers", "live", "cache-refresh", "health"];

/// The components that make or change orders, and the one that keeps their stock.
pub const ORDERING: &[&str] = &["order-lookup", "order-list", "payment-session", "product-catalog", "health"];

/// The components that make and change orders one by one.
pub const CHANGERS: &[&str] = &["order-lookup", "order-list", "health"];

/// The component that makes the orders anew that are read most.
pub const WARMERS: &[&str] = &["order-list", "health"];

/// The component of products and their stock.
pub const CATALOGUE: &[&str] = &["product-catalog", "health"];

/// The components that keep views: the one that takes messages, and all that take tokens, since
/// each of these looks up the revoked ones.
pub const VIEWERS: &[&str] = &[
    "cache-refresh",
    "access",
    "order-lookup",
    "order-list",
    "product-catalog",
    "customers",
    "live",
    "payment-session",
    "webhook-dedup",
    "health",
];

/// The components with routes that take tokens. The one that takes messages is called by nobody.
pub const CALLED: &[&str] = VIEWERS.split_at(1).1;

/// The component of live statuses.
pub const LIVE: &[&str] = &["live", "health"];

/// The component of tokens and user sessions.
pub const ACCESS: &[&str] = &["access", "health"];

/// The components that guests use.
pub const GUESTS: &[&str] = &["payment-session", "live", "health"];

/// The components that make or recognise pseudonyms.
pub const PSEUDONYMS: &[&str] = &["payment-session", "webhook-dedup", "live", "health"];

/// The component that issues invoices.
pub const ISSUERS: &[&str] = &["order-lookup", "health"];

/// The component that reports on all dependencies.
pub const HEALTH: &[&str] = &["health"];

/// The component that serves pages and nothing else. It is given no setting, and may ask nobody.
pub const PAGES: &str = "console";

/// A setting that all components are given at their first miss or write.
pub const fn setting(name: &'static str, default: &'static str, about: &'static str) -> Setting {
    Setting { name, default, about, secret: false, bounds: None, at_start: false, readers: None }
}

impl Setting {
    /// A whole number within these bounds.
    #[must_use]
    pub const fn within(self, low: u64, high: u64) -> Self {
        Self { bounds: Some((low, high)), ..self }
    }

    /// A value that is shown nowhere.
    #[must_use]
    pub const fn secret(self) -> Self {
        Self { secret: true, ..self }
    }

    /// A value that a hit needs.
    #[must_use]
    pub const fn at_start(self) -> Self {
        Self { at_start: true, ..self }
    }

    /// Given to these components only.
    #[must_use]
    pub const fn read_by(self, readers: &'static [&'static str]) -> Self {
        Self { readers: Some(readers), ..self }
    }

    /// Whether a component is given it.
    pub fn is_read_by(&self, component: &str) -> bool {
        self.readers.map_or(component != PAGES, |readers| readers.contains(&component))
    }
}

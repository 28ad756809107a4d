//! What is needed beside the cache's answer: how entries are kept and loaded, how Postgres is asked, what bodies may come.

use super::{ConfigError, Loaded, Parser, Values, given, once};
use cache_logic::policy::{Limits, Policy};
use commerce::entries::Class;
use commerce::error::Error;
use std::cell::OnceCell;
use std::time::Duration;

/// Who may read `/metrics` and `/health/cache`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricsAccess {
    /// Everyone who can reach the server.
    Open,
    /// Operators, by their token.
    Operator,
}

/// One policy for each class of entries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policies {
    order: Policy,
    orders_list: Policy,
    order_stats: Policy,
    order_summary: Policy,
    order_history: Policy,
    payment_status: Policy,
    order_tracking: Policy,
    invoice_data: Policy,
}

impl Policies {
    /// The policy of a class.
    pub fn of(&self, class: Class) -> &Policy {
        match class {
            Class::Order => &self.order,
            Class::OrdersList => &self.orders_list,
            Class::OrderStats => &self.order_stats,
            Class::OrderSummary => &self.order_summary,
            Class::OrderHistory => &self.order_history,
            // A session is kept as a payment status is, for a time of its own.
            Class::PaymentStatus | Class::OrderStatus | Class::PaymentSession => &self.payment_status,
            Class::OrderTracking => &self.order_tracking,
            Class::InvoiceData => &self.invoice_data,
        }
    }

    fn longest(&self) -> Duration {
        let all = [
            self.order,
            self.orders_list,
            self.order_stats,
            self.order_summary,
            self.order_history,
            self.payment_status,
            self.order_tracking,
            self.invoice_data,
        ];
        all.iter().map(|policy| policy.ttl).max().unwrap_or_default()
    }
}

/// All other settings of an instance: those that a hit doesn't need. Read when something else than a hit is asked for.
pub struct Rules {
    /// How entries are kept.
    pub policies: Policies,
    /// The limits of the cache protocol.
    pub limits: Limits,
    /// How long one statement may take.
    pub postgres_timeout: Duration,
    /// How long Postgres is left alone after it gave no answer.
    pub postgres_rest: Duration,
    /// A request's body may have this many bytes.
    pub max_body_bytes: usize,
    /// How long a lock lasts that a component takes.
    pub lock_ttl: Duration,
    /// Who may read the statistics.
    pub metrics_access: MetricsAccess,
}

/// Every variable of [`Rules`]; of `certificate_ms` the others know, too.
pub const VARIABLES: &[&str] = &[
    "cache_ttl_seconds",
    "ttl_order",
    "ttl_orders_list",
    "ttl_order_stats",
    "ttl_order_summary",
    "ttl_order_history",
    "ttl_payment_status",
    "ttl_order_tracking",
    "ttl_invoice_data",
    "certificate_ms",
    "outage_write_wait_ms",
    "postgres_timeout_ms",
    "postgres_breaker_ms",
    "max_entry_bytes",
    "cache_wait_ms",
    "max_body_bytes",
    "lock_ttl",
    "metrics_access",
];

thread_local! {
    static RULES: OnceCell<Loaded<Rules>> = const { OnceCell::new() };
}

impl Rules {
    /// This instance's, read when they are first asked for.
    ///
    /// # Errors
    /// Every variable of them that is wrong; the same each time.
    pub async fn get() -> Loaded<Self> {
        once(&RULES, async || Self::parse(&given(VARIABLES).await?)).await
    }

    /// As [`Self::get`], as an answer to a request.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] that names every wrong variable of them.
    pub async fn ready() -> Result<&'static Self, Error> {
        Self::get().await.map_err(crate::http::misconfigured)
    }

    /// Parses and validates. Pure.
    ///
    /// # Errors
    /// Every variable that is wrong, not only the first.
    pub fn parse(values: &Values) -> Result<Self, Vec<ConfigError>> {
        let mut parser = Parser::new(values);
        let default_ttl = parser.text("cache_ttl_seconds");
        let policies = Policies {
            order: parser.policy("ttl_order", &default_ttl),
            orders_list: parser.policy("ttl_orders_list", &default_ttl),
            order_stats: parser.policy("ttl_order_stats", &default_ttl),
            order_summary: parser.policy("ttl_order_summary", &default_ttl),
            order_history: parser.policy("ttl_order_history", &default_ttl),
            payment_status: parser.policy("ttl_payment_status", &default_ttl).never_on_error(),
            order_tracking: parser.policy("ttl_order_tracking", &default_ttl),
            invoice_data: parser.policy("ttl_invoice_data", &default_ttl),
        };
        let timing = parser.timing();
        let postgres_timeout = parser.millis("postgres_timeout_ms", 10, 60_000);
        let rules = Self {
            limits: Limits {
                max_entry_bytes: parser.bounded("max_entry_bytes", 1_000, 100_000_000) as usize,
                lease_hold: postgres_timeout + Duration::from_millis(500),
                wait: parser.millis("cache_wait_ms", 0, 60_000),
                timing: timing.unwrap_or_default(),
                outage_wait: parser.outage_wait(timing),
                generation_ttl: policies.longest() * 2,
            },
            policies,
            postgres_timeout,
            postgres_rest: parser.millis("postgres_breaker_ms", 1, 600_000),
            max_body_bytes: parser.bounded("max_body_bytes", 1_000, 10_000_000) as usize,
            lock_ttl: Duration::from_secs(parser.bounded("lock_ttl", 1, 3600)),
            metrics_access: parser
                .one_of("metrics_access", &[("open", MetricsAccess::Open), ("operator", MetricsAccess::Operator)]),
        };
        parser.outcome(rules)
    }
}

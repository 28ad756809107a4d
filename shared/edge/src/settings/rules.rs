//! The settings that a hit doesn't need: how entries are kept and loaded, how Postgres is asked,
//! how large bodies may be.

use super::component::component;
use super::{
    ACCESS, CALLED, CATALOGUE, CHANGERS, ConfigError, GROUPS, Group, HEALTH, ISSUERS, LIVE, ORDERING, ORDERS,
    OnceResult, Parser, Setting, VIEWERS, Values, WARMERS, log_wrong, misconfigured, once, rows, setting, values_of,
};
use cache_logic::loads::LoadBounds;
use cache_logic::origin::OriginFault;
use cache_logic::policy::{Limits, Policy};
use cache_spin::log::{self, Level};
use cache_spin::terms::Terms;
use commerce::error::Error;
use commerce::stock::InventoryMode;
use commerce::urls;
use commerce::views::{self, VIEWS, View};
use std::cell::OnceCell;
use std::time::Duration;

/// The callers that may read `/metrics` and `/health/cache`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricsAccess {
    /// Everyone that can reach the server.
    Open,
    /// Operators, by their token.
    Operator,
}

/// What happens to a token if Postgres is away and nobody can tell whether it was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationUnknown {
    /// It counts, unless the last known list names it.
    Serve,
    /// The request is answered by 503.
    Refuse,
}

/// One policy for each view.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policies([Policy; views::NAMES.len()]);

impl Policies {
    /// The policy of a view.
    pub fn of(&self, view: &View) -> &Policy {
        &self.0[view.number()]
    }

    fn parse(parser: &mut Parser<'_>) -> Self {
        let default_ttl = parser.text(DEFAULT_TTL);
        Self(std::array::from_fn(|number| {
            let view = &VIEWS[number];
            // The lifetime of what payments show comes with each read of it.
            let variable = if PAYMENT_TTLS.contains(&view.ttl) { DEFAULT_TTL } else { view.ttl };
            let policy = parser.policy(variable, &default_ttl);
            if view.stale_if_error { policy } else { policy.never_on_error() }
        }))
    }

    fn longest(&self) -> Duration {
        self.0.iter().map(|policy| policy.ttl).max().unwrap_or_default()
    }
}

/// The lifetime of every view without one of its own.
const DEFAULT_TTL: &str = "cache_ttl_seconds";
/// The lifetimes of payment sessions, of transactions and of carts are settings of payments.
const PAYMENT_TTLS: [&str; 3] = ["ttl_payment_session", "ttl_transaction", "ttl_checkout_session"];

/// The lifetime of revoked tokens, which every component looks up.
const ACCESS_TTL: &str = "ttl_access";
/// The lifetime of user sessions, which one component has.
const SESSION_TTL: &str = "ttl_session";

/// All settings that a hit doesn't need. Read at the first request that isn't a hit.
pub struct Rules {
    /// How entries are kept.
    pub policies: Policies,
    /// How entries are loaded, and how Postgres is asked.
    pub terms: Terms,
    /// An order's entry is made behind the answer to its creation or change.
    pub fill_after_write: bool,
    /// So many orders, those that are read most, are made anew before anybody asks.
    pub hot_orders: usize,
    /// How long an instance serves names by itself.
    pub lookup_near: Duration,
    /// A request's body may have this many bytes.
    pub max_body_bytes: usize,
    /// How long a component's lock lasts.
    pub lock_ttl: Duration,
    /// How long the turn to number an invoice lasts.
    pub invoice_lock: Duration,
    /// How long an invoice waits for its turn.
    pub invoice_wait: Duration,
    /// The lines that the log has.
    pub log_level: Level,
    /// The callers that may read the statistics.
    pub metrics_access: MetricsAccess,
    /// Whether a token is good enough that isn't in the last known list of revoked ones, or of
    /// which no list is known.
    pub revocation_unknown: RevocationUnknown,
    /// How many user sessions a customer may have; 0: any number.
    pub sessions_per_customer: u32,
    /// Where stock is kept.
    pub inventory: InventoryMode,
    /// How long an order that nobody pays holds its stock; `None`: for ever.
    pub stock_hold: Option<Duration>,
    /// The origin at which jobs that are due are called; `None`: they are not called.
    pub jobs_url: Option<String>,
    /// Settings that are wrong and that the app can do without: no job is called.
    pub done_without: Vec<ConfigError>,
    /// How long events are kept.
    pub feed_keep: Duration,
    /// How orders are watched.
    pub live: LiveRules,
}

/// How orders are watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveRules {
    /// A stream lasts no longer.
    pub seconds: Duration,
    /// A ticket lasts no longer.
    pub ticket: Duration,
    /// So many may watch in an instance.
    pub instance: u32,
    /// So many may watch in an organisation.
    pub organization: u32,
    /// So many may watch in all.
    pub total: u32,
}

/// How long entries live: a row for each lifetime that the views name.
pub(super) const LIFETIMES: Group =
    Group { about: "How long entries live, in seconds. Empty: cache_ttl_seconds.", settings: &LIFETIME_ROWS };

const LIFETIME_ROWS: [Setting; lifetimes()] = {
    let mut rows =
        [setting(DEFAULT_TTL, "300", "of every view without a lifetime of its own").read_by(VIEWERS); lifetimes()];
    let (mut view, mut row) = (0, 1);
    while view < views::ROWS.len() {
        if names_a_lifetime(view) {
            let row_of = &views::ROWS[view];
            let lifetime = setting(row_of.ttl, row_of.default_ttl, row_of.about);
            rows[row] = if same(row_of.ttl, ACCESS_TTL) {
                lifetime
            } else if same(row_of.ttl, SESSION_TTL) {
                lifetime.read_by(ACCESS)
            } else {
                lifetime.read_by(ORDERS)
            };
            row += 1;
        }
        view += 1;
    }
    rows
};

/// How many lifetimes there are, [`DEFAULT_TTL`] among them.
const fn lifetimes() -> usize {
    let (mut view, mut count) = (0, 1);
    while view < views::ROWS.len() {
        count += names_a_lifetime(view) as usize;
        view += 1;
    }
    count
}

/// Whether the view at this place is the first that names its lifetime.
const fn names_a_lifetime(view: usize) -> bool {
    let ttl = views::ROWS[view].ttl;
    let mut before = 0;
    while before < view {
        if same(views::ROWS[before].ttl, ttl) {
            return false;
        }
        before += 1;
    }
    let mut other = 0;
    while other < PAYMENT_TTLS.len() {
        if same(ttl, PAYMENT_TTLS[other]) {
            return false;
        }
        other += 1;
    }
    true
}

/// Whether two texts are one. The standard comparison can't be used in constants.
const fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

/// The cache protocol and its limits.
pub(super) const PROTOCOL: Group = Group {
    about: "The cache protocol and its limits.",
    settings: &[
        setting("certificate_ms", "1000", "how long a certificate counts at most").at_start(),
        setting(
            "outage_write_wait_ms",
            "",
            "empty: 1100, which is enough whatever certificate_ms other instances have",
        ),
        setting("redis_timeout_ms", "100", "of one answer; when a call is given up: docs/performance.md")
            .within(1, 60_000)
            .at_start(),
        setting("redis_breaker_ms", "1000", "how long Redis is left alone after it gave no answer")
            .within(1, 600_000)
            .at_start(),
        setting("postgres_timeout_ms", "2000", "of one statement").within(10, 60_000),
        setting("postgres_breaker_ms", "1000", "how long Postgres is left alone after it gave no answer")
            .within(1, 600_000),
        setting(
            "postgres_keep_ms",
            "100",
            "how long an instance that asks again and again keeps a connection at most; 0: no longer than its statement",
        )
        .within(0, 1_000),
        setting("postgres_loads", "8", "how many loads of cached answers an instance has at Postgres at once")
            .within(1, 1_000),
        setting(
            "postgres_queue",
            "200",
            "how many more wait for their turn in an instance; beyond that reads are answered by 503",
        )
        .within(0, 100_000),
        setting(
            "stale_if_error_seconds",
            "3600",
            "how long cached answers stand in, marked so, after the last certificate; 0: never",
        )
        .within(0, 86_400),
        setting(
            "cache_compared_percent",
            "0",
            "of the hits that renew a certificate, so many in a hundred are compared with Postgres behind the answer",
        )
        .within(0, 100),
        setting("max_entry_bytes", "1000000", "larger answers are not cached")
            .within(1_000, 100_000_000)
            .read_by(VIEWERS),
        setting("cache_wait_ms", "1000", "how long a reader waits for another reader's load")
            .within(0, 60_000)
            .read_by(VIEWERS),
        setting(
            "fill_after_write",
            "on",
            "an order's entry is made with its change, or behind the answer to its creation, by one query; off: by the next reader",
        )
        .read_by(CHANGERS),
        setting(
            "hot_orders",
            "2000",
            "so many orders, those that are read most, are made anew in bulk where they are missing, as after Redis was emptied; 0: none",
        )
        .within(0, 20_000)
        .read_by(WARMERS),
        setting(
            "lookup_near_ms",
            "60000",
            "how long an instance serves names of currencies and countries by itself; a change shows so late; 0: never",
        )
        .within(0, 3_600_000)
        .read_by(CATALOGUE),
        setting("max_body_bytes", "1000000", "of a request").within(1_000, 10_000_000).read_by(CALLED),
        setting(
            "compress_min_bytes",
            "16384",
            "answers of so many bytes are kept as gzip, and sent so to clients that take it; 0: never",
        )
        .within(0, 100_000_000)
        .at_start()
        .read_by(VIEWERS),
        setting("lock_ttl", "30", "seconds that a lock without a setting of its own lasts; no component takes one")
            .within(1, 3600)
            .read_by(HEALTH),
        setting("invoice_lock_seconds", "10", "how long the turn to number an invoice lasts if it isn't given back")
            .within(1, 60)
            .read_by(ISSUERS),
        setting("invoice_wait_ms", "5000", "how long an invoice waits for its turn before it goes on without")
            .within(0, 60_000)
            .read_by(ISSUERS),
    ],
};

/// User sessions.
pub(super) const USER_SESSIONS: Group = Group {
    about: "User sessions, see docs/decisions/user-sessions.md.",
    settings: &[setting(
        "sessions_per_customer",
        "20",
        "as many user sessions has a customer; a new one ends the one that would end first; 0: any number",
    )
    .within(0, 10_000)
    .read_by(ACCESS)],
};

/// Stock.
pub(super) const STOCK: Group = Group {
    about: "Stock, see docs/decisions/stock.md.",
    settings: &[
        setting(
            "inventory_mode",
            "off",
            "where stock is kept: off (nowhere), own (here) or service (a product-service)",
        )
        .read_by(ORDERING),
        setting("stock_hold_seconds", "3600", "how long a pending order that nobody pays holds its stock; 0: for ever")
            .within(0, 31_536_000)
            .read_by(CATALOGUE),
    ],
};

/// The product-service. Read when it is first asked, so nobody else pays for it.
pub(crate) const PRODUCT_SERVICE: Group = Group {
    about: "The product-service that keeps stock, see docs/decisions/stock-service.md.",
    settings: &[
        setting("product_service_url", "", "scheme, host and port only, for the allow-list; empty: there is none")
            .read_by(ORDERING),
        setting("product_service_path", "/stock", "its path").read_by(ORDERING),
        setting(
            "product_service_secret",
            "",
            "signs what it is asked: base64, perhaps behind whsec_; several between blanks while one is being replaced",
        )
        .secret()
        .read_by(ORDERING),
        setting("product_service_timeout_ms", "1000", "of one of three attempts; all together take twice that")
            .within(10, 10_000)
            .read_by(ORDERING),
    ],
};

/// The feed of changes.
pub(super) const FEED: Group = Group {
    about: "The feed of changes, see docs/decisions/feed.md.",
    settings: &[setting("feed_keep_seconds", "604800", "how long GET /events knows a change").within(60, 31_536_000)],
};

/// The live status of orders.
pub(super) const LIVE_STATUS: Group = Group {
    about: "The live status of orders, see docs/decisions/live.md.",
    settings: &[
        setting("live_seconds", "25", "a stream ends by itself before; its client comes again")
            .within(2, 300)
            .read_by(LIVE),
        setting("live_ticket_seconds", "300", "how long a ticket opens an order's live status")
            .within(1, 3600)
            .read_by(LIVE),
        setting("live_streams_instance", "500", "as many may watch in one instance").within(1, 100_000).read_by(LIVE),
        setting("live_streams_organization", "2000", "as many may watch in one organisation")
            .within(1, 1_000_000)
            .read_by(LIVE),
        setting("live_streams_total", "10000", "as many may watch in all").within(1, 1_000_000).read_by(LIVE),
    ],
};

/// Jobs.
pub(super) const JOBS: Group = Group {
    about: "Jobs, see docs/decisions/jobs.md.",
    settings: &[setting(
        "jobs_url",
        "",
        "the app's own origin, such as http://127.0.0.1:3000, where an instance calls jobs that are due; empty: it calls none",
    )],
};

/// The words of `log_level`.
const LEVELS: [(&str, Level); 4] =
    [("warn", Level::Warn), ("error", Level::Error), ("info", Level::Info), ("debug", Level::Debug)];

/// Counters and the log.
pub(super) const COUNTING: Group = Group {
    about: "Counters and the log, see docs/decisions/statistics.md and docs/decisions/logs.md.",
    settings: &[
        setting(
            "statistics_flush_ms",
            "1000",
            "how long an instance gathers before it adds to the common counts; 0: nothing is counted",
        )
        .at_start(),
        setting(
            "log_level",
            "warn",
            "the log's lines: error, warn, info (changes, jobs), or debug (reads that aren't hits)",
        ),
        setting("metrics_access", "open", "readers of /metrics and /api/v1/health/cache: open, or operator (by token)")
            .read_by(HEALTH),
    ],
};

thread_local! {
    static RULES: OnceCell<OnceResult<Rules>> = const { OnceCell::new() };
}

impl Rules {
    /// This instance's rules, read at the first request that needs them.
    ///
    /// # Errors
    /// Every variable of the rules that is wrong; the same each time.
    pub async fn get() -> OnceResult<Self> {
        // The certificate's time is read here and in `Config`, because the bounds of a write depend
        // on it.
        let needed = |setting: &&Setting| !setting.at_start || setting.name == "certificate_ms";
        once(&RULES, async || {
            let rules = Self::parse(&values_of(component(), rows(GROUPS).filter(needed)).await?)?;
            log::set_level(rules.log_level);
            log_wrong(&rules.done_without);
            Ok(rules)
        })
        .await
    }

    /// This instance's rules, if a request has needed them and they are right.
    pub(crate) fn loaded() -> Option<&'static Self> {
        RULES.with(|rules| rules.get().copied())?.ok()
    }

    /// As [`Self::get`], as an answer to a request.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] that names every wrong variable of the rules.
    pub async fn ready() -> Result<&'static Self, Error> {
        Self::get().await.map_err(misconfigured)
    }

    /// As [`Self::get`], for the cache.
    ///
    /// # Errors
    /// [`OriginFault::Misconfigured`] that names every wrong variable of the rules.
    pub(crate) async fn for_cache() -> Result<&'static Self, OriginFault> {
        let rules = Self::get().await;
        rules.map_err(|wrong| OriginFault::Misconfigured { detail: misconfigured(wrong).to_string() })
    }

    /// Parses and validates. Pure.
    ///
    /// # Errors
    /// Every variable that is wrong, not only the first.
    pub fn parse(values: &Values) -> Result<Self, Vec<ConfigError>> {
        let mut parser = Parser::new(values, GROUPS);
        let own = |text: &str| if text.is_empty() { Ok(None) } else { urls::origin(text, false).map(Some) };
        let (jobs_url, done_without) = parser.area(|parser| parser.parsed("jobs_url", own).flatten());
        let policies = Policies::parse(&mut parser);
        let timing = parser.timing();
        let postgres_timeout = parser.millis("postgres_timeout_ms");
        let limits = Limits {
            max_entry_bytes: parser.number("max_entry_bytes") as usize,
            lease_hold: postgres_timeout + Duration::from_millis(500),
            wait: parser.millis("cache_wait_ms"),
            timing: timing.unwrap_or_default(),
            outage_wait: parser.outage_wait(timing),
            generation_ttl: policies.longest() * 2,
        };
        let rules = Self {
            policies,
            terms: Terms {
                limits,
                postgres_timeout,
                postgres_rest: parser.millis("postgres_breaker_ms"),
                postgres_keep: parser.millis("postgres_keep_ms"),
                loads: LoadBounds {
                    at_once: parser.number("postgres_loads") as usize,
                    waiting: parser.number("postgres_queue") as usize,
                },
                compared: parser.number("cache_compared_percent") as f64 / 100.0,
                stale_if_error: parser.seconds("stale_if_error_seconds"),
            },
            fill_after_write: parser.one_of("fill_after_write", &[("on", true), ("off", false)]),
            hot_orders: parser.number("hot_orders") as usize,
            lookup_near: parser.millis("lookup_near_ms"),
            max_body_bytes: parser.number("max_body_bytes") as usize,
            lock_ttl: parser.seconds("lock_ttl"),
            invoice_lock: parser.seconds("invoice_lock_seconds"),
            invoice_wait: parser.millis("invoice_wait_ms"),
            log_level: parser.one_of("log_level", &LEVELS),
            metrics_access: parser
                .one_of("metrics_access", &[("open", MetricsAccess::Open), ("operator", MetricsAccess::Operator)]),
            revocation_unknown: parser.one_of(
                "revocation_unknown",
                &[("serve", RevocationUnknown::Serve), ("refuse", RevocationUnknown::Refuse)],
            ),
            sessions_per_customer: parser.number("sessions_per_customer") as u32,
            inventory: parser.one_of(
                "inventory_mode",
                &[("off", InventoryMode::Off), ("own", InventoryMode::Own), ("service", InventoryMode::Service)],
            ),
            live: LiveRules {
                seconds: parser.seconds("live_seconds"),
                ticket: parser.seconds("live_ticket_seconds"),
                instance: parser.number("live_streams_instance") as u32,
                organization: parser.number("live_streams_organization") as u32,
                total: parser.number("live_streams_total") as u32,
            },
            feed_keep: parser.seconds("feed_keep_seconds"),
            stock_hold: Some(parser.seconds("stock_hold_seconds")).filter(|hold| !hold.is_zero()),
            jobs_url,
            done_without,
        };
        parser.outcome(rules)
    }
}

//! The variables of payments, read once per instance and parsed into typed, validated settings.

use std::time::Duration;

use commerce::client_address::Proxies;
use commerce::gateway::{GatewayError, Secret};
use commerce::provider::Provider;
use commerce::provider_account::account_name;
use commerce::pseudonym::PseudonymKeys;
use commerce::urls::{self, certificate_prefix, return_prefix};
use commerce::webhook::paypal::{Environment, Simulator, Trust};

use edge::service::{ServiceConfig, ServiceNames};
use edge::settings::{
    ConfigError, DELIVERIES, GUESTS, Group, PAYMENTS, PSEUDONYMS, Parser, SESSIONS, Values, rows, setting, values_of,
};

mod accounts;
#[cfg(test)]
pub(crate) mod tests;
mod values;

use values::{hmac_key, trust, visible, webhook_id};

/// How a PayPal event is proved to be true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayPalMode {
    /// The signature is checked, then the API is asked for the resource. A body can be forged to
    /// the same CRC-32, a resource can't.
    Api,
    /// The delivery is sent back to PayPal, which says whether it is genuine.
    PostBack,
    /// Only the signature is checked. Unsafe: it covers no more than a CRC-32 of the body.
    SignatureOnly,
}

/// The settings of PayPal; empty if it isn't used.
#[derive(Debug)]
pub struct PayPalConfig {
    /// The API's origin, without a slash at the end.
    pub api_url: String,
    /// The client id of the app at PayPal.
    pub client_id: String,
    /// The client's secrets, the newest first; each is tried until PayPal takes one.
    pub client_secrets: Vec<Secret>,
    /// The merchant id of the account that gets the money.
    pub account: String,
    /// The webhook's ids at PayPal, each part of what it signs for that webhook.
    pub webhook_ids: Vec<String>,
    /// How events are proved.
    pub mode: PayPalMode,
    /// How events of the public simulator are treated.
    pub simulator: Simulator,
    /// The prefix of certificates' addresses in place of PayPal's own; for tests.
    pub certificate_url: Option<String>,
    /// The pinned certificates.
    pub trust: Option<Trust>,
}

/// The settings of Stripe; empty if it isn't used.
#[derive(Debug)]
pub struct StripeConfig {
    /// The API's origin, without a slash at the end.
    pub api_url: String,
    /// The secret keys, the newest first; each is tried until Stripe takes one.
    pub api_keys: Vec<Secret>,
    /// The account that gets the money.
    pub account: String,
    /// The endpoint's secrets; a signature by any of them counts.
    pub webhook_secrets: Vec<Secret>,
}

/// How many attempts are admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptLimits {
    /// Of one customer in an hour.
    pub customer_hour: u32,
    /// Of one customer in a day.
    pub customer_day: u32,
    /// From one address in an hour.
    pub address_hour: u32,
    /// Of wrong guest tokens from one address in an hour.
    pub guest_hour: u32,
    /// Of guests' checkouts from one address in an hour; 0: guests can't order.
    pub guest_checkout_hour: u32,
}

/// How long things are kept after they have come to an end; docs/decisions/retention.md says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Events, after they were received.
    pub events: Duration,
    /// Headers and bodies of events that wait or are in review, after they were received.
    pub reviews: Duration,
    /// Objects at providers that belong to no order, after their last change.
    pub objects: Duration,
    /// The audit of payments.
    pub audit: Duration,
    /// Payment sessions, after they were begun.
    pub sessions: Duration,
    /// Which orders checkout sessions have become.
    pub checkouts: Duration,
    /// Requests for refunds.
    pub refunds: Duration,
}

/// All settings of payments.
#[derive(Debug)]
pub struct PaymentConfig {
    /// Real money or test accounts, at both providers.
    pub environment: Environment,
    /// PayPal.
    pub paypal: PayPalConfig,
    /// Stripe.
    pub stripe: StripeConfig,
    /// The prefixes of pages that a shopper may be sent back to. Each ends with the slash behind an
    /// origin or a folder.
    pub return_urls: Vec<String>,
    /// How long one call to a provider may take, from connecting to the last byte.
    pub timeout: Duration,
    /// How often a call is made before it is given up.
    pub attempts: u32,
    /// How long a provider is left alone after it gave no answer.
    pub rest: Duration,
    /// How long a payment session is open.
    pub session_ttl: Duration,
    /// How long Redis keeps a row of the ledger.
    pub transaction_ttl: Duration,
    /// How long a checkout session is kept.
    pub checkout_ttl: Duration,
    /// How long the last good cart of a user is kept.
    pub cart_ttl: Duration,
    /// How long Redis knows the outcome of a delivery.
    pub webhook_ttl: Duration,
    /// How long a guest token opens its order.
    pub guest_token_ttl: Duration,
    /// How long headers and bodies of events are kept.
    pub webhook_keep: Duration,
    /// How many events of PayPal one replay of many begins in a second, and how many payments one
    /// report compares.
    pub replay_per_second: u32,
    /// How long all else is kept.
    pub retention: Retention,
    /// The keys that personal values and guest tokens are hashed with.
    pub hmac_keys: PseudonymKeys,
    /// How many attempts to pay are admitted.
    pub limits: AttemptLimits,
    /// The proxies whose word about a client's address counts.
    pub trusted_proxies: Proxies,
    /// A payment with at least this score is held for review.
    pub fraud_review_score: u32,
    /// The shop's own fraud check, if it has one.
    pub fraud_check: Option<ServiceConfig>,
    /// The service that keeps the carts of users, if there is one.
    pub user_service: Option<ServiceConfig>,
    /// Settings that are wrong, each of one provider, which can't be used then. All else goes on.
    pub wrong: Vec<(Provider, ConfigError)>,
    /// The same for each further account, with one provider's credentials each.
    pub others: Vec<PaymentConfig>,
    /// Entries of further accounts that can't be used. All else goes on.
    pub wrong_accounts: Vec<ConfigError>,
}

const DAY: u64 = 86_400;
const MONTH: u64 = 31 * DAY;

const FRAUD_CHECK: ServiceNames = ServiceNames {
    url: "fraud_check_url",
    path: "fraud_check_path",
    secret: "fraud_check_secret",
    timeout: "fraud_check_timeout_ms",
};

const USER_SERVICE: ServiceNames = ServiceNames {
    url: "user_service_url",
    path: "user_service_path",
    secret: "user_service_secret",
    timeout: "user_service_timeout_ms",
};

/// The tables of this crate.
pub const GROUPS: &[&Group] = &[&SETTINGS];

/// Every setting of payments.
const SETTINGS: Group = Group {
    about: "Payments. A provider without its variables isn't used: its routes answer 503 and name the one that is missing.",
    settings: &[
        setting("payment_environment", "sandbox", "sandbox, or live: real money").read_by(PAYMENTS),
        setting("paypal_api_url", "https://api-m.sandbox.paypal.com", "scheme, host and port only, for the allow-list")
            .read_by(PAYMENTS),
        setting("paypal_client_id", "", "of the app at PayPal").read_by(PAYMENTS),
        setting(
            "paypal_client_secret",
            "",
            "its secret; while one is being replaced several between blanks, the newest first",
        )
        .secret()
        .read_by(PAYMENTS),
        setting(
            "paypal_account",
            "",
            "the merchant id that gets the money; it belongs to an organisation (provider_accounts)",
        )
        .read_by(PAYMENTS),
        setting(
            "paypal_webhook_id",
            "",
            "the webhook's id at PayPal; while one is being replaced several between blanks",
        )
        .read_by(DELIVERIES),
        setting(
            "paypal_mode",
            "api",
            "api: ask for the resource; post-back: ask whether PayPal sent it; signature-only: unsafe",
        )
        .read_by(DELIVERIES),
        setting(
            "paypal_simulator",
            "refuse",
            "events of the public simulator: refuse, or ignore (200, without effect)",
        )
        .read_by(DELIVERIES),
        setting(
            "paypal_certificate_url",
            "",
            "the beginning of certificates' URLs, for tests; empty: PayPal's own rule",
        )
        .read_by(DELIVERIES),
        setting("paypal_certificate_host", "", "its scheme, host and port, for the allow-list").read_by(&[]),
        setting(
            "paypal_trust_anchors",
            "",
            "PEM of the pinned roots and intermediates, see docs/decisions/webhooks.md",
        )
        .read_by(DELIVERIES),
        setting("stripe_api_url", "https://api.stripe.com", "scheme, host and port only, for the allow-list")
            .read_by(PAYMENTS),
        setting(
            "stripe_api_key",
            "",
            "the secret key; while one is being replaced several between blanks, the newest first",
        )
        .secret()
        .read_by(PAYMENTS),
        setting(
            "stripe_account",
            "",
            "acct_...: the account of that key; it belongs to an organisation (provider_accounts)",
        )
        .read_by(PAYMENTS),
        setting("stripe_webhook_secrets", "", "one, or several between blanks while one is being replaced")
            .secret()
            .read_by(DELIVERIES),
        setting(
            accounts::VARIABLE,
            "",
            "further accounts: a JSON list of objects, each with the variables of one account of PayPal or Stripe under \
             their names, and its payment_environment if it is another one (docs/decisions/accounts.md)",
        )
        .secret()
        .read_by(PAYMENTS),
        setting(
            accounts::PAYPAL_OTHER_API,
            "https://api-m.paypal.com",
            "PayPal's API for further accounts of the other environment: scheme, host and port only, for the allow-list",
        )
        .read_by(PAYMENTS),
        setting(
            "payment_return_urls",
            "",
            "pages that shoppers may be sent back to: origins or folders between blanks",
        )
        .read_by(SESSIONS),
        setting("payment_timeout_ms", "5000", "of one call to a provider").within(10, 30_000).read_by(PAYMENTS),
        setting("payment_attempts", "3", "how often such a call is made").within(1, 10).read_by(PAYMENTS),
        setting("payment_breaker_ms", "10000", "how long a provider that gave no answer is left alone")
            .within(1, 600_000)
            .read_by(PAYMENTS),
        setting("ttl_payment_session", "1800", "seconds that a payment session is open")
            .within(60, DAY)
            .read_by(SESSIONS),
        setting("ttl_transaction", "3600", "seconds that Redis keeps a row of the ledger")
            .within(1, MONTH)
            .read_by(SESSIONS),
        setting("ttl_checkout_session", "1800", "seconds that a cart is kept").within(60, MONTH).read_by(SESSIONS),
        setting("ttl_cart", "3600", "seconds that the last good cart of a user is kept, for when the user-service is away")
            .within(1, MONTH)
            .read_by(SESSIONS),
        setting("ttl_webhook", "3600", "seconds that Redis knows the outcome of a delivery")
            .within(1, MONTH)
            .read_by(DELIVERIES),
        setting("ttl_guest_token", "2592000", "seconds that a guest token opens its order")
            .within(60, 12 * MONTH)
            .read_by(SESSIONS),
        setting("webhook_keep_seconds", "2592000", "of events' headers and bodies")
            .within(DAY, 120 * MONTH)
            .read_by(DELIVERIES),
        setting(
            "replay_per_second",
            "10",
            "events of PayPal that a replay of many begins, payments that a report compares; each asks the provider's API",
        )
        .within(1, 1_000)
        .read_by(PAYMENTS),
        setting("review_keep_seconds", "7776000", "of headers and bodies of events that wait or are in review")
            .within(DAY, 120 * MONTH)
            .read_by(SESSIONS),
        setting("event_keep_seconds", "15552000", "of events that nothing more becomes of")
            .within(60 * DAY, 120 * MONTH)
            .read_by(SESSIONS),
        setting("object_keep_seconds", "31536000", "of objects at providers that belong to no order")
            .within(60 * DAY, 120 * MONTH)
            .read_by(SESSIONS),
        setting("audit_keep_seconds", "157680000", "of the audit of payments")
            .within(366 * DAY, 120 * MONTH)
            .read_by(SESSIONS),
        setting("session_keep_seconds", "15552000", "of payment sessions that are over")
            .within(MONTH, 120 * MONTH)
            .read_by(SESSIONS),
        setting("checkout_keep_seconds", "15552000", "of which order a cart has become")
            .within(MONTH, 120 * MONTH)
            .read_by(SESSIONS),
        setting("refund_keep_seconds", "157680000", "of requests for refunds that were sent or refused")
            .within(MONTH, 120 * MONTH)
            .read_by(SESSIONS),
        setting(
            "hmac_key",
            "",
            "at least 32 characters; the key that hashes personal values and guest tokens; while one is being replaced \
             several between blanks, the newest first",
        )
        .secret()
        .read_by(PSEUDONYMS),
        setting("limit_customer_hour", "5", "attempts to pay").within(1, 1_000_000).read_by(SESSIONS),
        setting("limit_customer_day", "20", "attempts to pay").within(1, 1_000_000).read_by(SESSIONS),
        setting("limit_address_hour", "10", "attempts to pay from one address").within(1, 1_000_000).read_by(SESSIONS),
        setting("limit_guest_hour", "20", "wrong guest tokens from one address").within(1, 1_000_000).read_by(GUESTS),
        setting("limit_guest_checkout_hour", "10", "guests' checkouts from one address; 0: no order without an account")
            .within(0, 1_000_000)
            .read_by(SESSIONS),
        setting(
            "trusted_proxies",
            "",
            "networks between blanks, whose X-Forwarded-For is believed; none: there is no proxy",
        )
        .read_by(GUESTS),
        setting("fraud_review_score", "70", "a payment with at least this score is held for review")
            .within(1, 1_000)
            .read_by(SESSIONS),
        setting(
            "fraud_check_url",
            "",
            "of the shop's own fraud check: scheme, host and port only, for the allow-list; empty: the score alone judges",
        )
        .read_by(SESSIONS),
        setting("fraud_check_path", "/", "its path").read_by(SESSIONS),
        setting(
            "fraud_check_secret",
            "",
            "signs what it is asked: base64, perhaps behind whsec_; several between blanks while one is being replaced",
        )
        .secret()
        .read_by(SESSIONS),
        setting("fraud_check_timeout_ms", "1000", "of one question to it; then the score judges")
            .within(10, 10_000)
            .read_by(SESSIONS),
        setting(
            "user_service_url",
            "",
            "of the service that keeps users' carts: scheme, host and port only, for the allow-list; empty: there is none",
        )
        .read_by(SESSIONS),
        setting("user_service_path", "/carts", "its path").read_by(SESSIONS),
        setting(
            "user_service_secret",
            "",
            "signs what it is asked: base64, perhaps behind whsec_; several between blanks while one is being replaced",
        )
        .secret()
        .read_by(SESSIONS),
        setting("user_service_timeout_ms", "1000", "of one of three attempts; all together take twice that")
            .within(10, 10_000)
            .read_by(SESSIONS),
    ],
};

impl PaymentConfig {
    /// Reads the settings as this component is given them.
    ///
    /// # Errors
    /// Every variable that is wrong.
    pub async fn load(component: &str) -> Result<Self, Vec<ConfigError>> {
        Self::parse(&values_of(component, rows(GROUPS)).await?)
    }

    /// Parses and validates. Pure. What is wrong with one provider only stands in the result.
    ///
    /// # Errors
    /// Every variable that is wrong and that all payments need, not only the first.
    pub fn parse(values: &Values) -> Result<Self, Vec<ConfigError>> {
        let mut parser = Parser::new(values, GROUPS);
        let environment =
            parser.one_of("payment_environment", &[("sandbox", Environment::Sandbox), ("live", Environment::Live)]);
        let live = environment == Environment::Live;
        let (paypal, wrong_paypal) = parser.area(|parser| paypal(parser, live));
        let (stripe, wrong_stripe) = parser.area(|parser| stripe(parser, live));
        let wrong_paypal = wrong_paypal.into_iter().map(|error| (Provider::PayPal, error));
        let wrong_stripe = wrong_stripe.into_iter().map(|error| (Provider::Stripe, error));
        let config = Self {
            environment,
            paypal,
            stripe,
            return_urls: parser.list("payment_return_urls", return_prefix),
            timeout: parser.millis("payment_timeout_ms"),
            attempts: parser.number("payment_attempts") as u32,
            rest: parser.millis("payment_breaker_ms"),
            session_ttl: parser.seconds("ttl_payment_session"),
            transaction_ttl: parser.seconds("ttl_transaction"),
            checkout_ttl: parser.seconds("ttl_checkout_session"),
            cart_ttl: parser.seconds("ttl_cart"),
            webhook_ttl: parser.seconds("ttl_webhook"),
            guest_token_ttl: parser.seconds("ttl_guest_token"),
            webhook_keep: parser.seconds("webhook_keep_seconds"),
            replay_per_second: parser.number("replay_per_second") as u32,
            retention: Retention {
                events: parser.seconds("event_keep_seconds"),
                reviews: parser.seconds("review_keep_seconds"),
                objects: parser.seconds("object_keep_seconds"),
                audit: parser.seconds("audit_keep_seconds"),
                sessions: parser.seconds("session_keep_seconds"),
                checkouts: parser.seconds("checkout_keep_seconds"),
                refunds: parser.seconds("refund_keep_seconds"),
            },
            hmac_keys: PseudonymKeys::new(parser.list("hmac_key", |text| Ok(Secret::new(hmac_key(text)?)))),
            limits: AttemptLimits {
                customer_hour: parser.number("limit_customer_hour") as u32,
                customer_day: parser.number("limit_customer_day") as u32,
                address_hour: parser.number("limit_address_hour") as u32,
                guest_hour: parser.number("limit_guest_hour") as u32,
                guest_checkout_hour: parser.number("limit_guest_checkout_hour") as u32,
            },
            trusted_proxies: parser.parsed("trusted_proxies", Proxies::parse).unwrap_or_default(),
            fraud_review_score: parser.number("fraud_review_score") as u32,
            fraud_check: ServiceConfig::parse(&mut parser, &FRAUD_CHECK, live),
            user_service: ServiceConfig::parse(&mut parser, &USER_SERVICE, live),
            wrong: wrong_paypal.chain(wrong_stripe).collect(),
            others: Vec::new(),
            wrong_accounts: Vec::new(),
        };
        let of_providers: Vec<ConfigError> = config.wrong.iter().map(|(_, error)| error.clone()).collect();
        let mut config = parser.outcome(config).map_err(|wrong| [wrong, of_providers].concat())?;
        (config.others, config.wrong_accounts) = accounts::further(values, &config);
        Ok(config)
    }

    /// The keys of hashes; without one nothing personal may become part of a key in Redis.
    ///
    /// # Errors
    /// [`GatewayError::Unconfigured`].
    pub fn hmac_keys(&self) -> Result<&PseudonymKeys, GatewayError> {
        if self.hmac_keys.is_empty() { Err(unconfigured("hmac_key")) } else { Ok(&self.hmac_keys) }
    }
}

fn unconfigured(variable: &'static str) -> GatewayError {
    GatewayError::Unconfigured { variable }
}

fn paypal(parser: &mut Parser<'_>, live: bool) -> PayPalConfig {
    let modes =
        [("api", PayPalMode::Api), ("post-back", PayPalMode::PostBack), ("signature-only", PayPalMode::SignatureOnly)];
    let simulators = [("refuse", Simulator::Refuse), ("ignore", Simulator::Ignore)];
    PayPalConfig {
        api_url: origin(parser, "paypal_api_url", live),
        client_id: parser.checked("paypal_client_id", visible),
        client_secrets: parser.list("paypal_client_secret", |text| Ok(Secret::new(visible(text)?))),
        account: parser.checked("paypal_account", account_name),
        webhook_ids: parser.list("paypal_webhook_id", webhook_id),
        mode: parser.one_of("paypal_mode", &modes),
        simulator: parser.one_of("paypal_simulator", &simulators),
        certificate_url: parser.parsed("paypal_certificate_url", certificate_prefix).flatten(),
        trust: parser.parsed("paypal_trust_anchors", trust).flatten(),
    }
}

fn stripe(parser: &mut Parser<'_>, live: bool) -> StripeConfig {
    StripeConfig {
        api_url: origin(parser, "stripe_api_url", live),
        api_keys: parser.list("stripe_api_key", |text| Ok(Secret::new(visible(text)?))),
        account: parser.checked("stripe_account", account_name),
        webhook_secrets: parser.list("stripe_webhook_secrets", |text| Ok(Secret::new(visible(text)?))),
    }
}

/// The origin of an API: scheme, host and port only, since it stands in the allow-list as it is.
/// Real money needs TLS.
fn origin(parser: &mut Parser<'_>, variable: &'static str, live: bool) -> String {
    parser.checked(variable, |text| urls::origin(text, live))
}

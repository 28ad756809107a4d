//! Names and secrets, as a merchant finds them in the providers' dashboards.

use std::fmt;

use crate::ids;

/// Everything that the product must know about its accounts. Random in every run, unless the
/// environment says otherwise.
#[derive(Clone)]
pub struct Settings {
    /// PayPal's client id of the merchant's app.
    pub paypal_client_id: String,
    /// The secret of that app.
    pub paypal_client_secret: String,
    /// The merchant id, which stands as `payee.merchant_id` on captures.
    pub paypal_account: String,
    /// The id of the merchant's webhook, which PayPal's signatures cover.
    pub paypal_webhook_id: String,
    /// Stripe's secret key.
    pub stripe_api_key: String,
    /// Stripe's account id.
    pub stripe_account: String,
    /// The secret of Stripe's webhook endpoint.
    pub stripe_webhook_secret: String,
    /// The secret that questions to the shop's fraud check are signed with.
    pub fraud_check_secret: String,
    /// The secret that questions to the shop's user-service are signed with.
    pub user_service_secret: String,
    /// The secret that messages to the shop's product-service are signed with.
    pub product_service_secret: String,
    /// Real money, as far as names and flags go. Default: sandbox and test mode.
    pub live: bool,
}

impl Settings {
    /// Makes new ones.
    pub fn random() -> Settings {
        Settings {
            paypal_client_id: format!("A{}", ids::token(40)),
            paypal_client_secret: format!("E{}", ids::token(40)),
            paypal_account: ids::capitals(13),
            paypal_webhook_id: ids::capitals(17),
            stripe_api_key: format!("sk_test_{}", ids::token(24)),
            stripe_account: format!("acct_{}", ids::token(16)),
            stripe_webhook_secret: format!("whsec_{}", ids::token(32)),
            fraud_check_secret: format!("whsec_{}", ids::token(32)),
            user_service_secret: format!("whsec_{}", ids::token(32)),
            product_service_secret: format!("whsec_{}", ids::token(32)),
            live: false,
        }
    }

    /// Those that the environment names (`PAYPAL_CLIENT_ID`, `STRIPE_WEBHOOK_SECRET`, ...), the
    /// others new.
    pub fn from_environment() -> Settings {
        let mut settings = Settings::random();
        for (name, value) in [
            ("PAYPAL_CLIENT_ID", &mut settings.paypal_client_id),
            ("PAYPAL_CLIENT_SECRET", &mut settings.paypal_client_secret),
            ("PAYPAL_ACCOUNT", &mut settings.paypal_account),
            ("PAYPAL_WEBHOOK_ID", &mut settings.paypal_webhook_id),
            ("STRIPE_API_KEY", &mut settings.stripe_api_key),
            ("STRIPE_ACCOUNT", &mut settings.stripe_account),
            ("STRIPE_WEBHOOK_SECRET", &mut settings.stripe_webhook_secret),
            ("FRAUD_CHECK_SECRET", &mut settings.fraud_check_secret),
            ("USER_SERVICE_SECRET", &mut settings.user_service_secret),
            ("PRODUCT_SERVICE_SECRET", &mut settings.product_service_secret),
        ] {
            if let Some(given) = std::env::var(name).ok().filter(|given| !given.is_empty()) {
                *value = given;
            }
        }
        settings
    }

    /// The product's variables that make it use a stand-in at `base_url`, in lower case.
    pub fn variables(&self, base_url: &str, anchors: &str) -> Vec<(&'static str, String)> {
        vec![
            ("payment_environment", if self.live { "live" } else { "sandbox" }.to_owned()),
            ("paypal_api_url", base_url.to_owned()),
            ("paypal_client_id", self.paypal_client_id.clone()),
            ("paypal_client_secret", self.paypal_client_secret.clone()),
            ("paypal_account", self.paypal_account.clone()),
            ("paypal_webhook_id", self.paypal_webhook_id.clone()),
            ("paypal_certificate_url", format!("{base_url}/v1/notifications/certs/")),
            ("paypal_certificate_host", base_url.to_owned()),
            ("paypal_trust_anchors", anchors.to_owned()),
            ("stripe_api_url", base_url.to_owned()),
            ("stripe_api_key", self.stripe_api_key.clone()),
            ("stripe_account", self.stripe_account.clone()),
            ("stripe_webhook_secrets", self.stripe_webhook_secret.clone()),
        ]
    }
}

impl Settings {
    /// The product's variables that make it ask the fraud check of a stand-in at `base_url`.
    pub fn fraud_variables(&self, base_url: &str) -> Vec<(&'static str, String)> {
        vec![
            ("fraud_check_url", base_url.to_owned()),
            ("fraud_check_path", "/fraud/check".to_owned()),
            ("fraud_check_secret", self.fraud_check_secret.clone()),
        ]
    }

    /// The product's variables that make it ask the user-service of a stand-in at `base_url`.
    pub fn user_variables(&self, base_url: &str) -> Vec<(&'static str, String)> {
        vec![
            ("user_service_url", base_url.to_owned()),
            ("user_service_path", "/users/cart".to_owned()),
            ("user_service_secret", self.user_service_secret.clone()),
        ]
    }

    /// The product's variables that make it keep stock at the product-service of a stand-in at
    /// `base_url`.
    pub fn stock_variables(&self, base_url: &str) -> Vec<(&'static str, String)> {
        vec![
            ("inventory_mode", "service".to_owned()),
            ("product_service_url", base_url.to_owned()),
            ("product_service_path", crate::stock::PATH.to_owned()),
            ("product_service_secret", self.product_service_secret.clone()),
        ]
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("paypal_account", &self.paypal_account)
            .field("stripe_account", &self.stripe_account)
            .finish_non_exhaustive()
    }
}

//! The accounts that get the money.

use commerce::provider::Provider;

use crate::config::PaymentConfig;

/// The account that this deployment's credentials are for.
pub fn configured_account(config: &PaymentConfig, provider: Provider) -> &str {
    match provider {
        Provider::PayPal => &config.paypal.account,
        Provider::Stripe => &config.stripe.account,
    }
}

/// The setting that names that account.
pub fn account_variable(provider: Provider) -> &'static str {
    match provider {
        Provider::PayPal => "paypal_account",
        Provider::Stripe => "stripe_account",
    }
}

//! The settings that each provider needs: the one list for calls, deliveries and /health.

use commerce::error::Error;
use commerce::gateway::GatewayError;
use commerce::provider::Provider;
use edge::settings::{ConfigError, misconfigured};

use crate::config::{PayPalMode, PaymentConfig};

/// A setting that a provider needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// The setting.
    pub variable: &'static str,
    /// Whether it is set.
    pub met: bool,
    /// The provider's API can't be called without it.
    for_calls: bool,
    /// The provider's deliveries can't be taken without it.
    for_deliveries: bool,
}

/// All settings that a provider needs, in the order in which they are named.
pub fn of(config: &PaymentConfig, provider: Provider) -> Vec<Need> {
    let need = |variable, met, for_calls, for_deliveries| Need { variable, met, for_calls, for_deliveries };
    match provider {
        Provider::PayPal => {
            let paypal = &config.paypal;
            let asks = paypal.mode != PayPalMode::SignatureOnly;
            vec![
                need("paypal_client_id", !paypal.client_id.is_empty(), true, asks),
                need("paypal_client_secret", !paypal.client_secrets.is_empty(), true, asks),
                need("paypal_account", !paypal.account.is_empty(), true, true),
                need("paypal_webhook_id", !paypal.webhook_ids.is_empty(), false, true),
                need("paypal_trust_anchors", paypal.trust.is_some(), false, true),
            ]
        }
        Provider::Stripe => {
            let stripe = &config.stripe;
            vec![
                need("stripe_api_key", !stripe.api_keys.is_empty(), true, false),
                need("stripe_account", !stripe.account.is_empty(), true, true),
                need("stripe_webhook_secrets", !stripe.webhook_secrets.is_empty(), false, true),
            ]
        }
    }
}

/// Whether a provider's API can be called.
///
/// # Errors
/// [`GatewayError::Unconfigured`] with the first setting that is wrong or missing.
pub fn for_calls(config: &PaymentConfig, provider: Provider) -> Result<(), GatewayError> {
    if let Some(error) = wrong(config, provider).next() {
        return Err(GatewayError::Unconfigured { variable: error.variable });
    }
    let missing = of(config, provider).into_iter().find(|need| need.for_calls && !need.met);
    missing.map_or(Ok(()), |need| Err(GatewayError::Unconfigured { variable: need.variable }))
}

/// Whether a provider's deliveries can be taken.
///
/// # Errors
/// [`Error::Misconfigured`] with every setting that is wrong, or the first that is missing.
pub fn for_deliveries(config: &PaymentConfig, provider: Provider) -> Result<(), Error> {
    let wrong: Vec<ConfigError> = wrong(config, provider).cloned().collect();
    if !wrong.is_empty() {
        return Err(misconfigured(&wrong));
    }
    let missing = of(config, provider).into_iter().find(|need| need.for_deliveries && !need.met);
    missing.map_or(Ok(()), |need| {
        let detail = format!("{} is not set: deliveries of {} can't be taken", need.variable, provider.as_str());
        Err(Error::Misconfigured { detail })
    })
}

/// The settings of a provider that are wrong: none of them can be relied on then.
fn wrong(config: &PaymentConfig, provider: Provider) -> impl Iterator<Item = &ConfigError> {
    config.wrong.iter().filter(move |(whose, _)| *whose == provider).map(|(_, error)| error)
}

/// The account that this deployment's credentials are for.
pub fn configured_account(config: &PaymentConfig, provider: Provider) -> &str {
    match provider {
        Provider::PayPal => &config.paypal.account,
        Provider::Stripe => &config.stripe.account,
    }
}

/// The setting that names the account of the variables.
pub fn account_variable(provider: Provider) -> &'static str {
    match provider {
        Provider::PayPal => "paypal_account",
        Provider::Stripe => "stripe_account",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::defaults;

    #[test]
    fn each_mode_of_paypal_needs_the_settings_that_it_uses() {
        let mut values = defaults();
        values.insert("paypal_account", "MERCHANT".into());
        values.insert("paypal_mode", "signature-only".into());
        let config = PaymentConfig::parse(&values).unwrap();
        assert_eq!(
            for_calls(&config, Provider::PayPal),
            Err(GatewayError::Unconfigured { variable: "paypal_client_id" })
        );
        let detail = for_deliveries(&config, Provider::PayPal).unwrap_err().to_string();
        assert!(detail.starts_with("paypal_webhook_id "), "{detail}");
        values.insert("paypal_mode", "api".into());
        let config = PaymentConfig::parse(&values).unwrap();
        let detail = for_deliveries(&config, Provider::PayPal).unwrap_err().to_string();
        assert!(detail.starts_with("paypal_client_id "), "{detail}");
    }

    #[test]
    fn a_wrong_setting_of_one_provider_stops_that_provider_alone() {
        let mut values = defaults();
        for (variable, value) in [
            ("paypal_trust_anchors", "no certificate"),
            ("stripe_api_key", "sk_test_1"),
            ("stripe_account", "acct_1"),
            ("stripe_webhook_secrets", "whsec_1"),
        ] {
            values.insert(variable, value.into());
        }
        let config = PaymentConfig::parse(&values).unwrap();
        assert_eq!(for_deliveries(&config, Provider::Stripe), Ok(()));
        assert_eq!(for_calls(&config, Provider::Stripe), Ok(()));
        let wrong = for_deliveries(&config, Provider::PayPal).unwrap_err().to_string();
        assert!(wrong.starts_with("paypal_trust_anchors "), "{wrong}");
        let unconfigured = GatewayError::Unconfigured { variable: "paypal_trust_anchors" };
        assert_eq!(for_calls(&config, Provider::PayPal), Err(unconfigured));
    }

    #[test]
    fn stripes_deliveries_need_no_key_of_its_api() {
        let mut values = defaults();
        values.insert("stripe_account", "acct_1".into());
        values.insert("stripe_webhook_secrets", "whsec_1".into());
        let config = PaymentConfig::parse(&values).unwrap();
        assert_eq!(for_deliveries(&config, Provider::Stripe), Ok(()));
        assert!(for_calls(&config, Provider::Stripe).is_err());
    }
}

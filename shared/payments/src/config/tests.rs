use commerce::provider::Provider;

use super::*;
use crate::needs;

/// The defaults of the table.
pub(crate) fn defaults() -> Values {
    let mut values = Values::default();
    values.extend(rows(GROUPS).map(|setting| (setting.name, setting.default.to_owned())));
    values
}

#[test]
fn the_defaults_are_valid_and_no_provider_can_be_used_with_them() {
    let config = PaymentConfig::parse(&defaults()).unwrap();
    assert_eq!((config.environment, config.paypal.mode), (Environment::Sandbox, PayPalMode::Api));
    assert_eq!((config.timeout.as_millis(), config.attempts, config.session_ttl.as_secs()), (5000, 3, 1800));
    assert_eq!(needs::for_calls(&config, Provider::PayPal), Err(unconfigured("paypal_client_id")));
    assert_eq!(needs::for_calls(&config, Provider::Stripe), Err(unconfigured("stripe_api_key")));
    assert_eq!(config.hmac_keys().err(), Some(unconfigured("hmac_key")));
}

#[test]
fn one_provider_can_be_used_without_the_other() {
    let mut values = defaults();
    values.insert("stripe_api_key", "sk_test_1".into());
    values.insert("stripe_account", "acct_1".into());
    values.insert("stripe_webhook_secrets", " whsec_1  whsec_2 ".into());
    values.insert("payment_return_urls", "https://shop.example http://localhost:5173/back/".into());
    values.insert("trusted_proxies", "10.0.0.0/8 ::1".into());
    let config = PaymentConfig::parse(&values).unwrap();
    assert_eq!(
        (needs::for_calls(&config, Provider::Stripe), needs::for_calls(&config, Provider::PayPal).is_err()),
        (Ok(()), true)
    );
    assert_eq!(config.stripe.webhook_secrets.len(), 2);
    assert!(matches!(config.trusted_proxies, Proxies::Listed(networks) if networks.len() == 2));
    assert_eq!(config.return_urls, ["https://shop.example/", "http://localhost:5173/back/"]);
}

#[test]
fn every_wrong_variable_is_named_at_once_and_its_value_is_not() {
    let cases = [
        ("payment_environment", "secret-production"),
        ("paypal_api_url", "https://secret.example/path"),
        ("paypal_client_id", "secret value"),
        ("paypal_client_secret", "secret-é"),
        ("paypal_account", "secret/account"),
        ("paypal_webhook_id", "WEBHOOK_ID"),
        ("paypal_mode", "secret-none"),
        ("paypal_simulator", "secret-allow"),
        ("paypal_certificate_url", "secret"),
        ("paypal_trust_anchors", "secret"),
        ("stripe_api_url", "secret.example"),
        ("stripe_api_key", "secret-\u{7f}"),
        ("stripe_account", "secret account"),
        ("payment_return_urls", "https://shop.example secret"),
        ("payment_timeout_ms", "0"),
        ("payment_attempts", "0"),
        ("payment_breaker_ms", "secret"),
        ("ttl_payment_session", "59"),
        ("ttl_transaction", "0"),
        ("ttl_checkout_session", "-1"),
        ("ttl_webhook", "0"),
        ("ttl_guest_token", ""),
        ("webhook_keep_seconds", "1"),
        ("replay_per_second", "0"),
        ("review_keep_seconds", "1"),
        ("event_keep_seconds", "2592000"),
        ("object_keep_seconds", "1"),
        ("audit_keep_seconds", "31536000"),
        ("session_keep_seconds", "2592000"),
        ("checkout_keep_seconds", "1"),
        ("refund_keep_seconds", "secret"),
        ("hmac_key", "secret-too-short"),
        ("limit_customer_hour", "0"),
        ("limit_customer_day", "secret"),
        ("limit_address_hour", "1.5"),
        ("limit_guest_hour", "0"),
        ("limit_guest_checkout_hour", "secret"),
        ("trusted_proxies", "secret"),
        ("fraud_review_score", "0"),
        ("fraud_check_url", "https://secret.example/check"),
        ("fraud_check_path", "secret"),
        ("fraud_check_secret", "secret!"),
        ("fraud_check_timeout_ms", "0"),
        ("ttl_cart", "0"),
        ("user_service_url", "https://secret.example/carts"),
        ("user_service_path", "secret"),
        ("user_service_secret", "secret!"),
        ("user_service_timeout_ms", "secret"),
    ];
    let mut values = defaults();
    values.extend(cases.map(|(name, value)| (name, value.to_owned())));
    let errors = PaymentConfig::parse(&values).unwrap_err();
    let named: Vec<_> = errors.iter().map(|error| error.variable).collect();
    for (name, _) in cases {
        assert!(named.contains(&name), "{name}");
    }
    assert_eq!(errors.len(), cases.len());
    assert!(errors.iter().all(|error| !error.detail.contains("secret")), "{errors:?}");
}

#[test]
fn real_money_needs_tls() {
    let mut values = defaults();
    values.insert("paypal_api_url", "http://127.0.0.1:4010".into());
    assert!(PaymentConfig::parse(&values).unwrap().wrong.is_empty());
    values.insert("payment_environment", "live".into());
    let wrong = PaymentConfig::parse(&values).unwrap().wrong;
    assert_eq!(wrong.iter().map(|(_, error)| error.variable).collect::<Vec<_>>(), ["paypal_api_url"]);
}

#[test]
fn a_fraud_check_is_asked_only_with_a_secret_and_with_tls_for_real_money() {
    let mut values = defaults();
    assert!(PaymentConfig::parse(&values).unwrap().fraud_check.is_none());
    values.insert("fraud_check_url", "http://127.0.0.1:4010/".into());
    let wrong =
        |values: &Values| PaymentConfig::parse(values).unwrap_err().iter().map(|e| e.variable).collect::<Vec<_>>();
    assert_eq!(wrong(&values), ["fraud_check_secret"]);
    values.insert("fraud_check_secret", "whsec_bmV3 b2xk".into());
    let check = PaymentConfig::parse(&values).unwrap().fraud_check.unwrap();
    assert_eq!((&*check.url, &*check.path, check.timeout.as_millis()), ("http://127.0.0.1:4010", "/", 1000));
    values.insert("payment_environment", "live".into());
    assert_eq!(wrong(&values), ["fraud_check_url"]);
}

#[test]
fn every_secret_may_be_several_while_it_is_being_replaced() {
    let mut values = defaults();
    let (new, old) = ("n".repeat(32), "o".repeat(32));
    for (name, value) in [
        ("paypal_client_secret", " new\n old ".to_owned()),
        ("paypal_webhook_id", "1AB 2CD".to_owned()),
        ("stripe_api_key", "sk_new sk_old".to_owned()),
        ("stripe_webhook_secrets", "whsec_new whsec_old".to_owned()),
        ("hmac_key", format!("{new} {old}")),
    ] {
        values.insert(name, value);
    }
    let config = PaymentConfig::parse(&values).unwrap();
    let exposed = |secrets: &[Secret]| secrets.iter().map(|secret| secret.expose().to_owned()).collect::<Vec<_>>();
    assert_eq!(exposed(&config.paypal.client_secrets), ["new", "old"]);
    assert_eq!(config.paypal.webhook_ids, ["1AB", "2CD"]);
    assert_eq!(exposed(&config.stripe.api_keys), ["sk_new", "sk_old"]);
    assert_eq!(exposed(&config.stripe.webhook_secrets), ["whsec_new", "whsec_old"]);
    assert!(config.hmac_keys().unwrap().each().eq([new.as_bytes(), old.as_bytes()]));
    values.insert("hmac_key", format!("{new} short"));
    assert_eq!(PaymentConfig::parse(&values).unwrap_err()[0].variable, "hmac_key");
}

#[test]
fn no_secret_is_printed() {
    let mut values = defaults();
    for name in ["paypal_client_secret", "stripe_api_key", "stripe_webhook_secrets"] {
        values.insert(name, "hidden-value".into());
    }
    values.insert("fraud_check_url", "https://check.example".into());
    values.insert("fraud_check_secret", "hiddenvalue0".into());
    values.insert("hmac_key", "hidden-value".repeat(3));
    let config = PaymentConfig::parse(&values).unwrap();
    assert!(!format!("{config:?}").contains("hidden"));
}

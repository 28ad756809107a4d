//! Further accounts at providers, beside those that the variables name. An entry of
//! `payment_accounts` holds the variables of one account under their names. All other settings are
//! the deployment's.

use std::collections::BTreeMap;

use commerce::provider::Provider;
use edge::settings::{ConfigError, Values};

use super::PaymentConfig;
use crate::needs::configured_account;

/// The setting.
pub(super) const VARIABLE: &str = "payment_accounts";
/// The most entries. A delivery is checked against each of its provider.
const MOST: usize = 200;
const ENVIRONMENT: &str = "payment_environment";
const PAYPAL_API: &str = "paypal_api_url";
/// PayPal's API for entries of the other environment.
pub(super) const PAYPAL_OTHER_API: &str = "paypal_other_api_url";
const OF_PAYPAL: [&str; 4] = ["paypal_account", "paypal_client_id", "paypal_client_secret", "paypal_webhook_id"];
const OF_STRIPE: [&str; 3] = ["stripe_account", "stripe_api_key", "stripe_webhook_secrets"];

/// The settings for each further account, and what is wrong with the entries that can't be used.
/// `first`: the settings that the variables give. No error shows a value.
pub(super) fn further(values: &Values, first: &PaymentConfig) -> (Vec<PaymentConfig>, Vec<ConfigError>) {
    let text = values.get(VARIABLE).unwrap_or_default().trim();
    let wrong = |detail: String| ConfigError { variable: VARIABLE, detail };
    if text.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let entries: Vec<BTreeMap<String, String>> = match serde_json::from_str(text) {
        Ok(entries) => entries,
        Err(_) => return (Vec::new(), vec![wrong("must be a JSON list of objects of texts".to_owned())]),
    };
    if entries.len() > MOST {
        return (Vec::new(), vec![wrong(format!("must hold at most {MOST} entries"))]);
    }
    let (mut further, mut errors) = (Vec::<PaymentConfig>::new(), Vec::new());
    for (place, entry) in (1..).zip(&entries) {
        let read = one(values, entry).and_then(|(provider, config)| {
            let account = configured_account(&config, provider);
            let is_taken =
                std::iter::once(first).chain(&further).any(|known| configured_account(known, provider) == account);
            if is_taken { Err("names an account that is there already".to_owned()) } else { Ok(config) }
        });
        match read {
            Ok(config) => further.push(config),
            Err(detail) => errors.push(wrong(format!("entry {place}: {detail}"))),
        }
    }
    (further, errors)
}

/// The settings for one entry.
fn one(values: &Values, entry: &BTreeMap<String, String>) -> Result<(Provider, PaymentConfig), String> {
    let holds = |names: &[&str]| names.iter().any(|name| entry.contains_key(*name));
    let (provider, names) = match (holds(&OF_PAYPAL), holds(&OF_STRIPE)) {
        (true, false) => (Provider::PayPal, &OF_PAYPAL[..]),
        (false, true) => (Provider::Stripe, &OF_STRIPE[..]),
        _ => return Err("must hold the variables of one provider's account".to_owned()),
    };
    if let Some(missing) = names.iter().find(|name| entry.get(**name).is_none_or(|value| value.trim().is_empty())) {
        return Err(format!("{missing} is missing"));
    }
    if entry.len() > names.len() + usize::from(entry.contains_key(ENVIRONMENT)) {
        return Err(format!("may hold {} and {ENVIRONMENT}, and nothing else", names.join(", ")));
    }
    let mut own = values.clone();
    own.insert(VARIABLE, String::new());
    for name in OF_PAYPAL.into_iter().chain(OF_STRIPE).chain([ENVIRONMENT]) {
        match entry.get(name) {
            Some(value) => own.insert(name, value.clone()),
            None if name == ENVIRONMENT => {}
            None => own.insert(name, String::new()),
        }
    }
    if own.get(ENVIRONMENT) != values.get(ENVIRONMENT) {
        own.insert(PAYPAL_API, values.get(PAYPAL_OTHER_API).unwrap_or_default().to_owned());
    }
    let told = |error: &ConfigError| match error.variable {
        PAYPAL_API => format!("{PAYPAL_OTHER_API} {}", error.detail),
        variable => format!("{variable} {}", error.detail),
    };
    let config = PaymentConfig::parse(&own).map_err(|wrong| wrong.iter().map(told).collect::<Vec<_>>().join("; "))?;
    // What is wrong for all accounts of the provider is named once, by the variables' own.
    let is_own = |error: &ConfigError| names.contains(&error.variable) || error.variable == PAYPAL_API;
    match config.wrong.iter().find(|(whose, error)| *whose == provider && is_own(error)) {
        Some((_, error)) => Err(told(error)),
        None => Ok((provider, config)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::defaults;
    use super::*;
    use commerce::webhook::paypal::Environment;
    use serde_json::{Value, json};

    fn stripe(account: &str) -> Value {
        json!({ "stripe_account": account, "stripe_api_key": "sk_1", "stripe_webhook_secrets": "whsec_1" })
    }

    fn paypal(account: &str) -> Value {
        json!({
            "paypal_account": account, "paypal_client_id": "id", "paypal_client_secret": "hidden",
            "paypal_webhook_id": "1AB"
        })
    }

    fn parsed(change: &[(&'static str, &str)], entries: &Value) -> PaymentConfig {
        let mut values = defaults();
        values.extend(change.iter().map(|(name, value)| (*name, (*value).to_owned())));
        values.insert(VARIABLE, entries.to_string());
        PaymentConfig::parse(&values).expect("settings")
    }

    #[test]
    fn each_entry_is_an_account_with_credentials_of_its_own() {
        let config = parsed(&[("stripe_account", "acct_1")], &json!([stripe("acct_2"), paypal("M2")]));
        assert_eq!(config.wrong_accounts, []);
        let of = |provider| config.others.iter().map(move |other| configured_account(other, provider));
        assert!(of(Provider::Stripe).eq(["acct_2", ""]) && of(Provider::PayPal).eq(["", "M2"]));
        assert_eq!(config.others[1].paypal.webhook_ids, ["1AB"]);
        assert!(config.others.iter().all(|other| other.environment == Environment::Sandbox && other.others.is_empty()));
        assert!(!format!("{config:?}").contains("hidden"));
    }

    #[test]
    fn an_entry_of_the_other_environment_asks_the_other_api() {
        let mut entry = paypal("M2");
        entry["payment_environment"] = json!("sandbox");
        let change = [
            ("payment_environment", "live"),
            ("paypal_api_url", "https://api-m.paypal.com"),
            (PAYPAL_OTHER_API, "https://api-m.sandbox.paypal.com"),
        ];
        let config = parsed(&change, &json!([entry, paypal("M3")]));
        let apis = config.others.iter().map(|other| (other.environment, &*other.paypal.api_url));
        assert!(apis.eq([
            (Environment::Sandbox, "https://api-m.sandbox.paypal.com"),
            (Environment::Live, "https://api-m.paypal.com")
        ]));
    }

    #[test]
    fn a_wrong_entry_stops_itself_alone_and_shows_no_value() {
        let without = |entry: Value, name: &str| {
            let mut entry = entry;
            entry.as_object_mut().expect("an object").remove(name);
            entry
        };
        let with = |entry: Value, name: &str, value: &str| {
            let mut entry = entry;
            entry[name] = json!(value);
            entry
        };
        for (entry, told) in [
            (json!({}), "one provider's"),
            (with(stripe("acct_9"), "paypal_account", "hidden"), "one provider's"),
            (without(stripe("acct_9"), "stripe_api_key"), "stripe_api_key is missing"),
            (without(paypal("M9"), "paypal_webhook_id"), "paypal_webhook_id is missing"),
            (with(paypal("M9"), "paypal_client_secret", " "), "paypal_client_secret is missing"),
            (with(stripe("acct_9"), "hidden", "x"), "nothing else"),
            (stripe("hidden/account"), "stripe_account must"),
            (with(stripe("acct_9"), "payment_environment", "hidden"), "payment_environment must"),
            (with(paypal("M9"), "paypal_webhook_id", "WEBHOOK_ID"), "paypal_webhook_id must"),
            (with(paypal("M9"), "payment_environment", "live"), "paypal_other_api_url must"),
            (stripe("acct_1"), "already"),
            (stripe("acct_2"), "already"),
        ] {
            let change = [("stripe_account", "acct_1"), (PAYPAL_OTHER_API, "http://hidden.example")];
            let config = parsed(&change, &json!([stripe("acct_2"), entry, paypal("M3")]));
            assert_eq!(config.others.len(), 2, "{entry}");
            let [error] = &*config.wrong_accounts else { panic!("{:?} of {entry}", config.wrong_accounts) };
            let detail = &error.detail;
            assert!(detail.starts_with("entry 2: ") && detail.contains(told), "{detail} of {entry}");
            assert!(!detail.contains("hidden"), "{detail}");
        }
        for wrong in [json!({}), json!([["hidden"]]), json!([{ "stripe_account": 1 }]), json!(vec![stripe("a"); 201])] {
            let config = parsed(&[], &wrong);
            assert_eq!((config.others.len(), config.wrong_accounts.len()), (0, 1), "{wrong}");
            assert!(!config.wrong_accounts[0].detail.contains("hidden"));
        }
    }

    #[test]
    fn what_is_wrong_for_all_accounts_is_named_once() {
        let config = parsed(&[("paypal_trust_anchors", "no certificate")], &json!([paypal("M2")]));
        assert_eq!((config.wrong.len(), config.wrong_accounts.len(), config.others.len()), (1, 0, 1));
        assert!(crate::needs::for_calls(&config.others[0], Provider::PayPal).is_err());
    }
}

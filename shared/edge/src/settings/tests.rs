use super::*;
use commerce::views;

/// The defaults of the tables, with a password.
fn defaults() -> Values {
    let mut values = Values::default();
    values.extend(rows(GROUPS).map(|setting| (setting.name, setting.default.to_owned())));
    values.insert("redis_credentials", "user:secret".into());
    values
}

#[test]
fn an_empty_ttl_is_the_common_one_and_a_set_one_its_own() {
    let mut values = defaults();
    values.insert("ttl_order", "60".into());
    let rules = Rules::parse(&values).ok().unwrap();
    assert_eq!(rules.policies.of(views::ORDER).ttl.as_secs(), 60);
    assert_eq!(rules.policies.of(views::ORDERS_LIST).ttl.as_secs(), 300);
    assert_eq!(rules.terms.limits.generation_ttl.as_secs(), 2 * 21_600);
    assert_eq!(rules.terms.limits.outage_wait.as_millis(), 1100);
}

#[test]
fn a_payment_status_is_never_served_while_postgres_is_away() {
    let rules = Rules::parse(&defaults()).ok().unwrap();
    assert!(rules.policies.of(views::ORDER).stale_if_error);
    assert!(!rules.policies.of(views::PAYMENT_STATUS).stale_if_error);
    assert!(!rules.policies.of(views::ORDER_STATUS).stale_if_error);
}

#[test]
fn credentials_stand_before_the_host() {
    assert_eq!(Config::parse(&defaults()).ok().unwrap().redis_url, "redis://user:secret@127.0.0.1:6379");
}

#[test]
fn state_has_an_address_of_its_own_or_lies_beside_the_cache() {
    let mut values = defaults();
    assert_eq!(Config::parse(&values).ok().unwrap().redis_state_url, None);
    values.insert("redis_state_url", "redis://127.0.0.1:6380".into());
    values.insert("redis_state_credentials", ":word".into());
    let config = Config::parse(&values).ok().unwrap();
    assert_eq!(config.redis_state_url.as_deref(), Some("redis://:word@127.0.0.1:6380"));
    assert_eq!(config.redis_url, "redis://user:secret@127.0.0.1:6379");
}

/// The mistakes of both parts; a setting that both read is named once.
fn wrong(values: &Values) -> Vec<ConfigError> {
    let wrong = Config::parse(values).map_or_else(|wrong| wrong, |config| config.wrong());
    merge(wrong, &Rules::parse(values).err().unwrap_or_default())
}

#[test]
fn a_wrong_setting_of_one_area_leaves_the_others_as_they_are() {
    let mut values = defaults();
    for (variable, value) in [("jwt_keys", "{"), ("statistics_flush_ms", "5"), ("compress_min_bytes", "-1")] {
        values.insert(variable, value.into());
    }
    let config = Config::parse(&values).ok().unwrap();
    assert!(config.callers.is_err_and(|wrong| wrong[0].variable == "jwt_keys"), "no caller is known");
    assert_eq!((config.statistics_flush, config.compress_min_bytes), (None, 0), "nothing is counted, nothing packed");
    values.insert("database_url", "nowhere".into());
    assert!(Config::parse(&values).is_err(), "nothing goes without a database");
}

#[test]
fn every_wrong_variable_is_named_at_once_and_its_value_is_not() {
    let cases = [
        ("ttl_order", "soon"),
        ("ttl_order_stats", "0"),
        ("certificate_ms", "5000"),
        ("outage_write_wait_ms", "10"),
        ("redis_timeout_ms", "-1"),
        ("max_entry_bytes", "1"),
        ("compress_min_bytes", "-1"),
        ("lock_ttl", "0"),
        ("auth_mode", "none"),
        ("cors_origins", "https://shop.example/secret"),
        ("redis_url", "http://secret"),
        ("redis_credentials", "secret"),
        ("database_url", "secret"),
        ("jwt_keys", "{secret"),
        ("statistics_flush_ms", "5"),
        ("metrics_access", "everyone"),
        ("inventory_mode", "theirs"),
        ("stock_hold_seconds", "-1"),
    ];
    for (variable, value) in cases {
        let mut values = defaults();
        values.insert(variable, value.into());
        let errors = wrong(&values);
        assert_eq!(errors.iter().map(|error| error.variable).collect::<Vec<_>>(), [variable], "{errors:?}");
        assert!(!format!("{errors:?}").contains("secret"), "{errors:?}");
    }
    let mut values = defaults();
    values.extend(cases.map(|(variable, value)| (variable, value.to_owned())));
    let errors = wrong(&values);
    // The wait can't be judged, because the certificate that it depends on is wrong itself.
    assert!(errors.len() >= cases.len() - 1, "{errors:?}");
}

#[test]
fn a_wrong_address_of_jobs_stops_nothing_but_their_calls() {
    let mut values = defaults();
    assert!(Rules::parse(&values).is_ok_and(|rules| rules.jobs_url.is_none() && rules.done_without.is_empty()));
    values.insert("jobs_url", "http://127.0.0.1:3000/".into());
    assert!(Rules::parse(&values).is_ok_and(|rules| rules.jobs_url.as_deref() == Some("http://127.0.0.1:3000")));
    for wrong in ["127.0.0.1:3000", "http://127.0.0.1/api"] {
        values.insert("jobs_url", wrong.into());
        let rules = Rules::parse(&values).expect("the rest is right");
        assert_eq!((rules.jobs_url, rules.done_without[0].variable), (None, "jobs_url"), "{wrong}");
    }
}

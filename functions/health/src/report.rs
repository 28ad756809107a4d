//! The server's report on its dependencies and its configuration. Everyone may read it, so it names
//! no address and no value.

use serde_json::{Map, Value, json};

use commerce::error::Error;
use commerce::provider::Provider;
use commerce::stock::InventoryMode;
use edge::product_service::ProductService;
use edge::settings::{AuthMode, ConfigError, Rules};
use edge::statistics::{Counter, Counts};
use edge::{App, Open, Reply};
use payments::Payments;
use payments::config::PaymentConfig;
use payments::needs::{self, Need};

use crate::probe::{CacheRedis, Dependency, Probe};

/// `GET /health`: asks each dependency. 200 if reads can be served, from Redis or from Postgres;
/// else 503.
///
/// # Errors
/// None.
pub async fn report(_: Open<'_>) -> Result<Reply, Error> {
    Ok(describe().await)
}

async fn describe() -> Reply {
    let (Ok(app), Ok(rules)) = (App::get().await, Rules::get().await) else {
        let errors = App::wrong_settings().await.iter().map(config_error).collect();
        return reply(503, "unavailable", Report { dependencies: json!({}), errors, ..Report::default() });
    };
    edge::jobs::look_behind();
    let probe = Probe::of(app).await;
    if probe.needs_renewal() {
        app.cache.renew_unasked();
    }
    let wrong = configuration_errors(app, &probe).await;
    let authentication = match app.config.callers.as_ref().map(|callers| callers.auth_mode) {
        Ok(AuthMode::Jwt) => json!("jwt"),
        Ok(AuthMode::Off) => json!("off"),
        Err(_) => Value::Null,
    };
    let compared = compared(app, rules).await;
    let is_consistent = compared.is_none_or(|counts| counts.get(Counter::Inconsistent) == 0);
    let states = probe.dependencies();
    let (status, word) = match (&probe.redis, &probe.postgres) {
        (Err(_), Err(_)) => (503, "unavailable"),
        // Signed webhooks are taken all the same.
        _ if app.config.callers.is_err() => (503, "unavailable"),
        _ if wrong.is_empty() && is_consistent && states.iter().all(|state| state.detail.is_none()) => (200, "ok"),
        _ => (200, "degraded"),
    };
    let dependencies: Map<String, Value> =
        states.into_iter().map(|state| (state.name.to_owned(), dependency(&state))).collect();
    let payments = Payments::get().await.map_or(Value::Null, |payments| providers(&payments.config));
    let limits = limits(app, &probe);
    let cache = compared.map_or(Value::Null, |counts| {
        json!({ "compared": counts.get(Counter::Compared), "inconsistent": counts.get(Counter::Inconsistent) })
    });
    let report = Report { authentication, dependencies: dependencies.into(), payments, limits, cache, errors: wrong };
    reply(status, word, report)
}

/// The sums over all entities, if hits are compared with Postgres. `None` if they aren't, or if
/// Redis gives no answer.
async fn compared(app: &App, rules: &Rules) -> Option<Counts> {
    if rules.terms.compared <= 0.0 {
        return None;
    }
    let (statistics, _) = app.cache.statistics().await?;
    Some(statistics.total())
}

/// Everything that is wrong with the configuration, as far as this instance can tell.
pub(crate) async fn configuration_errors(app: &App, probe: &Probe) -> Vec<Value> {
    let mut wrong: Vec<Value> = app.config.wrong().iter().map(config_error).collect();
    if probe.is_mismatched(app) {
        wrong.push(json!({
            "variable": "redis_url",
            "detail": "with key_prefix it isn't the cache that this database serves: caching is off (see cache_state)"
        }));
    }
    wrong.extend(probe.faults.details.iter().map(|detail| json!({ "variable": "database_url", "detail": detail })));
    if let Some(why) = probe.withheld() {
        let detail = format!("{why}: nothing is cached for now");
        wrong.push(json!({ "variable": "redis_url", "detail": detail }));
    }
    if let Ok(rules) = Rules::get().await {
        wrong.extend(rules.done_without.iter().map(config_error));
        if rules.inventory == InventoryMode::Service {
            wrong.extend(product_service_errors().await);
        }
    }
    match Payments::get().await {
        Ok(payments) => {
            wrong.extend(payments.config.wrong.iter().map(|(_, error)| config_error(error)));
            wrong.extend(payments.config.wrong_accounts.iter().map(config_error));
        }
        Err(errors) => wrong.extend(errors.iter().map(config_error)),
    }
    if probe.undeclared_proxy {
        wrong.push(json!({
            "variable": "trusted_proxies",
            "detail": "requests came through a proxy that it doesn't name: attempts to pay aren't limited by address"
        }));
    }
    if let Ok(callers) = &app.config.callers {
        let unusable = callers.jwt_keys.unusable().iter();
        wrong.extend(
            unusable.map(|key| json!({ "variable": "jwt_keys", "detail": format!("{key}; it is passed over") })),
        );
        if callers.auth_mode == AuthMode::Jwt && callers.jwt_keys.is_empty() {
            wrong.push(json!({ "variable": "jwt_keys", "detail": "is empty: no token can be verified" }));
        }
    }
    wrong
}

/// What is wrong with the product-service, without which nothing can be ordered.
async fn product_service_errors() -> Vec<Value> {
    match ProductService::get().await {
        Ok(Some(_)) => Vec::new(),
        Ok(None) => vec![json!({
            "variable": "product_service_url",
            "detail": "is not set, and inventory_mode is service: nothing can be ordered"
        })],
        Err(errors) => errors.iter().map(config_error).collect(),
    }
}

/// Whether limits on requests hold. They are open while Redis can't count: then all are admitted.
fn limits(app: &App, probe: &Probe) -> Value {
    let Ok(callers) = &app.config.callers else { return Value::Null };
    let counts = |redis: &CacheRedis| {
        let told = redis.refused.as_deref().unwrap_or_default();
        told.split([' ', ',']).all(|command| !matches!(command, "INCRBY" | "SET"))
    };
    match &probe.redis {
        _ if callers.limits.are_off() => json!("off"),
        Ok(redis) if counts(redis) => json!("on"),
        _ => json!("open"),
    }
}

/// The configured providers, and the missing settings of one that is configured only in part.
fn providers(config: &PaymentConfig) -> Value {
    let general = [("hmac_key", config.hmac_keys.is_empty()), ("payment_return_urls", config.return_urls.is_empty())];
    let mut providers: Map<String, Value> =
        Provider::ALL.iter().map(|one| (one.as_str().to_owned(), provider(&needs::of(config, *one)))).collect();
    let missing: Vec<&str> = general.into_iter().filter(|(_, missing)| *missing).map(|(name, _)| name).collect();
    providers.insert("missing".to_owned(), json!(missing));
    providers.into()
}

fn provider(needs: &[Need]) -> Value {
    let missing: Vec<&str> = needs.iter().filter(|need| !need.met).map(|need| need.variable).collect();
    let status = match missing.len() {
        0 => "configured",
        all if all == needs.len() => "off",
        _ => "incomplete",
    };
    json!({ "status": status, "missing": if status == "incomplete" { missing } else { Vec::new() } })
}

fn dependency(state: &Dependency) -> Value {
    let status = if state.is_up { "up" } else { "down" };
    match &state.detail {
        Some(detail) => json!({ "status": status, "detail": detail }),
        None => json!({ "status": status }),
    }
}

fn config_error(error: &ConfigError) -> Value {
    json!({ "variable": error.variable, "detail": error.detail })
}

/// What is reported, beside the status.
#[derive(Default)]
struct Report {
    authentication: Value,
    dependencies: Value,
    payments: Value,
    limits: Value,
    cache: Value,
    errors: Vec<Value>,
}

fn reply(status: u16, word: &str, report: Report) -> Reply {
    let Report { authentication, dependencies, payments, limits, cache, errors } = report;
    let body = json!({
        "status": word,
        "version": env!("CARGO_PKG_VERSION"),
        "authentication": authentication,
        "dependencies": dependencies,
        "payments": payments,
        "limits": limits,
        "cache": cache,
        "configuration": { "status": if errors.is_empty() { "ok" } else { "wrong" }, "errors": errors },
    });
    Reply::fresh(status, body.to_string())
}

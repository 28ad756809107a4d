//! What the server says of itself: its dependencies and its configuration. For everyone to read, so it names no address and no value.

use cache_logic::ports::CacheFault;
use cache_logic::renew::Renewal;
use commerce::error::Error;
use serde_json::{Value, json};

use crate::backend::Backend;
use crate::config::{AuthMode, ConfigError};
use crate::http::Reply;
use crate::payments::Payments;

/// Asks each dependency. 200 where reads can be served, from Redis or from Postgres; else 503.
pub async fn report() -> Reply {
    let backend = match Backend::get().await {
        Ok(backend) => backend,
        Err(errors) => {
            return reply(503, "unavailable", Value::Null, json!({}), errors.iter().map(config_error).collect());
        }
    };
    let (redis, mut wrong) = redis(backend).await;
    if let Err(errors) = Payments::get().await {
        wrong.extend(errors.iter().map(config_error));
    }
    let postgres = match backend.ports.postgres.query("SELECT 1", Vec::new()).await {
        Ok(_) => Ok(()),
        Err(Error::Internal { .. }) => Err("it refuses statements"),
        Err(_) => Err("it can't be reached"),
    };
    let authentication = match backend.config.auth_mode {
        AuthMode::Jwt if backend.config.jwt_keys.is_empty() => {
            wrong.push(json!({ "variable": "jwt_keys", "detail": "is empty: no token can be verified" }));
            "jwt"
        }
        AuthMode::Jwt => "jwt",
        AuthMode::Off => "off",
    };
    let (status, word) = match (&redis, &postgres) {
        (Ok(()), Ok(())) if wrong.is_empty() => (200, "ok"),
        (Err(_), Err(_)) => (503, "unavailable"),
        _ => (200, "degraded"),
    };
    let dependencies = json!({ "redis": dependency(redis), "postgres": dependency(postgres) });
    reply(status, word, json!(authentication), dependencies, wrong)
}

/// The state of Redis, and what a renewal of the certificate has found wrong with the configuration.
async fn redis(backend: &Backend) -> (Result<(), &'static str>, Vec<Value>) {
    let mismatch = json!({
        "variable": "redis_url",
        "detail": "with key_prefix it isn't the cache that this database serves: caching is off (see cache_state)"
    });
    match backend.renew().await {
        Renewal::Mismatch => (Ok(()), vec![mismatch]),
        Renewal::Cache(CacheFault::Protocol(_)) => {
            (Err("it gives unexpected answers, or its address isn't allowed"), vec![])
        }
        Renewal::Cache(_) => (Err("it can't be reached"), vec![]),
        Renewal::Certified(_) | Renewal::Busy | Renewal::TooLate | Renewal::Ledger(_) if backend.is_mismatched() => {
            (Ok(()), vec![mismatch])
        }
        Renewal::Certified(_) | Renewal::Busy | Renewal::TooLate | Renewal::Ledger(_) => (Ok(()), vec![]),
    }
}

fn dependency(state: Result<(), &'static str>) -> Value {
    match state {
        Ok(()) => json!({ "status": "up" }),
        Err(detail) => json!({ "status": "down", "detail": detail }),
    }
}

fn config_error(error: &ConfigError) -> Value {
    json!({ "variable": error.variable, "detail": error.detail })
}

fn reply(status: u16, word: &str, authentication: Value, dependencies: Value, errors: Vec<Value>) -> Reply {
    let body = json!({
        "status": word,
        "version": env!("CARGO_PKG_VERSION"),
        "authentication": authentication,
        "dependencies": dependencies,
        "configuration": { "status": if errors.is_empty() { "ok" } else { "wrong" }, "errors": errors },
    });
    Reply::json(status, body.to_string()).with("cache-control", "no-store")
}

//! Bearer tokens signed with the development key of `make up`.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use kit::Caller;
use serde_json::{Value, json};

/// How long a token is good for by default, in seconds.
const TTL: &str = "86400";

/// A token of the key in `dir/keys.json`. `variable` gives its claims: `ROLE` (service), `ORG`
/// (that of `make up`), `CUSTOMER`, `SCOPE`, `TTL` in seconds. A negative `TTL` gives a token that
/// has expired.
///
/// # Errors
/// The claim or file that is missing or wrong.
pub fn of(dir: &Path, variable: impl Fn(&str) -> Option<String>) -> Result<String> {
    let keys = dir.join("keys.json");
    let keys =
        std::fs::read_to_string(&keys).with_context(|| format!("{} is missing: run make up first", keys.display()))?;
    let keys: Value = serde_json::from_str(&keys).context("keys.json is no JSON")?;
    signed(&keys, || first_organisation(dir), variable)
}

/// The token of the claims in `variable`, signed with the first of `keys`. `organisation` is that
/// of a token whose `variable` names none.
fn signed(
    keys: &Value,
    organisation: impl FnOnce() -> Option<String>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<String> {
    ensure!(keys["keys"][0]["k"].is_string(), "keys.json has no symmetric key");
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    let org = variable("ORG").or_else(organisation).context("ORG= is needed: the organisation's uuid")?;
    let role = variable("ROLE").unwrap_or_else(|| "service".to_owned());
    let caller = match (role.as_str(), variable("CUSTOMER")) {
        ("service", _) => Caller::service(&org),
        ("operator", _) => Caller::operator(&org),
        ("customer", Some(customer)) => Caller::customer(&org, &customer),
        ("customer", None) => bail!("ROLE=customer needs CUSTOMER=: the customer's uuid"),
        _ => bail!("ROLE must be service, customer or operator, not {role:?}"),
    };
    let ttl = variable("TTL").unwrap_or_else(|| TTL.to_owned());
    let ttl: i64 = ttl.parse().with_context(|| format!("TTL must be a number of seconds, not {ttl:?}"))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() as i64;
    let caller = caller.claim("sub", json!(format!("dev-{role}"))).scope(&variable("SCOPE").unwrap_or_default());
    Ok(caller.claim("iat", json!(now)).claim("exp", json!(now.saturating_add(ttl))).token(keys))
}

/// The organisation that `make up` shows.
fn first_organisation(dir: &Path) -> Option<String> {
    let settings = std::fs::read_to_string(dir.join("env")).ok()?;
    settings.lines().find_map(|line| line.strip_prefix("E2E_ORG=")).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(variables: &[(&str, &str)]) -> Result<Value> {
        let keys = json!({ "keys": [{ "kty": "oct", "kid": "dev", "alg": "HS256", "k": "AAEC" }] });
        let variable =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_string());
        signed(&keys, || None, variable).map(|token| Caller::claims_of(&token))
    }

    #[test]
    fn a_token_names_its_caller_and_its_end() {
        let claims =
            token(&[("ORG", "o"), ("ROLE", "customer"), ("CUSTOMER", "c"), ("SCOPE", "s"), ("TTL", "60")]).unwrap();
        let said = |name: &str| claims[name].as_str().unwrap_or_default().to_owned();
        assert_eq!(["org", "role", "customer", "scope", "sub"].map(said), ["o", "customer", "c", "s", "dev-customer"]);
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 60);
        let expired = token(&[("ORG", "o"), ("TTL", "-60")]).unwrap();
        assert_eq!(expired["exp"].as_i64().unwrap() - expired["iat"].as_i64().unwrap(), -60);
        assert_eq!(expired["role"], "service");
    }

    #[test]
    fn a_token_that_makes_no_sense_is_refused_by_name() {
        for (variables, named) in [
            (vec![], "ORG="),
            (vec![("ORG", "o"), ("ROLE", "customer")], "CUSTOMER="),
            (vec![("ORG", "o"), ("ROLE", "root")], "ROLE"),
            (vec![("ORG", "o"), ("TTL", "soon")], "TTL"),
        ] {
            let refused = token(&variables).unwrap_err().to_string();
            assert!(refused.contains(named), "{variables:?}: {refused}");
        }
    }
}

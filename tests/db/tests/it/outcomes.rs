//! Whatever a function answers as its outcome is a variant of the enum that reads it, and no
//! variant is left over.

use std::collections::{BTreeMap, BTreeSet};

use commerce::outcome::OUTCOMES;

use crate::database::Database;

/// The texts that an assignment to `outcome` can give: a literal, or what stands behind THEN and
/// ELSE.
fn literals(expression: &str) -> BTreeSet<String> {
    let expression = expression.trim();
    let mut found = BTreeSet::new();
    if let Some(rest) = expression.strip_prefix('\'') {
        found.extend(rest.split('\'').next().map(str::to_owned));
        return found;
    }
    for word in ["THEN '", "ELSE '"] {
        let behind = expression.match_indices(word).map(|(at, _)| &expression[at + word.len()..]);
        found.extend(behind.filter_map(|rest| rest.split('\'').next()).map(str::to_owned));
    }
    found
}

/// Every expression that becomes `outcome` in the text of a function.
fn assignments(body: &str) -> Vec<&str> {
    let assigned = body.match_indices("outcome := ").map(|(at, found)| &body[at + found.len()..]);
    let mut all: Vec<&str> = assigned.filter_map(|rest| rest.split(';').next()).collect();
    for (end, _) in body.match_indices("END AS outcome").chain(body.match_indices("END, e.id INTO outcome")) {
        all.extend(body[..end].rfind("CASE").map(|begin| &body[begin..end]));
    }
    // Rows of many: the outcome is the only CASE of what is returned.
    let returned = body.split("RETURN QUERY").skip(1).filter(|rest| rest.trim_start().starts_with("SELECT asked."));
    all.extend(returned.filter_map(|rest| Some(&rest[rest.find("CASE")?..rest.find("END")?])));
    all
}

#[tokio::test]
async fn every_outcome_that_a_function_can_give_is_a_variant() {
    let db = Database::new().await;
    let mut variants: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (function, names) in OUTCOMES {
        variants.entry(function).or_default().extend(names.iter().map(|name| name.trim_end_matches(':')));
    }
    let everything =
        db.text("SELECT string_agg(pg_get_functiondef(oid), E'\\n') FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'").await;
    for (function, variants) in variants {
        let body = db
            .text(&format!(
                "SELECT string_agg(pg_get_functiondef(oid), E'\\n') FROM pg_proc WHERE proname = '{function}'"
            ))
            .await;
        assert!(body.contains("outcome text"), "{function} gives no outcome");
        for given in assignments(&body).into_iter().flat_map(literals) {
            let name = given.split(':').next().unwrap_or_default();
            assert!(variants.contains(name), "{function} gives {given:?}, which is no variant");
        }
        for variant in variants {
            assert!(
                everything.contains(&format!("'{variant}")),
                "no function gives {variant:?}, a variant of {function}"
            );
        }
    }
}

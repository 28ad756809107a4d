//! The description by itself: a tool that only reads it can reach every operation, and its examples
//! are true.

use std::collections::BTreeSet;

use kit::{Description, Operation};
use serde_json::Value;

fn description() -> &'static Description {
    Description::get()
}

/// The parameters of an operation and of its path: the pointer and the value of each.
fn parameters(operation: &Operation) -> Vec<(String, &'static Value)> {
    let of_the_path = operation.pointer.rsplit_once('/').expect("a method below a path").0;
    let lists = [format!("{of_the_path}/parameters"), format!("{}/parameters", operation.pointer)];
    let places = lists.iter().flat_map(|list| {
        let count = description().document().pointer(list).and_then(Value::as_array).map_or(0, Vec::len);
        (0..count).map(move |index| format!("{list}/{index}"))
    });
    places.map(|place| description().at(&place).expect("a parameter")).collect()
}

/// The examples of a parameter, a body or a response; none if it has none.
fn examples(of: &Value) -> Vec<&Value> {
    let named = of["examples"].as_object().into_iter().flat_map(|examples| examples.values());
    named.map(|example| &example["value"]).chain(of.get("example")).collect()
}

/// Every response of an operation, behind its reference: the status, the pointer and the value.
fn responses(operation: &Operation) -> Vec<(String, String, &'static Value)> {
    let place = format!("{}/responses", operation.pointer);
    let statuses = description().document().pointer(&place).and_then(Value::as_object).expect("responses");
    let mut found = Vec::new();
    for status in statuses.keys() {
        let (pointer, response) = description().at(&format!("{place}/{status}")).expect("a response");
        found.push((status.clone(), pointer, response));
    }
    found
}

/// A media type as a part of a JSON pointer.
fn escaped(media_type: &str) -> String {
    media_type.replace('/', "~1")
}

/// Panics if one of these examples doesn't fit the schema.
fn assert_fit(schema: &str, examples: &[&Value], what: &str) {
    for example in examples {
        description().fits(schema, example).unwrap_or_else(|wrong| panic!("{what}: {example}\n{wrong}"));
    }
}

#[test]
fn every_parameter_has_an_example_that_its_schema_allows() {
    let mut seen = 0;
    for operation in description().operations() {
        for (pointer, parameter) in parameters(operation) {
            let what = format!("{} {}", operation.id, parameter["name"]);
            let examples = examples(parameter);
            assert!(!examples.is_empty(), "{what} has no example");
            assert_fit(&format!("{pointer}/schema"), &examples, &what);
            seen += 1;
        }
    }
    assert!(seen > 60, "only {seen} parameters are described");
}

#[test]
fn every_body_has_an_example_that_its_schema_allows() {
    let mut seen = 0;
    for operation in description().operations() {
        let Some((pointer, body)) = description().at(&format!("{}/requestBody", operation.pointer)) else { continue };
        for (media_type, content) in body["content"].as_object().expect("a body has content") {
            let examples = examples(content);
            assert!(!examples.is_empty(), "the body of {} has no example", operation.id);
            assert_fit(&format!("{pointer}/content/{}/schema", escaped(media_type)), &examples, &operation.id);
            seen += 1;
        }
    }
    assert!(seen > 10, "only {seen} bodies are described");
}

#[test]
fn every_example_of_a_response_is_one_of_its_schema() {
    let mut seen = 0;
    for operation in description().operations() {
        for (status, pointer, response) in responses(operation) {
            for (media_type, content) in response["content"].as_object().into_iter().flatten() {
                let examples = examples(content);
                let schema = format!("{pointer}/content/{}/schema", escaped(media_type));
                assert_fit(&schema, &examples, &format!("{} {status}", operation.id));
                for example in examples {
                    assert_eq!(example["status"].as_u64().map(|status| status.to_string()), Some(status.clone()));
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 150, "only {seen} examples of responses are described");
}

#[test]
fn every_operation_on_something_of_the_servers_is_linked_to() {
    let mut linked = BTreeSet::new();
    for operation in description().operations() {
        for (status, _, response) in responses(operation) {
            for (name, link) in response["links"].as_object().into_iter().flatten() {
                let what = format!("link {name} of {} {status}", operation.id);
                let target = link["operationId"].as_str().unwrap_or_else(|| panic!("{what} names no operation"));
                let known = description().operations().iter().find(|operation| operation.id == target);
                let target = known.unwrap_or_else(|| panic!("{what} names {target}, which isn't there"));
                let known: Vec<&str> =
                    parameters(target).iter().filter_map(|(_, parameter)| parameter["name"].as_str()).collect();
                for parameter in link["parameters"].as_object().into_iter().flat_map(|given| given.keys()) {
                    assert!(known.contains(&parameter.as_str()), "{what} gives {parameter}, which isn't taken");
                }
                linked.insert(target.id.clone());
            }
        }
    }
    // The caller chooses the id of a cart.
    let chosen = "putCheckoutSession";
    for operation in description().operations().iter().filter(|operation| operation.path.contains('{')) {
        assert!(linked.contains(&operation.id) || operation.id == chosen, "no link leads to {}", operation.id);
    }
}

#[test]
fn an_answer_that_is_not_described_is_told_with_its_reason() {
    let description = description();
    let check = |method: &str, path: &str, status, kind: &str, body: &str| {
        description.check(method, path, status, kind, body.as_bytes()).err().unwrap_or_default()
    };
    let swept = "/payments/sessions/sweep";
    assert_eq!(check("POST", swept, 200, "application/json", r#"{"swept":1}"#), "");
    assert_eq!(check("GET", "/nowhere", 404, "text/plain", ""), "", "nobody has described it");
    assert_eq!(check("DELETE", "/orders/stats", 405, "text/plain", ""), "", "a method that nobody has described");
    assert_eq!(check("HEAD", "/orders/stats", 200, "application/json", ""), "");
    let table = [
        (check("POST", swept, 418, "application/json", "{}"), "sweepPaymentSessions answers 418"),
        (check("POST", swept, 200, "text/html", "{}"), "text/html"),
        (check("POST", swept, 200, "application/json", "{"), "no JSON"),
        (check("POST", swept, 200, "application/json", r#"{"swept":-1}"#), "-1 is less than the minimum of 0"),
        (check("POST", swept, 200, "application/json", r#"{"swept":1,"more":1}"#), "more"),
        (check("DELETE", "/orders/1", 204, "", "x"), "with a body"),
    ];
    for (told, expected) in table {
        assert!(told.contains(expected), "{told:?} doesn't say {expected:?}");
    }
}

#[test]
fn every_operation_that_asks_for_a_callers_token_may_answer_429() {
    let mut seen = 0;
    for operation in description().operations() {
        let described = description().document().pointer(&operation.pointer).expect("an operation");
        // Probes aren't limited; of others an operation without a word about it asks for a token.
        let is_probe = described["tags"][0] == "service";
        if described.get("security").is_some() || is_probe {
            continue;
        }
        seen += 1;
        let statuses: Vec<String> = responses(operation).into_iter().map(|(status, ..)| status).collect();
        assert!(statuses.iter().any(|status| status == "429"), "{}: {statuses:?}", operation.id);
    }
    assert!(seen > 50, "{seen} operations");
}

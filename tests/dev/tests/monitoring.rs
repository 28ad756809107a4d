//! Alerts, the runbook and Alertmanager's example agree. (`make lint` has promtool check and test
//! the rules; tests/e2e holds the metrics against a real server.)

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_yaml_ng::Value;

fn folder() -> PathBuf {
    dev::root().join("monitoring")
}

fn text(file: &str) -> String {
    let path = folder().join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn yaml(file: &str) -> Value {
    serde_yaml_ng::from_str(&text(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
}

/// The rules of a file that have this key.
fn rules(file: &str, key: &str) -> Vec<Value> {
    let groups = yaml(file)["groups"].as_sequence().expect("groups").clone();
    let rules = groups.iter().flat_map(|group| group["rules"].as_sequence().expect("rules").clone());
    rules.filter(|rule| rule[key].is_string()).collect()
}

fn names() -> BTreeSet<String> {
    rules("alerts.yaml", "alert").iter().map(|rule| rule["alert"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn every_alert_says_how_urgent_it_is_and_where_its_paragraph_stands() {
    let alerts = rules("alerts.yaml", "alert");
    assert!(alerts.len() >= 12, "{} alerts", alerts.len());
    assert_eq!(names().len(), alerts.len(), "a name stands twice");
    let runbook = text("runbook.md");
    for rule in alerts {
        let name = rule["alert"].as_str().expect("a name");
        assert!(["page", "ticket"].contains(&rule["labels"]["severity"].as_str().unwrap_or("none")), "{name}");
        for text in ["summary", "description"] {
            assert!(rule["annotations"][text].is_string(), "{name} has no {text}");
        }
        let (_, anchor) = rule["annotations"]["runbook_url"].as_str().and_then(|url| url.split_once('#')).expect(name);
        assert_eq!(anchor, name.to_lowercase());
        let paragraph =
            runbook.split(&format!("### {name}\n")).nth(1).unwrap_or_else(|| panic!("no paragraph: {name}"));
        assert!(paragraph.split("\n#").next().is_some_and(|text| text.trim().len() > 100), "{name}'s is empty");
    }
    for line in runbook.lines().filter_map(|line| line.strip_prefix("### ")) {
        assert!(names().contains(line), "the runbook has a paragraph for {line}, which is no alert");
    }
}

#[test]
fn every_alert_fires_in_a_test_of_rules() {
    let tests: Vec<String> = std::fs::read_dir(folder().join("tests"))
        .expect("tests of rules")
        .map(|entry| std::fs::read_to_string(entry.expect("a file").path()).expect("a text"))
        .collect();
    for name in names() {
        let fires = format!(r#"{{labels: '{{alertname="{name}"}}', value: 1}}"#);
        assert!(tests.iter().any(|text| text.contains(&fires)), "{name} fires in no test");
    }
}

#[test]
fn alerts_and_dashboards_read_only_rules_that_are_recorded() {
    let recorded: BTreeSet<String> =
        rules("rules.yaml", "record").iter().map(|rule| rule["record"].as_str().expect("a name").to_owned()).collect();
    for file in ["alerts.yaml", "rules.yaml", "dashboards/cache.json", "dashboards/payments.json"] {
        let text = text(file);
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'));
        for word in words.filter(|word| word.contains(":edge_orders_")) {
            assert!(recorded.contains(word.trim_end_matches(':')), "{file} reads {word}, which nothing records");
        }
    }
}

#[test]
fn only_alerts_that_exist_keep_others_quiet() {
    let alerts = names();
    for rule in yaml("alertmanager.yaml")["inhibit_rules"].as_sequence().expect("inhibit_rules") {
        for side in ["source_matchers", "target_matchers"] {
            for matcher in rule[side].as_sequence().expect(side) {
                let matcher = matcher.as_str().expect("a matcher");
                let Some(named) = matcher.strip_prefix("alertname=") else { continue };
                for name in alternatives(named.trim_matches(['~', '"'])) {
                    assert!(alerts.contains(&name), "{matcher} names {name}, which is no alert");
                }
            }
        }
    }
}

/// The names that `A`, or `A(B|C)`, stands for.
fn alternatives(pattern: &str) -> Vec<String> {
    match pattern.split_once('(') {
        None => vec![pattern.to_owned()],
        Some((head, rest)) => rest.trim_end_matches(')').split('|').map(|end| format!("{head}{end}")).collect(),
    }
}

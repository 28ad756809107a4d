//! A fault of Redis is a way to bypass the cache, never an answer to a caller.

use super::Finding;
use crate::{Tree, code::Code};

const RULE: &str = "redis-faults-never-returned";

/// The crates in which a fault is made and ends: the adapter of Redis with its ports, and the
/// protocol.
const MAY_GIVE: [&str; 2] = ["shared/cache-spin/", "shared/cache-logic/"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.below("shared/", ".rs").chain(tree.below("functions/", ".rs")) {
        let code = Code::read(text);
        for (name, kind, line) in &code.implementations {
            if name.starts_with("From<") && name.contains("CacheFault") {
                let detail = format!("a fault of Redis turns into {kind}");
                findings.push(Finding::new(RULE, format!("{path}:{line}"), detail));
            }
        }
        if MAY_GIVE.iter().any(|place| path.starts_with(place)) {
            continue;
        }
        for function in code.functions.iter().filter(|function| function.output.contains("CacheFault")) {
            let detail = format!("{} gives a fault of Redis to its caller", function.name);
            findings.push(Finding::new(RULE, format!("{path}:{}", function.line), detail));
        }
        if (path.starts_with("functions/") || path.ends_with("/problem.rs") || path.starts_with("shared/commerce/"))
            && let Some((_, line)) = code.paths.iter().find(|(name, _)| name.ends_with("CacheFault"))
        {
            findings.push(Finding::new(
                RULE,
                format!("{path}:{line}"),
                "a fault of Redis is named where answers are made",
            ));
        }
    }
    findings
}

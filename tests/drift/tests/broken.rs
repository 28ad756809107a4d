//! Each constraint, broken on purpose in a copy of the workspace in memory, is found; the workspace
//! itself has no finding.

use std::path::Path;
use std::sync::LazyLock;

use drift_check::{Finding, Tree, check};

static TREE: LazyLock<Tree> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    Tree::load(&root).unwrap_or_else(|reason| panic!("{reason}"))
});

/// What is found before anything is broken: nothing, or one test fails.
static BEFORE: LazyLock<Vec<Finding>> = LazyLock::new(|| check(&TREE));

/// Changes one file and expects a finding of this rule that wasn't there before.
#[track_caller]
fn breaks(rule: &str, path: &str, change: impl Fn(&str) -> String) {
    let mut tree = TREE.clone();
    let text = tree.files.get_mut(path).unwrap_or_else(|| panic!("{path} is gone: adapt this test"));
    let changed = change(text);
    assert_ne!(*text, changed, "{path} was not changed: adapt this test");
    *text = changed;
    let found: Vec<_> = check(&tree).into_iter().filter(|finding| !BEFORE.contains(finding)).collect();
    assert!(found.iter().any(|finding| finding.rule == rule), "{rule} did not find it: {found:?}");
}

/// Puts a line at the end of a file.
fn append(line: &'static str) -> impl Fn(&str) -> String {
    move |text| format!("{text}\n{line}\n")
}

/// Adds a dependency to a package.
#[track_caller]
fn dependency_breaks(rule: &str, package: &str, dependency: &str) {
    let mut tree = TREE.clone();
    let dependencies = tree.dependencies.get_mut(package).unwrap_or_else(|| panic!("no package {package}"));
    dependencies.push(dependency.to_owned());
    let found = check(&tree);
    assert!(
        found.iter().any(|finding| finding.rule == rule && finding.place == package),
        "{rule} did not find it: {found:?}"
    );
}

const LOOKUP: &str = "functions/order-lookup/src/lib.rs";
const CACHE: &str = "shared/cache-spin/src/cache.rs";
const DATA: &str = "shared/edge/src/data.rs";
const RULES: &str = "shared/edge/src/settings/rules.rs";

#[test]
fn nothing_is_broken() {
    assert!(BEFORE.is_empty(), "{:#?}", *BEFORE);
}

#[test]
fn a_handler_that_names_the_cache_is_found() {
    breaks("cache-below-handlers", LOOKUP, append("use cache_logic::entry;"));
    breaks("cache-below-handlers", LOOKUP, append("use spin_sdk::{http, redis::Connection};"));
    breaks("cache-below-handlers", LOOKUP, append("fn f() { let _ = spin_sdk::pg::Connection::open(\"\"); }"));
    breaks("cache-below-handlers", LOOKUP, append("fn f() { println!(\"{}\", cache_spin::redis::name()); }"));
    breaks("cache-below-handlers", "functions/order-list/src/lib.rs", append("use cache_spin::store::RedisStore;"));
}

#[test]
fn a_handler_may_speak_of_the_cache_in_a_comment_and_in_a_test() {
    let mut tree = TREE.clone();
    let text = tree.files.get_mut(LOOKUP).expect("order-lookup");
    text.push_str("\n// spin_sdk::redis\n#[cfg(test)]\nmod drift { use cache_logic::entry; }\n");
    assert_eq!(check(&tree), check(&TREE));
}

#[test]
fn a_lifetime_in_the_code_is_found() {
    let rule = "ttls-from-variables";
    breaks(rule, RULES, |text| {
        text.replacen("parser.policy(variable, &default_ttl)", "Policy::with_ttl(Duration::from_secs(300))", 1)
    });
    breaks(rule, DATA, append("fn f() { let _ = Policy::with_ttl(Duration::from_secs(300)); }"));
    breaks(rule, DATA, append("fn f() -> Policy { Policy { ttl: Duration::from_secs(60), ..g() } }"));
}

#[test]
fn a_component_that_may_connect_anywhere_is_found() {
    breaks("ttls-from-variables", "spin.toml", |text| {
        text.replacen("postgres://{{ database_host }}", "postgres://*:5432", 1)
    });
}

#[test]
fn a_fault_of_redis_on_its_way_to_a_caller_is_found() {
    let rule = "redis-faults-never-returned";
    let turn = "impl From<CacheFault> for Error { fn from(_: CacheFault) -> Error { Error::internal(\"\") } }";
    breaks(rule, DATA, append(turn));
    breaks(rule, "shared/cache-spin/src/store.rs", append(turn));
    breaks(rule, DATA, append("fn f() -> Result<(), CacheFault> { Ok(()) }"));
    breaks(rule, "shared/edge/src/problem.rs", append("use cache_logic::ports::CacheFault;"));
}

#[test]
fn a_cached_404_is_found() {
    let rule = "no-cached-404";
    let value = "fn f() -> Value { Value { payload: vec![], etag: String::new(), owner: None } }";
    breaks(rule, "shared/cache-spin/src/store.rs", append(value));
    breaks(rule, "shared/cache-logic/src/protocol/entry.rs", |text| {
        text.replacen("pub fn encode(value: &Value", "pub fn encode(value: Option<&Value>", 1)
    });
    breaks(rule, CACHE, |text| text.replacen("fn value(mut row: Row)", "fn value(mut row: Option<String>)", 1));
}

#[test]
fn a_mutation_beside_the_write_path_is_found() {
    let rule = "invalidation-after-every-mutation";
    breaks(rule, DATA, append("async fn f(app: &App) { let _ = query(app, \"order_patch\", vec![]).await; }"));
    breaks(rule, DATA, append("async fn f(app: &App) { let _ = change(app, \"order_delete\", vec![]).await; }"));
    breaks(rule, DATA, append("async fn f(app: &'static App) { let _ = write(app, \"order_get\", vec![]).await; }"));
    breaks(rule, DATA, append("async fn f(app: &App) { let _ = query(app, \"order_nowhere\", vec![]).await; }"));
    breaks(rule, "database/code/orders/get.sql", |text| text.replace("STABLE", "VOLATILE"));
    for (was, is) in [("SET expires_at = put_off", "SET data = '{}'"), ("IF FOUND THEN", "DELETE FROM user_sessions;")]
    {
        breaks(rule, "database/code/user_sessions/get.sql", |text| text.replacen(was, is, 1));
    }
    breaks(rule, "database/code/webhooks/postpone.sql", |text| text.replace("UPDATE webhook_events", "UPDATE orders"));
}

#[test]
fn a_formatter_on_the_way_of_a_hit_is_found() {
    let rule = "hits-format-nothing";
    breaks(rule, "shared/commerce/src/views/tags.rs", append("fn f(org: Uuid) -> String { format!(\"org:{org}\") }"));
    breaks(rule, "shared/commerce/src/views/entry.rs", append("fn f(org: Uuid) -> String { org.to_string() }"));
    breaks(rule, DATA, |text| text.replacen("let watch = ", "let _ = format!(\"\"); let watch = ", 1));
    breaks(rule, "shared/edge/src/answer.rs", |text| text.replacen("fn into_reply", "fn reply_of", 1));
}

#[test]
fn what_a_function_leaves_in_its_session_is_found() {
    let (rule, path) = ("nothing-in-sessions", "database/code/cache/renew.sql");
    breaks(rule, path, append("PERFORM set_config('jit', 'off', false);"));
    breaks(rule, path, append("PERFORM pg_advisory_lock(1);"));
    breaks(rule, path, append("CREATE TEMPORARY TABLE kept (id uuid);"));
    breaks(rule, "shared/cache-spin/sql/outbox.sql", append("LISTEN changes;"));
}

#[test]
fn a_dependency_that_points_back_is_found() {
    let rule = "direction-of-dependencies";
    for (package, dependency) in [
        ("cache-logic", "commerce"),
        ("cache-logic", "spin-sdk"),
        ("commerce", "edge"),
        ("commerce", "spin-sdk"),
        ("cache-spin", "commerce"),
        ("edge", "payments"),
        ("edge", "order-lookup"),
        ("order-lookup", "order-list"),
        ("order-lookup", "cache-logic"),
        ("edge-host", "cache-logic"),
        ("edge-host", "spin-sdk"),
        ("e2e", "commerce"),
    ] {
        dependency_breaks(rule, package, dependency);
    }
    breaks(rule, "shared/commerce/src/lib.rs", append("use spin_sdk::http;"));
}

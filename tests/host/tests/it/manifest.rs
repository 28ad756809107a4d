use crate::support::*;

/// Expects that the manifest with `from` replaced by `to` is refused, and that the error says
/// `expected`.
async fn refused(from: &str, to: &str, expected: &str) {
    let error = try_start(&manifest("", "").replace(from, to), |_| {}).await.err();
    let error = format!("{:#}", error.unwrap_or_else(|| panic!("{to:?} is refused")));
    assert!(error.contains(expected), "{error}");
}

#[tokio::test]
async fn an_unsupported_feature_is_an_error_at_start() {
    refused("[component.guest]", "[component.guest]\nkey_value_stores = ['default']", "key_value_stores").await;
    refused("[component.guest]", "[component.guest]\nsqlite_databases = ['default']", "sqlite_databases").await;
    refused("[component.guest]", "[component.guest]\nai_models = ['x']", "ai_models").await;
    refused("[component.guest]", "[component.guest]\nfiles = ['x']", "files").await;
    refused("[[trigger.http]]", "[[trigger.sqs]]", "sqs").await;
    refused("\"/...\"", "{ private = true }", "expected a string").await;
    let remote = format!("source = {:?}", guest());
    refused(&remote, "source = { url = 'https://x', digest = 'y' }", "remote source").await;
}

#[tokio::test]
async fn triggers_of_two_kinds_are_refused_in_one_manifest() {
    let both = "[[trigger.redis]]\nchannel = 'c'\naddress = 'redis://127.0.0.1:1'\ncomponent = 'guest'\n";
    refused("[[trigger.http]]", &format!("{both}[[trigger.http]]"), "of one kind").await;
}

#[tokio::test]
async fn mistakes_in_the_manifest_are_errors_at_start() {
    refused("spin_manifest_version = 2", "spin_manifest_version = 1", "must be 2").await;
    refused("component = \"guest\"", "component = \"other\"", "does not exist").await;
    refused("host_test_guest.wasm", "nowhere.wasm", "cannot load").await;
    refused(guest().to_str().expect("text"), concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"), "cannot load").await;
}

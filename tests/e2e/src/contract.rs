use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::Duration;

use uuid::Uuid;

use crate::server::serve;
use crate::suite::{Suite, root, scratch_dir};

const COMPONENT: &str = "target/wasm32-wasip2/release/contract_component.wasm";

/// Runs the contract of the ports in a component, on the runtime's Redis. Gives each check with
/// "ok" or its fault. `None` if `E2E_BASE_URL` names the server: it serves no component of ours.
pub async fn contract_on_the_runtime() -> Option<BTreeMap<String, String>> {
    let suite = Suite::get().await;
    if suite.running.is_some() {
        eprintln!("not run: this scenario serves a component of its own, and E2E_BASE_URL is given");
        return None;
    }
    let built = Command::new(env!("CARGO"))
        .args(["build", "-q", "--release", "--target", "wasm32-wasip2", "-p", "contract-component"])
        .current_dir(root())
        .stdin(Stdio::null())
        .status();
    assert!(built.is_ok_and(|status| status.success()), "the component can be built");

    let name = format!("contract-{}", Uuid::new_v4());
    let (redis, source) = (&suite.redis_url, root().join(COMPONENT));
    // The adapters read the application's own settings when they need them.
    let ours = std::fs::read_to_string(root().join("spin.toml")).unwrap_or_else(|e| panic!("spin.toml: {e}"));
    let (declared, given) = (table(&ours, "variables"), table(&ours, "component.order-lookup.variables"));
    let given: Vec<&str> =
        given.lines().filter(|line| !["redis_url ", "key_prefix "].iter().any(|set| line.starts_with(set))).collect();
    let given = given.join("\n");
    let manifest = format!(
        r#"spin_manifest_version = 2

[application]
name = "contract"
version = "0.1.0"

[variables]
{declared}

[[trigger.http]]
route = "/..."
component = "contract"

[component.contract]
source = {source:?}
allowed_outbound_hosts = [{redis:?}]

[component.contract.variables]
redis_url = {redis:?}
key_prefix = "{name}:"
{given}
"#
    );
    let path = scratch_dir().join(format!("{name}.toml"));
    std::fs::write(&path, manifest).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let (_server, base_url) = serve(&path, &scratch_dir().join("contract.log")).await;
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().expect("a client");
    let answer = client.get(&base_url).send().await.expect("an answer").text().await.expect("a text");
    let _ = std::fs::remove_file(&path);
    Some(serde_json::from_str(&answer).unwrap_or_else(|e| panic!("{e}: {answer}")))
}

/// The lines of a table of a manifest.
fn table<'a>(manifest: &'a str, name: &str) -> &'a str {
    let (_, rest) =
        manifest.split_once(&format!("\n[{name}]\n")).unwrap_or_else(|| panic!("spin.toml has no [{name}]"));
    rest.split("\n[").next().unwrap_or(rest)
}

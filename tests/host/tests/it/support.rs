//! Starts a host on a manifest of the test's own, and talks to it.

use bytes::Bytes;
use edge_host::{Host, Options, ServingHost};
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use tokio::net::TcpStream;

/// A manifest with the component `guest` behind `/...`; `more` follows its `source`, `variables` is
/// the application's table.
pub fn manifest(variables: &str, more: &str) -> String {
    format!(
        r#"
        spin_manifest_version = 2

        [application]
        name = "try"
        version = "1.2.3"

        [variables]
        {variables}

        [[trigger.http]]
        route = "/..."
        component = "guest"

        [component.guest]
        source = {guest:?}
        {more}
        "#,
        guest = guest()
    )
}

/// Starts a host on a manifest, with the options that `tune` changes.
pub async fn try_start(manifest: &str, tune: impl FnOnce(&mut Options)) -> anyhow::Result<ServingHost> {
    let dir = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(dir.path().join("spin.toml"), manifest).expect("the manifest can be written");
    let mut options = Options::new(dir.path());
    tune(&mut options);
    Host::start(options).await
}

/// As [`try_start`], with no options changed, for a manifest that is known to be good.
pub async fn start(manifest: &str) -> ServingHost {
    try_start(manifest, |_| {}).await.expect("the host starts")
}

/// Status and body of a GET.
pub async fn get(addr: SocketAddr, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
    let stream = TcpStream::connect(addr).await.expect("the host listens");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("the host speaks HTTP");
    let connection = tokio::spawn(connection);
    let mut request = http::Request::get(path).header("host", addr.to_string());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Empty::<Bytes>::new()).expect("a valid request");
    let response = sender.send_request(request).await.expect("an answer");
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.expect("a whole body").to_bytes();
    connection.abort();
    (status, String::from_utf8_lossy(&body).into_owned())
}

/// The guest's answer to `path` about `argument`.
pub async fn ask(host: &ServingHost, path: &str, argument: &str) -> String {
    let (status, body) = get(host.addr, path, &[("argument", argument)]).await;
    assert_eq!(status, 200, "{path} of {argument:?}: {body}");
    body
}

/// The Redis server to test with.
pub fn redis_url() -> String {
    service("REDIS_URL")
}

/// The Postgres server to test with.
pub fn database_url() -> String {
    service("DATABASE_URL")
}

fn service(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!(
            "{name} is not set. `make test` sets it; by hand: \
             scripts/services.sh start .run/test && set -a && . .run/test/services.env"
        )
    })
}

/// `host:port` of a URL.
pub fn authority(url: &str) -> String {
    let url = url::Url::parse(url).expect("a URL");
    format!("{}:{}", url.host_str().expect("a host"), url.port().expect("a port"))
}

/// The guest's component, built at its first use.
pub fn guest() -> &'static Path {
    static GUEST: OnceLock<PathBuf> = OnceLock::new();
    GUEST.get_or_init(|| {
        let built = Command::new(env!("CARGO"))
            .args([
                "build",
                "--package=host-test-guest",
                "--target=wasm32-wasip2",
                "--release",
                "--message-format=json",
            ])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stderr(Stdio::inherit())
            .output()
            .expect("cargo runs");
        assert!(built.status.success(), "the guest can be built; is the target there? rustup target add wasm32-wasip2");
        let messages = String::from_utf8(built.stdout).expect("text");
        let artefacts = messages.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
        artefacts
            .filter_map(|message| message["filenames"][0].as_str().map(PathBuf::from))
            .find(|path| path.ends_with("host_test_guest.wasm"))
            .expect("cargo names the component")
    })
}

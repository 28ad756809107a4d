//! An app that the host serves.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use kit::{SOON, eventually, free_port};

use crate::packaged::root;

/// Ends when it is dropped.
pub struct Served {
    host: Child,
    port: u16,
}

impl Served {
    /// Serves a manifest's app over these stores, with further variables.
    pub async fn start(manifest: &Path, redis_url: &str, database_url: &str, further: &[(&str, &str)]) -> Self {
        let host = std::env::var("E2E_HOST_BIN").map_or(root().join("target/host/edge-host"), Into::into);
        let authority = database_url.rsplit('@').next().and_then(|rest| rest.split('/').next()).expect("a host");
        let port = free_port();
        let host = Command::new(&host)
            .args(["up", "--listen", &format!("127.0.0.1:{port}"), "--from"])
            .arg(manifest)
            .env("SPIN_VARIABLE_REDIS_URL", redis_url)
            .env("SPIN_VARIABLE_DATABASE_URL", database_url)
            .env("SPIN_VARIABLE_DATABASE_HOST", authority)
            .envs(further.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}; scripts/build.sh builds it", host.display()));
        let served = Self { host, port };
        eventually("the app answers", SOON, || async { reqwest::get(format!("{}/", served.base_url())).await.ok() })
            .await;
        served
    }

    /// Its address.
    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.host.kill();
        let _ = self.host.wait();
    }
}

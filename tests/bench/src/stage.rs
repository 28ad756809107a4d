//! The common parts of all cases: the app with its stores, the peers, requests to send.

use std::path::{Path, PathBuf};
use std::process::Command;

use e2e::{App, free_port};
use standin::Standin;

use crate::load::{self, Sample};
use crate::peers::{Peer, runtime};

/// Everything that runs.
pub struct Stage {
    /// The app, with a Redis of its own.
    pub app: App,
    /// Floor and hello.
    pub components: Peer,
    /// The native service.
    pub native: Peer,
    /// The payment providers.
    pub standin: Standin,
    /// The folder of written files.
    pub scratch: PathBuf,
    /// Orders of the token's organisation.
    pub orders: Vec<String>,
    root: PathBuf,
}

/// The key that the floor reads.
const FLOOR_KEY: &str = "bench:floor";

impl Stage {
    /// Starts all of it.
    pub async fn set() -> Stage {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("two below the root").to_owned();
        let scratch = root.join(".run/bench");
        std::fs::create_dir_all(&scratch).unwrap_or_else(|e| panic!("{}: {e}", scratch.display()));
        let standin = Standin::start().await;
        standin.automatic(false);
        let limits = ["limit_customer_hour", "limit_customer_day", "limit_address_hour"];
        let app = limits.iter().fold(App::private().own_redis(), |app, limit| app.variable(limit, "100000"));
        // As `make up` serves it.
        let app = app.in_table().payments(&standin).spawn().await.expect("make bench measures servers that it starts");
        let owned = format!(
            "SELECT string_agg(id::text, ' ' ORDER BY id) FROM orders WHERE organization_id = '{}' AND deleted_at IS NULL",
            app.sample.org
        );
        let orders = app.psql_value(&owned).await.split(' ').map(str::to_owned).collect();

        let port = free_port();
        let mut components = runtime(&root);
        components
            .args(["up", "--from", "tests/bench/peers/spin.toml", "--listen", &format!("127.0.0.1:{port}")])
            .arg("--variable")
            .arg(format!("redis_url={}", app.redis_url));
        let components = Peer::start(&mut components, port, &scratch.join("components.log"));
        let port = free_port();
        let mut native = Command::new(root.join("target/native/bench-native"));
        native
            .env("PORT", port.to_string())
            .env("REDIS_URL", &app.redis_url)
            .env("DATABASE_URL", app.database_url())
            .env("ORGANIZATION", &app.sample.org);
        let native = Peer::start(&mut native, port, &scratch.join("native.log"));
        let stage = Stage { app, components, native, standin, scratch, orders, root };
        stage.fill_floor().await;
        stage
    }

    /// Gives the floor the same body that the order has.
    pub async fn fill_floor(&self) {
        let body = self.app.client.order(&self.app.sample.order).await.expect(200).body;
        let mut redis = self.redis().await;
        redis::cmd("SET").arg(FLOOR_KEY).arg(&body[..]).exec_async(&mut redis).await.expect("Redis answers");
    }

    /// A connection to the app's Redis.
    pub async fn redis(&self) -> redis::aio::MultiplexedConnection {
        let client = redis::Client::open(self.app.redis_url.as_str()).expect("a Redis address");
        // Without the crate's time limits, because filling Redis takes its time on a busy machine.
        let patient = redis::AsyncConnectionConfig::new().set_response_timeout(None).set_connection_timeout(None);
        client.get_multiplexed_async_connection_with_config(&patient).await.expect("Redis answers")
    }

    /// Drops all cached entries.
    pub async fn flush(&self) {
        redis::cmd("FLUSHDB").exec_async(&mut self.redis().await).await.expect("Redis answers");
    }

    /// A request to the app with the token and these headers more.
    pub fn request(&self, method: &str, path: &str, more: &[(&str, &str)], body: &str) -> Vec<u8> {
        let authorization = format!("Bearer {}", self.app.token());
        let mut headers = vec![("Authorization", authorization.as_str())];
        if !body.is_empty() {
            headers.push(("Content-Type", "application/json"));
        }
        headers.extend_from_slice(more);
        load::request(method, &format!("/api/v1{path}"), &headers, body.as_bytes())
    }

    /// The same kind of request to a peer. It carries the token too, so that as much is parsed.
    pub fn plain(&self, path: &str) -> Vec<u8> {
        let authorization = format!("Bearer {}", self.app.token());
        load::request("GET", path, &[("Authorization", &authorization)], b"")
    }

    /// The path of the value that one of the floors reads.
    pub fn floor_path(&self, floor: &str) -> String {
        format!("/{floor}/{FLOOR_KEY}")
    }

    /// Sends these requests in turn for some seconds.
    pub fn load(&self, base: &str, requests: &[Vec<u8>], seconds: u64) -> Sample {
        load::run(base, requests, seconds, load::CONNECTIONS, &self.scratch)
    }

    /// The app's manifest is served from here.
    pub fn root(&self) -> &Path {
        &self.root
    }
}

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kit::Services;
use kit::database::{connect, seed, seed_text, with_database};
use tokio::sync::{Mutex, OnceCell};

/// How many orders the template database holds if `E2E_SEED_ORDERS` doesn't say. Enough for pages
/// and statistics, few enough to copy it per scenario.
const SEED_ORDERS: u32 = 300;

fn seed_orders() -> u32 {
    variable("E2E_SEED_ORDERS").map_or(SEED_ORDERS, |orders| orders.parse().expect("E2E_SEED_ORDERS is a number"))
}

/// The common parts of all scenarios of a run.
#[derive(Debug)]
pub(crate) struct Suite {
    pub(crate) redis_url: String,
    /// A database of the server in which scenarios copy the template.
    pub(crate) database_url: String,
    /// The running server, if `E2E_BASE_URL` names one.
    pub(crate) running: Option<ExternalServer>,
}

/// A server that was not started here.
#[derive(Debug)]
pub(crate) struct ExternalServer {
    pub(crate) base_url: String,
    pub(crate) token: String,
    /// Its keys, if `JWT_KEYS` gives them. Without them no other callers can be made up.
    pub(crate) keys: Option<serde_json::Value>,
    /// One scenario at a time, because they share the server's stores.
    pub(crate) turn: std::sync::Arc<Mutex<()>>,
}

static SUITE: OnceCell<Suite> = OnceCell::const_new();

impl Suite {
    pub(crate) async fn get() -> &'static Suite {
        SUITE.get_or_init(Suite::prepare).await
    }

    async fn prepare() -> Suite {
        if let Some(base_url) = variable("E2E_BASE_URL") {
            let need = |name: &str| variable(name).unwrap_or_else(|| panic!("E2E_BASE_URL needs {name} beside it"));
            let keys = variable("JWT_KEYS").map(|keys| serde_json::from_str(&keys).expect("JWT_KEYS is a JWK Set"));
            let database_url = need("DATABASE_URL");
            let admin = connect(&with_database(&database_url, "postgres")).await;
            let extension = admin.batch_execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements").await;
            extension.expect("statements are counted by pg_stat_statements");
            let running = ExternalServer { base_url, token: need("E2E_TOKEN"), keys, turn: Default::default() };
            return Suite { redis_url: need("REDIS_URL"), database_url, running: Some(running) };
        }
        forget_logs();
        let (redis_url, database_url) = match (variable("REDIS_URL"), variable("DATABASE_URL")) {
            (Some(redis_url), Some(database_url)) => (redis_url, database_url),
            _ => start_services(),
        };
        make_template(&database_url).await;
        Suite { redis_url, database_url, running: None }
    }
}

/// Removes the logs of earlier runs. Those of this run stay, to be read after a failure.
fn forget_logs() {
    let entries = std::fs::read_dir(scratch_dir()).expect("the directory was made");
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if (name.ends_with(".log") || name.ends_with(".toml"))
            && (name.starts_with("e2e_run_") || name.starts_with("redis-"))
        {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Private stores for a run outside `make test`. A watchdog stops them when this process ends, even
/// if it is killed.
fn start_services() -> (String, String) {
    let (dir, script) = (root().join(".run/test"), scripts_dir().join("services.sh"));
    let started =
        Command::new(&script).arg("start").arg(&dir).stdin(Stdio::null()).status().expect("scripts/services.sh runs");
    assert!(started.success(), "scripts/services.sh start failed");
    let watchdog = Command::new("sh")
        .args(["-c", "cat >/dev/null; exec \"$0\" stop \"$1\""])
        .args([&script, &dir])
        .stdin(Stdio::piped())
        .spawn()
        .expect("sh runs");
    // The watchdog's standard input stays open as long as this process lives.
    std::mem::forget(watchdog);
    let services = Services::of(&dir).expect("the directory was made");
    let value = |name| services.setting(name).expect("the servers' addresses");
    (value("REDIS_URL"), value("DATABASE_URL"))
}

/// Makes the template database on this server, unless it was already made from the same files.
pub(crate) async fn make_template(database_url: &str) {
    let admin = connect(&with_database(database_url, "postgres")).await;
    let execute = async |sql: &str| admin.batch_execute(sql).await.unwrap_or_else(|e| panic!("{sql}: {e:?}"));
    execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements").await;
    let leftovers = admin
        .query("SELECT datname FROM pg_database WHERE datname LIKE 'e2e\\_run\\_%'", &[])
        .await
        .expect("the list of databases");
    for row in leftovers {
        execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", row.get::<_, String>(0))).await;
    }
    let files = database::Files::read(database::default_dir()).expect("database/").fingerprint();
    let parts = [&*seed_orders().to_string(), &files, &seed_text()];
    kit::database::make_template(database_url, "e2e_template", &parts, async |url| {
        let config = url.parse().expect("DATABASE_URL is a Postgres URL");
        database::migrate(&config, &database::Options::default(), &|_| {}).await.expect("the schema");
        seed(url, seed_orders());
    })
    .await;
}

pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("tests/e2e lies two below the root").to_owned()
}

pub(crate) fn scripts_dir() -> PathBuf {
    root().join("scripts")
}

/// Logs, and the files of a scenario's own servers.
pub(crate) fn scratch_dir() -> PathBuf {
    let dir = root().join(".run/test");
    std::fs::create_dir_all(&dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
    dir
}

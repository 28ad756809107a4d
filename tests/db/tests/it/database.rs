//! A database per test, copied from a template that is made once and dropped with the last test
//! that needs it.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};

use tokio_postgres::{Client, Config, NoTls, Row};
use uuid::Uuid;

/// The fixture's first organisation, with CUSTOMER and OTHER_CUSTOMER.
pub const ORG: Uuid = Uuid::from_u128(0xaaaaaaaa_0000_7000_8000_000000000001);
/// The fixture's second organisation, with STRANGER.
pub const OTHER_ORG: Uuid = Uuid::from_u128(0xaaaaaaaa_0000_7000_8000_000000000002);
pub const CUSTOMER: Uuid = Uuid::from_u128(0xbbbbbbbb_0000_7000_8000_000000000001);
pub const OTHER_CUSTOMER: Uuid = Uuid::from_u128(0xbbbbbbbb_0000_7000_8000_000000000002);
pub const STRANGER: Uuid = Uuid::from_u128(0xbbbbbbbb_0000_7000_8000_000000000003);
/// The organisation with every second order of the seeded data.
pub const SEEDED_ORG: Uuid = Uuid::from_u128(0x0190a000_0000_7000_8000_000000000001);

/// The statement that calls a function with so many parameters.
pub fn call(function: &str, parameters: usize) -> String {
    let places: Vec<String> = (1..=parameters).map(|place| format!("${place}")).collect();
    format!("SELECT * FROM {function}({})", places.join(", "))
}

/// The rows that a template holds beside the schema.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Contents {
    Fixture,
    Seed,
}

/// A database that goes away with the value.
struct Owned(String);

impl Drop for Owned {
    fn drop(&mut self) {
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.0);
        on_own_runtime(async move { connect(&admin()).await.batch_execute(&statement).await.ok() });
    }
}

/// A test's own database.
pub struct Database {
    /// One connection to it.
    pub client: Client,
    config: Config,
    database: Owned,
    _template: Option<Arc<Owned>>,
}

impl Database {
    /// The schema and `fixture.sql`.
    pub async fn new() -> Self {
        Self::copy_of(Contents::Fixture).await
    }

    /// The schema and 10,000 seeded orders.
    pub async fn seeded() -> Self {
        Self::copy_of(Contents::Seed).await
    }

    /// Nothing at all.
    pub async fn empty() -> Self {
        Self::made("template0", None).await
    }

    /// A database as the last release without a runner left it.
    pub async fn release_0() -> Self {
        let db = Self::empty().await;
        db.run(include_str!("../../fixtures/release_0.sql")).await;
        db
    }

    async fn copy_of(contents: Contents) -> Self {
        let template = template(contents);
        let name = template.0.clone();
        Self::made(&name, Some(template)).await
    }

    async fn made(from: &str, template: Option<Arc<Owned>>) -> Self {
        let name = fresh_name();
        let statement = format!("CREATE DATABASE {name} TEMPLATE {from}");
        connect(&admin()).await.batch_execute(&statement).await.expect("a database of the test's own");
        let database = Owned(name);
        let mut config = admin();
        config.dbname(&database.0);
        Self { client: connect(&config).await, config, database, _template: template }
    }

    /// Address, user and name of the database.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// DATABASE_URL with its name, for programs.
    pub fn url(&self) -> String {
        with_database(&self.database.0)
    }

    /// One more connection.
    pub async fn connect(&self) -> Client {
        connect(&self.config).await
    }

    /// Runs statements that give nothing.
    pub async fn run(&self, sql: &str) {
        self.client.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// The first column of the only row, as text.
    pub async fn text(&self, sql: &str) -> String {
        let row = self.client.query_one(&format!("SELECT ({sql})::text"), &[]).await;
        row.unwrap_or_else(|error| panic!("{sql}: {error:?}")).get(0)
    }

    /// Places an order for CUSTOMER, one CUP in EUR, and forgets its announcement.
    pub async fn order(&self) -> Uuid {
        let id = Uuid::now_v7();
        let request =
            serde_json::json!({"customerId": CUSTOMER, "currency": "EUR", "items": [{"sku": "CUP", "quantity": 1}]});
        let row = self.create(&request, &id.to_string(), id).await;
        assert_eq!(row.get::<_, &str>("outcome"), "created");
        self.announced().await;
        id
    }

    /// Calls order_create for ORG with a key.
    pub async fn create(&self, request: &serde_json::Value, key: &str, id: Uuid) -> Row {
        create(&self.client, request, key, id).await
    }

    /// Empties the outbox and gives the tags of each row in it, sorted.
    pub async fn announced(&self) -> Vec<Vec<String>> {
        let rows = "WITH gone AS (DELETE FROM cache_invalidations RETURNING id, tags)
            SELECT ARRAY(SELECT unnest(tags) ORDER BY 1) FROM gone ORDER BY id";
        self.client.query(rows, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }

    /// Returns once some connection to this database waits for another one's lock.
    pub async fn wait_for_a_lock(&self) {
        let waiting = "EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database()))";
        while self.text(&format!("SELECT {waiting}")).await != "true" {
            tokio::task::yield_now().await;
        }
    }

    /// An order's version.
    pub async fn version(&self, id: Uuid) -> i64 {
        self.client.query_one("SELECT version FROM orders WHERE id = $1", &[&id]).await.unwrap().get(0)
    }
}

/// Calls order_create for ORG with a key over a connection; the body's hash is that of the
/// request's text.
pub async fn create(client: &Client, request: &serde_json::Value, key: &str, id: Uuid) -> Row {
    let hash = request.to_string();
    client.query_one(&call("order_create", 6), &[&ORG, request, &"somebody", &key, &hash, &id]).await.unwrap()
}

/// The tags of an order of ORG, sorted as [`Database::announced`] sorts them.
pub fn tags(id: Uuid, customers: &[Uuid], statuses: &[&str]) -> Vec<String> {
    let mut tags = vec!["all".to_owned(), format!("order:{ORG}/{id}"), format!("org:{ORG}")];
    tags.extend(customers.iter().map(|customer| format!("customer:{ORG}/{customer}")));
    tags.extend(statuses.iter().map(|status| format!("status:{ORG}/{status}")));
    tags.sort();
    tags
}

fn admin() -> Config {
    let url = std::env::var("DATABASE_URL")
        .expect("DATABASE_URL must name a Postgres server where databases may be created; make test starts one");
    url.parse().expect("DATABASE_URL must be a Postgres URL")
}

async fn connect(config: &Config) -> Client {
    let (client, connection) = config.connect(NoTls).await.expect("a connection to DATABASE_URL");
    tokio::spawn(connection);
    client
}

fn fresh_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("db_tests_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn template(contents: Contents) -> Arc<Owned> {
    static TEMPLATES: [Mutex<Weak<Owned>>; 2] = [const { Mutex::new(Weak::new()) }; 2];
    let mut template = TEMPLATES[contents as usize].lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    template.upgrade().unwrap_or_else(|| {
        let made = Arc::new(on_own_runtime(make_template(contents)));
        *template = Arc::downgrade(&made);
        made
    })
}

async fn make_template(contents: Contents) -> Owned {
    let database = Owned(fresh_name());
    connect(&admin()).await.batch_execute(&format!("CREATE DATABASE {}", database.0)).await.expect("a new database");
    let mut config = admin();
    config.dbname(&database.0);
    let client = connect(&config).await;
    database::migrate(&config, &database::Options::default(), &|_| {}).await.expect("the schema");
    match contents {
        Contents::Fixture => client.batch_execute(include_str!("../../fixture.sql")).await.expect("the fixture"),
        Contents::Seed => seed(&database.0, 10_000),
    }
    database
}

/// Runs database/seed.sql, which is written for psql, for so many orders.
pub fn seed(database: &str, orders: u32) {
    let seed = root().join("database/seed.sql");
    let output = Command::new("psql")
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-v", &format!("seed_orders={orders}"), "-f"])
        .arg(seed)
        .arg("-d")
        .arg(with_database(database))
        .output()
        .expect("psql must be on the PATH");
    assert!(output.status.success(), "seed.sql: {}", String::from_utf8_lossy(&output.stderr));
}

/// DATABASE_URL with another database's name in it.
fn with_database(database: &str) -> String {
    let url = std::env::var("DATABASE_URL").unwrap_or_default();
    let (base, query) =
        url.split_once('?').map_or((url.as_str(), String::new()), |(base, query)| (base, format!("?{query}")));
    let server =
        base.find("://").and_then(|scheme| base[scheme + 3..].find('/').map(|slash| &base[..scheme + 3 + slash]));
    format!("{}/{database}{query}", server.unwrap_or(base))
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Runs a future to its end, whatever runtime the caller is in.
fn on_own_runtime<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    let run = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future);
    std::thread::spawn(run).join().expect("the thread")
}

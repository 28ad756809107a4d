//! An empty database per test, which is dropped with it.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio_postgres::{Client, Config, NoTls};

/// The script that cache-spin brings.
pub const OUTBOX: &str = include_str!("../../../../shared/cache-spin/sql/outbox.sql");

/// A test's own database.
pub struct Database {
    /// One connection to it.
    pub client: Client,
    name: String,
}

impl Database {
    /// Nothing but the outbox.
    pub async fn with_outbox() -> Self {
        let db = Self::empty().await;
        db.run(OUTBOX).await;
        db
    }

    /// Nothing at all.
    pub async fn empty() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("library_tests_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let create = format!("CREATE DATABASE {name} TEMPLATE template0");
        connect(&server()).await.batch_execute(&create).await.expect("a database of the test's own");
        Self { client: connect(&with_name(&name)).await, name }
    }

    /// Its address.
    pub fn url(&self) -> String {
        with_name(&self.name)
    }

    /// Its address as the runner of the schema wants it.
    pub fn config(&self) -> Config {
        self.url().parse().expect("a Postgres URL")
    }

    /// Runs statements that give nothing.
    pub async fn run(&self, sql: &str) {
        self.client.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// The SQLSTATE that refuses these statements.
    pub async fn refusal(&self, sql: &str) -> String {
        let error = self.client.batch_execute(sql).await.expect_err("they are refused");
        error.code().expect("an answer of Postgres").code().to_owned()
    }

    /// Empties the outbox and gives the tags of each row in it, sorted.
    pub async fn announced(&self) -> Vec<Vec<String>> {
        let rows = "WITH gone AS (DELETE FROM cache_invalidations RETURNING id, tags)
            SELECT ARRAY(SELECT unnest(tags) ORDER BY 1) FROM gone ORDER BY id";
        self.client.query(rows, &[]).await.expect("the outbox").iter().map(|row| row.get(0)).collect()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let run = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.map(|runtime| runtime.block_on(async { connect(&server()).await.batch_execute(&drop).await }))
        };
        // On a thread of its own: this one may be inside a runtime.
        let _ = std::thread::spawn(run).join();
    }
}

/// A connection, driven until it is dropped.
pub async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a connection to DATABASE_URL");
    tokio::spawn(connection);
    client
}

fn server() -> String {
    std::env::var("DATABASE_URL")
        .expect("DATABASE_URL must name a Postgres server where databases may be created; make test starts one")
}

/// DATABASE_URL with another database's name in it.
fn with_name(name: &str) -> String {
    let url = server();
    let (address, query) = url.split_once('?').unwrap_or((&url, ""));
    let server = address.rsplit_once('/').map_or(address, |(server, _)| server);
    format!("{server}/{name}?{query}")
}

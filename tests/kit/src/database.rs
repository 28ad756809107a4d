//! Databases of a test's own, on the Postgres server that `DATABASE_URL` names.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio_postgres::{Client, Config, NoTls};

/// A database that is dropped with the value.
#[derive(Debug)]
pub struct OwnDatabase {
    server: String,
    name: String,
}

impl OwnDatabase {
    /// A copy of a template, under a name that nobody else has.
    pub async fn copy_of(template: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("own_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let server = server();
        let create = format!("CREATE DATABASE {name} TEMPLATE {template}");
        connect(&server).await.batch_execute(&create).await.expect("a database of the test's own");
        Self { server, name }
    }

    /// One that was made under this name.
    pub fn made(server: &str, name: &str) -> Self {
        Self { server: server.to_owned(), name: name.to_owned() }
    }

    /// Leaves it where it is, to be looked at.
    pub fn keep(self) {
        std::mem::forget(self);
    }

    /// The name, which is a word.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address, for programs.
    pub fn url(&self) -> String {
        with_database(&self.server, &self.name)
    }
}

impl Drop for OwnDatabase {
    fn drop(&mut self) {
        let (server, drop) = (self.server.clone(), format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        on_own_runtime(async move { connect(&server).await.batch_execute(&drop).await.ok() });
    }
}

/// A test's own database with a connection to it.
#[derive(Debug)]
pub struct Database {
    /// One connection.
    pub client: Client,
    config: Config,
    own: OwnDatabase,
}

impl Database {
    /// Nothing at all.
    pub async fn empty() -> Self {
        Self::copy_of("template0").await
    }

    /// A copy of a template that nobody is connected to.
    pub async fn copy_of(template: &str) -> Self {
        let own = OwnDatabase::copy_of(template).await;
        let config = own.url().parse().expect("a Postgres URL");
        Self { client: connect(&own.url()).await, config, own }
    }

    /// The address, for programs.
    pub fn url(&self) -> String {
        self.own.url()
    }

    /// The address as a client takes it.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// One more connection.
    pub async fn connect(&self) -> Client {
        connect(&self.url()).await
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

/// Makes a database that others are copied from, unless it is there and was made from the same:
/// `parts` are all that goes into it, and `fill` is given its address. It stays when the tests have
/// ended, so that the next run has it at once.
///
/// # Panics
/// Postgres can't make it.
pub async fn make_template(server: &str, name: &str, parts: &[&str], fill: impl AsyncFnOnce(&str)) {
    let mut hash = DefaultHasher::new();
    parts.hash(&mut hash);
    let made_from = format!("{:016x}", hash.finish());
    let admin = connect(&with_database(server, "postgres")).await;
    let execute = async |sql: &str| admin.batch_execute(sql).await.unwrap_or_else(|e| panic!("{sql}: {e:?}"));
    let comment = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = $1";
    let present = admin.query_opt(comment, &[&name]).await.expect("the list of databases");
    if present.is_some_and(|row| row.get::<_, Option<String>>(0).as_deref() == Some(&made_from)) {
        return;
    }
    execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
    execute(&format!("CREATE DATABASE {name}")).await;
    fill(&with_database(server, name)).await;
    // The mark comes last: what was left half made is made anew.
    execute(&format!("COMMENT ON DATABASE {name} IS '{made_from}'")).await;
}

/// A connection to Postgres, driven until it is dropped.
pub async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap_or_else(|e| panic!("Postgres: {e}"));
    tokio::spawn(connection);
    client
}

/// The same address with another database.
pub fn with_database(url: &str, database: &str) -> String {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let (scheme, rest) = address.split_once("://").unwrap_or(("postgres", address));
    let server = rest.split_once('/').map_or(rest, |(server, _)| server);
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{scheme}://{server}/{database}{mark}{query}")
}

/// The rights that database/README.md says a role of the app's own needs, for this role.
pub fn rights_of_app(role: &str) -> String {
    let readme = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../database/README.md"));
    let readme = std::fs::read_to_string(readme).expect("database/README.md");
    let lines = readme.lines().map(str::trim).filter(|line| line.starts_with("GRANT ") && line.ends_with(" TO app;"));
    let rights: Vec<String> = lines.map(|line| line.replace(" TO app;", &format!(" TO {role};"))).collect();
    assert!(rights.len() >= 3, "database/README.md grants the app its rights: {rights:?}");
    rights.join("\n")
}

const SEED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../database/seed.sql");

/// The text of database/seed.sql.
///
/// # Panics
/// It can't be read.
pub fn seed_text() -> String {
    std::fs::read_to_string(SEED).expect("database/seed.sql")
}

/// Runs database/seed.sql, which is written for psql, for so many orders.
pub fn seed(url: &str, orders: u32) {
    let mut psql = Command::new("psql");
    if let Some(bin) = std::env::var_os("POSTGRES_BIN") {
        psql = Command::new(Path::new(&bin).join("psql"));
    }
    psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-v", &format!("seed_orders={orders}"), "-f"]);
    let output = psql.arg(SEED).arg("-d").arg(url).output().expect("psql must be on the PATH");
    assert!(output.status.success(), "seed.sql: {}", String::from_utf8_lossy(&output.stderr));
}

/// Runs a future to its end, whatever runtime the caller is in.
pub fn on_own_runtime<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    let run =
        || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future);
    std::thread::spawn(run).join().expect("the thread")
}

/// The server that `DATABASE_URL` names.
///
/// # Panics
/// It names none.
pub fn server() -> String {
    std::env::var("DATABASE_URL")
        .expect("DATABASE_URL must name a Postgres server where databases may be created; make test starts one")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_database_stays_on_the_same_server_with_the_same_options() {
        for (url, other) in [
            ("postgres://me:word@[::1]:5433/orders?sslmode=disable", "postgres://me:word@[::1]:5433/x?sslmode=disable"),
            ("postgresql://h/orders", "postgresql://h/x"),
            ("postgres://h", "postgres://h/x"),
        ] {
            assert_eq!(with_database(url, "x"), other);
        }
    }
}

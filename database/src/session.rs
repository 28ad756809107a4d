//! One connection that holds the runner's lock, and a second one that sees what the first waits
//! for.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::Options;

/// The advisory lock of all runners of a database.
const LOCK: &str = "hashtextextended('edge-orders/database', 0)";
/// The connections that keep another one from going on.
const BLOCKERS: &str = "SELECT format('process %s (%s, %s): %s', a.pid, coalesce(nullif(a.application_name, ''), a.usename), a.state, \
     left(regexp_replace(a.query, '\\s+', ' ', 'g'), 80)) FROM pg_stat_activity a WHERE a.pid = ANY (pg_blocking_pids($1))";

/// Work for one transaction, done from its beginning each time that it is tried.
pub(crate) trait Work: Sync {
    /// The result of the work.
    type Output: Send;
    fn run(&self, client: &Client) -> impl Future<Output = Result<Self::Output>> + Send;
}

/// A run's connection, with its lock.
pub(crate) struct Session<'a> {
    pub(crate) client: Client,
    watch: Client,
    pid: i32,
    options: &'a Options,
    say: &'a (dyn Fn(&str) + Send + Sync),
}

impl<'a> Session<'a> {
    /// Connects, and waits until no other runner is at work.
    pub(crate) async fn open(
        config: &Config,
        options: &'a Options,
        say: &'a (dyn Fn(&str) + Send + Sync),
    ) -> Result<Session<'a>> {
        let client = connect(config).await?;
        let watch = connect(config).await?;
        // Everything is in public: names are written, and shown, without a schema.
        client
            .batch_execute("SET search_path = public; SET client_min_messages = warning; SET statement_timeout = 0; SET check_function_bodies = on")
            .await?;
        let row = client
            .query_one("SELECT current_database()::text, pg_backend_pid(), current_setting('server_version')", &[])
            .await?;
        let session = Session { client, watch, pid: row.get(1), options, say };
        session.say(&format!(
            "database {} (PostgreSQL {}), files in {}",
            row.get::<_, &str>(0),
            row.get::<_, &str>(2),
            options.dir.display()
        ));
        session.lock().await?;
        Ok(session)
    }

    pub(crate) fn say(&self, line: &str) {
        (self.say)(line);
    }

    /// Takes the runners' lock, which ends with the connection. It is tried and not waited for: a
    /// statement that waits has a snapshot, which an index that the other run builds concurrently
    /// would wait for.
    async fn lock(&self) -> Result<()> {
        let began = Instant::now();
        let mut told = false;
        loop {
            let row = self.client.query_one(&format!("SELECT pg_try_advisory_lock({LOCK})"), &[]).await?;
            if row.get(0) {
                return Ok(());
            }
            if !told {
                self.say("another run is at work: waiting for it");
                told = true;
            }
            if began.elapsed() > self.options.patience {
                bail!("another run has been at work for {} s; nothing was changed", self.options.patience.as_secs());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Runs `work` as one transaction, again if somebody else holds a lock that it needs.
    pub(crate) async fn transaction<W: Work>(&self, what: &str, work: &W) -> Result<W::Output> {
        let mut pause = self.options.pause;
        for attempt in 1.. {
            let timeout = self.options.lock_timeout.as_millis();
            self.client.batch_execute(&format!("BEGIN; SET LOCAL lock_timeout = {timeout}")).await?;
            let blockers = Mutex::new(Vec::new());
            let done = tokio::select! {
                done = work.run(&self.client) => done,
                failed = self.watch(&blockers) => Err(failed),
            };
            let error = match done {
                Ok(value) => {
                    self.client.batch_execute("COMMIT").await.with_context(|| format!("{what}: COMMIT"))?;
                    return Ok(value);
                }
                Err(error) => error,
            };
            if self.client.is_closed() {
                return Err(error.context(format!("{what}: the connection is gone")));
            }
            self.client.batch_execute("ROLLBACK").await?;
            if !held_up(&error) {
                return Err(error.context(format!("{what}: rolled back, nothing of it was kept")));
            }
            let blockers = blockers.into_inner().unwrap_or_default();
            let holder = if blockers.is_empty() { "somebody".to_owned() } else { blockers.join("; ") };
            if attempt >= self.options.attempts {
                return Err(error.context(format!(
                    "{what}: gave up after {attempt} attempts, nothing of it was kept. The lock is held by {holder}"
                )));
            }
            self.say(&format!(
                "{what}: a lock is held by {holder}; rolled back, attempt {} of {} in {:.1} s",
                attempt + 1,
                self.options.attempts,
                pause.as_secs_f64()
            ));
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        bail!("{what}: no attempt was allowed")
    }

    /// Notes the session that holds up the transaction, until it ends. Gives only an error.
    async fn watch(&self, blockers: &Mutex<Vec<String>>) -> anyhow::Error {
        loop {
            tokio::time::sleep((self.options.lock_timeout / 4).max(Duration::from_millis(10))).await;
            match self.watch.query(BLOCKERS, &[&self.pid]).await {
                Ok(rows) if rows.is_empty() => {}
                Ok(rows) => {
                    let seen = rows.iter().map(|row| row.get(0)).collect();
                    if let Ok(mut blockers) = blockers.lock() {
                        *blockers = seen;
                    }
                }
                Err(error) => return anyhow::Error::new(error).context("the connection that watches for locks"),
            }
        }
    }
}

/// Whether a transaction may succeed when it is tried again.
fn held_up(error: &anyhow::Error) -> bool {
    let code = error.chain().find_map(|cause| cause.downcast_ref::<tokio_postgres::Error>()).and_then(|e| e.code());
    matches!(code, Some(code) if *code == SqlState::LOCK_NOT_AVAILABLE || *code == SqlState::T_R_DEADLOCK_DETECTED)
}

/// Connects; encrypted if the URL says `sslmode=require`. Then the server's certificate must be one
/// that the system trusts.
async fn connect(config: &Config) -> Result<Client> {
    let mut config = config.clone();
    config.application_name("database migrate");
    // Each connection ends with its client.
    if config.get_ssl_mode() == SslMode::Require {
        // Another one may have been chosen by the program that this runs in.
        rustls::crypto::ring::default_provider().install_default().ok();
        let tls = MakeRustlsConnect::with_native_certs();
        let (tls, _) = tls.map_err(|errors| anyhow!("no certificate of the system's can be read: {errors:?}"))?;
        let (client, connection) = config.connect(tls).await.context("Postgres")?;
        tokio::spawn(connection);
        return Ok(client);
    }
    let (client, connection) = config.connect(NoTls).await.context("Postgres")?;
    tokio::spawn(connection);
    Ok(client)
}

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};
use uuid::Uuid;

use super::{Service, Services, owner, tail, write_privately};

const ATTEMPTS: u32 = 3;
const USER: &str = "edge";
const DATABASE: &str = "edge_orders";

/// Appended to the cluster's own file. There is no socket, whose path could be too long. Nothing is
/// synced to disk, because a test's data may be lost with the machine.
const CONFIGURATION: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 400
shared_preload_libraries = 'pg_stat_statements'
fsync = off
full_page_writes = off
";

/// The cluster's directory.
pub(super) fn data_of(state: &Path) -> PathBuf {
    state.join("postgres")
}

impl Services {
    /// Starts Postgres, with a cluster and a database, and gives its lines of `services.env`.
    pub(super) fn start_postgres(&self, bin: &Path, state: &Path) -> Result<String> {
        if !data_of(state).join("PG_VERSION").exists() {
            self.create_cluster(bin, state)?;
        }
        if !self.postgres_runs(bin, state) {
            self.launch_postgres(bin, state)?;
        }
        let port = self.kept("postgres.port").context("Postgres has no port")?;
        let password = self.kept("password").context("Postgres has no password")?;
        create_database(bin, &port, &password)?;
        let url = format!("postgres://{USER}:{password}@127.0.0.1:{port}/{DATABASE}?sslmode=disable");
        Ok(format!("DATABASE_URL={url}\nPOSTGRES_BIN={}\n", bin.display()))
    }

    fn create_cluster(&self, bin: &Path, state: &Path) -> Result<()> {
        let data = data_of(state);
        eprintln!("creating a Postgres cluster in {}", data.display());
        let password = Uuid::new_v4().simple().to_string();
        write_privately(&self.dir.join("password"), &password)?;
        let for_initdb = state.join("password");
        write_privately(&for_initdb, &password)?;
        owner::give(self.owner.as_ref(), &for_initdb)?;
        let mut initdb = owner::command(self.owner.as_ref(), &bin.join("initdb"));
        initdb.arg("-D").arg(&data).args([
            "-U",
            USER,
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]);
        initdb.arg(format!("--pwfile={}", for_initdb.display()));
        let made = initdb.output().context("initdb can't be run")?;
        fs::write(self.dir.join("initdb.log"), &made.stdout)?;
        ensure!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let file = data.join("postgresql.conf");
        let configuration = fs::read_to_string(&file)? + CONFIGURATION;
        fs::write(&file, configuration).with_context(|| format!("{} can't be written", file.display()))
    }

    /// Starts a Postgres that is a copy of another one, which goes on, on a timeline of its own: a
    /// replica that was promoted.
    ///
    /// # Errors
    /// The program that fails, or the log of the server that doesn't start.
    pub fn start_promoted_copy(&self, of: &Services) -> Result<()> {
        let data = self.copy(of, &[])?;
        // It recovers what it has, finds no more, and goes on by itself.
        let file = data.join("postgresql.conf");
        fs::write(&file, fs::read_to_string(&file)? + "restore_command = 'false'\n")?;
        let signal = data.join("recovery.signal");
        fs::write(&signal, "")?;
        owner::give(self.owner.as_ref(), &signal)?;
        self.start(&[Service::Postgres])
    }

    /// Starts a Postgres that is a replica of another one, and follows it.
    ///
    /// # Errors
    /// As [`Self::start_promoted_copy`].
    pub fn start_replica(&self, of: &Services) -> Result<()> {
        self.copy(of, &["--write-recovery-conf"])?;
        self.start(&[Service::Postgres])
    }

    /// Copies the data of another Postgres, and gives its directory.
    fn copy(&self, of: &Services, arguments: &[&str]) -> Result<PathBuf> {
        let (bin, state) = (Service::Postgres.needed()?, self.state()?);
        let data = data_of(&state);
        let password = of.kept("password").context("Postgres has no password")?;
        write_privately(&self.dir.join("password"), &password)?;
        let mut copy = owner::command(self.owner.as_ref(), &bin.join("pg_basebackup"));
        copy.arg("-D").arg(&data).args(["--checkpoint=fast", "--no-sync", "-X", "stream"]).args(arguments);
        let made = copy.args(["-d", &of.setting("DATABASE_URL")?]).output().context("pg_basebackup can't be run")?;
        ensure!(made.status.success(), "pg_basebackup: {}", String::from_utf8_lossy(&made.stderr));
        Ok(data)
    }

    fn launch_postgres(&self, bin: &Path, state: &Path) -> Result<()> {
        let log = state.join("postgres.log");
        for _ in 0..ATTEMPTS {
            let port = self.port(Service::Postgres)?;
            let mut start = self.pg_ctl(bin, state, "start");
            start.args(["-w", "-l"]).arg(&log).args(["-o", &format!("-p {port}")]);
            if start.status()?.success() {
                return Ok(());
            }
        }
        bail!("Postgres doesn't start, see {}", tail(&log))
    }

    pub(super) fn stop_postgres(&self, state: &Path) -> Result<()> {
        let Some(bin) = Service::Postgres.installed().filter(|bin| self.postgres_runs(bin, state)) else {
            return Ok(());
        };
        for how in ["fast", "immediate"] {
            if self.pg_ctl(&bin, state, "stop").args(["-w", "-m", how]).status()?.success() {
                return Ok(());
            }
        }
        bail!("Postgres doesn't stop, see {}", tail(&state.join("postgres.log")))
    }

    fn postgres_runs(&self, bin: &Path, state: &Path) -> bool {
        self.pg_ctl(bin, state, "status").status().is_ok_and(|status| status.success())
    }

    fn pg_ctl(&self, bin: &Path, state: &Path, verb: &str) -> std::process::Command {
        let mut command = owner::command(self.owner.as_ref(), &bin.join("pg_ctl"));
        // The server inherits the output, so a reader that waits for its end would wait for ever.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.arg(verb).arg("-D").arg(data_of(state));
        command
    }
}

fn create_database(bin: &Path, port: &str, password: &str) -> Result<()> {
    let psql = |database: &str, sql: &str| -> Result<String> {
        let mut command = owner::command(None, &bin.join("psql"));
        command.args(["-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", port, "-U", USER]);
        let output = command.args(["-d", database, "-c", sql]).env("PGPASSWORD", password).output();
        let output = output.context("psql can't be run")?;
        ensure!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let there = psql("postgres", &format!("SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"))?;
    if there.is_empty() {
        psql("postgres", &format!("CREATE DATABASE {DATABASE}"))?;
        psql(DATABASE, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements")?;
    }
    Ok(())
}

//! Private Redis and Postgres servers in a directory, for development and tests.
//!
//! The directory keeps ports and password; `services.env` in it names the addresses. Data and logs
//! are below `state`, or, if the servers' owner can't reach that (a checkout below /root), in a
//! temporary directory that `state.path` names. With [`IN_MEMORY`] that directory is in memory.
//! Nothing listens beyond 127.0.0.1.

mod owner;
mod postgres;
mod processes;
mod programs;
mod redis;

use std::fs::{self, Permissions};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use uuid::Uuid;

use self::owner::Owner;
pub use self::processes::children;
pub use self::redis::{CACHE_CONF, STATE_CONF};

/// The variable that, unless empty, puts the data of new servers into memory where there is enough
/// of it. A database is six hundred files. On a disk, most of a test's time goes into making and
/// deleting them, synced or not.
pub const IN_MEMORY: &str = "SERVICES_IN_MEMORY";

/// Where Linux keeps files in memory.
const MEMORY: &str = "/dev/shm";

/// The room that tests want there: several times what they were seen to need. A container is often
/// given 64 MiB.
const MEMORY_BYTES: u64 = 6 << 30;

/// Ports for servers lie below the range that outgoing connections are given.
const PORTS: std::ops::Range<u16> = 20_000..30_000;

/// A kind of server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Redis, without anything on disk.
    Redis,
    /// Postgres, with pg_stat_statements.
    Postgres,
}

impl Service {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Redis, Self::Postgres];

    /// The service of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.name() == name)
    }

    /// The name, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::Postgres => "postgres",
        }
    }

    /// The place of its installation: the server of Redis, or the directory with initdb, pg_ctl and
    /// psql. `None` if it is missing.
    pub fn installed(self) -> Option<PathBuf> {
        match self {
            Self::Redis => programs::redis(),
            Self::Postgres => programs::postgres(),
        }
    }

    fn needed(self) -> Result<PathBuf> {
        self.installed().with_context(|| format!("{} isn't installed, or not to be found", self.name()))
    }
}

/// The servers of one directory.
#[derive(Debug)]
pub struct Services {
    dir: PathBuf,
    owner: Option<Owner>,
}

impl Services {
    /// The servers of a directory, which is made if it is missing.
    ///
    /// # Errors
    /// The reason why the directory can't be made.
    pub fn of(dir: &Path) -> Result<Self> {
        fs::create_dir_all(dir).with_context(|| format!("{} can't be made", dir.display()))?;
        // The path is made absolute, because the servers' owner may not be allowed to see this
        // directory.
        Ok(Self { dir: dir.canonicalize()?, owner: Owner::find()? })
    }

    /// Starts these servers, unless they run, and writes `services.env` with their addresses.
    ///
    /// # Errors
    /// The missing program, or the log of a server that doesn't start.
    pub fn start(&self, wanted: &[Service]) -> Result<()> {
        let state = self.state()?;
        let mut settings = String::new();
        for service in wanted {
            let program = service.needed()?;
            settings += &match service {
                Service::Redis => self.start_redis(&program, &state)?,
                Service::Postgres => self.start_postgres(&program, &state)?,
            };
        }
        let (written, file) = (self.dir.join("services.env.new"), self.dir.join("services.env"));
        write_privately(&written, &settings)?;
        fs::rename(&written, &file).with_context(|| format!("{} can't be written", file.display()))
    }

    /// Stops both servers. Nothing happens if they don't run.
    ///
    /// # Errors
    /// The server that doesn't stop.
    pub fn stop(&self) -> Result<()> {
        let Some(state) = self.known_state() else { return Ok(()) };
        self.stop_redis(&state)?;
        self.stop_postgres(&state)
    }

    /// Stops both servers and deletes their data, the directory included.
    ///
    /// # Errors
    /// The server that doesn't stop, or the file that can't be deleted.
    pub fn remove(&self) -> Result<()> {
        self.stop()?;
        for dir in self.known_state().iter().chain([&self.dir]) {
            if dir.exists() {
                fs::remove_dir_all(dir).with_context(|| format!("{} can't be deleted", dir.display()))?;
            }
        }
        Ok(())
    }

    /// A line of `services.env`: `REDIS_URL`, `REDIS_SERVER`, `DATABASE_URL` or `POSTGRES_BIN`.
    ///
    /// # Errors
    /// The setting is missing.
    pub fn setting(&self, name: &str) -> Result<String> {
        let settings = self.kept("services.env").unwrap_or_default();
        let value = settings.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        value.map(str::to_owned).with_context(|| format!("{}/services.env has no {name}", self.dir.display()))
    }

    /// The file that names Postgres' first process.
    pub fn postmaster_file(&self) -> Option<PathBuf> {
        self.known_state().map(|state| postgres::data_of(&state).join("postmaster.pid"))
    }

    /// The directory of data and logs, as it was last time.
    fn known_state(&self) -> Option<PathBuf> {
        self.kept("state.path").map(PathBuf::from)
    }

    /// The directory of data and logs, which the servers' owner can write to.
    fn state(&self) -> Result<PathBuf> {
        if let Some(state) = self.known_state().filter(|state| owner::can_write(self.owner.as_ref(), state)) {
            return Ok(state);
        }
        let elsewhere = |base: PathBuf| base.join(format!("edge-orders.{}", Uuid::new_v4().simple()));
        let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        let wanted = std::env::var_os(IN_MEMORY).is_some_and(|value| !value.is_empty());
        let memory = (wanted && free_memory() >= MEMORY_BYTES).then(|| PathBuf::from(MEMORY));
        let own = self.dir.join("state");
        let mut candidates = Vec::from_iter(memory.map(elsewhere));
        candidates.push(own.clone());
        candidates.extend(runtime.map(elsewhere));
        candidates.push(elsewhere(PathBuf::from("/tmp")));
        for state in &candidates {
            fs::create_dir_all(state).with_context(|| format!("{} can't be made", state.display()))?;
            fs::set_permissions(state, Permissions::from_mode(0o700))?;
            owner::give(self.owner.as_ref(), state)?;
            if owner::can_write(self.owner.as_ref(), state) {
                if state.starts_with(MEMORY) {
                    eprintln!("data is kept in memory, in {}", state.display());
                } else if *state != own {
                    eprintln!(
                        "the servers' owner can't reach {}: data goes to {}",
                        self.dir.display(),
                        state.display()
                    );
                }
                self.keep("state.path", &state.display().to_string())?;
                return Ok(state.clone());
            }
            // It may hold files that another owner left there.
            let _ = fs::remove_dir(state);
        }
        bail!("the servers' owner can write neither to {} nor to /tmp", self.dir.display())
    }

    /// The port of last time, or a new one if another program has taken it since.
    fn port(&self, service: Service) -> Result<u16> {
        let file = format!("{}.port", service.name());
        let last = self.kept(&file).and_then(|port| port.parse().ok()).filter(|port| !is_taken(*port));
        let port = last.unwrap_or_else(free_port);
        self.keep(&file, &port.to_string())?;
        Ok(port)
    }

    /// The text of this file of the directory, if it is there.
    fn kept(&self, file: &str) -> Option<String> {
        fs::read_to_string(self.dir.join(file)).ok().map(|text| text.trim_end().to_owned())
    }

    fn keep(&self, file: &str, text: &str) -> Result<()> {
        let path = self.dir.join(file);
        fs::write(&path, format!("{text}\n")).with_context(|| format!("{} can't be written", path.display()))
    }
}

/// The room that is left in [`MEMORY`].
#[cfg(target_os = "linux")]
fn free_memory() -> u64 {
    nix::sys::statvfs::statvfs(MEMORY).map_or(0, |stat| stat.blocks_available() * stat.fragment_size())
}

#[cfg(not(target_os = "linux"))]
const fn free_memory() -> u64 {
    0
}

/// A free port for a server.
pub fn free_port() -> u16 {
    loop {
        let (_, random) = Uuid::new_v4().as_u64_pair();
        let port = PORTS.start + (random % u64::from(PORTS.end - PORTS.start)) as u16;
        if !is_taken(port) {
            return port;
        }
    }
}

fn is_taken(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

/// Writes a file that only its owner may read.
fn write_privately(path: &Path, text: &str) -> Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.with_context(|| format!("{} can't be written", path.display()))
}

/// The last lines of a log, for a message.
fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    format!("{}:\n{}", log.display(), lines[lines.len().saturating_sub(5)..].join("\n"))
}

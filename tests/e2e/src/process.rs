use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::eventually;
use crate::suite::{free_port, scratch_dir, scripts_dir};

/// A child that is killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Child {
    child: std::process::Child,
    group: bool,
}

impl Child {
    /// Starts it with its output in a file. `group`: it has children of its own, which end with it.
    pub(crate) fn start(command: &mut Command, log: &Path, group: bool) -> Child {
        use std::os::unix::process::CommandExt;
        let file = std::fs::File::create(log).unwrap_or_else(|e| panic!("{}: {e}", log.display()));
        let errors = file.try_clone().expect("a second handle of the log");
        command.stdin(Stdio::null()).stdout(file).stderr(errors);
        if group {
            command.process_group(0);
        }
        let child = command.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"));
        Child { child, group }
    }

    /// Whether it still runs.
    pub(crate) fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = self.child.id() as i32;
        let _ = kill(Pid::from_raw(if self.group { -pid } else { pid }), signal);
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

/// A Redis that belongs to one scenario.
#[derive(Debug)]
pub struct RedisProcess {
    port: u16,
    child: Option<Child>,
}

impl RedisProcess {
    pub(crate) async fn start() -> RedisProcess {
        let mut redis = RedisProcess { port: free_port(), child: None };
        redis.restart().await;
        redis
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Starts it again on the same port, empty and with a new run id.
    pub async fn restart(&mut self) {
        self.child = None;
        let program = std::env::var("REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned());
        let port = self.port.to_string();
        let mut command = Command::new(program);
        command.args(["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no"]);
        self.child = Some(Child::start(&mut command, &scratch_dir().join(format!("redis-{port}.log")), false));
        let client = redis::Client::open(self.url()).expect("a Redis address");
        eventually("Redis answers", Duration::from_secs(10), || async {
            let mut connection = client.get_multiplexed_async_connection().await.ok()?;
            redis::cmd("PING").query_async::<String>(&mut connection).await.ok()
        })
        .await;
    }

    /// Kills it: connections are refused from now on.
    pub fn kill(&mut self) {
        self.child = None;
    }

    /// Stops it (SIGSTOP): connections are accepted by the kernel, and nothing is answered.
    pub fn hang(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Lets it go on after [`RedisProcess::hang`].
    pub fn resume(&self) {
        self.signal(Signal::SIGCONT);
    }

    fn signal(&self, signal: Signal) {
        self.child.as_ref().expect("Redis was killed").signal(signal);
    }
}

/// A Postgres that belongs to one scenario.
#[derive(Debug)]
pub struct PostgresProcess {
    dir: PathBuf,
}

impl PostgresProcess {
    pub(crate) fn start() -> PostgresProcess {
        let dir = scratch_dir().join(format!("postgres-{}-{}", std::process::id(), free_port()));
        let postgres = PostgresProcess { dir };
        postgres.services("start");
        postgres
    }

    /// The address of its first database.
    pub fn url(&self) -> String {
        let file = self.dir.join("services.env");
        let settings = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let url = settings.lines().find_map(|line| line.strip_prefix("DATABASE_URL="));
        url.expect("services.env names the database").to_owned()
    }

    /// Stops it: connections are cut, new ones refused.
    pub fn stop(&self) {
        self.services("stop");
    }

    /// Starts it again on the same port.
    pub fn restart(&self) {
        self.services("start");
    }

    fn services(&self, verb: &str) {
        let mut command = Command::new(scripts_dir().join("services.sh"));
        command.arg(verb).arg(&self.dir).stdin(Stdio::null());
        if verb == "start" {
            command.arg("postgres");
        }
        let output = command.output().expect("scripts/services.sh runs");
        assert!(output.status.success(), "services.sh {verb}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for PostgresProcess {
    fn drop(&mut self) {
        self.services("remove");
    }
}

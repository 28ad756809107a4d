use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{Service, Services, owner, processes, tail};

/// The settings that a deployment gives the cache's Redis, and that of state.
pub const CACHE_CONF: &str = include_str!("../../../../deploy/redis/cache.conf");
/// As [`CACHE_CONF`].
pub const STATE_CONF: &str = include_str!("../../../../deploy/redis/state.conf");

const ATTEMPTS: u32 = 3;
const START: Duration = Duration::from_secs(5);
const STOP: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(10);

impl Services {
    /// Starts Redis and gives its lines of `services.env`.
    pub(super) fn start_redis(&self, server: &Path, state: &Path) -> Result<String> {
        if self.redis_process(state).is_none() {
            self.launch_redis(server, state)?;
        }
        let port = self.kept("redis.port").context("Redis has no port")?;
        Ok(format!("REDIS_URL=redis://127.0.0.1:{port}\nREDIS_SERVER={}\n", server.display()))
    }

    fn launch_redis(&self, server: &Path, state: &Path) -> Result<()> {
        let dir = state.join("redis");
        std::fs::create_dir_all(&dir)?;
        owner::give(self.owner.as_ref(), &dir)?;
        // The servers' owner may not be allowed to see the checkout.
        let conf = dir.join("redis.conf");
        std::fs::write(&conf, CACHE_CONF)?;
        owner::give(self.owner.as_ref(), &conf)?;
        let log = dir.join("log");
        for _ in 0..ATTEMPTS {
            let port = self.port(Service::Redis)?;
            let mut command = owner::command(self.owner.as_ref(), server);
            command.arg(&conf).args(["--port", &port.to_string(), "--daemonize", "yes", "--dir"]).arg(&dir);
            command.arg("--pidfile").arg(dir.join("redis.pid")).arg("--logfile").arg(&log);
            command.stdout(Stdio::null()).status().with_context(|| format!("{} can't be run", server.display()))?;
            if within(START, || answers(port)) {
                return Ok(());
            }
        }
        bail!("Redis doesn't start, see {}", tail(&log))
    }

    pub(super) fn stop_redis(&self, state: &Path) -> Result<()> {
        let Some(pid) = self.redis_process(state) else { return Ok(()) };
        // It may have been stopped (SIGSTOP). Then only SIGKILL ends it until it goes on.
        for signal in [Signal::SIGCONT, Signal::SIGTERM] {
            kill(Pid::from_raw(pid), signal).with_context(|| format!("Redis ({pid}) can't be signalled"))?;
        }
        ensure!(within(STOP, || self.redis_process(state).is_none()), "Redis ({pid}) doesn't stop");
        Ok(())
    }

    /// The server's process. Redis names its port in its title, so a stale file can't point at
    /// another program's process.
    fn redis_process(&self, state: &Path) -> Option<i32> {
        let port = self.kept("redis.port")?;
        let pid = std::fs::read_to_string(state.join("redis/redis.pid")).ok()?.trim().parse().ok()?;
        let title = processes::title(pid)?;
        format!("{title} ").contains(&format!(":{port} ")).then_some(pid)
    }
}

/// Polls until it holds; false if it doesn't within this time. The server is a process of its own,
/// and nothing tells when it is ready.
fn within(limit: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + limit;
    loop {
        if holds() {
            return true;
        }
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(PAUSE);
    }
}

fn answers(port: u16) -> bool {
    let asked = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(b"PING\r\n")?;
        let mut answer = [0; 5];
        stream.read_exact(&mut answer)?;
        Ok(answer == *b"+PONG")
    };
    asked().unwrap_or(false)
}

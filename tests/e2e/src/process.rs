use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kit::{CACHE_CONF, SOON, STATE_CONF, Service, Services, children, free_port};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::eventually;
use crate::suite::scratch_dir;

/// A child that is killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Child {
    child: std::process::Child,
    group: bool,
}

impl Child {
    /// Starts it with its output in a file. With `group`, its children end with it.
    pub(crate) fn start(command: &mut Command, log: &Path, group: bool) -> Child {
        use std::os::unix::process::CommandExt;
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(log)
            .unwrap_or_else(|e| panic!("{}: {e}", log.display()));
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

    /// The largest memory that it has had so far, in KiB; 0 where the system doesn't tell.
    pub(crate) fn peak_memory_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok()).unwrap_or_default()
    }

    /// How long it and its children have kept processors busy, in ticks of the system, a hundredth
    /// of a second each; 0 where the system doesn't tell.
    pub(crate) fn processor_ticks(&self) -> u64 {
        let own = self.child.id() as i32;
        children(own).into_iter().chain([own]).map(ticks_of).sum()
    }

    /// Signals it alone, even if its children end with it.
    pub(crate) fn signal_first(&self, signal: Signal) {
        let _ = kill(Pid::from_raw(self.child.id() as i32), signal);
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = self.child.id() as i32;
        let _ = kill(Pid::from_raw(if self.group { -pid } else { pid }), signal);
    }
}

/// The twelfth and thirteenth words behind the name, which may have blanks in it.
fn ticks_of(pid: i32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let words = stat.rsplit(") ").next().into_iter().flat_map(|rest| rest.split(' '));
    words.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}

impl Drop for Child {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

/// The program that is a Redis, or a Sentinel.
pub(crate) fn redis_server() -> Command {
    Command::new(std::env::var("REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned()))
}

/// A Redis that belongs to one scenario.
#[derive(Debug)]
pub struct RedisProcess {
    port: u16,
    conf: &'static str,
    password: Option<String>,
    /// The port of the primary that it is a replica of when it starts.
    primary: Option<u16>,
    child: Option<Child>,
}

impl RedisProcess {
    /// Starts one on a free port; it ends when this is dropped.
    pub async fn start() -> RedisProcess {
        Self::start_with(CACHE_CONF, None).await
    }

    /// Starts one for state, which keeps its contents on disk, behind a password.
    pub async fn start_for_state(password: &str) -> RedisProcess {
        Self::start_with(STATE_CONF, Some(password.to_owned())).await
    }

    /// Starts one that is a replica of this one, and waits until it has its contents.
    pub async fn start_replica(&self) -> RedisProcess {
        let (conf, password) = (self.conf, self.password.clone());
        let mut redis = RedisProcess { port: free_port(), conf, password, primary: Some(self.port), child: None };
        redis.restart().await;
        eventually("the replica follows", SOON, || async {
            redis.replication().await.contains("master_link_status:up").then_some(())
        })
        .await;
        redis
    }

    async fn start_with(conf: &'static str, password: Option<String>) -> RedisProcess {
        let mut redis = RedisProcess { port: free_port(), conf, password, primary: None, child: None };
        redis.restart().await;
        redis
    }

    /// As [`Server::processor_ticks`](crate::Server::processor_ticks).
    pub(crate) fn processor_ticks(&self) -> u64 {
        self.child.as_ref().map_or(0, Child::processor_ticks)
    }

    /// Its address, without a password.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// A connection without a password.
    pub async fn connection(&self) -> redis::aio::MultiplexedConnection {
        let client = redis::Client::open(self.url()).expect("a Redis address");
        client.get_multiplexed_async_connection().await.expect("Redis answers")
    }

    /// Makes it a replica of another one, or a primary. Connections stay as they are.
    pub async fn follow(&self, primary: Option<&RedisProcess>) {
        let mut connection = self.connection().await;
        let mut command = redis::cmd("REPLICAOF");
        match primary {
            Some(primary) => command.arg("127.0.0.1").arg(primary.port),
            None => command.arg("NO").arg("ONE"),
        };
        command.exec_async(&mut connection).await.expect("REPLICAOF");
    }

    /// The port of its address.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `INFO replication`; empty if it gives no answer.
    pub async fn replication(&self) -> String {
        let client = redis::Client::open(self.url()).expect("a Redis address");
        let asked = async {
            let mut connection = client.get_multiplexed_async_connection().await.ok()?;
            redis::cmd("INFO").arg("replication").query_async::<String>(&mut connection).await.ok()
        };
        asked.await.unwrap_or_default()
    }

    /// Starts it again on the same port, empty and with a new run id.
    pub async fn restart(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(self.dir());
        self.launch().await;
    }

    /// Saves its contents, for [`RedisProcess::restart_from_disk`].
    pub async fn snapshot(&self) {
        let mut connection = self.connection().await;
        redis::cmd("SAVE").exec_async(&mut connection).await.expect("SAVE");
    }

    /// Starts it again on the same port with a new run id, and with what is on disk: the contents
    /// of the last [`RedisProcess::snapshot`], or those of state.
    pub async fn restart_from_disk(&mut self) {
        self.kill();
        self.launch().await;
    }

    fn dir(&self) -> PathBuf {
        scratch_dir().join(format!("redis-{}", self.port))
    }

    async fn launch(&mut self) {
        let port = self.port.to_string();
        std::fs::create_dir_all(self.dir()).expect("a directory of its own");
        let conf = self.dir().join("redis.conf");
        std::fs::write(&conf, self.conf).expect("a file of its own");
        let mut command = redis_server();
        command.arg(conf).args(["--port", &port]).arg("--dir").arg(self.dir());
        if let Some(password) = &self.password {
            command.args(["--requirepass", password]);
        }
        if let Some(primary) = self.primary {
            command.args(["--replicaof", "127.0.0.1", &primary.to_string()]);
        }
        self.child = Some(Child::start(&mut command, &scratch_dir().join(format!("redis-{port}.log")), false));
        let login = self.password.as_ref().map_or(String::new(), |password| format!(":{password}@"));
        let client = redis::Client::open(format!("redis://{login}127.0.0.1:{port}")).expect("a Redis address");
        eventually("Redis answers", SOON, || async {
            let mut connection = client.get_multiplexed_async_connection().await.ok()?;
            redis::cmd("PING").query_async::<String>(&mut connection).await.ok()
        })
        .await;
    }

    /// Empties it.
    pub async fn flush(&self) {
        let mut connection = self.connection().await;
        redis::cmd("FLUSHALL").exec_async(&mut connection).await.expect("FLUSHALL");
    }

    /// Kills it, so connections are refused from now on.
    pub fn kill(&mut self) {
        self.child = None;
    }

    /// Stops it (SIGSTOP): the kernel accepts connections, and nothing is answered.
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
    services: Services,
}

impl PostgresProcess {
    pub(crate) fn start() -> PostgresProcess {
        let postgres = PostgresProcess { services: Self::own_services() };
        postgres.restart();
        postgres
    }

    fn own_services() -> Services {
        let dir = scratch_dir().join(format!("postgres-{}-{}", std::process::id(), free_port()));
        Services::of(&dir).expect("a directory of its own")
    }

    /// A copy of it that was promoted, while it goes on itself: it lacks what is committed here
    /// from now on.
    pub async fn promoted_copy(&self) -> PostgresProcess {
        let copy = PostgresProcess { services: Self::own_services() };
        copy.services.start_promoted_copy(&self.services).expect("a copy is made");
        eventually("the copy is promoted", SOON, || async {
            let client = kit::database::connect(&copy.url()).await;
            let recovers: bool = client.query_one("SELECT pg_is_in_recovery()", &[]).await.ok()?.get(0);
            (!recovers).then_some(())
        })
        .await;
        copy
    }

    /// A replica of it, without which it commits nothing from now on.
    pub async fn synchronous_replica(&self) -> PostgresProcess {
        let replica = PostgresProcess { services: Self::own_services() };
        replica.services.start_replica(&self.services).expect("a replica is made");
        let client = kit::database::connect(&self.url()).await;
        client.batch_execute("ALTER SYSTEM SET synchronous_standby_names = '*'").await.expect("a setting");
        client.batch_execute("SELECT pg_reload_conf()").await.expect("it is read");
        eventually("the replica follows", SOON, || async {
            let sql = "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'";
            client.query_opt(sql, &[]).await.ok().flatten().map(drop)
        })
        .await;
        replica
    }

    /// Makes a replica the primary.
    pub async fn promote(&self) {
        let client = kit::database::connect(&self.url()).await;
        client.batch_execute("SELECT pg_promote()").await.expect("it is promoted");
    }

    /// The port of its address.
    pub fn port(&self) -> u16 {
        let url = self.url();
        let port = url.split('@').nth(1).and_then(|rest| rest.split('/').next()?.rsplit(':').next()?.parse().ok());
        port.expect("an address with a port")
    }

    /// The address of its first database.
    pub fn url(&self) -> String {
        self.services.setting("DATABASE_URL").expect("services.env names the database")
    }

    /// Stops it, so connections are cut and new ones refused.
    pub fn stop(&self) {
        self.services.stop().expect("Postgres stops");
    }

    /// Starts it again on the same port.
    pub fn restart(&self) {
        self.services.start(&[Service::Postgres]).expect("Postgres starts");
    }

    /// Kills it and all its backends (SIGKILL). [`PostgresProcess::restart`] recovers all commits.
    pub fn kill(&self) {
        self.signal(Signal::SIGKILL);
        // In a container no process may collect orphans. Then the dead stay listed, and the file
        // would vouch for them.
        if let Some(file) = self.services.postmaster_file() {
            let _ = std::fs::remove_file(file);
        }
    }

    /// Stops it and all its backends (SIGSTOP): the kernel accepts connections, and nothing is
    /// answered.
    pub fn hang(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Lets them go on after [`PostgresProcess::hang`].
    pub fn resume(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// The postmaster gets it first, so that it starts no backends anew while they are being
    /// stopped.
    fn signal(&self, signal: Signal) {
        let Some(postmaster) = self.postmaster() else { return };
        // A killed postmaster leaves its children to another parent, so they are listed before.
        let before = children(postmaster);
        let _ = kill(Pid::from_raw(postmaster), signal);
        for pid in before.into_iter().chain(children(postmaster)) {
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }

    fn postmaster(&self) -> Option<i32> {
        std::fs::read_to_string(self.services.postmaster_file()?).ok()?.lines().next()?.trim().parse().ok()
    }
}

impl Drop for PostgresProcess {
    fn drop(&mut self) {
        self.resume();
        if let Err(error) = self.services.remove() {
            eprintln!("a scenario's Postgres stays behind: {error:#}");
        }
    }
}

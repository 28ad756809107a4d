//! HAProxy and Sentinels, with the files of `deploy/ha`, before two servers of which one is the
//! primary.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use kit::{SOON, free_port};
use nix::sys::signal::Signal;

use crate::process::{Child, redis_server};
use crate::suite::scratch_dir;
use crate::{PostgresProcess, RedisProcess, eventually};

/// One address of two servers: a HAProxy process, which ends when it is dropped.
#[derive(Debug)]
pub struct Haproxy {
    port: u16,
    command: Command,
    log: PathBuf,
    child: Option<Child>,
}

impl Haproxy {
    /// One in front of two Redis.
    pub async fn of_redis(first: &RedisProcess, second: &RedisProcess) -> Haproxy {
        Self::start("redis", [first.port(), second.port()], &[]).await
    }

    /// One in front of two Postgres; the check is [`postgres_check`]'s.
    pub async fn of_postgres(first: u16, second: u16, check: &Path) -> Haproxy {
        Self::start("postgres", [first, second], &[("POSTGRES_CHECK", &check.display().to_string())]).await
    }

    async fn start(kind: &str, servers: [u16; 2], further: &[(&str, &str)]) -> Haproxy {
        let (port, upper) = (free_port(), kind.to_uppercase());
        let mut command = Command::new("haproxy");
        command.arg("-W").arg("-f").arg(deploy(&format!("haproxy-{kind}.cfg")));
        for (name, port) in [("ADDRESS", port), ("PEER", free_port()), ("FIRST", servers[0]), ("SECOND", servers[1])] {
            command.env(format!("{upper}_{name}"), format!("127.0.0.1:{port}"));
        }
        command.envs(further.iter().copied());
        let log = scratch_dir().join(format!("haproxy-{port}.log"));
        let mut haproxy = Haproxy { port, command, log, child: None };
        haproxy.restart().await;
        haproxy
    }

    /// `127.0.0.1:port`
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Kills it (SIGKILL) with all connections, and starts it again.
    pub async fn restart(&mut self) {
        self.kill();
        let child = Child::start(&mut self.command, &self.log, true);
        self.child = Some(child);
        eventually("HAProxy listens", SOON, || async {
            tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.ok().map(drop)
        })
        .await;
    }

    /// Kills it (SIGKILL) with all connections.
    pub fn kill(&mut self) {
        self.child = None;
    }

    /// Reads its configuration anew: another process takes the place of the one that serves.
    pub fn reload(&self) {
        self.child.as_ref().expect("it runs").signal_first(Signal::SIGUSR2);
    }
}

/// Three Sentinels that watch a Redis and its replica.
#[derive(Debug)]
pub struct Sentinels {
    ports: Vec<u16>,
    _children: Vec<Child>,
}

impl Sentinels {
    /// Starts them, and waits until each knows the others and the replica.
    pub async fn watch(primary: &RedisProcess) -> Sentinels {
        let conf = std::fs::read_to_string(deploy("sentinel.conf")).expect("deploy/ha/sentinel.conf");
        let conf = conf.replace("10.0.0.1 6379", &format!("127.0.0.1 {}", primary.port()));
        let (mut ports, mut children) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            let port = free_port();
            let dir = scratch_dir().join(format!("sentinel-{port}"));
            std::fs::create_dir_all(&dir).expect("a directory of its own");
            let file = dir.join("sentinel.conf");
            std::fs::write(&file, &conf).expect("a file of its own");
            let mut command = redis_server();
            command.arg(file).args(["--port", &port.to_string()]).arg("--dir").arg(&dir).arg("--sentinel");
            children.push(Child::start(&mut command, &scratch_dir().join(format!("sentinel-{port}.log")), false));
            ports.push(port);
        }
        let sentinels = Sentinels { ports, _children: children };
        sentinels.settled().await;
        sentinels
    }

    /// Waits until each knows the other two, and one replica that follows: then a failover can
    /// begin.
    pub async fn settled(&self) {
        for port in &self.ports {
            eventually("the Sentinels know each other and the replica", SOON, || async {
                let known: Vec<String> = ask(*port, &["SENTINEL", "MASTER", "edge-orders"]).await?;
                let field = |name: &str| known.chunks(2).find(|pair| pair[0] == name).map(|pair| pair[1].clone());
                let replicas: Vec<Vec<String>> = ask(*port, &["SENTINEL", "REPLICAS", "edge-orders"]).await?;
                let follow = replicas.iter().flatten().collect::<Vec<_>>();
                let follows = follow.windows(2).any(|pair| pair[0] == "master-link-status" && pair[1] == "ok");
                let flags = field("flags")?;
                (field("num-other-sentinels")? == "2" && flags == "master" && follows).then_some(())
            })
            .await;
        }
    }

    /// The port of the Redis that they name as the primary, if all name one.
    pub async fn primary(&self) -> Option<u16> {
        let mut named = Vec::new();
        for port in &self.ports {
            let address: Vec<String> = ask(*port, &["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "edge-orders"]).await?;
            named.push(address.get(1)?.parse::<u16>().ok()?);
        }
        named.iter().all(|port| *port == named[0]).then(|| named[0])
    }

    /// A failover as an operator asks for it, while the primary is well. Sentinel makes the old one
    /// a replica some ten seconds later.
    pub async fn fail_over(&self) {
        let asked: Option<String> = ask(self.ports[0], &["SENTINEL", "FAILOVER", "edge-orders"]).await;
        assert_eq!(asked.as_deref(), Some("OK"));
    }
}

async fn ask<T: redis::FromRedisValue>(port: u16, command: &[&str]) -> Option<T> {
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}")).expect("an address");
    let mut connection = client.get_multiplexed_async_connection().await.ok()?;
    redis::cmd(command[0]).arg(&command[1..]).query_async(&mut connection).await.ok()
}

/// The program by which HAProxy finds the primary of two Postgres with the same roles.
pub fn postgres_check(first: &PostgresProcess, second: u16) -> PathBuf {
    let dir = scratch_dir().join(format!("haproxy-check-{second}"));
    std::fs::create_dir_all(&dir).expect("a directory of its own");
    let check = dir.join("postgres-primary.sh");
    std::fs::copy(deploy("postgres-primary.sh"), &check).expect("a copy of the check");
    std::fs::set_permissions(&check, std::fs::Permissions::from_mode(0o755)).expect("it may be run");
    let url = first.url();
    let (user, password) = url
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('@')?.0.split_once(':'))
        .expect("a user and a password");
    let path = std::env::var("PATH").unwrap_or_default();
    let settings = format!(
        "POSTGRES_SERVERS='127.0.0.1:{} 127.0.0.1:{second}'\nPGUSER={user}\nPGPASSWORD={password}\n\
         PGDATABASE=postgres\nPATH='{path}'\n",
        first.port()
    );
    let file = dir.join("postgres-primary.env");
    std::fs::write(&file, settings).expect("its settings");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("it is private");
    check
}

/// A file of `deploy/ha`.
fn deploy(file: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/ha")).join(file)
}

use std::path::{Path, PathBuf};
use std::process::Command;

use kit::free_port;
use nix::sys::signal::Signal;

use crate::process::Child;
use crate::suite::{root, variable};
use crate::{Client, SOON, eventually};

/// A server of the scenario's own, which may be killed, stopped and continued.
#[derive(Debug)]
pub struct Server {
    command: Command,
    base_url: String,
    log: PathBuf,
    // On Spin a process has children of its own.
    group: bool,
    child: Option<Child>,
}

/// The options of a server's command line.
#[derive(Debug, Default)]
pub(crate) struct Up {
    /// The runtime configuration; empty if it needs none.
    pub(crate) runtime_config: String,
    /// Further arguments.
    pub(crate) arguments: Vec<&'static str>,
    /// It calls jobs that are due, at its own address.
    pub(crate) jobs: bool,
}

impl Server {
    /// Starts one with these variables of spin.toml, given in a table or in the environment, on a
    /// free port, and waits until it answers.
    pub(crate) async fn start(variables: &[(String, String)], in_table: bool, options: &Up, log: &Path) -> Server {
        let port = free_port();
        let (mut command, spin) = up(Path::new("spin.toml"), port);
        let base_url = format!("http://127.0.0.1:{port}");
        let own = options.jobs.then(|| ("JOBS_URL".to_owned(), base_url.clone()));
        let environment = variables.iter().chain(&own).map(|(name, value)| (format!("SPIN_VARIABLE_{name}"), value));
        if in_table {
            let table = log.with_extension("toml");
            write_table(&table, Command::new(root().join("scripts/variables.sh")).envs(environment));
            command.arg("--variable").arg(format!("@{}", table.display()));
        } else {
            command.envs(environment);
        }
        command.args(&options.arguments);
        if !options.runtime_config.is_empty() {
            let file = log.with_extension("runtime.toml");
            std::fs::write(&file, &options.runtime_config).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
            command.arg("--runtime-config-file").arg(file);
        }
        let mut server = Server { command, base_url, log: log.to_owned(), group: spin, child: None };
        server.restart().await;
        server
    }

    /// `http://127.0.0.1:port`
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Starts it again, with the same settings on the same port.
    pub async fn restart(&mut self) {
        self.child = None;
        let mut child = Child::start(&mut self.command, &self.log, self.group);
        let anonymous = Client::new(&self.base_url);
        eventually("the server answers", SOON, || {
            let log = || std::fs::read_to_string(&self.log).unwrap_or_default();
            assert!(child.runs(), "the server ended at once: {}", log());
            let request = anonymous.request(reqwest::Method::GET, "/health");
            async { anonymous.try_send(request).await.ok() }
        })
        .await;
        self.child = Some(child);
    }

    /// Kills it (SIGKILL) in the middle of its work.
    pub fn kill(&mut self) {
        self.child = None;
    }

    /// Stops it (SIGSTOP).
    pub fn hang(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Lets it go on after [`Server::hang`].
    pub fn resume(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// The largest memory that it has had so far, in KiB; 0 where the system doesn't tell.
    pub fn peak_memory_kib(&self) -> u64 {
        self.child.as_ref().expect("the server was killed").peak_memory_kib()
    }

    /// How long it has kept processors busy, in hundredths of a second.
    pub fn processor_ticks(&self) -> u64 {
        self.child.as_ref().map_or(0, Child::processor_ticks)
    }

    fn signal(&self, signal: Signal) {
        self.child.as_ref().expect("the server was killed").signal(signal);
    }
}

/// Stores the script's output.
fn write_table(path: &Path, script: &mut Command) {
    let printed = script.output().expect("scripts/variables.sh runs");
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    std::fs::write(path, printed.stdout).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
}

/// Serves another application, whose manifest is given, on a free port; gives the process and the
/// address. It ends with the process.
pub(crate) async fn serve(manifest: &Path, log: &Path) -> (Child, String) {
    let port = free_port();
    let (mut command, spin) = up(manifest, port);
    let mut child = Child::start(&mut command, log, spin);
    eventually("the application is served", SOON, || {
        assert!(child.runs(), "it ended at once: {}", std::fs::read_to_string(log).unwrap_or_default());
        async move { tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok() }
    })
    .await;
    (child, format!("http://127.0.0.1:{port}"))
}

/// The command that serves a manifest, and whether it is Spin's.
pub(crate) fn up(manifest: &Path, port: u16) -> (Command, bool) {
    let spin = variable("E2E_RUNTIME").as_deref() == Some("spin");
    let program = if spin {
        variable("SPIN_BIN").map_or(PathBuf::from("spin"), PathBuf::from)
    } else {
        variable("E2E_HOST_BIN").map_or(root().join("target/host/edge-host"), PathBuf::from)
    };
    let mut command = Command::new(program);
    command.current_dir(root()).arg("up").arg("--from").arg(manifest);
    command.args(["--listen", &format!("127.0.0.1:{port}")]);
    // For the whole suite, such as --max-instance-reuse-count 1.
    command.args(variable("E2E_UP_ARGUMENTS").unwrap_or_default().split_whitespace());
    (command, spin)
}

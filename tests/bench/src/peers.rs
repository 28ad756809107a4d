//! The peers: components on the same runtime, and a native service.

use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// A server that ends with this value, and all that it started.
#[derive(Debug)]
pub struct Peer {
    child: Child,
    /// `http://127.0.0.1:port`
    pub base_url: String,
}

impl Peer {
    /// Starts a program that listens on `port`; gives up after a minute.
    pub fn start(command: &mut Command, port: u16, log: &Path) -> Peer {
        use std::os::unix::process::CommandExt;
        let file = std::fs::File::create(log).unwrap_or_else(|e| panic!("{}: {e}", log.display()));
        let errors = file.try_clone().expect("a second handle of the log");
        command.stdin(Stdio::null()).stdout(file).stderr(errors).process_group(0);
        let child = command.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"));
        let mut peer = Peer { child, base_url: format!("http://127.0.0.1:{port}") };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let log = || std::fs::read_to_string(log).unwrap_or_default();
            assert!(matches!(peer.child.try_wait(), Ok(None)), "a peer ended at once: {}", log());
            assert!(began.elapsed() < Duration::from_secs(60), "a peer doesn't listen: {}", log());
            std::thread::sleep(Duration::from_millis(10));
        }
        peer
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // The whole group, since Spin has a child that serves.
        let _ = killpg(Pid::from_raw(self.child.id() as i32), Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

/// Spin, or the host if there is none; the scenarios choose the same way.
pub fn runtime(root: &Path) -> Command {
    let program = if std::env::var("E2E_RUNTIME").as_deref() == Ok("spin") {
        std::env::var("SPIN_BIN").unwrap_or_else(|_| "spin".to_owned()).into()
    } else {
        root.join("target/host/edge-host")
    };
    let mut command = Command::new(program);
    command.current_dir(root);
    command
}

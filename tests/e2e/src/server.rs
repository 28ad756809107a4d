use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::process::Child;
use crate::{Client, eventually};

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

impl Server {
    /// Starts it and waits until it answers.
    pub(crate) async fn start(command: Command, base_url: &str, log: &Path, group: bool) -> Server {
        let mut server = Server { command, base_url: base_url.to_owned(), log: log.to_owned(), group, child: None };
        server.restart().await;
        server
    }

    /// Starts it again, with the same settings on the same port.
    pub async fn restart(&mut self) {
        self.child = None;
        let mut child = Child::start(&mut self.command, &self.log, self.group);
        let anonymous = Client::new(&self.base_url);
        eventually("the server answers", Duration::from_secs(60), || {
            let log = || std::fs::read_to_string(&self.log).unwrap_or_default();
            assert!(child.runs(), "the server ended at once: {}", log());
            let request = anonymous.request(reqwest::Method::GET, "/health");
            async { anonymous.try_send(request).await.ok() }
        })
        .await;
        self.child = Some(child);
    }

    /// Kills it (SIGKILL): whatever it was doing ends there.
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

    fn signal(&self, signal: Signal) {
        self.child.as_ref().expect("the server was killed").signal(signal);
    }
}

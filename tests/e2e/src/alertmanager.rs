//! A real Alertmanager with the inhibit rules of `monitoring/`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use kit::free_port;
use serde_json::Value;

use crate::process::Child;
use crate::prometheus::monitoring;
use crate::suite::scratch_dir;
use crate::{SOON, eventually};

/// Ends when it is dropped.
#[derive(Debug)]
pub struct Alertmanager {
    address: String,
    data: PathBuf,
    _child: Child,
}

impl Alertmanager {
    /// Starts one, which hears of alerts from a [`Prometheus`](crate::Prometheus) only.
    pub async fn start() -> Alertmanager {
        let address = format!("127.0.0.1:{}", free_port());
        let data = scratch_dir().join(format!("alertmanager-{address}"));
        std::fs::create_dir_all(&data).expect("a directory of its own");
        let config = data.join("alertmanager.yaml");
        std::fs::write(&config, monitoring("alertmanager.yaml")).expect("a file of its own");
        let program = std::env::var("ALERTMANAGER").unwrap_or_else(|_| "prometheus-alertmanager".to_owned());
        let mut command = Command::new(program);
        command.arg(format!("--config.file={}", config.display()));
        command.arg(format!("--storage.path={}", data.join("data").display()));
        command.arg(format!("--web.listen-address={address}")).arg("--cluster.listen-address=");
        let child = Child::start(&mut command, &scratch_dir().join(format!("alertmanager-{address}.log")), false);
        let alertmanager = Alertmanager { address, data, _child: child };
        eventually("Alertmanager answers", SOON, || alertmanager.pages()).await;
        alertmanager
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The alerts that get somebody up now: those with `severity: page` that none other keeps
    /// quiet. `None` if it isn't answered.
    pub async fn pages(&self) -> Option<BTreeSet<String>> {
        let filter = "active=true&silenced=false&inhibited=false&filter=severity%3D%22page%22";
        let url = format!("http://{}/api/v2/alerts?{filter}", self.address);
        let answer = reqwest::get(url).await.ok()?.bytes().await.ok()?;
        let alerts: Vec<Value> = serde_json::from_slice(&answer).ok()?;
        Some(alerts.iter().filter_map(|one| one["labels"]["alertname"].as_str().map(str::to_owned)).collect())
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.data);
    }
}
